// Node's own implementations under the names of ours, and where Node is known to differ from the standards (20.20).

export const globals = {
  readablestream: 'export const { ReadableStream } = globalThis;',
  writable: 'export const { WritableStream } = globalThis;',
  transform: 'export const { TransformStream } = globalThis;',
  events: 'export const { CustomEvent, Event, EventTarget } = globalThis;',
  abort: 'export const { AbortController, AbortSignal } = globalThis;',
  timers:
    'export const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = globalThis;' +
    // Given anything else, Node loses count of its immediates, and those of later tests never run.
    'export const clearImmediate = (given) => void (given?.hasRef && globalThis.clearImmediate(given));',
  blob: 'export const { Blob, File } = globalThis;',
  encoding: 'export const { TextDecoder, TextEncoder } = globalThis;',
  formdata: 'export const { FormData } = globalThis;',
  headers: 'export const { Headers } = globalThis;',
  clone: 'export const { structuredClone } = globalThis;',
  crypto: 'export const { Crypto, crypto } = globalThis;',
  subtle: 'export const { SubtleCrypto } = globalThis; export const { subtle } = globalThis.crypto;',
  nodecipher:
    "export { Cipheriv, Decipheriv, createCipheriv, createDecipheriv, getCipherInfo, getCiphers } from 'node:crypto';",
  nodekdf: "export { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from 'node:crypto';",
  nodekey: "export * from 'node:crypto';",
  nodesign: "export * from 'node:crypto';",
  constants: "import constants from 'node:constants'; export { constants };",
  lazystream: '',
  nodehash: "export { Hash, Hmac, createHash, createHmac, getHashes, hash } from 'node:crypto';",
  noderandom:
    "export { randomBytes, randomFill, randomFillSync, randomInt, randomUUID, timingSafeEqual } from 'node:crypto';",
  fsstreams: "export { ReadStream, WriteStream } from 'node:fs';",
  fswatch: "export { watch } from 'node:fs';",
  fs: "export { default as fs } from 'node:fs';",
  url: 'export const { URL, URLSearchParams } = globalThis;',
  buffer: "import bufferModule, { Buffer } from 'node:buffer'; export { Buffer, bufferModule };",
  nodeevents: "import EventEmitter from 'node:events'; export { EventEmitter };",
  path: "import path from 'node:path'; export { path }; export const { posix, win32 } = path;",
  assert: "import assert, { strict } from 'node:assert'; export { assert, strict };",
  nodeurl: "import url from 'node:url'; export { url };",
  punycode: "import punycode from 'node:punycode'; export { punycode };",
  querystring: "import querystring from 'node:querystring'; export { querystring };",
  nodestream:
    "import stream from 'node:stream'; import * as consumers from 'node:stream/consumers'; import * as promises from 'node:stream/promises'; import * as web from 'node:stream/web'; export { consumers, promises, stream, web };",
  timerspromises:
    "import timers from 'node:timers'; import timersPromises from 'node:timers/promises'; export { timers, timersPromises };",
  stringdecoder: "export { StringDecoder } from 'node:string_decoder';",
  util: "import util from 'node:util'; export { util };",
  process: "import process from 'node:process'; export { process };",
};

export const differences = {
  lazystream: { 'the prototypes themselves never become streams': 'asked whether they are writable, they do' },
  fs: { 'positions are those that a file may have': 'what is no position means the current one' },
  fsstreams: { 'readable and writable are streams of the web over the same file': 'they are booleans' },
  process: {
    'it says what packages ask for': 'it tells of the real process',
    'the environment is what was granted, and its values are text': 'the environment is that of the process',
    'a plugin cannot end its process': 'it can',
    'memory is that of the sandbox': 'memory is that of the process',
  },
  formdata: {
    'a blob becomes a file, and a file keeps its name unless it is given another': 'undefined is a name',
    'the class looks as the standard says': 'the constructor has the length 1',
  },
  events: {
    'the phases are constants of the class and of its prototype': 'no constants on the prototype',
    'members of the interfaces are enumerable and the classes carry their names': 'no constants on the prototype',
    'isTrusted is an own accessor of each event that cannot be redefined': 'it stands on the prototype',
    'listeners run in the order of their adding, capturing ones first': 'one phase alone',
    'stopImmediatePropagation ends the dispatch and stopPropagation the phase': 'one phase alone',
    'propagation flags are cleared after dispatch and cancelBubble can only set them': 'the flag does nothing',
    'preventDefault works on cancelable events outside of passive listeners': 'passive is ignored',
    'an event under way cannot be dispatched again': 'throws an Error of its own kind',
    'a custom event carries its detail': 'no initCustomEvent',
  },
  abort: {
    'the classes have the look of the standard': 'reason is not enumerable',
    'onabort keeps its place when replaced and loses it when set to null': 'it keeps its place',
    'onabort is null for what is not an object': 'any value is kept',
    'any accepts iterables of signals only': 'arrays alone',
    'dependents of dependents abort after their source and in the order of their making': 'they are marked one by one',
  },
  timers: {
    'a timer passes its arguments on and calls with the global object as this': 'this is a Timeout',
    'ids are positive integers that timeouts and intervals share': 'ids are objects',
    'timers nested more than five levels deep wait at least four milliseconds': 'no nesting level',
    'the functions have the lengths and names of the standard': 'more parameters',
  },
  crypto: { 'what is no view of an ArrayBuffer is a TypeError': 'a TypeMismatchError' },
  subtle: {
    'a key tells its algorithm, type and usages in the order of the standard': 'usages in the order they were given',
    'a JSON Web Key that says something else is a DataError': 'a key of the wrong kind is a DataError, too',
    'a key that is not extractable stays where it is': 'an InvalidAccessException',
  },
  url: {
    'a URL cannot be cloned': 'it becomes an empty object',
    'search parameters are made of text, pairs and records': 'null is taken for nothing',
  },
  blob: {
    'a clone of a blob is a blob, and one of a file a file': 'the clone of a file is a blob',
    'bytes are read when all parts are converted': 'they are read as they come',
    'line ends become those of the system where that is asked for': 'a CR alone stays',
    'a file has a name and a time': 'a time may have a fraction',
  },
  clone: {
    'a detached buffer cannot be transferred': 'it can',
    'a transfer list may be any iterable of objects': 'what is not iterable is ignored',
  },
};
