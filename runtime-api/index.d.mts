// Made from runtime-api/source.ts by scripts/runtime-api.mjs.
/// <reference path="../guest/index.d.ts" />
/** Every API by its name. */
export type Apis = {
    readonly [Name in ApiName]: (typeof globalThis)[Name];
};
/** The names of the APIs. */
export type ApiName = (typeof apiNames)[number];
/** The names of the APIs, sorted. */
export declare const apiNames: readonly ["AbortController", "AbortSignal", "Blob", "Buffer", "ByteLengthQueuingStrategy", "CloseEvent", "CompressionStream", "CountQueuingStrategy", "Crypto", "CryptoKey", "CustomEvent", "DOMException", "DecompressionStream", "ErrorEvent", "Event", "EventSource", "EventTarget", "File", "FileReader", "FormData", "Headers", "MessageChannel", "MessageEvent", "MessagePort", "Navigator", "Performance", "PerformanceEntry", "PerformanceMark", "PerformanceMeasure", "PerformanceObserver", "PerformanceObserverEntryList", "PromiseRejectionEvent", "ReadableByteStreamController", "ReadableStream", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableStreamDefaultController", "ReadableStreamDefaultReader", "Request", "Response", "SubtleCrypto", "TextDecoder", "TextDecoderStream", "TextEncoder", "TextEncoderStream", "TransformStream", "TransformStreamDefaultController", "URL", "URLPattern", "URLSearchParams", "WebAssembly", "WebSocket", "WritableStream", "WritableStreamDefaultController", "WritableStreamDefaultWriter", "addEventListener", "atob", "bridge", "btoa", "cache", "clearImmediate", "clearInterval", "clearTimeout", "console", "crypto", "dispatchEvent", "fetch", "fs", "native", "navigator", "nodeCryptoCompat", "path", "performance", "plugin", "process", "queueMicrotask", "removeEventListener", "reportError", "require", "setImmediate", "setInterval", "setTimeout", "structuredClone", "uuidv4", "wasi", "wasm"];
/** An API, or undefined where there is none of the name. */
export declare function getApi<Name extends ApiName>(name: Name): Apis[Name] | undefined;
export declare function getApi(name: string): unknown;
/** An API; a TypeError that names it where there is none. */
export declare function requireApi<Name extends ApiName>(name: Name): Apis[Name];
export declare function requireApi(name: string): unknown;
/** Node's `crypto` as far as guests have it: `createHash`, `createHmac`, `randomBytes` and their kin. A TypeError where there is none. */
export declare function requireCryptoLike(): Hostbox.NodeCrypto;
/** A getter for each API: `runtime.cache.get('key')`. */
export declare const runtime: Apis;
