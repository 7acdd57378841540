declare module 'host:modules' {
  /** The exports of a guest module, which is loaded now if it was not before: `load<typeof import('guest:x')>('guest:x')`. */
  export function load<Exports>(name: string): Exports;
}
