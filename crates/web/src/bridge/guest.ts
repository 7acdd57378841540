// bridge: the functions that the app gave, each under its name; dots nest ('math.add' is bridge.math.add).
//
// The tree is made once, from the names at that moment; `bridge.call` finds functions that came later as well. A few names are
// built in; functions of the app with such a name go before.

import { argumentError, bare, descriptor, uncurry, withCode } from 'guest:webidl';
import { call as callHost, names } from 'host:bridge';
import { load } from 'host:modules';

const { apply, defineProperty } = Reflect;
const { freeze } = Object;
const split = uncurry(String.prototype.split as (separator: string) => string[]);
const join = uncurry(Array.prototype.join);

type Tree = { [name: string]: unknown } | ((...args: unknown[]) => Promise<unknown>);
interface Branch {
  run: ((...args: unknown[]) => Promise<unknown>) | undefined;
  readonly children: { [segment: string]: Branch };
}

const known = bare<true>();

/** Names that are there without an app's doing: `guest:bridgeroutes` has them. */
const BUILT_IN: readonly string[] = [
  'compression.gzip_compress',
  'compression.gzip_decompress',
  'crypto.aes_ecb_pkcs7_decrypt_b64',
  'crypto.md5_hex',
  'math.add',
  'native.exec',
  'native.put',
  'native.take',
];

async function call(name: string, ...args: unknown[]): Promise<unknown> {
  if (typeof name !== 'string') throw argumentError('a string', 'name', name);
  if (known[name] !== undefined || learn()[name]) return callHost(name, args);
  if (!isBuiltIn(name)) throw notFound(name);
  return callBuiltIn(name, args);
}

function isBuiltIn(name: string): boolean {
  for (let i = 0; i < BUILT_IN.length; i++) if (BUILT_IN[i] === name) return true;
  return false;
}

async function callBuiltIn(name: string, args: unknown[]): Promise<unknown> {
  const { routes } = load<typeof import('guest:bridgeroutes')>('guest:bridgeroutes');
  return apply(routes[name]!, undefined, args) as unknown;
}

function learn(): typeof known {
  const list = names();
  for (let i = 0; i < list.length; i++) known[list[i]!] = true;
  return known;
}

function notFound(name: string): TypeError {
  const list = names();
  const existing = list.length === 0 ? 'the app gave no function' : `the app gave ${join(list, ', ')}`;
  return withCode(new TypeError(`bridge has no function "${name}": ${existing}`), 'ERR_FUNCTION_NOT_FOUND');
}

function branch(): Branch {
  return { run: undefined, children: bare() };
}

/** A name may be both a function and the beginning of others: then the function carries them. */
function toTree({ run, children }: Branch): Tree {
  const tree: Tree = run ?? bare();
  for (const segment in children) define(tree, segment, toTree(children[segment]!));
  return freeze(tree);
}

function define(target: object, name: string, value: unknown): void {
  // A function's own `prototype`, `name` and `length` give way; arrow functions have no fixed properties.
  defineProperty(target, name, descriptor({ value, enumerable: true, configurable: true }));
}

function plant(root: Branch, name: string, run: (...args: unknown[]) => Promise<unknown>): void {
  const segments = split(name, '.');
  let at = root;
  for (let i = 0; i < segments.length; i++) at = at.children[segments[i]!] ??= branch();
  defineProperty(run, 'name', descriptor({ value: segments[segments.length - 1]!, configurable: true }));
  at.run = run;
}

function grow(): Tree {
  const root = branch();
  for (let i = 0; i < BUILT_IN.length; i++) {
    const name = BUILT_IN[i]!;
    plant(root, name, (...args) => callBuiltIn(name, args));
  }
  plant(root, 'gzipCompress', (...args) => callBuiltIn('compression.gzip_compress', args));
  plant(root, 'gzipDecompress', (...args) => callBuiltIn('compression.gzip_decompress', args));
  for (const name in learn()) plant(root, name, (...args) => callHost(name, args));
  root.children['call'] = { run: call as (...args: any[]) => Promise<unknown>, children: bare() };
  return toTree(root);
}

const bridge = grow() as { call: typeof call } & { [name: string]: any };

export { bridge };
