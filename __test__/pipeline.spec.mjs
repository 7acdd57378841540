// Three components that feed each other, as instances and linked into one: small ones in C, and those of the example in three languages.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Component } from '../index.js';
import { fixture } from './components/values.mjs';

const QUERY = 'test query';
const FETCHED = 'Data for query: test query';
const TRANSFORMED = 'YREUQ TSET :YREUQ ROF ATAD';
const STORED = 'Stored 26 bytes successfully';

const built = (name) => fileURLToPath(new URL(`../examples/components/built/${name}.wasm`, import.meta.url));
const missing = ['transform', 'sink'].filter((name) => !existsSync(built(name)));

const PIPELINES = {
  C: { path: (name) => fixture(`pipeline-${name}`), skip: false },
  'Rust, Go and Python': {
    path: (name) => (name === 'driver' ? fixture('pipeline-driver') : built(name)),
    skip: missing.length > 0 && `node examples/components/rebuild.mjs ${missing.join(' ')} builds them`,
  },
};

for (const [languages, { path, skip }] of Object.entries(PIPELINES)) {
  test(`a pipeline in ${languages}`, { skip }, async (t) => {
    // Python is 18 MB.
    const compile = (name) => Component.compile({ path: path(name) }, { name, optLevel: 'none' });
    const names = ['driver', 'source', 'transform', 'sink'];
    const [driver, source, transform, sink] = await Promise.all(names.map(compile));
    const instance = async (component, options) => {
      const made = await component.instantiate(options);
      t.after(() => made.close());
      return made;
    };

    await t.test('runs through instances that the app calls one by one', async () => {
      const stages = await Promise.all([source, transform, sink].map((component) => instance(component)));
      const [{ dataSource }, { dataTransform }, { dataSink }] = stages.map(({ exports }) => exports);
      const fetched = await dataSource.fetchData(QUERY);
      assert.deepEqual(fetched, new Uint8Array(Buffer.from(FETCHED)));
      const transformed = await dataTransform.transform(fetched);
      assert.deepEqual(transformed, new Uint8Array(Buffer.from(TRANSFORMED)));
      assert.equal(await dataSink.store(transformed), STORED);
    });

    await t.test('runs through instances behind the imports of its driver', async () => {
      const between = [];
      const imports = { 'demo:pipeline/data-source': await instance(source), dataSink: await instance(sink) };
      const { dataTransform } = (await instance(transform)).exports;
      imports.dataTransform = {
        async transform(input) {
          const output = await dataTransform.transform(input);
          between.push(`${Buffer.from(input)}`, `${Buffer.from(output)}`);
          return output;
        },
      };
      const { exports } = await instance(driver, { imports });
      assert.equal(await exports.run(QUERY), STORED);
      assert.deepEqual(between, [FETCHED, TRANSFORMED]);
    });

    await t.test('runs as one component', async () => {
      const whole = await Component.compose([driver, source, transform, sink]);
      assert.deepEqual(
        whole.imports.filter((name) => !name.startsWith('wasi:')),
        [],
      );
      const { exports, sync } = await instance(whole);
      assert.equal(await exports.run(QUERY), STORED);
      assert.equal(sync.run(QUERY), STORED);
    });
  });
}
