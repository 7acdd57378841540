'use strict';

// Checks of what the app passes. One sentence for all of them: Expected <what> for <name> but received <value> of type
// <type>. Each validator returns what it checked, with defaults filled in where there are any.

const { inspect } = require('node:util');
const { HostboxError } = require('./errors.js');

/** @typedef {import('../index').Limits} Limits */
/** @typedef {import('../index').CallOptions} CallOptions */
/** @typedef {import('../index').EvalOptions} EvalOptions */
/** @typedef {import('../index').PluginOptions} PluginOptions */
/** @typedef {import('../index').HostRuntimeOptions} HostRuntimeOptions */
/** @typedef {import('../binding').NativeCache} NativeCache */
/** @typedef {import('../binding').NativeNetGrant} NativeNetGrant */
/** @typedef {import('../binding').NativeVariable} NativeVariable */
/** @typedef {import('../binding').NativeFsGrant} NativeFsGrant */
/** @typedef {Record<string, (...args: any[]) => unknown>} Bridge */

const MIB = 2 ** 20;
const MOST_MS = 2 ** 31 - 1;

/**
 * Limits: what is taken where nothing is said, and the range.
 *
 * @type {Readonly<Record<keyof Limits, readonly [preset: number, least: number, most: number]>>}
 */
const LIMITS = Object.freeze({
  timeoutMs: [30_000, 1, MOST_MS],
  cpuMs: [5_000, 1, MOST_MS],
  memoryBytes: [128 * MIB, MIB, 64 * 1024 * MIB],
  bufferBytes: [256 * MIB, 0, 64 * 1024 * MIB],
  stackBytes: [512 * 1024, 64 * 1024, 4 * MIB],
  pendingOps: [10_000, 1, 1_000_000],
  fetchBytes: [64 * MIB, 0, 64 * 1024 * MIB],
  concurrentFetches: [64, 1, 1_024],
});

/** @param {unknown} value */
function typeOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** @param {unknown} value */
function shown(value) {
  /** @type {string} */
  let text;
  try {
    text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 4 });
  } catch {
    text = 'a value';
  }
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/**
 * The one sentence for a wrong argument.
 *
 * @param {string} what
 * @param {string} name
 * @param {unknown} value
 * @returns {never}
 */
