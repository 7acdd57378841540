// assert: Node's module of checks. Its messages are Node's where values are short; long differences are shown line by line.

import { descriptor, isObject, uncurry } from 'guest:webidl';
import { isDeepEqual } from 'guest:deepequal';
import { checkFunction, coded, invalidArgType, invalidArgValue, missingArgs } from 'guest:nodeerrors';
import { inspect } from 'guest:nodeinspect';
import { types } from 'guest:nodetypes';

const { apply, defineProperty } = Reflect;
const isPrototypeOf = uncurry(Object.prototype.isPrototypeOf);
const { is, assign, keys: keysOf } = Object;
const PromiseIntrinsic = Promise;

type Message = string | Error | undefined;

interface AssertionOptions {
  message?: unknown;
  actual?: unknown;
  expected?: unknown;
  operator?: string;
  stackStartFn?: Function;
}

const HEADINGS: Record<string, string> = {
  deepStrictEqual: 'Expected values to be strictly deep-equal:',
  strictEqual: 'Expected values to be strictly equal:',
  strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
  deepEqual: 'Expected values to be loosely deep-equal:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notIdentical: 'Values have same structure but are not reference-equal:',
  notDeepEqualUnequal: 'Expected values not to be loosely deep-equal:',
};
/** Lines of a difference that are shown at most. */
const MOST_LINES = 50;

function show(value: unknown): string {
  return inspect(value, {
    compact: false,
    customInspect: false,
    depth: 1000,
    maxArrayLength: Infinity,
    showHidden: false,
    showProxy: false,
    sorted: true,
    getters: true,
  });
}

class AssertionError extends Error {
  generatedMessage: boolean;
  code = 'ERR_ASSERTION';
  actual: unknown;
  expected: unknown;
  operator: string | undefined;

  constructor(options: AssertionOptions) {
    if (!isObject(options)) throw invalidArgType('options', 'of type object', options);
    const { message, actual, expected, operator } = options;
    super(message !== null && message !== undefined ? `${message as string}` : describe(actual, expected, operator));
    this.generatedMessage = !message;
    defineProperty(
      this,
      'name',
      descriptor({ value: 'AssertionError', enumerable: false, writable: true, configurable: true }),
    );
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }

  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

function describe(actual: unknown, expected: unknown, operator: string | undefined): string {
  if (operator === 'deepStrictEqual' || operator === 'strictEqual') return difference(actual, expected, operator);
  if (operator === 'notDeepStrictEqual' || operator === 'notStrictEqual') {
    const isReference = operator === 'notStrictEqual' && isObject(actual);
    const lines = show(actual).split('\n');
    if (lines.length > MOST_LINES) lines.splice(MOST_LINES - 3, lines.length, '...');
    const heading = HEADINGS[isReference ? 'notStrictEqualObject' : operator]!;
    return lines.length === 1
      ? `${heading}${lines[0]!.length > 5 ? '\n\n' : ' '}${lines[0]}`
      : `${heading}\n\n${lines.join('\n')}\n`;
  }
  let left = show(actual);
  let right = show(expected);
  if (operator === 'notDeepEqual' && left === right) {
    const text = `${HEADINGS.notDeepEqual!}\n\n${left}`;
    return text.length > 1024 ? `${text.slice(0, 1021)}...` : text;
  }
  if (left.length > 512) left = `${left.slice(0, 509)}...`;
  if (right.length > 512) right = `${right.slice(0, 509)}...`;
  if (operator === 'deepEqual') {
    return `${HEADINGS.deepEqual!}\n\n${left}\n\nshould loosely deep-equal\n\n${right}`;
  }
  if (operator === 'notDeepEqual') {
    return `${HEADINGS.notDeepEqualUnequal!}\n\n${left}\n\nshould not loosely deep-equal\n\n${right}`;
  }
  return `${left} ${operator ?? 'undefined'} ${right}`;
}

function difference(actual: unknown, expected: unknown, given: string): string {
  let operator = given;
  const left = show(actual);
  const right = show(expected);
  const lines = left.split('\n');
  const others = right.split('\n');
  if (operator === 'strictEqual' && isObject(actual) && isObject(expected)) operator = 'strictEqualObject';
  if (lines.length === 1 && others.length === 1 && lines[0] !== others[0]) {
    const isShort = left.length + right.length <= 12;
    const arePrimitive = !isObject(actual) && !isObject(expected) && (actual !== 0 || expected !== 0);
    if (isShort && arePrimitive) return `${HEADINGS[operator]!}\n\n${left} !== ${right}\n`;
  }
  if (left === right) {
    const heading = operator === 'strictEqualObject' ? HEADINGS.notIdentical! : HEADINGS[operator]!;
    return `${heading}\n\n${left}\n`;
  }
  return `${HEADINGS[operator]!}\n+ actual - expected\n\n${lineDifference(lines, others)}`;
}

/** Lines of both: equal ones with two spaces, others with a plus or a minus. */
function lineDifference(lines: readonly string[], others: readonly string[]): string {
  let start = 0;
  while (start < lines.length && start < others.length && lines[start] === others[start]) start++;
  let end = 0;
  const rest = Math.min(lines.length, others.length) - start;
  while (end < rest && lines[lines.length - 1 - end] === others[others.length - 1 - end]) end++;
  const output = [
    ...lines.slice(0, start).map((line) => `  ${line}`),
    ...lines.slice(start, lines.length - end).map((line) => `+ ${line}`),
    ...others.slice(start, others.length - end).map((line) => `- ${line}`),
    ...lines.slice(lines.length - end).map((line) => `  ${line}`),
  ];
  if (output.length > MOST_LINES) output.splice(MOST_LINES, output.length, '...');
  return output.join('\n');
}

function fail(options: AssertionOptions): never {
  if (Error.isError(options.message)) throw options.message;
  throw new AssertionError(options);
}

function innerFail(
  actual: unknown,
  expected: unknown,
  message: Message,
  operator: string,
  holds: boolean,
  count: number,
): void {
  if (count < 2) throw missingArgs('The "actual" and "expected" arguments must be specified');
  if (!holds) fail({ actual, expected, message, operator });
}

// ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function check(operator: string, args: readonly unknown[]): void {
  const { 0: value, 1: message } = args;
  if (value) return;
  let text = message;
  let generated = false;
  if (args.length === 0) {
    generated = true;
    text = 'No value argument passed to `assert.ok()`';
  } else if (message === undefined || message === null) {
    generated = true;
    text = `The expression evaluated to a falsy value:\n\n  ${operator}(${inspect(value)})\n`;
  } else if (Error.isError(message)) throw message;
  const error = new AssertionError({ actual: value, expected: true, message: text, operator: '==' });
  error.generatedMessage = generated;
  throw error;
}

