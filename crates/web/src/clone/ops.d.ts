declare module 'host:clone' {
  /**
   * A structured clone. Buffers in `transfer` move and leave their originals detached. Throws a DOMException `DataCloneError` for
   * what cannot be cloned or transferred, an entry that stands twice included, and whatever a getter throws.
   *
   * `platform` is asked about each object met that inherits from another prototype than `Object.prototype`: a number not below 0 is
   * the place of its clone in the list that `finish` gives, once, when everything else has succeeded; -1 says that it is none of the
   * platform's. What either throws is thrown.
   */
  export function clone<T>(
    value: T,
    transfer: object[],
    platform?: (object: object) => number,
    finish?: () => readonly object[],
  ): T;
}