function refuse(what, name, value) {
  const message = `Expected ${what} for ${name} but received ${shown(value)} of type ${typeOf(value)}`;
  throw new HostboxError('ERR_ARGUMENT', message);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function string(value, name) {
  return typeof value === 'string' ? value : refuse('a string', name, value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function filledString(value, name) {
  return typeof value === 'string' && value !== '' ? value : refuse('a string that is not empty', name, value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
function boolean(value, name) {
  return typeof value === 'boolean' ? value : refuse('true or false', name, value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
function integer(value, name, least, most) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuse(`an integer from ${least} to ${most}`, name, value);
}

/**
 * @template {string} T
 * @param {unknown} value
 * @param {string} name
 * @param {readonly T[]} choices
 * @returns {T}
 */
function choice(value, name, choices) {
  if (choices.includes(/** @type {T} */ (value))) return /** @type {T} */ (value);
  return refuse(`one of ${choices.map((text) => `'${text}'`).join(', ')}`, name, value);
}

/**
 * An options object whose keys are all known. `undefined` stands for one without any, and for an option left out.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} known
 * @returns {Record<string, unknown>}
 */
function options(value, name, known) {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('an object', name, value);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const close = nearest(key, known);
    const hint = close === undefined ? '' : `; did you mean ${close}?`;
    const list = known.length > 1 ? `${known.slice(0, -1).join(', ')} and ${known.at(-1)}` : known.join('');
    const message = `Expected no option ${shown(key)} for ${name}${hint} (known are ${list})`;
    throw new HostboxError('ERR_ARGUMENT', message);
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * The known word that a misspelt one is meant to be: at most a third of it wrong.
 *
 * @param {string} word
 * @param {readonly string[]} known
 * @returns {string | undefined}
 */
function nearest(word, known) {
  let best;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of word.length > 60 ? [] : known) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/**
 * Edits from one word to another (Levenshtein).
 *
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = /** @type {number} */ (row[j - 1]) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, /** @type {number} */ (row[j]) + 1, /** @type {number} */ (next[j - 1]) + 1));
    }
    row = next;
  }
  return /** @type {number} */ (row[b.length]);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function scope(value) {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= 240 &&
    !/[\u0000-\u001f\u007f-\u009f]/.test(value)
  ) {
    return value;
  }
  return refuse('a string of 1 to 240 characters without control characters', 'scope', value);
}

/**
 * @param {unknown} value
 * @param {string} [name]
 * @returns {Required<Limits>}
 */
function limits(value, name = 'options.limits') {
  const keys = /** @type {(keyof Limits)[]} */ (Object.keys(LIMITS));
  const given = options(value, name, keys);
  const result = /** @type {Required<Limits>} */ ({});
  for (const key of keys) {
    const [preset, least, most] = LIMITS[key];
    const limit = given[key];
    result[key] = limit === undefined ? preset : integer(limit, `${name}.${key}`, least, most);
  }
  return result;
}

const CALL = ['timeoutMs', 'signal', 'transfer'];
const EVAL = [...CALL, 'filename', 'typescript'];
const PLUGIN = ['filename', 'format', 'typescript', 'sourceMap', 'replace', 'timeoutMs'];
const RUNTIME = ['permissions', 'limits', 'bridge', 'cache', 'console', 'onFetch', 'wasi'];

/**
 * @param {Record<string, unknown>} given
 * @returns {CallOptions}
 */
function pickCall({ timeoutMs, signal, transfer }) {
  /** @type {CallOptions} */
  const result = {};
  if (timeoutMs !== undefined) result.timeoutMs = integer(timeoutMs, 'options.timeoutMs', 1, MOST_MS);
  if (signal !== undefined) result.signal = abortSignal(signal, 'options.signal');
  if (transfer !== undefined) result.transfer = arrayBuffers(transfer, 'options.transfer');
  return result;
}

/**
 * @param {unknown} value
 * @returns {CallOptions}
 */
function callOptions(value) {
  return pickCall(options(value, 'options', CALL));
}

/**
 * @param {unknown} value
 * @returns {EvalOptions}
 */
function evalOptions(value) {
  const given = options(value, 'options', EVAL);
  /** @type {EvalOptions} */
  const result = pickCall(given);
  const { filename, typescript } = given;
  if (filename !== undefined) result.filename = filledString(filename, 'options.filename');
  if (typescript !== undefined) result.typescript = boolean(typescript, 'options.typescript');
  return result;
}

/**
 * @param {unknown} value
 * @returns {PluginOptions}
 */
function pluginOptions(value) {
  const { filename, format, typescript, sourceMap, replace, timeoutMs } = options(value, 'options', PLUGIN);
  /** @type {PluginOptions} */
  const result = {};
  if (filename !== undefined) result.filename = filledString(filename, 'options.filename');
  if (format !== undefined) result.format = choice(format, 'options.format', ['cjs', 'esm']);
  if (typescript !== undefined) result.typescript = boolean(typescript, 'options.typescript');
  if (sourceMap !== undefined) result.sourceMap = string(sourceMap, 'options.sourceMap');
  if (replace !== undefined) result.replace = boolean(replace, 'options.replace');
  if (timeoutMs !== undefined) result.timeoutMs = integer(timeoutMs, 'options.timeoutMs', 1, MOST_MS);
  return result;
}

/**
 * @param {unknown} value
 * @returns {{ limits: Required<Limits>, bridge: Bridge, console: NonNullable<HostRuntimeOptions['console']>,
 *   net: NativeNetGrant[], fs: NativeFsGrant[], env: NativeVariable[], onFetch: HostRuntimeOptions['onFetch'], cache: Omit<NativeCache, 'scope'>, wasi: boolean }}
 */
function runtimeOptions(value) {
  const given = options(value, 'options', RUNTIME);
  const { net, fs, env } = options(given.permissions, 'options.permissions', ['net', 'fs', 'env']);
  return {
    limits: limits(given.limits),
    bridge: bridge(given.bridge),
    console: consoleOption(given.console),
    net: netGrants(net),
    env: variables(env),
    fs: fsGrants(fs),
    onFetch: hook(given.onFetch, 'options.onFetch'),
    cache: cacheOptions(given.cache),
    wasi: given.wasi === undefined ? false : boolean(given.wasi, 'options.wasi'),
  };
}

const TEN_YEARS_MS = 315_360_000_000;

/**
 * @param {unknown} value
 * @returns {Omit<NativeCache, 'scope'>}
 */
function cacheOptions(value) {
  const { store, maxBytes, ttlMs } = options(value, 'options.cache', ['store', 'maxBytes', 'ttlMs']);
  /** @type {Omit<NativeCache, 'scope'>} */
  const result = { hasStore: store !== undefined };
  if (store !== undefined && store !== 'memory') {
    if (typeof store !== 'object' || store === null) {
      return refuse("'memory' or { file }", 'options.cache.store', store);
    }
    result.file = filledString(options(store, 'options.cache.store', ['file']).file, 'options.cache.store.file');
  }
  if (maxBytes !== undefined) result.maxBytes = integer(maxBytes, 'options.cache.maxBytes', 1_024, 64 * 1024 * MIB);
  if (ttlMs !== undefined) result.ttlMs = integer(ttlMs, 'options.cache.ttlMs', 1, TEN_YEARS_MS);
  return result;
}

/**
 * Grants by their shape; what an origin means is checked in Rust.
 *
 * @param {unknown} value
 * @returns {NativeNetGrant[]}
 */
function netGrants(value) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return refuse('an array of origins', 'options.permissions.net', value);
  return value.map((/** @type {unknown} */ grant, i) => {
    const name = `options.permissions.net[${i}]`;
    if (typeof grant === 'string') return { origin: grant, private: false };
    if (typeof grant !== 'object' || grant === null) return refuse('an origin or { origin }', name, grant);
    const { origin, methods, private: isPrivate } = options(grant, name, ['origin', 'methods', 'private']);
    /** @type {NativeNetGrant} */
    const result = {
      origin: filledString(origin, `${name}.origin`),
      private: isPrivate === undefined ? false : boolean(isPrivate, `${name}.private`),
    };
    if (methods !== undefined) {
      if (!Array.isArray(methods)) return refuse('an array of methods', `${name}.methods`, methods);
      result.methods = methods.map((/** @type {unknown} */ method, j) => string(method, `${name}.methods[${j}]`));
    }
    return result;
  });
}

/**
 * What an environment may have is checked in Rust.
 *
 * @param {unknown} value
 * @returns {NativeVariable[]}
 */
function variables(value) {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('an object of strings', 'options.permissions.env', value);
  }
  return Object.entries(value).map(([name, text]) => ({
    name,
    value: string(text, `options.permissions.env.${name}`),
  }));
}

