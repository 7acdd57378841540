import { assert, test } from 'guest:test';
import { console, createConsole } from 'guest:console';

type Entry = [level: string, text: string, args: unknown[], plugin: string | undefined];

/** What a console writes while `use` runs. */
function written(use: (console: ReturnType<typeof createConsole>) => void): Entry[] {
  const entries: Entry[] = [];
  use(createConsole('tools', (...entry) => void entries.push(entry)));
  return entries;
}

const texts = (use: Parameters<typeof written>[0]) => written(use).map(([level, text]) => `${level}: ${text}`);

test('each level writes its text, its arguments and its plugin', () => {
  const value = { a: 1 };
  for (const level of ['debug', 'log', 'info', 'warn', 'error'] as const) {
    const [entry] = written((c) => c[level]('value %O', value));
    assert.deepEqual(entry, [level, 'value { a: 1 }', ['value %O', value], 'tools']);
    assert.ok(entry![2][1] === value);
  }
});

test('methods work without their console', () => {
  assert.deepEqual(
    texts(({ log, group }) => {
      group('g');
      log('x');
    }),
    ['log: g', 'log:   x'],
  );
});

test('console is a namespace object', () => {
  assert.equal(Object.prototype.toString.call(console), '[object console]');
  const prototype = Object.getPrototypeOf(console);
  assert.deepEqual(Reflect.ownKeys(prototype), []);
  assert.ok(Object.getPrototypeOf(prototype) === Object.prototype);
  const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(console, 'log')!;
  assert.deepEqual([writable, enumerable, configurable], [true, true, true]);
  assert.deepEqual(
    [console.log.name, console.log.length, console.assert.length, console.table.length],
    ['log', 0, 0, 0],
  );
  for (const name of [
    'debug',
    'log',
    'info',
    'warn',
    'error',
    'trace',
    'assert',
    'dir',
    'dirxml',
    'table',
    'group',
    'groupCollapsed',
    'groupEnd',
    'count',
    'countReset',
    'time',
    'timeLog',
    'timeEnd',
    'clear',
  ]) {
    assert.equal(typeof (console as any)[name], 'function', name);
  }
});

test('groups indent every line until they end', () => {
  assert.deepEqual(
    texts((c) => {
      c.group('outer');
      c.groupCollapsed('inner');
      c.log('a\nb');
      c.groupEnd();
      c.log('c');
      c.groupEnd();
      c.groupEnd();
      c.log('d');
    }),
    ['log: outer', 'log:   inner', 'log:     a\n    b', 'log:   c', 'log: d'],
  );
});

test('assert writes an error only for what is false', () => {
  assert.deepEqual(
    texts((c) => {
      c.assert(true, 'never');
      c.assert(false);
      c.assert(0, '%d is wrong', 5);
      c.assert(null, { a: 1 });
    }),
    ['error: Assertion failed', 'error: Assertion failed: 5 is wrong', 'error: Assertion failed: { a: 1 }'],
  );
});

test('counters count by label', () => {
  assert.deepEqual(
    texts((c) => {
      c.count();
      c.count('a');
      c.count();
      c.countReset();
      c.count();
      c.countReset('b');
    }),
    ['log: default: 1', 'log: a: 1', 'log: default: 2', 'log: default: 1', 'warn: Count for "b" does not exist'],
  );
});

test('a label is converted, and shown where its conversion throws', () => {
  const hostile = {
    toString() {
      throw new Error('no text');
    },
  };
  const shown = texts((c) => {
    c.count({ toString: () => 'own' } as never);
    c.count(null as never);
    for (const label of [hostile, Symbol('s'), Object.create(null)]) c.count(label as never);
  });
  assert.deepEqual(shown.slice(0, 2), ['log: own: 1', 'log: null: 1']);
  assert.equal(shown.length, 5);
});

test('timers tell their time and complain about labels in use and unknown ones', () => {
  const lines = texts((c) => {
    c.time('t');
    c.time('t');
    c.timeLog('t', { a: 1 });
    c.timeEnd('t');
    c.timeEnd('t');
  });
  assert.equal(lines[0], 'warn: Timer "t" already exists');
  assert.ok(/^log: t: \d+\.\d{3}ms \{ a: 1 \}$/.test(lines[1]!), lines[1]);
  assert.ok(/^log: t: \d+\.\d{3}ms$/.test(lines[2]!), lines[2]);
  assert.equal(lines[3], 'warn: No such timer: t');
});

test('trace writes its message and the frames of its caller', () => {
  const [entry] = written((c) => c.trace('here %s', 'now'));
  assert.equal(entry![0], 'trace');
  assert.ok(entry![1].startsWith('Trace: here now\n    at '), entry![1]);
  assert.ok(!entry![1].includes('stackBelow'), entry![1]);
});

test('dir shows one object to the depth that is asked for', () => {
  const deep = { a: { b: { c: { d: 1 } } } };
  assert.deepEqual(
    texts((c) => c.dir(deep, { depth: 0 })),
    ['log: { a: [Object] }'],
  );
  assert.deepEqual(
    texts((c) => c.dir('text')),
    ["log: 'text'"],
  );
});

test('table draws rows and columns', () => {
  assert.deepEqual(
    texts((c) => c.table([{ a: 1, b: 'x' }, { b: 2 }, 3])),
    [
      'log: ┌─────────┬───┬─────┬────────┐\n' +
        '│ (index) │ a │ b   │ Values │\n' +
        '├─────────┼───┼─────┼────────┤\n' +
        "│ 0       │ 1 │ 'x' │        │\n" +
        '│ 1       │   │ 2   │        │\n' +
        '│ 2       │   │     │ 3      │\n' +
        '└─────────┴───┴─────┴────────┘',
    ],
  );
  assert.ok(!texts((c) => c.table([{ a: 1, b: 2 }], ['b']))[0]!.includes(' a '));
  assert.deepEqual(
    texts((c) => c.table('text')),
    ['log: text'],
  );
});

test('no method throws, whatever it is given', () => {
  const trap = (): never => {
    throw new Error('a trap ran');
  };
  const hostile = [
    new Proxy({}, { get: trap, ownKeys: trap, getOwnPropertyDescriptor: trap, getPrototypeOf: trap }),
    {
      get x() {
        return trap();
      },
      toString: trap,
    },
    Symbol('s'),
    Object.create(null),
    1n,
  ];
  written((c) => {
    for (const [name, method] of Object.entries(c)) {
      for (const value of hostile) {
        (method as (...args: unknown[]) => void)(value, value);
        (method as (...args: unknown[]) => void)('%s %d %j %o', value, value, value, value);
        if (name === 'table') c.table([value, value], value as any);
      }
    }
  });
});

test('two consoles share nothing', () => {
  const first = texts((c) => {
    c.group();
    c.count();
  });
  assert.deepEqual(first, ['log:   default: 1']);
  assert.deepEqual(
    texts((c) => c.count()),
    ['log: default: 1'],
  );
});
