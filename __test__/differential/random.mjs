// Random source text from a seed: the same seed gives the same expressions, so that a difference can be seen again.

/** A generator of pseudo-random numbers (mulberry32), and what expressions are made of. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end) {
    return Math.floor(this.next() * end);
  }

  chance(probability) {
    return this.next() < probability;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  /** Between none and `most` of what `make` gives. */
  list(most, make) {
    return Array.from({ length: this.below(most + 1) }, () => make());
  }

  /** One of these functions' results. */
  one(...makers) {
    return this.of(makers)();
  }
}

const PIECES = [
  ...['', 'a', 'b', 'abc', 'Zz', '0', '00', '1f', 'deadBEEF', 'q', ' ', '\t', '\n', '\r\n', '\0', "'", '"', '`', '\\'],
  ...[
    'é',
    'ß',
    '€',
    '中文',
    '😀',
    '\ud800',
    '\udc00',
    '\ufeff',
    '\ufffd',
    '\u2028',
    'ﬀ',
    'i̇',
    '\x7f',
    '\x80',
    'ÿ',
    'Ā',
  ],
  ...[
    '-',
    '_',
    '+',
    '/',
    '=',
    '==',
    'YWJj',
    'YQ==',
    '_-8',
    '%',
    '%20',
    '%C3%A9',
    '%c3',
    '%zz',
    '&',
    '?',
    '#',
    '.',
    '..',
    ':',
  ],
];

/** A string literal of a few pieces that tend to matter. */
export function text(random, most = 5) {
  return JSON.stringify(random.list(most, () => random.of(PIECES)).join(''));
}

const NUMBERS = [
  ...['0', '-0', '1', '-1', '2', '3', '4', '5', '7', '8', '9', '16', '255', '256', '-128', '127', '65535', '65536'],
  ...[
    '2 ** 31',
    '2 ** 31 - 1',
    '-(2 ** 31)',
    '2 ** 32',
    '2 ** 32 - 1',
    '2 ** 40',
    '2 ** 48 - 1',
    '2 ** 53',
    '-(2 ** 53)',
  ],
  ...['0.5', '1.5', '-1.5', '1e-7', '1e21', '1e300', 'NaN', 'Infinity', '-Infinity'],
];

export function number(random) {
  return random.chance(0.5) ? String(random.below(12)) : random.of(NUMBERS);
}

const ODD = [
  ...[
    'undefined',
    'null',
    'true',
    'false',
    '{}',
    '[]',
    '[1, 2]',
    '1n',
    "Symbol('s')",
    'function f() {}',
    'new Date(0)',
  ],
  ...[
    "'5'",
    "''",
    '/x/',
    "new String('ab')",
    'new Number(3)',
    '{ valueOf() { return 2 } }',
    "{ toString() { return 'ab' } }",
  ],
  ...['{ length: 2, 0: 7 }', 'new Map()', 'new (class Foo {})()', '() => 1', 'Object.create(null)', 'new Error("e")'],
];

/** What does not belong: a value of any type. */
export function odd(random) {
  const made = random.of(ODD);
  return made.startsWith('{') ? `(${made})` : made;
}
