// witcodec: calls of a component's functions, and its calls of the app's, as messages.
//
// In: a shape, arguments, results, messages. Out: the same on the other side, or the host's errors. A call's arguments stand in slots of eight
// bytes, as flat values of the canonical ABI, behind which their strings and lists lie; where there are more than sixteen flat values, they
// stand as one tuple in memory. An answer begins with sixteen bytes that say at which address the byte behind them stands.

import { Code } from 'guest:witcode';
import type { Compile } from 'guest:witcode';
import { Malformed, Memory, Refusal, TooLarge } from 'guest:witmemory';
import type { Text } from 'guest:witmemory';
import {
  alignTo,
  caseTypes,
  Layouts,
  MOST_FLAT_CONCURRENT,
  MOST_FLAT_PARAMS,
  MOST_FLAT_RESULTS,
  types,
} from 'guest:witshape';
import type { FunctionShape, Ref, Shape } from 'guest:witshape';

/** The address of a call's first byte. */
export const BASE = 1024;
/** Bytes before an answer. */
export const HEAD = 16;

export type ErrorCode =
  | 'ERR_ARGUMENT'
  | 'ERR_ASYNC'
  | 'ERR_BUSY'
  | 'ERR_CLOSED'
  | 'ERR_FUNCTION_NOT_FOUND'
  | 'ERR_INTERNAL'
  | 'ERR_MEMORY'
  | 'ERR_WASM_LINK';

/** What engines do differently. */
export interface Engine {
  readonly text: Text;
  readonly compile: Compile;
  /** An error with one of the stable codes; `path` says where in the arguments or the result. */
  error(code: ErrorCode, message: string, path?: string): Error;
  /** A value in a few words. */
  shown(value: unknown): string;
  /** What a function throws whose result is an `err`. */
  failed(payload: unknown, where: string): Error;
}

/** A function of the component, as its callers see it. */
export interface Exported {
  /** Writes a call; the number of its bytes. */
  encode(m: Memory, args: readonly unknown[]): number;
  /** Reads the answer, so many bytes; throws what the function's `err` stands for. */
  decode(m: Memory, bytes: number): unknown;
}

/** A function that the component calls. */
export interface Imported {
  /** Reads a call of so many bytes, whose slots, or whose tuple, stand at an address. */
  decode(m: Memory, bytes: number, at: number): unknown[];
  /** Whether a thrown error can be an answer. */
  readonly canFail: boolean;
  /** Writes the answer that will stand at an address; the number of its bytes. */
  encode(m: Memory, reply: number, value: unknown, isError: boolean): number;
}

/** Lists of one type as messages of their own. */
export interface Batch {
  /** Writes a list that will stand at an address; the number of its bytes. */
  encode(m: Memory, reply: number, values: unknown): number;
  /** Reads an answer of so many bytes. */
  decode(m: Memory, bytes: number): unknown;
}

interface Result {
  readonly isFlat: boolean;
  readonly bytes: number;
  readonly ok: Ref | null;
  readonly err: Ref | null;
  /** Whether `ok` and `err` are told apart. */
  readonly isResult: boolean;
  readonly payload: number;
}

/** Calls and answers of one component. */
export class Codec {
  readonly layouts: Layouts;
  readonly #code: Code;
  readonly #engine: Engine;
  /** Flat values of a result that the component gives, at most. */
  readonly #mostFlat: number;

  constructor(shape: Shape, engine: Engine) {
    this.#mostFlat = shape.concurrent === true ? MOST_FLAT_CONCURRENT : MOST_FLAT_RESULTS;
    this.layouts = new Layouts(shape.types);
    this.#code = new Code(shape.types, this.layouts, engine.compile);
    this.#engine = engine;
  }

  /** A function of the component; `where` is its name in errors. */
  exported(fn: FunctionShape, where: string, mostFlat: number = this.#mostFlat): Exported {
    const params = types(fn.params);
    const layout = this.layouts.sequence(params);
    const isFlat = layout.slots <= MOST_FLAT_PARAMS;
    const bytes = alignTo(isFlat ? layout.slots * 8 : layout.size, 16);
    const store = this.#code.storeAll(params, isFlat, paths(fn));
    const result = this.#result(fn, mostFlat);
    const load = this.#loading(where, result);
    const guard = this.#engine;
    return {
      encode(m, args) {
        try {
          m.begin(BASE, bytes);
          store(m, args);
          return m.top;
        } catch (error) {
          throw explained(error, guard, where);
        }
      },
      decode(m, length) {
        try {
          if (length < HEAD + result.bytes) throw new Malformed('it is too short');
          m.open(0, length);
          m.base = m.u32[0]! - HEAD;
          return load(m, HEAD);
        } catch (error) {
          throw explained(error, guard, where);
        }
      },
    };
  }