type Assert = ((value?: unknown, message?: Message) => void) & Record<string, any>;

const assert: Assert = Object.assign((...args: unknown[]): void => check('assert', args), {} as Record<string, any>);

const methods: Record<string, (...args: any[]) => unknown> = {
  ok(...args: unknown[]) {
    check('assert.ok', args);
  },
  fail(message?: unknown) {
    if (Error.isError(message)) throw message;
    const error = new AssertionError({ message: message ?? 'Failed', operator: 'fail' });
    error.generatedMessage = message === undefined;
    throw error;
  },
  equal(actual?: unknown, expected?: unknown, message?: Message) {
    // eslint-disable-next-line eqeqeq
    const holds = actual == expected || (actual !== actual && expected !== expected);
    innerFail(actual, expected, message, '==', holds, arguments.length);
  },
  notEqual(actual?: unknown, expected?: unknown, message?: Message) {
    // eslint-disable-next-line eqeqeq
    const holds = !(actual == expected || (actual !== actual && expected !== expected));
    innerFail(actual, expected, message, '!=', holds, arguments.length);
  },
  strictEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'strictEqual', is(actual, expected), arguments.length);
  },
  notStrictEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'notStrictEqual', !is(actual, expected), arguments.length);
  },
  deepEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'deepEqual', isDeepEqual(actual, expected, false), arguments.length);
  },
  notDeepEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'notDeepEqual', !isDeepEqual(actual, expected, false), arguments.length);
  },
  deepStrictEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'deepStrictEqual', isDeepEqual(actual, expected, true), arguments.length);
  },
  notDeepStrictEqual(actual?: unknown, expected?: unknown, message?: Message) {
    innerFail(actual, expected, message, 'notDeepStrictEqual', !isDeepEqual(actual, expected, true), arguments.length);
  },
  match(text: unknown, pattern: unknown, message?: Message) {
    matches(text, pattern, message, 'match');
  },
  doesNotMatch(text: unknown, pattern: unknown, message?: Message) {
    matches(text, pattern, message, 'doesNotMatch');
  },
  throws(run: unknown, expected?: unknown, message?: unknown) {
    expectError('throws', thrownBy(run), expected, message, arguments.length);
  },
  async rejects(run: unknown, expected?: unknown, message?: unknown) {
    expectError('rejects', await rejectedBy(run), expected, message, arguments.length);
  },
  doesNotThrow(run: unknown, expected?: unknown, message?: unknown) {
    expectNone('doesNotThrow', thrownBy(run), expected, message);
  },
  async doesNotReject(run: unknown, expected?: unknown, message?: unknown) {
    expectNone('doesNotReject', await rejectedBy(run), expected, message);
  },
  ifError(error: unknown) {
    if (error === null || error === undefined) return;
    let message = 'ifError got unwanted exception: ';
    const text = isObject(error) ? (error as Error).message : undefined;
    if (typeof text === 'string') message += text === '' ? (error as object).constructor.name : text;
    else message += inspect(error);
    const wrong = new AssertionError({ actual: error, expected: null, operator: 'ifError', message });
    wrong.generatedMessage = true;
    throw wrong;
  },
};

