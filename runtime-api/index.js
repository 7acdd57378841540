// Made from runtime-api/source.ts by scripts/runtime-api.mjs.
"use strict";
// The APIs of a hostbox guest, for plugins in TypeScript: each by its name, with its type. Nothing is touched before it is asked for, since globals of
// guests are made when they are first read.
Object.defineProperty(exports, "__esModule", { value: true });
exports.runtime = exports.apiNames = void 0;
exports.getApi = getApi;
exports.requireApi = requireApi;
exports.requireCryptoLike = requireCryptoLike;
/** The names of the APIs, sorted. */
exports.apiNames = [
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
];
const read = (name) => Object.hasOwn(globalThis, name) ? globalThis[name] : undefined;
function getApi(name) {
    return read(name);
}
function requireApi(name) {
    const api = read(name);
    if (api === undefined || api === null)
        throw new TypeError(`the runtime has no ${name}`);
    return api;
}
/** Node's `crypto` as far as guests have it: `createHash`, `createHmac`, `randomBytes` and their kin. A TypeError where there is none. */
function requireCryptoLike() {
    for (const name of ['nodeCryptoCompat', 'crypto']) {
        const crypto = read(name);
        if (typeof crypto?.createHash === 'function')
            return crypto;
    }
    throw new TypeError('the runtime has no nodeCryptoCompat');
}
/** A getter for each API: `runtime.cache.get('key')`. */
exports.runtime = getters();
function getters() {
    const target = {};
    for (const name of exports.apiNames) {
        Object.defineProperty(target, name, { get: () => read(name), enumerable: true, configurable: true });
    }
    return target;
}
