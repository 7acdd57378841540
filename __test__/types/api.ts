// Checked by tsc, never run: what the typings accept and what they refuse.

import { HostboxError, HostPool, HostRuntime } from '../../index.js';
import type {
  ConsoleEntry,
  ErrorCode,
  FetchEvent,
  HostRuntimeOptions,
  Invocation,
  NativeApi,
  Outcome,
  PluginHandle,
  RuntimeStats,
} from '../../index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(...difference: Equal<A, B> extends true ? [] : [A, B]): void;

// ── construction ──

const host = new HostRuntime('app', {
  limits: { timeoutMs: 1000, cpuMs: 100, memoryBytes: 2 ** 24, bufferBytes: 0, stackBytes: 2 ** 18, pendingOps: 10 },
  permissions: {
    net: ['*', { origin: 'https://api.example.com', methods: ['GET'] }, { origin: 'http://db', private: true }],
  },
  onFetch: (event) => same<typeof event, FetchEvent>(),
  bridge: { add: (a: number, b: number) => a + b, later: async () => 'x' },
  console: (entry) => same<typeof entry, ConsoleEntry>(),
});
new HostRuntime('app');
new HostRuntime('app', { console: 'silent' });
same<typeof host.scope, string>();
// @ts-expect-error a scope is needed
new HostRuntime();
// @ts-expect-error not a known destination
new HostRuntime('app', { console: 'loud' });
// @ts-expect-error a bridge holds functions
new HostRuntime('app', { bridge: { answer: 42 } });
// @ts-expect-error misspelt
new HostRuntime('app', { limits: { timeoutMS: 1 } });
new HostRuntime('app', { permissions: { fs: { '/a': '.', '/b': { path: '.', write: true, maxBytes: 1 } } } });
// @ts-expect-error a grant names a directory
new HostRuntime('app', { permissions: { fs: { '/a': { write: true } } } });
// @ts-expect-error a grant needs an origin
new HostRuntime('app', { permissions: { net: [{ private: true }] } });
new HostRuntime('app', { wasi: true });
// @ts-expect-error true or false
new HostRuntime('app', { wasi: 'yes' });
new HostRuntime('app', { permissions: {}, limits: { fetchBytes: 1, concurrentFetches: 1 } });
new HostRuntime('app', { cache: { store: 'memory', maxBytes: 2 ** 20, ttlMs: 1 } });
new HostRuntime('app', { cache: { store: { file: 'x' } } });
// @ts-expect-error no such store
new HostRuntime('app', { cache: { store: 'disk' } });
// @ts-expect-error read only
host.scope = 'other';
const options: HostRuntimeOptions = {};
void options;

// ── eval and call ──

same<ReturnType<typeof host.eval>, Promise<unknown>>();
const two = host.eval<number>('1 + 1', { filename: 'a.ts', typescript: true, timeoutMs: 1, transfer: [] });
same<typeof two, Promise<number>>();
same<number, ReturnType<typeof host.evalSync<number>>>();
const sum = host.call<number>('tools', 'add', [1, 2] as const, { signal: AbortSignal.timeout(1) });
same<typeof sum, Promise<number>>();
const now = host.callSync('tools', 'add');
same<typeof now, unknown>();
// @ts-expect-error a source is text
host.eval(1);
// @ts-expect-error arguments come as an array
host.call('tools', 'add', 1);
// @ts-expect-error buffers are transferred, not views
host.call('tools', 'add', [], { transfer: [new Uint8Array(1)] });
// @ts-expect-error an option of eval alone
host.call('tools', 'add', [], { filename: 'a.js' });

// ── plugins ──

same<ReturnType<typeof host.loadPlugin>, Promise<void>>();
void host.loadPlugin('tools', '', { filename: 'a.mjs', format: 'esm', sourceMap: '{}', replace: true, timeoutMs: 5 });
// @ts-expect-error not a known format
void host.loadPlugin('tools', '', { format: 'umd' });
// @ts-expect-error loading cannot be aborted
void host.loadPlugin('tools', '', { signal: AbortSignal.timeout(1) });
same<Awaited<ReturnType<typeof host.unloadPlugin>>, boolean>();
same<Awaited<ReturnType<typeof host.plugins>>, string[]>();

