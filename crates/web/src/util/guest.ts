// util: Node's module of helpers. Inspection, formats, kinds and equality have modules of their own.

import { descriptor } from 'guest:webidl';
import { isDeepEqual } from 'guest:deepequal';
import { checkFunction, checkObject, checkString, coded, invalidArgType } from 'guest:nodeerrors';
import { format, formatWithOptions } from 'guest:nodeformat';
import { styleText } from 'guest:inspectstyles';
import { inspect } from 'guest:nodeinspect';
import { types } from 'guest:nodetypes';
import { load } from 'host:modules';

const { apply, defineProperty, getPrototypeOf, setPrototypeOf } = Reflect;
const { getOwnPropertyDescriptors, defineProperties } = Object;
const { isArray } = Array;
const PromiseIntrinsic = Promise;

type AnyFunction = (...args: any[]) => any;
const customPromisify = Symbol.for('nodejs.util.promisify.custom');
/** Names of the values that a callback is given, where there are several. */
export const customPromisifyArgs = Symbol('customPromisifyArgs');

const nodeProcess = (): typeof import('guest:process').process =>
  load<typeof import('guest:process')>('guest:process').process;

/** The web's timers have no properties of Node's; `promisify(setTimeout)` means those that give promises. */
function promisedTimer(original: AnyFunction): AnyFunction | undefined {
  const timers = load<typeof import('guest:timers')>('guest:timers');
  const promised = (): typeof import('guest:timerspromises').timersPromises =>
    load<typeof import('guest:timerspromises')>('guest:timerspromises').timersPromises;
  if (original === timers.setTimeout) return promised().setTimeout;
  return original === timers.setImmediate ? promised().setImmediate : undefined;
}

function promisify(original: AnyFunction): AnyFunction {
  checkFunction(original, 'original');
  const timer = promisedTimer(original);
  if (timer !== undefined) return timer;
  const own = (original as unknown as Record<symbol, unknown>)[customPromisify];
  if (own) {
    checkFunction(own, 'util.promisify.custom');
    return defineProperty(own, customPromisify, descriptor({ value: own, configurable: true })) ? own : own;
  }
  const names = (original as unknown as Record<symbol, readonly string[] | undefined>)[customPromisifyArgs];
  const promised = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return new PromiseIntrinsic((resolve, reject) => {
      const done = (error: unknown, ...values: unknown[]): void => {
        if (error) reject(error);
        else if (names !== undefined && values.length > 1) {
          const result: Record<string, unknown> = {};
          for (let i = 0; i < names.length; i++) result[names[i]!] = values[i];
          resolve(result);
        } else resolve(values[0]);
      };
      apply(original, this, [...args, done]);
    });
  };
  setPrototypeOf(promised, getPrototypeOf(original));
  defineProperty(promised, customPromisify, descriptor({ value: promised, configurable: true }));
  const properties = getOwnPropertyDescriptors(original) as Record<string, PropertyDescriptor>;
  for (const key of ['length', 'name']) if (properties[key]) properties[key].configurable = true;
  return defineProperties(promised, properties) as AnyFunction;
}
promisify.custom = customPromisify;

function callbackify(original: AnyFunction): AnyFunction {
  checkFunction(original, 'original');
  const callbackified = function (this: unknown, ...args: unknown[]): void {
    const callback = args.pop();
    checkFunction(callback, 'last argument');
    const later = (...values: unknown[]): void => nodeProcess().nextTick(() => apply(callback, this, values));
    apply(original, this, args).then(
      (value: unknown) => later(null, value),
      (reason: unknown) => {
        if (reason) later(reason);
        else {
          const message = 'Promise was rejected with falsy value';
          later(Object.assign(coded(Error, 'ERR_FALSY_VALUE_REJECTION', message), { reason }));
        }
      },
    );
  };
  const properties = getOwnPropertyDescriptors(original) as Record<string, PropertyDescriptor>;
  if (typeof properties.length?.value === 'number') properties.length.value++;
  if (typeof properties.name?.value === 'string') properties.name.value += 'Callbackified';
  defineProperties(callbackified, properties);
  return callbackified;
}

