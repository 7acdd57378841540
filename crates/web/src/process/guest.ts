// process: what Node's process tells, as far as a sandbox has it: the granted environment, ticks, clocks, memory, warnings.
//
// Constants say "Node on Linux", whatever the app runs on: packages choose their ways by them. Nothing here reaches the real process.

import { bare, descriptor } from 'guest:webidl';
import { TextDecoder } from 'guest:encoding';
import { console } from 'guest:console';
import { EventEmitter } from 'guest:nodeevents';
import { coded, invalidArgType, outOfRange, checkFunction, checkString } from 'guest:nodeerrors';
import { version as hostVersion } from 'host:navigator';
import * as host from 'host:process';

const { apply, defineProperty } = Reflect;
const { isArray } = Array;
const { floor } = Math;
const { create, defineProperties, freeze } = Object;
const { now } = performance;
const toBigInt = BigInt;

const NODE_VERSION = '20.20.2';
const started = apply(now, performance, []) as number;

/** Milliseconds of the monotonic clock. */
const clock = (): number => apply(now, performance, []) as number;

function nextTick(callback: (...args: any[]) => void, ...args: unknown[]): void {
  checkFunction(callback, 'callback');
  host.nextTick(args.length === 0 ? callback : () => void apply(callback, undefined, args));
}

// ── clocks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function hrtime(previous?: unknown): [seconds: number, nanoseconds: number] {
  const ms = clock();
  const seconds = floor(ms / 1000);
  const nanoseconds = floor((ms % 1000) * 1e6);
  if (previous === undefined) return [seconds, nanoseconds];
  if (!isArray(previous)) throw invalidArgType('time', 'an instance of Array', previous);
  if (previous.length !== 2) throw outOfRange('time', '2', previous.length);
  const rest = nanoseconds - previous[1];
  return rest < 0 ? [seconds - previous[0] - 1, rest + 1e9] : [seconds - previous[0], rest];
}
hrtime.bigint = (): bigint => toBigInt(floor(clock() * 1e6));

function cpuUsage(previous?: { user: number; system: number }): { user: number; system: number } {
  const user = host.cpuTime();
  if (previous === undefined) return { user, system: 0 };
  if (typeof previous !== 'object' || previous === null) throw invalidArgType('prevValue', 'of type object', previous);
  return { user: user - previous.user, system: 0 - previous.system };
}

function memoryUsage(): Record<'rss' | 'heapTotal' | 'heapUsed' | 'external' | 'arrayBuffers', number> {
  const { 0: heap, 1: used, 2: limit } = host.memory();
  return { rss: used, heapTotal: limit, heapUsed: heap, external: used - heap, arrayBuffers: used - heap };
}
memoryUsage.rss = (): number => host.memory()[1];

// ── the environment ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Values become text, as in Node. */
function environment(): Record<string, string> {
  const variables = bare<string>();
  const list = host.environment();
  for (let i = 0; i < list.length; i += 2) variables[list[i]!] = list[i + 1]!;
  const text = (value: unknown): string => {
    if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
    return `${value as string}`;
  };
  return new Proxy(variables, {
    __proto__: null,
    set(target: typeof variables, name: string | symbol, value: unknown) {
      target[text(name)] = text(value);
      return true;
    },
    defineProperty(target: typeof variables, name: string | symbol, property: PropertyDescriptor) {
      if (!property.configurable || !property.writable || !property.enumerable || 'get' in property) {
        const message = "'process.env' only accepts a configurable, writable, and enumerable data descriptor";
        throw coded(TypeError, 'ERR_INVALID_OBJECT_DEFINE_PROPERTY', message);
      }
      target[text(name)] = text(property.value);
      return true;
    },
  } as ProxyHandler<typeof variables>);
}

// ── warnings and output ───────────────────────────────────────────────────────────────────────────────────────────────

type Warning = Error & { code?: string; detail?: string };