interface Tools {
  version: string;
  add(a: number, b: number): number;
  load(id: string): Promise<Uint8Array>;
  reset(): void;
}
const tools = host.plugin<Tools>('tools');
same<typeof tools, PluginHandle<Tools>>();
same<keyof typeof tools, 'add' | 'load' | 'reset'>();
same<typeof tools.add, (a: number, b: number) => Promise<number>>();
same<typeof tools.load, (id: string) => Promise<Uint8Array>>();
same<typeof tools.reset, () => Promise<void>>();
// @ts-expect-error wrong arguments
void tools.add('1', 2);
// @ts-expect-error not a function
void tools.version;
// @ts-expect-error not there
void tools.subtract;
const any = host.plugin('tools');
const answer = any['anything']?.(1, 'x');
same<typeof answer, Promise<unknown> | undefined>();

// ── bytes ──

const native: NativeApi = host.native;
same<ReturnType<NativeApi['put']>, Promise<number>>();
void native.put(new ArrayBuffer(1));
void native.put(new DataView(new ArrayBuffer(1)));
void native.run('xor', new Uint8Array(1), {}, 7);
void native.chain(['invert', { op: 'xor', extraInputId: 3 }], 7);
void native.takeInto(1, new Uint8Array(4), 2).then(({ truncated }) => same<typeof truncated, boolean>());
// @ts-expect-error text is no bytes
void native.put('text');
// @ts-expect-error a step has an operation
void native.execChain(1, [{ args: {} }]);
same<ReturnType<NativeApi['transform']>, import('node:stream').Transform>();
void host.wasi.run(new Uint8Array(8), { args: ['a'], stdinId: 1, timeoutMs: 1, signal: AbortSignal.timeout(1) });
void host.wasi.runById(1, { reuseModule: true }).then(host.wasi.takeStdout);
// @ts-expect-error an id is a number
void host.wasi.runById('1');

// ── the rest ──

const stats: RuntimeStats = host.stats();
same<typeof stats.state, 'idle' | 'running' | 'closed' | 'dead'>();
same<ReturnType<typeof host.close>, Promise<void>>();
same<ReturnType<(typeof host)[typeof Symbol.asyncDispose]>, Promise<void>>();

try {
  host.evalSync('');
} catch (error) {
  if (error instanceof HostboxError) {
    same<typeof error.code, ErrorCode>();
    same<typeof error.path, string | undefined>();
    // @ts-expect-error not a code
    void (error.code === 'ERR_OTHER');
    // @ts-expect-error read only
    error.code = 'ERR_GUEST';
  }
}
// @ts-expect-error hostbox makes them
new HostboxError();

// ── pool ──

const pool = new HostPool('app', {
  size: 2,
  queue: 10,
  concurrency: 4,
  limits: { timeoutMs: 1 },
  plugins: { a: 'exports.a = 1', b: { source: '', options: { filename: 'b.ts' } } },
});
// @ts-expect-error a source is text
new HostPool('app', { plugins: { a: 1 } });
// @ts-expect-error misspelt
new HostPool('app', { sizes: 2 });
const pooled = pool.call<number>('a', 'f', [1] as const, { key: 'user 1', signal: AbortSignal.timeout(1) });
same<typeof pooled, Promise<number>>();
const request: Invocation = { plugin: 'a', fn: 'f', args: [1], key: 'x', timeoutMs: 1 };
async function* requests() {
  yield request;
}
export async function readOutcomes() {
  for await (const outcome of pool.invoke<string>(requests(), { signal: AbortSignal.timeout(1) })) {
    same<typeof outcome, Outcome<string>>();
    if (outcome.ok) same<typeof outcome.value, string>();
    else same<typeof outcome.error, HostboxError>();
  }
}
pool.invoke([request]);
// @ts-expect-error a function is needed
pool.invoke([{ plugin: 'a' }]);
same<ReturnType<typeof pool.loadPlugin>, Promise<void>>();
same<ReturnType<typeof pool.stats>['sandboxes'], RuntimeStats[]>();