function matches(text: unknown, pattern: unknown, message: Message, operator: 'match' | 'doesNotMatch'): void {
  if (!types.isRegExp!(pattern)) throw invalidArgType('regexp', 'an instance of RegExp', pattern);
  const wants = operator === 'match';
  if (typeof text === 'string' && (RegExp.prototype.exec.call(pattern as RegExp, text) !== null) === wants) return;
  if (Error.isError(message)) throw message;
  const what = wants
    ? 'The input did not match the regular expression'
    : 'The input was expected to not match the regular expression';
  const generated =
    typeof text === 'string'
      ? `${what} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`
      : `The "string" argument must be of type string. Received type ${typeof text} (${inspect(text)})`;
  const error = new AssertionError({ actual: text, expected: pattern, message: message ?? generated, operator });
  error.generatedMessage = message === undefined;
  throw error;
}

// ── errors that are expected ──────────────────────────────────────────────────────────────────────────────────────────

interface Outcome {
  readonly error: unknown;
}

function thrownBy(run: unknown): Outcome | undefined {
  checkFunction(run, 'fn');
  try {
    run();
  } catch (error) {
    return { error };
  }
  return undefined;
}

async function rejectedBy(run: unknown): Promise<Outcome | undefined> {
  let promise: any = run;
  if (typeof run === 'function') {
    promise = run();
    if (typeof promise?.then !== 'function') {
      const message = `Expected instance of Promise to be returned from the "promiseFn" function but got ${typeof promise}.`;
      throw coded(TypeError, 'ERR_INVALID_RETURN_VALUE', message);
    }
  } else if (typeof promise?.then !== 'function') {
    throw invalidArgType('promiseFn', 'of type function or an instance of Promise', run);
  }
  try {
    await PromiseIntrinsic.resolve(promise);
  } catch (error) {
    return { error };
  }
  return undefined;
}

function expectError(
  operator: 'throws' | 'rejects',
  outcome: Outcome | undefined,
  given: unknown,
  text: unknown,
  count: number,
): void {
  let expected = given;
  let message = text;
  if (typeof expected === 'string') {
    if (count === 3) {
      throw invalidArgType('error', 'of type function or an instance of Error, RegExp, or Object', expected);
    }
    if (outcome !== undefined) {
      const shown = isObject(outcome.error) ? (outcome.error as Error).message : outcome.error;
      if (shown === expected) {
        const kind = isObject(outcome.error) ? 'error message' : 'error';
        throw coded(
          TypeError,
          'ERR_AMBIGUOUS_ARGUMENT',
          `The "error/message" argument is ambiguous. The ${kind} "${shown as string}" is identical to the message.`,
        );
      }
    }
    message = expected;
    expected = undefined;
  } else if (
    expected !== undefined &&
    expected !== null &&
    typeof expected !== 'object' &&
    typeof expected !== 'function'
  ) {
    throw invalidArgType('error', 'of type function or an instance of Error, RegExp, or Object', expected);
  }
  if (outcome === undefined) {
    const { name: called } = (expected ?? {}) as { name?: unknown };
    const name = called ? ` (${called as string})` : '';
    const end = message ? `: ${message as string}` : '.';
    const what = operator === 'rejects' ? 'rejection' : 'exception';
    const text = `Missing expected ${what}${name}${end}`;
    const error = new AssertionError({ expected, operator, message: text });
    error.generatedMessage = !message;
    throw error;
  }
  if (expected !== undefined && expected !== null) checkExpected(operator, outcome.error, expected, message);
}

