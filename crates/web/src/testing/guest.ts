// A test interface small enough to run in a sandbox and on any other engine.
//
// `test` collects, `run` runs in order and answers one entry a test: its name, and what went wrong, if anything did. What a test hands to
// `afterwards` is done when it is over, however it went.

export interface Outcome {
  readonly name: string;
  readonly error?: string;
}

const collected: { name: string; body: () => unknown }[] = [];
const endings: (() => unknown)[] = [];

/** The name is a true sentence. The body may be asynchronous. */
export function test(name: string, body: () => unknown): void {
  collected.push({ name, body });
}

/** What the test that runs has to clear away. */
export function afterwards(work: () => unknown): void {
  endings.push(work);
}

export async function run(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, body } of collected.splice(0)) {
    try {
      try {
        await body();
      } finally {
        for (const work of endings.splice(0)) await work();
      }
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, error: describe(error) });
    }
  }
  return outcomes;
}

function describe(error: unknown): string {
  if (!Error.prototype.isPrototypeOf(error as object)) return `threw ${show(error)}`;
  const { name, message, stack } = error as Error;
  return `${name}: ${message}\n${stack ?? ''}`;
}

class AssertionError extends Error {
  override name = 'AssertionError';
}

type Expected =
  | (new (...args: any[]) => Error)
  | { readonly name?: string; readonly code?: string | number; readonly message?: string };

function check(error: unknown, expected: Expected | undefined): void {
  if (expected === undefined) return;
  if (typeof expected === 'function') {
    if (!(error instanceof expected)) throw new AssertionError(`expected a ${expected.name}, got ${show(error)}`);
    return;
  }
  for (const key of Object.keys(expected) as (keyof typeof expected)[]) {
    assert.equal((error as Record<string, unknown>)[key], expected[key], `${key} of ${show(error)}`);
  }
}

export const assert = {
  ok(value: unknown, message = 'expected a truthy value'): void {
    if (!value) throw new AssertionError(`${message}, got ${show(value)}`);
  },

  /** Same value as by `Object.is`. */
  equal(actual: unknown, expected: unknown, message = 'not the same'): void {
    if (!Object.is(actual, expected))
      throw new AssertionError(`${message}: got ${show(actual)}, expected ${show(expected)}`);
  },

  /** Same shape: prototypes, own enumerable properties, holes, contents of maps, sets, views and buffers. */
  deepEqual(actual: unknown, expected: unknown, message = 'not alike'): void {
    if (!alike(actual, expected))
      throw new AssertionError(`${message}: got ${show(actual)}, expected ${show(expected)}`);
  },

  throws(body: () => unknown, expected?: Expected): void {
    try {
      body();
    } catch (error) {
      check(error, expected);
      return;
    }
    throw new AssertionError('expected an exception, got none');
  },

  async rejects(promise: Promise<unknown>, expected?: Expected): Promise<void> {
    try {
      await promise;
    } catch (error) {
      check(error, expected);
      return;
    }
    throw new AssertionError('expected a rejection, got none');
  },
};

function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map && b instanceof Map) return alike([...a], [...b]);
  if (a instanceof Set && b instanceof Set) return alike([...a], [...b]);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) return alike(new Uint8Array(a), new Uint8Array(b));
  if (a instanceof Error && b instanceof Error && (a.message !== b.message || a.name !== b.name)) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const keys = Reflect.ownKeys(a).filter((key) => Object.prototype.propertyIsEnumerable.call(a, key));
  const others = Reflect.ownKeys(b).filter((key) => Object.prototype.propertyIsEnumerable.call(b, key));
  if (keys.length !== others.length) return false;
  return keys.every(
    (key) =>
      others.includes(key) && alike((a as Record<PropertyKey, unknown>)[key], (b as Record<PropertyKey, unknown>)[key]),
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'bigint') return `${value}n`;
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (ArrayBuffer.isView(value))
      return `${value.constructor.name} ${JSON.stringify(Array.from(value as Uint8Array))}`;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? String(value);
    return String(value);
  } catch {
    return 'something that cannot be shown';
  }
}
