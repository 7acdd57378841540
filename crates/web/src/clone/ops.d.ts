declare module 'host:clone' {
  /**
   * A structured clone. Buffers and ports in `transfer` move and leave their originals detached. Throws a DOMException
   * `DataCloneError` for what cannot be cloned or transferred, an entry that stands twice included, and whatever a getter throws.
   */
  export function clone<T>(value: T, transfer: object[]): T;
}
