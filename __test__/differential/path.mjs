// Expressions about paths, in both of Node's manners.

import { odd } from './random.mjs';

const PARTS = [
  '',
  '.',
  '..',
  '...',
  'a',
  'b',
  'c.txt',
  '.hidden',
  'x.',
  'a.b.c',
  'C:',
  'D:\\',
  'Z:x',
  '\\\\',
  '//',
  '/',
  '\\',
  'server',
  'share',
  ' ',
  'ü',
  '😀',
  '?',

  '//./',
  'con',
  'node_modules',
  '.js',
  '-',
  '%2e',
];
const JOINTS = ['/', '\\', '//', '', '\\\\'];

const raw = (r) => r.list(5, () => r.of(PARTS) + r.of(JOINTS)).join('') + r.of(PARTS);
const path = (r) => (r.chance(0.97) ? JSON.stringify(raw(r)) : odd(r));
const object = (r) => {
  const fields = ['root', 'dir', 'base', 'name', 'ext'].filter(() => r.chance(0.5));
  return `{ ${fields.map((field) => `${field}: ${JSON.stringify(raw(r).slice(0, 6))}`).join(', ')} }`;
};

const MAKERS = [
  (r) => `normalize(${path(r)})`,
  (r) => `join(${r.list(4, () => path(r)).join(', ')})`,
  (r) => `resolve(${r.list(4, () => path(r)).join(', ')})`,
  (r) => `relative(${path(r)}, ${path(r)})`,
  (r) => `dirname(${path(r)})`,
  (r) => `basename(${path(r)}${r.chance(0.5) ? `, ${path(r)}` : ''})`,
  (r) => `extname(${path(r)})`,
  (r) => `isAbsolute(${path(r)})`,
  (r) => `parse(${path(r)})`,
  (r) => `format(${r.chance(0.9) ? object(r) : odd(r)})`,
  (r) => `toNamespacedPath(${path(r)})`,
  (r) => `matchesGlob?.(${path(r)})`,
];

export default (r) => `path.${r.of(['posix', 'win32'])}.${r.of(MAKERS.slice(0, -1))(r)}`;
