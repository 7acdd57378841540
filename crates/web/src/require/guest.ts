// require: Node's modules that are built in, for code outside of CommonJS plugins, which have a `require` of their own.

import { checkString } from 'guest:nodeerrors';
import { builtins, require as requireBuiltin } from 'host:modules';

function require(id: string): unknown {
  checkString(id, 'id');
  return requireBuiltin(id);
}

const builtinModules = builtins();

/** What `require('module')` gives: there is nothing to find but what is built in, wherever one looks from. */
const nodeModule = {
  builtinModules,
  createRequire: () => require,
  isBuiltin: (name: unknown) =>
    typeof name === 'string' && builtinModules.includes(name.startsWith('node:') ? name.slice(5) : name),
};

/** What `require('tty')` gives: no stream of a sandbox is a terminal. */
const tty = { isatty: () => false };

export { nodeModule, require, tty };
