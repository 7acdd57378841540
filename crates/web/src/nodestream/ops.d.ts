declare module 'vendor:nodestream' {
  /** The package `readable-stream`: Node's own streams. */
  export const stream: any;
}
