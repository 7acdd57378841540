// Checked by tsc, never run: components as apps write them.

import { Component, ComponentError, ComponentInstance } from '../../index.js';
import type { CompileOptions, ComponentServer, InstanceOptions } from '../../index.js';

interface Calculator {
  readonly exports: { readonly calculator: { calculate(op: 'add', left: number, right: number): Promise<number> } };
}

export async function use(other: ComponentInstance) {
  const options: CompileOptions = {
    name: 'calc',
    fuel: true,
    optLevel: 'none',
    canonicalizeNans: true,
    debugInfo: true,
  };
  const component: Component = await Component.compile({ path: 'calculator.wasm' }, options);
  await Component.compile(new Uint8Array(8));
  await Component.compile({ wat: '(component)' });
  // @ts-expect-error neither bytes nor a file
  await Component.compile('calculator.wasm');
  // @ts-expect-error misspelt
  await Component.compile({ path: 'x.wasm' }, { fule: true });
  const instance: ComponentInstance = await component.instantiate();
  const typed = await component.instantiate<Calculator>();
  const sum: number = await typed.exports.calculator.calculate('add', 1, 2);
  // @ts-expect-error the declarations say what there is
  await typed.exports.calculator.calculate('modulo', 1, 2);
  const given: InstanceOptions = {
    imports: { 'demo:log/sink': { write: async (text: string) => text.length }, log: () => 1n, other },
    permissions: { env: { LANG: 'C' }, fs: { '/data': '/srv/data' }, net: ['tcp://db.example:5432'] },
    limits: { timeoutMs: 1, memoryBytes: 2 ** 20, tableElements: 10, fuel: 1, fetchBytes: 1, concurrentFetches: 1 },
    onFetch: ({ url, refused }) => console.log(url, refused),
    args: ['a'],
    stdin: new Uint8Array(1),
  };
  using scoped: ComponentInstance = await component.instantiate(given);
  // @ts-expect-error an origin, or more about one
  await component.instantiate({ permissions: { net: '*' } });
  const response: Response = await component.handle(new Request('http://shop.example/'), { limits: { timeoutMs: 1 } });
  const server: ComponentServer = await Component.serve([component, component], {
    port: 0,
    host: '::1',
    concurrency: 1,
  });
  await server.replace(response.statusText, { path: server.versions()['shop'] ?? server.url });
  // @ts-expect-error a number
  await Component.serve(component, { port: '80' });
  await server.close();
  // @ts-expect-error made by compile alone
  new Component();
  const names: string[] = [
    component.name,
    component.wit(),
    component.types(),
    ...component.imports,
    ...component.exports,
  ];
  const bytes: number = scoped.stats().memoryBytes + (instance.stats().fuel ?? 0);
  try {
    instance.sync['calculator'].calculate('add', 1, 2);
  } catch (error) {
    if (error instanceof ComponentError) return [error.payload, error.code, names, bytes, sum];
  } finally {
    instance.close();
  }
  return undefined;
}