function checkExpected(operator: string, actual: any, expected: any, message: unknown): void {
  const wrong = (generated: string): never => {
    if (Error.isError(message)) throw message;
    const error = new AssertionError({ actual, expected, message: message ?? generated, operator });
    error.generatedMessage = !message;
    throw error;
  };
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && actual instanceof expected) return;
    if (isErrorClass(expected)) {
      const text = `The error is expected to be an instance of "${expected.name}". Received `;
      if (!Error.isError(actual)) wrong(`${text}"${inspect(actual, { depth: -1 })}"`);
      wrong(`${text}"${actual.name}"\n\nError message:\n\n${actual.message}`);
    }
    if (expected.prototype !== undefined && /^class\b/.test(Function.prototype.toString.call(expected))) throw actual;
    const answer = apply(expected, {}, [actual]);
    if (answer !== true) {
      const name = expected.name ? `"${expected.name}" ` : '';
      wrong(
        `The ${name}validation function is expected to return "true". Received ${inspect(answer)}` +
          (Error.isError(actual) ? `\n\nCaught error:\n\n${actual as unknown as string}` : ''),
      );
    }
    return;
  }
  if (types.isRegExp!(expected)) {
    const text = String(actual);
    if (RegExp.prototype.exec.call(expected, text) !== null) return;
    wrong(`The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(text)}\n`);
  }
  if (!isObject(actual)) {
    wrong(difference(actual, expected, 'deepStrictEqual'));
  }
  const names = keysOf(expected);
  if (Error.isError(expected)) names.push('name', 'message');
  else if (names.length === 0) throw invalidArgValue('error', expected, 'may not be an empty object');
  for (const name of names) {
    if (typeof actual[name] === 'string' && types.isRegExp!(expected[name])) {
      if (RegExp.prototype.exec.call(expected[name], actual[name]) !== null) continue;
    }
    if (name in actual && isDeepEqual(actual[name], expected[name], true)) continue;
    const pick = (value: any): object => {
      const picked = new Comparison();
      for (const key of names) if (key in value) picked[key] = value[key];
      return picked;
    };
    wrong(difference(pick(actual), pick(expected), 'deepStrictEqual'));
  }
}

/** What is compared of an error: its difference has this name. */
class Comparison {
  [name: string]: unknown;
}

function isErrorClass(value: Function): boolean {
  return isPrototypeOf(Error, value);
}

/** Whether an error is one of those that are not wanted. */
function isMeant(error: unknown, expected: unknown): boolean {
  if (types.isRegExp!(expected)) return RegExp.prototype.exec.call(expected as RegExp, String(error)) !== null;
  if (typeof expected !== 'function') {
    throw invalidArgType('expected', 'of type function or an instance of RegExp', expected);
  }
  if (expected.prototype !== undefined && error instanceof expected) return true;
  return !isErrorClass(expected) && apply(expected, {}, [error]) === true;
}

function expectNone(operator: string, outcome: Outcome | undefined, given: unknown, text: unknown): void {
  if (outcome === undefined) return;
  let expected: any = given;
  let message = text;
  if (typeof expected === 'string') {
    message = expected;
    expected = undefined;
  }
  const { error } = outcome;
  if (expected && !isMeant(error, expected)) throw error;
  const end = message ? `: ${message as string}` : '.';
  const what = operator === 'doesNotReject' ? 'rejection' : 'exception';
  const shown = error && (error as Error).message;
  const wrong = new AssertionError({
    actual: error,
    expected,
    operator,
    message: `Got unwanted ${what}${end}\nActual message: "${shown as string}"`,
  });
  wrong.generatedMessage = !message;
  throw wrong;
}

// ── the module ────────────────────────────────────────────────────────────────────────────────────────────────────────

assign(assert, methods, { AssertionError });

/** The same, where the loose checks are the strict ones. */
const strict: Assert = Object.assign((...args: unknown[]): void => check('assert', args), assert, {
  equal: assert.strictEqual,
  deepEqual: assert.deepStrictEqual,
  notEqual: assert.notStrictEqual,
  notDeepEqual: assert.notDeepStrictEqual,
});
strict.strict = strict;
assert.strict = strict;

export { assert, strict };
