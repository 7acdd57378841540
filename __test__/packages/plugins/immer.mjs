import { enableMapSet, enablePatches, produce, produceWithPatches } from 'immer';

enableMapSet();
enablePatches();

export function changed() {
  const base = { list: [{ done: false }], kept: { a: 1 }, map: new Map([['k', 1]]) };
  const [next, patches] = produceWithPatches(base, (draft) => {
    draft.list[0].done = true;
    draft.list.push({ done: false });
    draft.map.set('k', 2);
  });
  const frozen = Object.isFrozen(next.list);
  const same = produce(base, () => {}) === base && next.kept === base.kept;
  return { before: base.list.length, after: next.list, map: next.map, patches, frozen, same };
}
