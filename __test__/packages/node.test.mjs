// Packages that lean on what Node has: bundled as for Node, with Buffer, streams and the like, or as for browsers where they have
// such a build. Each does the same in a sandbox and in Node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, load } from './sandbox.mjs';

const FOUND = ["TS2322: Type 'string' is not assignable to type 'number'.", "TS18048: 'x' is possibly 'undefined'."];

test('typescript transpiles and checks types', async (t) => {
  const source = 'enum A { x = 1 } export const f = async (a: A, b?: string): Promise<void> => { console.log(a ?? b) }';
  const [, found] = await compared(t, 'typescript', 'node', ['transpiled', source], ['diagnostics']);
  assert.deepEqual(found, FOUND);
});

// In Node itself the bundle for browsers looks for files in vain.
test('typescript does so as bundled for browsers, too', async (t) => {
  const { transpiled, diagnostics } = await load(t, 'typescript');
  assert.equal(await transpiled('let a: number = 1'), '"use strict";\nlet a = 1;\n');
  assert.deepEqual(await diagnostics(), FOUND);
});

test('prettier formats JavaScript, CSS and Markdown', async (t) => {
  const [code] = await compared(
    t,
    'prettier',
    'browser',
    ['formatted', 'const  a = {b:1,c : [1,2,3]}; function  f(x){return x?.y ?? "z"}', 'babel'],
    ['formatted', 'a{color:RED;b:c}', 'css'],
    ['formatted', '# x\n* a\n* b', 'markdown'],
  );
  assert.ok(code.startsWith('const a = { b: 1, c: [1, 2, 3] };\nfunction f(x) {\n'), code);
});

test('mathjs evaluates, simplifies and derives', async (t) => {
  const [results] = await compared(t, 'mathjs', 'browser', ['evaluated']);
  assert.deepEqual(results.slice(2, 4), ['5 * x', '3 * x ^ 2 + cos(x)']);
});

test('jszip packs and unpacks Buffers', async (t) => {
  for (const platform of ['browser', 'node']) {
    const [found] = await compared(t, 'jszip', platform, ['there']);
    assert.deepEqual(found, {
      isBuffer: true,
      names: ['a.txt', 'dir/', 'dir/b.bin'],
      text: 600,
      bytes: [1, 2, 3],
      small: true,
    });
  }
});

test('pdf-lib makes and reads documents', async (t) => {
  const [{ start, title }] = await compared(t, 'pdf-lib', 'browser', ['made']);
  assert.deepEqual([start, title], ['%PDF-1.7', 'A title']);
});

test('crypto-js hashes and encrypts', async (t) => {
  const [{ sha256 }, back] = await compared(t, 'crypto-js', 'browser', ['digests', 'abc'], ['there', 'héllo']);
  assert.deepEqual([sha256.slice(0, 8), back], ['ba7816bf', 'héllo']);
});

test('liquidjs renders templates', async (t) => {
  const template = '{% for x in list %}{{ x | upcase | append: "!" }}{% endfor %}{{ "<" | escape }}';
  for (const platform of ['browser', 'node']) {
    const [text] = await compared(t, 'liquidjs', platform, ['rendered', template, { list: ['a', 'b'] }]);
    assert.equal(text, 'A!B!&lt;');
  }
});

test('sanitize-html keeps what is allowed', async (t) => {
  const html =
    '<p onclick="x()">a<script>alert(1)</script><i>b</i><a href="javascript:x">c</a><a href="/y" id=z>d</a></p>';
  for (const platform of ['browser', 'node']) {
    const [clean] = await compared(t, 'sanitize-html', platform, ['clean', html]);
    assert.equal(clean, '<p>a<b>b</b><a>c</a><a href="/y">d</a></p>');
  }
});

