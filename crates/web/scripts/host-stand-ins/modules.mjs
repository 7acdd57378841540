// All that is ever loaded late, loaded at once.

const names = ['streams'];
const exports = {};
for (const name of names) exports[`guest:${name}`] = await import(`guest:${name}`);

export const load = (name) => exports[name];
