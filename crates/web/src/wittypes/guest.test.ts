import { assert, test } from 'guest:test';
import type { Shape } from 'guest:witshape';
import { declarations } from 'guest:wittypes';

const shape: Shape = {
  types: [
    { kind: 'variant', name: 'operation', interface: 'demo:calc/calculator@0.1.0', cases: [{ name: 'add', type: null }, { name: 'scale-by', type: 'f64' }] },
    { kind: 'record', name: 'entry', interface: 'demo:calc/calculator@0.1.0', fields: [{ name: 'left-part', type: 'u64' }, { name: 'note', type: 2 }] },
    { kind: 'option', type: 'string' },
    { kind: 'list', type: 1 },
    { kind: 'result', ok: 3, err: 'string' },
    { kind: 'list', type: 'u8' },
    { kind: 'own', resource: 0 },
    { kind: 'borrow', resource: 0 },
    { kind: 'flags', name: 'rights', interface: 'demo:calc/calculator@0.1.0', flags: ['may-read'] },
    { kind: 'enum', name: 'colour', interface: 'demo:calc/calculator@0.1.0', cases: ['red', 'deep-blue'] },
  ],
  resources: [{ name: 'counter', interface: 'demo:calc/calculator@0.1.0', side: 'export', drop: 9 }],
  exports: [
    {
      name: 'demo:calc/calculator@0.1.0',
      functions: [
        { number: 0, name: 'calculate', kind: 'function', resource: null, params: [{ name: 'op', type: 0 }, { name: 'default', type: 5 }, { name: 'note', type: 2 }], result: 4 },
        { number: 1, name: 'counter', kind: 'constructor', resource: 0, params: [{ name: 'start', type: 'u32' }], result: 6 },
        { number: 2, name: 'get-it', kind: 'method', resource: 0, params: [{ name: 'self', type: 7 }, { name: 'r', type: 8 }], result: 9 },
        { number: 3, name: 'merge', kind: 'static', resource: 0, params: [{ name: 'a', type: 6 }], result: 6 },
      ],
    },
    { name: null, functions: [{ number: 4, name: 'run-it', kind: 'function', resource: null, params: [], result: null }] },
  ],
  imports: [
    { name: 'demo:log/sink@1.0.0', functions: [{ number: 0, name: 'write', kind: 'function', resource: null, params: [{ name: 'text', type: 'string' }], result: 'u64' }] },
  ],
}; // prettier-ignore

const text = declarations(shape, 'calc');
const has = (part: string): void => assert.ok(text.includes(part), `${part} in\n${text}`);

test('interfaces are namespaces, and stand under each of their names', () => {
  has('export namespace DemoCalcCalculator {');
  has('readonly "demo:calc/calculator@0.1.0": DemoCalcCalculator.Exports;');
  has('readonly "demo:calc/calculator": DemoCalcCalculator.Exports;');
  has('readonly calculator: DemoCalcCalculator.Sync;');
});

test('functions return promises, values or either, by who calls', () => {
  has('runIt(): Promise<void>;');
  has('runIt(): void;');
  has('write(text: string): bigint | number | Promise<bigint | number>;');
});

test('a result is what it is where all is well, and options at the end may be left out', () => {
  has(
    'calculate(op: DemoCalcCalculator.Operation | "add", default_: Uint8Array | ArrayBuffer | ArrayBufferView | Array<number>, note?: string | undefined): Promise<Array<DemoCalcCalculator.Entry>>;',
  );
});

test('records, variants, flags and enums have their types', () => {
  has('export type Operation = { tag: "add" } | { tag: "scale-by"; val: number };');
  has('leftPart: bigint;');
  has('note?: string | undefined;');
  has('export type Rights = { mayRead?: boolean; };');
  has('export type Colour = "red" | "deep-blue";');
});

test('a resource is a class on each face', () => {
  has('readonly Counter: DemoCalcCalculator.CounterClass;');
  has('new (start: number): Counter;');
  has('getIt(r: DemoCalcCalculator.Rights): Promise<DemoCalcCalculator.Colour>;');
  has('getIt(r: DemoCalcCalculator.Rights): DemoCalcCalculator.Colour;');
  has('merge(a: DemoCalcCalculator.Counter | DemoCalcCalculator.CounterSync): Promise<DemoCalcCalculator.Counter>;');
});