function emitWarning(given: unknown, kind?: unknown, code?: unknown): void {
  let type = kind;
  let detail: unknown;
  let label = code;
  if (typeof type === 'object' && type !== null && !isArray(type)) {
    ({ code: label, detail, type } = type as { code?: unknown; detail?: unknown; type?: unknown });
  } else if (typeof type === 'function') type = undefined;
  if (typeof label === 'function') label = undefined;
  if (type !== undefined) checkString(type, 'type');
  if (label !== undefined) checkString(label, 'code');
  let warning: Warning;
  if (typeof given === 'string') {
    warning = new Error(given) as Warning;
    warning.name = (type as string | undefined) || 'Warning';
    if (label !== undefined) warning.code = label as string;
    if (typeof detail === 'string') warning.detail = detail;
  } else if (Error.isError(given)) warning = given as Warning;
  else throw invalidArgType('warning', 'of type string or an instance of Error', given);
  if (warning.name === 'DeprecationWarning') {
    if (process.noDeprecation) return;
    if (process.throwDeprecation) {
      nextTick(() => {
        throw warning;
      });
      return;
    }
  }
  nextTick(() => {
    if (!process.noWarnings) {
      const name = warning.code === undefined ? '' : `[${warning.code}] `;
      const more = warning.detail === undefined ? '' : `\n${warning.detail}`;
      console.warn(`(node) ${name}${warning.name}: ${warning.message}${more}`);
    }
    process.emit('warning', warning);
  });
}

/** A stream as far as writing goes: one entry of the console a call, without the newline at its end. */
function output(fd: 1 | 2): object {
  const stream = new EventEmitter() as EventEmitter & Record<string, unknown>;
  const write = (chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
    let text: string;
    if (typeof chunk === 'string') text = chunk;
    else if (ArrayBuffer.isView(chunk)) text = new TextDecoder().decode(chunk as Uint8Array);
    else throw invalidArgType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk);
    if (text.endsWith('\n')) text = text.slice(0, -1);
    if (fd === 1) console.log('%s', text);
    else console.error('%s', text);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') nextTick(callback as () => void);
    return true;
  };
  const end = (chunk?: unknown, encoding?: unknown, done?: unknown): object => {
    if (chunk !== undefined && typeof chunk !== 'function') write(chunk);
    for (const callback of [chunk, encoding, done])
      if (typeof callback === 'function') nextTick(callback as () => void);
    return stream;
  };
  return Object.assign(stream, { fd, writable: true, isTTY: false, write, end, _isStdio: true });
}

function exit(): never {
  throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'process.exit: a plugin has no process that it could end');
}

// ── the object ────────────────────────────────────────────────────────────────────────────────────────────────────────

const process = create(create(EventEmitter.prototype)) as EventEmitter & Record<string, any>;
apply(EventEmitter, process, []);
Object.assign(process, {
  // Packages that ask take their ways without files and processes.
  browser: true,
  title: 'hostbox',
  version: `v${NODE_VERSION}`,
  versions: freeze({ node: NODE_VERSION, hostbox: hostVersion() }),
  arch: 'x64',
  platform: 'linux',
  release: freeze({ name: 'node' }),
  argv: ['hostbox'],
  argv0: 'hostbox',
  execArgv: [],
  execPath: 'hostbox',
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  features: freeze({}),
  config: freeze({ target_defaults: freeze({}), variables: freeze({}) }),
  env: environment(),
  cwd: () => '/',
  umask: () => 0o22,
  uptime: () => (clock() - started) / 1000,
  hrtime,
  nextTick,
  emitWarning,
  memoryUsage,
  cpuUsage,
  exit,
});
const lazily = (make: () => unknown): PropertyDescriptor => {
  let made: unknown;
  const get = (): unknown => (made ??= make());
  return descriptor({ get, enumerable: true, configurable: true });
};
defineProperties(process, { stdout: lazily(() => output(1)), stderr: lazily(() => output(2)) });
defineProperty(process, Symbol.toStringTag, descriptor({ value: 'process', configurable: true }));

export { nextTick, process };
