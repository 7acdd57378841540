import { camelCase, chunk, cloneDeep, debounce, groupBy, isEqual, merge, orderBy, template } from 'lodash-es';

export function shaped(people) {
  const grouped = groupBy(orderBy(people, ['age', 'name'], ['desc', 'asc']), (person) => person.team);
  return { grouped, chunks: chunk(people, 2).map((part) => part.length), camel: camelCase('Foo Bar--baz') };
}

export function cloned(value) {
  const copy = cloneDeep({ value, map: new Map([[1, { a: new Date(0) }]]), bytes: new Uint8Array([1, 2]) });
  return { same: isEqual(copy.value, value), copy, merged: merge({ a: { b: 1 } }, { a: { c: [2] } }) };
}

export function rendered(data) {
  return template('<% for (const x of list) { %>[<%- x %>]<% } %>')(data);
}

export function debounced() {
  return new Promise((resolve) => {
    let calls = 0;
    const later = debounce(() => resolve(calls), 5);
    for (; calls < 3; calls += 1) later();
  });
}
