import { assert, test } from 'guest:test';
import {
  encodeAddress,
  encodeHash,
  encodeHostname,
  encodeOpaquePathname,
  encodePathname,
  encodePort,
  encodeProtocol,
  encodeSearch,
  encodeUsername,
  processInit,
  toInit,
} from 'guest:urlinit';

test('components are encoded as in a URL', () => {
  assert.deepEqual(
    [
      encodeProtocol('HTTP'),
      encodeUsername('a b'),
      encodeHostname('Café.COM'),
      encodeHostname('[::0:1]'),
      encodeAddress('[AB'),
      encodePort('0080'),
      encodePort('80', 'http'),
      encodePathname('a/./b c'),
      encodePathname('/x/./y'),
      encodePathname('./x'),
      encodeOpaquePathname('a é\n😀?#'),
      encodeSearch('?a b'),
      encodeHash('#a b'),
    ],
    [
      'http',
      'a%20b',
      'xn--caf-dma.com',
      '[::1]',
      '[ab',
      '80',
      '',
      'a/b%20c',
      '/x/y',
      './x',
      'a %C3%A9%F0%9F%98%80?#',
      '?a%20b',
      '#a%20b',
    ],
  );
});

test('what cannot be a component is a TypeError', () => {
  for (const make of [
    () => encodeProtocol('a b'),
    () => encodeHostname('a:b'),
    () => encodeHostname('a@b'),
    () => encodeHostname('a b'),
    () => encodeHostname('/'),
    () => encodeAddress('[x'),
    () => encodePort('x'),
    () => encodePort('65536'),
  ]) {
    assert.throws(make, TypeError);
  }
});

test('a base URL gives what comes before the first component that is given', () => {
  const base = 'https://u:p@h:81/a/b?q#f';
  const complete = (init: object, isPattern: boolean) => {
    const found = processInit(toInit({ baseURL: base, ...init }, 'x'), isPattern, {});
    return Object.entries(found).map(([name, value]) => `${name} ${value}`);
  };
  assert.deepEqual(complete({ search: '?x' }, true), [
    'protocol https',
    'hostname h',
    'port 81',
    'pathname /a/b',
    'search x',
  ]);
  assert.deepEqual(complete({ pathname: 'c' }, false), [
    'protocol https',
    'username u',
    'password p',
    'hostname h',
    'port 81',
    'pathname /a/c',
  ]);
  assert.deepEqual(complete({ protocol: 'http:' }, true), ['protocol http']);
  assert.throws(() => complete({ baseURL: 'x' }, true), TypeError);
});
