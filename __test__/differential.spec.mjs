// Node's modules in a sandbox against Node's own: generated expressions have to give, or throw, the same on both sides.
//
// The expressions come from a seed, which is always the same unless HOSTBOX_SEED says another: `HOSTBOX_SEED=7 node --test …`. What is known
// to differ is not generated; the generators say why.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Random } from './differential/random.mjs';
import { open } from './fixtures/host.mjs';

const COUNT = 3000;
const SEED = Number(process.env.HOSTBOX_SEED ?? 1);
const program = fileURLToPath(new URL('differential/guest.cjs', import.meta.url));

/** What Node makes of them, in a process that nothing else has touched, and where a sandbox is: in `/`. */
function inNode(expressions) {
  const input = JSON.stringify(expressions);
  const options = { cwd: '/', input, encoding: 'utf8', maxBuffer: 1 << 28, env: { TZ: 'UTC' } };
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', program], options);
  assert.ok(stdout !== '', stderr);
  return JSON.parse(stdout);
}

/** A Buffer of a sandbox may be half as long as one of Node's. */
const withoutLimits = (text) => text.replaceAll(/<= (?:4294967296|2147483647)\b/g, '<= the most');

async function compare(t, topic) {
  const { default: make } = await import(`./differential/${topic}.mjs`);
  const random = new Random(SEED);
  const expressions = Array.from({ length: COUNT }, () => make(random));
  const host = open(t);
  await host.loadPlugin('p', readFileSync(program, 'utf8'), { filename: 'guest.cjs' });
  const guest = await host.call('p', 'run', [expressions]);
  const differences = inNode(expressions).flatMap((node, index) => {
    const [expected, actual] = [node, guest[index]].map(withoutLimits);
    return expected === actual ? [] : [`${expressions[index]}\n  in Node:    ${expected}\n  in a guest: ${actual}`];
  });
  assert.equal(differences.length, 0, `seed ${SEED}:\n${differences.slice(0, 5).join('\n')}`);
}

test('Buffers read, write, search and convert as in Node', (t) => compare(t, 'buffer'));

test('paths are as in Node, in both manners', (t) => compare(t, 'path'));

test('values are shown, formatted and compared as in Node', (t) => compare(t, 'inspect'));

test('queries, addresses, host names and pieces of text are as in Node', (t) => compare(t, 'text'));

test('assertions and events say and do what they do in Node', (t) => compare(t, 'checks'));

test('arguments of commands and the smaller functions of util are as in Node', (t) => compare(t, 'options'));
