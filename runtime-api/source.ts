// The APIs of a hostbox guest, for plugins in TypeScript: each by its name, with its type. Nothing is touched before it is asked for, since globals of
// guests are made when they are first read.

/** Every API by its name. */
export type Apis = { readonly [Name in ApiName]: (typeof globalThis)[Name] };
/** The names of the APIs. */
export type ApiName = (typeof apiNames)[number];

/** The names of the APIs, sorted. */
export const apiNames = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'Buffer',
  'ByteLengthQueuingStrategy',
  'CloseEvent',
  'CompressionStream',
  'CountQueuingStrategy',
  'Crypto',
  'CryptoKey',
  'CustomEvent',
  'DOMException',
  'DecompressionStream',
  'ErrorEvent',
  'Event',
  'EventSource',
  'EventTarget',
  'File',
  'FileReader',
  'FormData',
  'Headers',
  'MessageChannel',
  'MessageEvent',
  'MessagePort',
  'Navigator',
  'Performance',
  'PerformanceEntry',
  'PerformanceMark',
  'PerformanceMeasure',
  'PerformanceObserver',
  'PerformanceObserverEntryList',
  'PromiseRejectionEvent',
  'ReadableByteStreamController',
  'ReadableStream',
  'ReadableStreamBYOBReader',
  'ReadableStreamBYOBRequest',
  'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader',
  'Request',
  'Response',
  'SubtleCrypto',
  'TextDecoder',
  'TextDecoderStream',
  'TextEncoder',
  'TextEncoderStream',
  'TransformStream',
  'TransformStreamDefaultController',
  'URL',
  'URLPattern',
  'URLSearchParams',
  'WebAssembly',
  'WebSocket',
  'WritableStream',
  'WritableStreamDefaultController',
  'WritableStreamDefaultWriter',
  'addEventListener',
  'atob',
  'bridge',
  'btoa',
  'cache',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'dispatchEvent',
  'fetch',
  'fs',
  'native',
  'navigator',
  'nodeCryptoCompat',
  'path',
  'performance',
  'plugin',
  'process',
  'queueMicrotask',
  'removeEventListener',
  'reportError',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
  'uuidv4',
  'wasi',
  'wasm',
] as const;

const read = (name: string): unknown =>
  Object.hasOwn(globalThis, name) ? (globalThis as unknown as Record<string, unknown>)[name] : undefined;

/** An API, or undefined where there is none of the name. */
export function getApi<Name extends ApiName>(name: Name): Apis[Name] | undefined;
export function getApi(name: string): unknown;
export function getApi(name: string): unknown {
  return read(name);
}

/** An API; a TypeError that names it where there is none. */
export function requireApi<Name extends ApiName>(name: Name): Apis[Name];
export function requireApi(name: string): unknown;
export function requireApi(name: string): unknown {
  const api = read(name);
  if (api === undefined || api === null) throw new TypeError(`the runtime has no ${name}`);
  return api;
}

/** Node's `crypto` as far as guests have it: `createHash`, `createHmac`, `randomBytes` and their kin. A TypeError where there is none. */
export function requireCryptoLike(): Hostbox.NodeCrypto {
  for (const name of ['nodeCryptoCompat', 'crypto']) {
    const crypto = read(name) as Partial<Hostbox.NodeCrypto> | undefined;
    if (typeof crypto?.createHash === 'function') return crypto as Hostbox.NodeCrypto;
  }
  throw new TypeError('the runtime has no nodeCryptoCompat');
}

/** A getter for each API: `runtime.cache.get('key')`. */
export const runtime: Apis = /* @__PURE__ */ getters();

function getters(): Apis {
  const target = {};
  for (const name of apiNames) {
    Object.defineProperty(target, name, { get: () => read(name), enumerable: true, configurable: true });
  }
  return target as Apis;
}
