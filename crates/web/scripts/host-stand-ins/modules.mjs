// All that is ever loaded late, loaded at once.

const names = ['nodecipher', 'nodehash', 'nodekdf', 'noderandom', 'streams'];
// Imports what this is a part of: Node's own stands for it.
const exports = { 'guest:crypto': { crypto: globalThis.crypto } };
for (const name of names) exports[`guest:${name}`] = await import(`guest:${name}`);

export const load = (name) => exports[name];