  /** Elements of a stream, or the value of a future, as lists of a type; `name` is that type in errors. */
  batch(list: number, name: string): Batch {
    const fn = { number: -1, name, kind: 'function', resource: null, params: [], result: list } as const;
    const { encode } = this.imported(fn, name);
    const { decode } = this.exported(fn, name, MOST_FLAT_RESULTS);
    return { encode: (m, reply, values) => encode(m, reply, values, false), decode };
  }

  /** A function that the component calls. */
  imported(fn: FunctionShape, where: string): Imported {
    const params = types(fn.params);
    const layout = this.layouts.sequence(params);
    const isFlat = layout.slots <= MOST_FLAT_PARAMS;
    const size = isFlat ? layout.slots * 8 : layout.size;
    const align = isFlat ? 8 : layout.align;
    const load = this.#code.loadAll(params, isFlat);
    const result = this.#result(fn);
    const store = this.#storing(fn);
    const guard = this.#engine;
    return {
      canFail: result.isResult,
      decode(m, length, at) {
        try {
          m.open(BASE, length);
          const start = at - BASE;
          if (start < 0 || start % align !== 0 || start + size > length)
            throw new Malformed('its arguments lie beyond it');
          return load(m, start);
        } catch (error) {
          throw explained(error, guard, where);
        }
      },
      encode(m, reply, value, isError) {
        try {
          m.begin(reply, alignTo(result.bytes, 8));
          store(m, value, isError);
          return m.top;
        } catch (error) {
          throw explained(error, guard, where);
        }
      },
    };
  }

  #result({ result }: FunctionShape, mostFlat: number = MOST_FLAT_RESULTS): Result {
    const type = result === null ? undefined : this.layouts.type(result);
    const layout = this.layouts.of(result);
    const isFlat = layout.slots <= mostFlat;
    const bytes = isFlat ? layout.slots * 8 : layout.size;
    if (type?.kind !== 'result') return { isFlat, bytes, ok: result, err: null, isResult: false, payload: 0 };
    const payload = this.layouts.payload(caseTypes(type), isFlat);
    return { isFlat, bytes, ok: type.ok, err: type.err, isResult: true, payload };
  }

  /** Loads a result. */
  #loading(where: string, result: Result): (m: Memory, at: number) => unknown {
    const { isFlat, ok, err, isResult, payload } = result;
    const loadOk = ok === null ? () => undefined : this.#code.load(ok, isFlat);
    if (!isResult) return loadOk;
    const loadErr = err === null ? () => undefined : this.#code.load(err, isFlat);
    const engine = this.#engine;
    return (m, at) => {
      const tag = m.u8[at]!;
      if (tag === 0) return loadOk(m, at + payload);
      if (tag === 1) throw engine.failed(loadErr(m, at + payload), where);
      throw new Malformed(`${tag} is no case of result`);
    };
  }

  #storing(fn: FunctionShape): (m: Memory, value: unknown, isError: boolean) => void {
    const { isFlat, ok, err, isResult, payload } = this.#result(fn);
    const storeOk = ok === null ? () => {} : this.#code.store(ok, isFlat);
    if (!isResult) return (m, value) => storeOk(m, value, 0);
    const storeErr = err === null ? () => {} : this.#code.store(err, isFlat);
    return (m, value, isError) => {
      if (isFlat) m.u32[0] = isError ? 1 : 0;
      else m.u8[0] = isError ? 1 : 0;
      if (isError) storeErr(m, value, payload);
      else storeOk(m, value, payload);
    };
  }
}

/** What errors call the parameters: a method's first one is `this`. */
function paths(fn: FunctionShape): string[] {
  const list: string[] = [];
  const isMethod = fn.kind === 'method';
  for (let i = 0; i < fn.params.length; i++) {
    if (isMethod) list[i] = i === 0 ? 'this' : `args[${i - 1}]`;
    else list[i] = `args[${i}]`;
  }
  return list;
}

function explained(error: unknown, engine: Engine, where: string): unknown {
  if (Refusal.is(error)) {
    const { expected, value, path } = Refusal.read(error);
    const place = path === '' || path[0] === '.' || path[0] === '[' ? `result${path}` : path;
    const message = `${place}: Expected ${expected} but received ${engine.shown(value)} (${where})`;
    return engine.error('ERR_ARGUMENT', message, place);
  }
  if (TooLarge.is(error))
    return engine.error('ERR_MEMORY', `${where}: the values are more than a message of 1 GiB holds`);
  const reason = Malformed.reason(error);
  if (reason === undefined) return error;
  return engine.error('ERR_INTERNAL', `${where}: a message is malformed: ${reason}`);
}