function inherits(constructor: Function & { super_?: Function }, parent: Function): void {
  if (constructor === undefined || constructor === null) checkFunction(constructor, 'ctor');
  if (parent === undefined || parent === null) checkFunction(parent, 'superCtor');
  if ((parent as Function).prototype === undefined)
    throw invalidArgType('superCtor.prototype', 'of type object', undefined);
  defineProperty(constructor, 'super_', descriptor({ value: parent, writable: true, configurable: true }));
  setPrototypeOf(constructor.prototype, (parent as Function).prototype);
}

const warned = new Set<string>();

function deprecate(fn: AnyFunction, message: string, code?: string): AnyFunction {
  if (code !== undefined) checkString(code, 'code');
  let hasWarned = false;
  const deprecated = function (this: unknown, ...args: unknown[]): unknown {
    if (!hasWarned) {
      hasWarned = true;
      if (code === undefined || !warned.has(code)) {
        if (code !== undefined) warned.add(code);
        nodeProcess().emitWarning(message, 'DeprecationWarning', code);
      }
    }
    return new.target ? Reflect.construct(fn, args, new.target) : apply(fn, this, args);
  };
  setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  return deprecated;
}

/** `NODE_DEBUG=http,tls` switches sections on; `*` stands for any text. */
function debuglog(section: string, ready?: (logger: AnyFunction) => void): AnyFunction {
  let isOn: boolean | undefined;
  const enabled = (): boolean => {
    if (isOn === undefined) {
      const wanted = (nodeProcess().env.NODE_DEBUG as string | undefined) ?? '';
      const escaped = wanted
        .replace(/[|\\{}()[\]^$+?.]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll(',', '$|^');
      isOn = wanted !== '' && new RegExp(`^${escaped}$`, 'i').test(section);
    }
    return isOn;
  };
  const logger = (...args: unknown[]): void => {
    if (!enabled()) return;
    const text = formatWithOptions({}, ...args);
    load<typeof import('guest:console')>('guest:console').console.error('%s', `${section.toUpperCase()} 1: ${text}`);
  };
  defineProperty(logger, 'enabled', descriptor({ get: enabled, configurable: true, enumerable: true }));
  ready?.(logger);
  return logger;
}

const CONTROL =
  // eslint-disable-next-line no-control-regex
  /[\u001B\u009B][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?(?:\u0007|\u001B\u005C|\u009C))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g;

function stripVTControlCharacters(text: string): string {
  checkString(text, 'str');
  return text.replace(CONTROL, '');
}

function toUSVString(text: unknown): string {
  return `${text as string}`.toWellFormed();
}

async function aborted(signal: any, resource: object): Promise<void> {
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw invalidArgType('signal', 'an instance of AbortSignal', signal);
  }
  checkObject(resource, 'resource');
  if (signal.aborted) return;
  await new PromiseIntrinsic((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  return isDeepEqual(a, b, true);
}

/** What `require('util')` gives. */
const util: Record<string, any> = {
  aborted,
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  inherits,
  inspect,
  isArray,
  isBoolean: (value: unknown) => typeof value === 'boolean',
  isBuffer: (value: unknown) => load<typeof import('guest:buffer')>('guest:buffer').Buffer.isBuffer(value),
  isDate: types.isDate,
  isDeepStrictEqual,
  isError: (value: unknown) => types.isNativeError!(value) || value instanceof Error,
  isFunction: (value: unknown) => typeof value === 'function',
  isNull: (value: unknown) => value === null,
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isNumber: (value: unknown) => typeof value === 'number',
  isObject: (value: unknown) => value !== null && typeof value === 'object',
  isPrimitive: (value: unknown) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  isRegExp: types.isRegExp,
  isString: (value: unknown) => typeof value === 'string',
  isSymbol: (value: unknown) => typeof value === 'symbol',
  isUndefined: (value: unknown) => value === undefined,
  log: (...args: unknown[]) => load<typeof import('guest:console')>('guest:console').console.log('%s', format(...args)),
  promisify,
  stripVTControlCharacters,
  styleText,
  toUSVString,
  types,
};
for (const [name, module, key] of [
  ['parseArgs', 'guest:parseargs', 'parseArgs'],
  ['TextDecoder', 'guest:encoding', 'TextDecoder'],
  ['TextEncoder', 'guest:encoding', 'TextEncoder'],
] as const) {
  const get = (): unknown => load<Record<string, unknown>>(module)[key];
  defineProperty(util, name, descriptor({ get, enumerable: true, configurable: true }));
}

export { util };