/**
 * Grants by their shape; what a path means, and whether there is such a directory, is checked in Rust.
 *
 * @param {unknown} value
 * @returns {NativeFsGrant[]}
 */
function fsGrants(value) {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('an object of guest paths', 'options.permissions.fs', value);
  }
  return Object.entries(value).map(([guest, /** @type {unknown} */ grant]) => {
    const name = `options.permissions.fs['${shownKey(guest)}']`;
    if (typeof grant === 'string') return { guest, path: filledString(grant, name), write: false };
    if (typeof grant !== 'object' || grant === null) return refuse('a directory or { path }', name, grant);
    const { path, write, maxBytes } = options(grant, name, ['path', 'write', 'maxBytes']);
    /** @type {NativeFsGrant} */
    const result = {
      guest,
      path: filledString(path, `${name}.path`),
      write: write === undefined ? false : boolean(write, `${name}.write`),
    };
    if (maxBytes !== undefined) result.maxBytes = integer(maxBytes, `${name}.maxBytes`, 0, Number.MAX_SAFE_INTEGER);
    return result;
  });
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {((event: any) => void) | undefined}
 */
function hook(value, name) {
  if (value === undefined || typeof value === 'function') return /** @type {any} */ (value);
  return refuse('a function', name, value);
}

/**
 * @param {unknown} value
 * @returns {NonNullable<HostRuntimeOptions['console']>}
 */
function consoleOption(value) {
  if (value === undefined) return 'inherit';
  if (typeof value === 'function') return /** @type {(entry: import('../index').ConsoleEntry) => void} */ (value);
  if (value === 'inherit' || value === 'silent') return value;
  return refuse("'inherit', 'silent' or a function", 'options.console', value);
}

/**
 * The bridge's functions by name, copied: what the app adds to its object later is not offered.
 *
 * @param {unknown} value
 * @returns {Record<string, (...args: any[]) => unknown>}
 */