test('jsonwebtoken signs and verifies', async (t) => {
  const [token] = await compared(t, 'jsonwebtoken', 'node', ['signed', { sub: 'x' }]);
  const [good, bad] = await compared(t, 'jsonwebtoken', 'node', ['verified', token], ['verified', `${token}x`]);
  assert.deepEqual(good, { iat: 1000, iss: 'me', sub: 'x' });
  assert.equal(bad, 'JsonWebTokenError: invalid signature');
});

test('iconv-lite knows encodings that the web and Node do not write', async (t) => {
  for (const platform of ['browser', 'node']) {
    const [{ win1251, gb }] = await compared(t, 'iconv-lite', platform, ['encodings']);
    assert.deepEqual([win1251, gb], ['cff0e8e2e5f2', '中文']);
  }
});

test('xml2js reads and writes XML', async (t) => {
  const xml = '<a x="1"><b>2</b><b>t &amp; u</b><c/></a>';
  const [value, text] = await compared(
    t,
    'xml2js',
    'node',
    ['parsed', xml],
    ['built', { a: { $: { x: 1 }, b: ['1'] } }],
  );
  assert.deepEqual(value, { a: { $: { x: '1' }, b: ['2', 't & u'], c: '' } });
  assert.equal(text, '<a x="1">\n  <b>1</b>\n</a>');
});

test('csv-parse reads a stream', async (t) => {
  const [rows] = await compared(t, 'csv-parse', 'node', ['streamed', ['a,b\n1,"x, y"\n', '2,z\n']]);
  assert.deepEqual(rows, [
    { a: 1, b: 'x, y' },
    { a: 2, b: 'z' },
  ]);
});

test('through2 makes transforms of its own copy of streams', async (t) => {
  const [items] = await compared(t, 'through2', 'node', ['piped', ['a', 'bb']]);
  assert.deepEqual(items, [1, 'A', 2, 'BB']);
});

test('js-yaml reads and writes YAML', async (t) => {
  const [{ value }] = await compared(t, 'js-yaml', 'browser', ['there', 'b: [1, 0x10, ~]\na: |\n  x\n  y\n']);
  assert.deepEqual(value, { b: [1, 16, null], a: 'x\ny\n' });
});

test('markdown-it renders Markdown', async (t) => {
  const [html] = await compared(t, 'markdown-it', 'node', [
    'html',
    '# Hi *you*\n\n- a\n- `b<c`\n\nhttps://a.example "q"',
  ]);
  assert.ok(html.includes('<a href="https://a.example">https://a.example</a> “q”'), html);
});

test('nunjucks renders macros, loops and filters', async (t) => {
  const template =
    '{% macro m(x) %}<{{ x }}>{% endmacro %}{% for i in list %}{{ m(i) }}{% endfor %} {{ name | shout }}';
  for (const platform of ['browser', 'node']) {
    const [text] = await compared(t, 'nunjucks', platform, ['rendered', template, { list: ['a', '<'], name: 'ada' }]);
    assert.equal(text, '<a><&lt;> ADA!');
  }
});

test('joi validates, Buffers included', async (t) => {
  const wrong = { name: 'A', mail: 'x', z: 1 };
  const [value, found, isBuffer] = await compared(
    t,
    'joi',
    'node',
    ['checked', { name: 'Ada', mail: 'a@b.example' }],
    ['checked', wrong],
    ['binary'],
  );
  assert.deepEqual([value.age, found.length, isBuffer], [1, 3, true]);
});

test('moment formats and reckons', async (t) => {
  const [{ text, from }] = await compared(t, 'moment', 'browser', ['dates']);
  assert.deepEqual([text, from], ['Wednesday, February 28th 2024, 1:05:09 pm', '2 days ago']);
});

test('bluebird schedules its own promises', async (t) => {
  const [{ values, settled, promised }] = await compared(t, 'bluebird', 'node', ['ordered']);
  assert.deepEqual([values, settled, promised], [[60, 2, 20], 'yes', 2]);
});

