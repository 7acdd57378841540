// Resources in lists, from the app and from a component. Those that stand alone are in component.spec.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Component } from '../index.js';

const wat = readFileSync(new URL('../crates/testkit/fixtures/components/blobs.wat', import.meta.url), 'utf8');
const DISPOSE = Symbol.dispose ?? Symbol.for('nodejs.dispose');

async function blobs(t) {
  const ended = [];
  class Blob {
    echo(data) {
      return data;
    }
    [DISPOSE]() {
      ended.push(this);
    }
  }
  const split = (count) => Array.from({ length: count }, () => new Blob());
  const component = await Component.compile({ wat });
  const made = await component.instantiate({ imports: { 'test:blobs/host': { Blob, split } } });
  t.after(() => made.close());
  return { exports: made.exports, Blob, ended };
}

test('objects of the app go to a component in lists and come back, or end there', async (t) => {
  const { exports, Blob, ended } = await blobs(t);
  const mine = [new Blob(), new Blob()];
  const back = await exports.pass(mine);
  assert.ok(back.length === 2 && back.every((blob, i) => blob === mine[i]));
  assert.equal(ended.length, 0);
  assert.equal(await exports.dropAll(3), 3);
  assert.equal(ended.length, 3);
});

test('resources of a component come in lists, and are gone where a list takes them back', async (t) => {
  const { boxes } = (await blobs(t)).exports;
  const made = await boxes.make(3);
  const bytes = new Uint8Array([1, 2, 3]);
  assert.deepEqual(await made[2].echo(bytes), bytes);
  const swapped = await boxes.swap(made);
  assert.deepEqual(await swapped[0].echo(bytes), bytes);
  await assert.rejects(made[0].echo(bytes), { code: 'ERR_ARGUMENT' });
});
