// require: Node's modules that are built in, for code outside of CommonJS plugins, which have a `require` of their own.

import { checkString } from 'guest:nodeerrors';
import { require as requireBuiltin } from 'host:modules';

function require(id: string): unknown {
  checkString(id, 'id');
  return requireBuiltin(id);
}

export { require };
