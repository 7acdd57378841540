// Packages that make and read text: templates, markup, formats.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './sandbox.mjs';

test('handlebars renders helpers, partials and escapes', async (t) => {
  const { render } = await load(t, 'handlebars');
  const template = '<ul>{{#each items}}{{> item}}{{/each}}</ul>{{shout who}} {{{raw}}} {{safe}}';
  const data = { items: [{ name: 'a' }, { name: 'b', done: true }], who: 'x', raw: '<b>', safe: '<i>' };
  assert.equal(await render(template, data), '<ul><li>a</li><li>b ✓</li></ul>X <b> &lt;i&gt;');
});

test('mustache renders sections and partials', async (t) => {
  const { render } = await load(t, 'mustache');
  const template = '{{#list}}<{{.}}>{{/list}}{{^none}}none{{/none}} {{> who}} {{{raw}}}';
  assert.equal(await render(template, { list: [1, 2], name: '<Ada>', raw: '<' }), '<1><2>none &lt;Ada&gt;! <');
});

test('ejs compiles templates to functions', async (t) => {
  const { render } = await load(t, 'ejs');
  const template = '<% for (const x of list) { %><<%= x %>><% } %><%- raw %>';
  assert.equal(await render(template, { list: ['<', 1], raw: '<hr>' }), '<&lt;><1><hr>');
});

test('cheerio reads and changes HTML and XML', async (t) => {
  const { links, changed, feed } = await load(t, 'cheerio');
  const found = [
    { text: 'one', href: '/x' },
    { text: 'two', href: '/y' },
  ];
  assert.deepEqual(await links('<a href="/x"> one </a><a>no</a><p><a href="/y">two'), found);
  const html = '<ul><li>a</li><li class="second">b<b>!</b></li></ul><div>x &amp; y</div>';
  assert.equal(await changed('<ul><li>a<li>b</ul><p>x &amp; y</p>'), html);
  const xml = '<rss><item><title>A</title></item><item><title>B &lt;</title></item></rss>';
  assert.deepEqual(await feed(xml), ['A', 'B <']);
});

test('marked turns Markdown into HTML', async (t) => {
  const { html } = await load(t, 'marked');
  const out = await html('# Hi *you*\n\n| a | b |\n|---|---|\n| 1 | `x<y` |\n\n- [x] done\n');
  assert.ok(out.startsWith('<h1>Hi <em>you</em></h1>\n<table>\n'), out);
  assert.ok(out.includes('<td><code>x&lt;y</code></td>'), out);
  assert.ok(out.endsWith('<li><input checked="" disabled="" type="checkbox"> done</li>\n</ul>\n'), out);
});

test('papaparse reads and writes CSV', async (t) => {
  const { parsed, written } = await load(t, 'papaparse');
  const data = [
    { a: 1, b: 'x' },
    { a: '2;2', b: 'y "z"' },
  ];
  assert.deepEqual(await parsed('a;b\n1;x\n"2;2";"y ""z"""\n'), { data, errors: 0, delimiter: ';' });
  const rows = [
    { a: 1, b: 'x,y' },
    { a: 2, b: '"' },
  ];
  assert.equal(await written(rows), 'a,b\n1,"x,y"\n2,""""');
});

test('fast-xml-parser reads, checks and writes XML', async (t) => {
  const { parsed, there, wrong } = await load(t, 'fast-xml-parser');
  const value = { a: { b: [2, 't & u'], c: '', '@_x': '1' } };
  assert.deepEqual(await parsed('<a x="1"><b>2</b><b>t &amp; u</b><c/></a>'), value);
  assert.equal(await there({ a: { '@_x': '1', b: [1, 2] } }), '<a x="1"><b>1</b><b>2</b></a>');
  assert.equal(await wrong('<a><b></a>'), 'InvalidTag');
});

test('yaml reads, writes and edits documents', async (t) => {
  const { parsed, written, edited } = await load(t, 'yaml');
  const text = 'a: &x [1, 0x10, true]\nb: *x\nc: |\n  text\n  more\nd: 2001-12-14\n';
  assert.deepEqual(await parsed(text), { a: [1, 16, true], b: [1, 16, true], c: 'text\nmore\n', d: '2001-12-14' });
  const yaml = 'a:\n  - 1\n  - b: "x: y"\nc: |-\n  multi\n  line\n';
  assert.equal(await written({ a: [1, { b: 'x: y' }], c: 'multi\nline' }), yaml);
  assert.equal(await edited('# top\na:\n  b: 1 # one\n'), '# top\na:\n  b: 2 # one\n');
});

test('acorn parses and tokenizes today’s JavaScript', async (t) => {
  const { kinds, tokens } = await load(t, 'acorn');
  const source = 'import a from "b"; class X { #y = 1n } export default async () => { await using x = y; }';
  assert.deepEqual(await kinds(source), ['ImportDeclaration', 'ClassDeclaration', 'ExportDefaultDeclaration']);
  assert.deepEqual(await tokens('a ?? /b/v'), ['name', '??', 'regexp']);
});

test('graphql validates and answers queries', async (t) => {
  const { query, printed } = await load(t, 'graphql');
  const friends = await query('query q($n: Int) { user(id: "a") { name friends(first: $n) { name } } }', { n: 2 });
  assert.deepEqual(friends, { data: { user: { name: 'a', friends: [{ name: 'b' }, { name: 'c' }] } } });
  const refused = 'Field "user" argument "id" of type "ID!" is required, but it was not provided.';
  assert.deepEqual(await query('{ user { name } }'), { errors: [refused] });
  assert.equal(await printed('{a(b:1){c}}'), '{\n  a(b: 1) {\n    c\n  }\n}');
});
