// Three components in three languages, linked in two ways: node examples/components/pipeline.mjs [query]
//
// The source is in Rust, the transform in Go, the sink in Python. Go and Python bring megabytes of runtime along, so that theirs are not
// committed: until `node examples/components/rebuild.mjs transform sink` has built them, two small ones in C stand in.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Component } from '../../index.js';

const [query = 'test query'] = process.argv.slice(2);
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

async function stage(name, language) {
  const [own, small] = [
    file(`built/${name}.wasm`),
    file(`../../crates/testkit/fixtures/components/pipeline-${name}.wasm`),
  ];
  const path = existsSync(own) ? own : small;
  const started = performance.now();
  const component = await Component.compile({ path }, { name });
  console.log(`${name}: ${path === own ? language : 'C'}, compiled in ${(performance.now() - started).toFixed(0)} ms`);
  return component;
}

const source = await stage('source', 'Rust');
const transform = await stage('transform', 'Go');
const sink = await stage('sink', 'Python');

console.log('\nThrough the host, which sees the bytes in between:');
const stages = await Promise.all([source, transform, sink].map((component) => component.instantiate()));
const [{ dataSource }, { dataTransform }, { dataSink }] = stages.map(({ exports }) => exports);
const fetched = await dataSource.fetchData(query);
console.log(`  ${Buffer.from(fetched)}`);
const transformed = await dataTransform.transform(fetched);
console.log(`  ${Buffer.from(transformed)}`);
console.log(`  ${await dataSink.store(transformed)}`);
for (const instance of stages) instance.close();

console.log('\nAs one component, whose parts call each other:');
const driver = await Component.compile({ path: file('built/driver.wasm') });
const whole = await Component.compose({
  root: driver,
  with: {
    'demo:pipeline/data-source': source,
    'demo:pipeline/data-transform': transform,
    'demo:pipeline/data-sink': sink,
  },
});
const instance = await whole.instantiate();
console.log(`  ${await instance.exports.run(query)}`);
instance.close();
