declare module 'host:modules' {
  /** The exports of a guest module, which is loaded now if it was not before: `load<typeof import('guest:x')>('guest:x')`. */
  export function load<Exports>(name: string): Exports;

  /** Names of the built-in modules, without a prefix. */
  export function builtins(): string[];

  /** What `require(name)` gives for one of Node's modules that are built in; an Error with `code: 'MODULE_NOT_FOUND'` for any other. */
  export function require(name: string): unknown;
}
