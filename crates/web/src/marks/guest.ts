// What features that are loaded late tell those that must not load them.

/** Set by `guest:buffer`: how the console knows a Buffer. */
export const marks: { bufferPrototype: object | undefined } = {
  __proto__: null,
  bufferPrototype: undefined,
} as never;
