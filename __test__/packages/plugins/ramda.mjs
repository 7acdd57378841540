import * as R from 'ramda';

export function composed(people) {
  const byTeam = R.groupBy(R.prop('team'));
  const names = R.pipe(R.sortBy(R.prop('age')), R.map(R.prop('name')));
  return {
    groups: R.map(names, byTeam(people)),
    lens: R.over(R.lensPath(['a', 'b']), R.inc, { a: { b: 1 } }),
    same: R.equals(new Set([1]), new Set([1])),
  };
}