function bridge(value) {
  /** @type {Record<string, (...args: any[]) => unknown>} */
  const result = Object.create(null);
  if (value === undefined) return result;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('an object of functions', 'options.bridge', value);
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === '') return refuse('a name that is not empty', 'a key of options.bridge', key);
    result[key] =
      typeof member === 'function' ? member : refuse('a function', `options.bridge.${shownKey(key)}`, member);
  }
  return result;
}

/** @param {string} key */
function shownKey(key) {
  return key.length > 60 ? `${key.slice(0, 59)}…` : key;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {AbortSignal}
 */
function abortSignal(value, name) {
  // By its shape: signals of other realms and of polyfills do as well.
  const like = /** @type {Partial<AbortSignal> | null} */ (value);
  if (typeof like === 'object' && like !== null && typeof like.aborted === 'boolean') {
    if (typeof like.addEventListener === 'function') return /** @type {AbortSignal} */ (like);
  }
  return refuse('an AbortSignal', name, value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {ArrayBuffer[]}
 */
function arrayBuffers(value, name) {
  if (!Array.isArray(value)) return refuse('an array of ArrayBuffers', name, value);
  value.forEach((buffer, i) => {
    if (Object.prototype.toString.call(buffer) !== '[object ArrayBuffer]')
      refuse('an ArrayBuffer', `${name}[${i}]`, buffer);
  });
  return value;
}

const COMPILE = ['name', 'experimental', 'fuel', 'canonicalizeNans', 'optLevel', 'debugInfo', 'baseline', 'cache'];
const INSTANCE = ['imports', 'permissions', 'limits', 'args', 'stdin', 'clock', 'random', 'console', 'onFetch'];
/** The last day that a Date knows (ECMAScript, 21.4.1.1). */
const MOST_DATE_MS = 8.64e15;
/** Limits of an instance: as in `LIMITS`; those without a default are left to the addon. */
const INSTANCE_LIMITS = [
  'timeoutMs',
  'memoryBytes',
  'fetchBytes',
  'concurrentFetches',
  'tableElements',
  'fuel',
  'stackBytes',
];

/**
 * @param {unknown} value
 * @returns {{ name: string | undefined, experimental: boolean, fuel: boolean, canonicalizeNans: boolean, optLevel: string, debugInfo: boolean, baseline: boolean, cacheDir: string | undefined }}
 */
function compileOptions(value) {
  const { name, experimental, fuel, canonicalizeNans, optLevel, debugInfo, baseline, cache } = options(
    value,
    'options',
    COMPILE,
  );
  /** @type {(given: unknown, key: string) => boolean} */
  const flag = (given, key) => (given === undefined ? false : boolean(given, `options.${key}`));
  return {
    name: name === undefined ? undefined : filledString(name, 'options.name'),
    experimental: flag(experimental, 'experimental'),
    fuel: flag(fuel, 'fuel'),
    canonicalizeNans: flag(canonicalizeNans, 'canonicalizeNans'),
    optLevel:
      optLevel === undefined ? 'speed' : choice(optLevel, 'options.optLevel', ['none', 'speed', 'speedAndSize']),
    debugInfo: flag(debugInfo, 'debugInfo'),
    baseline: flag(baseline, 'baseline'),
    cacheDir: codeCache(cache),
  };
}

/** That of the user, as the addon knows it. */
const USERS_CACHE = '';

/**
 * The directory of compiled code: what the app says, or else what the environment does.
 *
 * @param {unknown} [value]
 * @returns {string | undefined}
 */
function codeCache(value) {
  if (value === undefined) {
    const said = process.env.HOSTBOX_CODE_CACHE ?? '';
    if (said === '' || said === '0' || said === 'false') return undefined;
    return said === '1' || said === 'true' ? USERS_CACHE : said;
  }
  if (typeof value === 'boolean') return value ? USERS_CACHE : undefined;
  if (typeof value !== 'object' || value === null) return refuse('a boolean or { dir }', 'options.cache', value);
  return filledString(options(value, 'options.cache', ['dir']).dir, 'options.cache.dir');
}

/**
 * What an instance is given. Its imports are looked at where its functions are known.
 *
 * @param {unknown} value
 */
function instanceOptions(value) {
  const checked = options(value, 'options', INSTANCE);
  const { imports, permissions, limits: given, args, stdin, clock, random, console: output, onFetch } = checked;
  const { env, fs, net } = options(permissions, 'options.permissions', ['env', 'fs', 'net']);
  const { tableElements, fuel, stackBytes, ...shared } = options(given, 'options.limits', INSTANCE_LIMITS);
  const { timeoutMs, memoryBytes, fetchBytes, concurrentFetches } = limits(shared);
  return {
    imports,
    limits: {
      timeoutMs,
      memoryBytes,
      fetchBytes,
      concurrentFetches,
      tableElements: optionalInteger(tableElements, 'options.limits.tableElements', 0, MOST_TABLE),
      ...runLimits(fuel, stackBytes, 'options.limits'),
    },
    args: strings(args, 'options.args'),
    env: variables(env),
    fs: fsGrants(fs),
    net: netGrants(net),
    onFetch: hook(onFetch, 'options.onFetch'),
    clockMs: clock === undefined || clock === 'real' ? undefined : fixedClock(clock),
    seed: random === undefined || random === 'real' ? undefined : seed(random),
    stdin: stdin === undefined ? undefined : bytes(stdin, 'options.stdin'),
    console: output === undefined ? /** @type {const} */ ('silent') : consoleOption(output),
  };
}

const MOST_TABLE = 10_000_000;
const LEAST_STACK = 64 * 1024;
const MOST_STACK = 4 * 1024 * 1024;

/**
 * What bounds code beside time and memory.
 *
 * @param {unknown} fuel
 * @param {unknown} stackBytes
 * @param {string} name of the object that has them
 */
function runLimits(fuel, stackBytes, name) {
  /** @type {{ fuel?: number, stackBytes?: number }} */
  const result = {};
  if (fuel !== undefined) result.fuel = integer(fuel, `${name}.fuel`, 0, Number.MAX_SAFE_INTEGER);
  if (stackBytes !== undefined) {
    result.stackBytes = integer(stackBytes, `${name}.stackBytes`, LEAST_STACK, MOST_STACK);
  }
  return result;
}

/** @param {unknown} value */
function fixedClock(value) {
  if (typeof value === 'object' && value !== null) {
    const { fixed } = options(value, 'options.clock', ['fixed']);
    if (Object.prototype.toString.call(fixed) === '[object Date]') {
      const ms = /** @type {Date} */ (fixed).getTime();
      if (ms >= 0 && ms <= MOST_DATE_MS) return ms;
    }
    return refuse('a Date from 1970 on', 'options.clock.fixed', fixed);
  }
  return refuse("'real' or { fixed }", 'options.clock', value);
}

/** @param {unknown} value */
function seed(value) {
  if (typeof value !== 'object' || value === null) return refuse("'real' or { seed }", 'options.random', value);
  const { seed: number } = options(value, 'options.random', ['seed']);
  return integer(number, 'options.random.seed', 0, Number.MAX_SAFE_INTEGER);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 */
function optionalInteger(value, name, least, most) {
  return value === undefined ? undefined : integer(value, name, least, most);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string[]}
 */
function strings(value, name) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return refuse('an array of strings', name, value);
  return value.map((item, i) => string(item, `${name}[${i}]`));
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Uint8Array}
 */
function bytes(value, name) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]')
    return new Uint8Array(/** @type {ArrayBuffer} */ (value));
  return refuse('a Uint8Array, another view or an ArrayBuffer', name, value);
}

/**
 * What somebody threw, in a few words.
 *
 * @param {unknown} error
 */
function shownError(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : shown(error);
}

/**
 * A call's arguments.
 *
 * @param {unknown} value
 * @returns {readonly unknown[]}
 */
function argumentList(value) {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : refuse('an array', 'args', value);
}

module.exports = {
  INSTANCE,
  bytes,
  codeCache,
  compileOptions,
  instanceOptions,
  runLimits,
  shown,
  shownError,
  CALL,
  LIMITS,
  MOST_MS,
  RUNTIME,
  refuse,
  string,
  filledString,
  boolean,
  integer,
  choice,
  options,
  scope,
  limits,
  callOptions,
  pickCall,
  abortSignal,
  evalOptions,
  pluginOptions,
  runtimeOptions,
  consoleOption,
  bridge,
  argumentList,
};
