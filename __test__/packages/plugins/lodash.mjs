import _ from 'lodash';

export function shaped() {
  const value = { a: [{ b: Buffer.from('x') }, new Map([[1, new Set([2])]])] };
  const copy = _.cloneDeep(value);
  return {
    equal: _.isEqual(copy, value),
    isBuffer: _.isBuffer(copy.a[0].b) && copy.a[0].b !== value.a[0].b,
    path: _.get(_.set({}, 'x.y[2]', 1), 'x.y.length'),
    template: _.template('<% _.each(list, (x) => { %><%- x %>;<% }) %>')({ list: ['<', 1] }),
    words: _.startCase('fooBar baz'),
  };
}