test('async queues and limits', async (t) => {
  const [found] = await compared(t, 'async', 'node', ['worked']);
  assert.deepEqual(found, { queued: ['a', 'b', 'c'], auto: { one: 1, two: 2 }, mapped: [1, 4, 9] });
});

test('protobufjs writes and reads messages', async (t) => {
  const [{ back, isBuffer }] = await compared(t, 'protobufjs', 'node', ['there']);
  assert.deepEqual([back, isBuffer], [{ name: 'Ada', ids: ['1', '-2'], files: { a: 'eHk=' } }, true]);
});

test('bn.js reckons with large numbers', async (t) => {
  const [{ inverse }] = await compared(t, 'bn', 'node', ['reckoned']);
  assert.equal(inverse, 4);
});

test('highlight.js marks up code and guesses languages', async (t) => {
  const [{ html, guess }] = await compared(t, 'highlight', 'browser', ['highlighted', 'const a = "x";']);
  assert.equal(html, '<span class="hljs-keyword">const</span> a = <span class="hljs-string">&quot;x&quot;</span>;');
  assert.equal(typeof guess, 'string');
});

test('minimatch matches paths', async (t) => {
  const [{ ts }] = await compared(t, 'minimatch', 'node', ['matched']);
  assert.deepEqual(ts, ['src/b.ts', 'src/x/c.ts']);
});

test('debug logs what is switched on', async (t) => {
  for (const platform of ['browser', 'node']) {
    const [{ enabled }] = await compared(t, 'debug', platform, ['logged']);
    assert.deepEqual(enabled, [true, false]);
  }
});

test('qs writes and reads nested queries', async (t) => {
  const [{ value }] = await compared(t, 'qs', 'browser', ['there']);
  assert.deepEqual(value, { a: { b: ['1', '2'] }, c: 'é', d: ['x'] });
});

test('turndown turns HTML into Markdown with a document of its own', async (t) => {
  const html = '<h1>A</h1><p>b <em>c</em> <a href="/d">e</a></p><ul><li>f</li></ul>';
  const [markdown] = await compared(t, 'turndown', 'node', ['markdown', html]);
  assert.equal(markdown, '# A\n\nb _c_ [e](/d)\n\n*   f');
});

test('bcryptjs hashes passwords', async (t) => {
  for (const platform of ['browser', 'node']) {
    const [found] = await compared(t, 'bcryptjs', platform, ['hashed']);
    assert.deepEqual(found, { shape: true, right: true, wrong: false });
  }
});

test('lodash clones Buffers and collections', async (t) => {
  const [{ equal, isBuffer, words }] = await compared(t, 'lodash', 'node', ['shaped']);
  assert.deepEqual([equal, isBuffer, words], [true, true, 'Foo Bar Baz']);
});

test('validator checks texts', async (t) => {
  const [{ mail, ip }] = await compared(t, 'validator', 'browser', ['checked']);
  assert.deepEqual([mail, ip], [[true, false], true]);
});

test('ramda composes', async (t) => {
  const people = [
    { name: 'a', team: 'x', age: 2 },
    { name: 'b', team: 'x', age: 1 },
  ];
  const [{ groups }] = await compared(t, 'ramda', 'browser', ['composed', people]);
  assert.deepEqual(groups, { x: ['b', 'a'] });
});

// There the polyfills stand aside: the answers are those of Node's own Intl.
test('luxon knows zones, languages and durations behind the polyfills of FormatJS', async (t) => {
  const [clocks, texts, spans] = await compared(t, 'luxon', 'browser', ['clocks'], ['texts'], ['spans']);
  assert.deepEqual(clocks.twice, ['2024-10-27T02:30:00.000+02:00', '2024-10-27T02:30:00.000+01:00']);
  assert.equal(clocks.day, 23);
  assert.equal(texts.german, '29. Feb. 2024, 13:05');
  assert.equal(spans.german, '1 Tag und 2 Stunden');
});
