import { assert, test } from 'guest:test';
import { compile, escapePattern, match, tokenize } from 'guest:patternstring';

const PATH = { delimiter: '/', prefix: '/', ignoreCase: false };
const encode = (text: string) => text;
const compiled = (pattern: string, options = PATH) => compile(pattern, options, encode);
const caught = (pattern: string, text: string) => {
  const component = compiled(pattern);
  const found = match(component, text);
  return found === undefined ? undefined : component.names.map((name, i) => [name, found[i + 1]]);
};

test('text becomes tokens', () => {
  const types = (text: string) => tokenize(text, true).map(({ type, value }) => `${type} ${value}`);
  assert.deepEqual(types('a:b(c\\d)*\\+{😀}?'), [
    'char a',
    'name b',
    'regexp c\\d',
    'asterisk *',
    'escaped-char +',
    'open {',
    'char 😀',
    'close }',
    'other-modifier ?',
    'end ',
  ]);
  assert.deepEqual(types(':(é)'), ['invalid-char :', 'invalid-char (', 'char é', 'char )', 'end ']);
});

test('what is no token is a TypeError where that matters', () => {
  for (const text of [
    ':',
    ':1',
    '(',
    '()',
    '(?:a)',
    '((a))',
    '(é)',
    '(a',
    '(a\\',
    '\\',
    '{',
    '}',
    '{a',
    '{{a}}',
    '+',
    '(?',
  ]) {
    assert.throws(() => compiled(text), TypeError);
  }
});

test('groups catch what they stand for', () => {
  assert.deepEqual(caught('/books/:id', '/books/7'), [['id', '7']]);
  assert.equal(caught('/books/:id', '/books/7/x'), undefined);
  assert.deepEqual(caught('/books/:id(\\d+)?', '/books'), [['id', undefined]]);
  assert.deepEqual(caught('/a/*', '/a/b/c'), [['0', 'b/c']]);
  assert.deepEqual(caught('/:a+', '/x/y'), [['a', 'x/y']]);
  assert.deepEqual(caught('/:a*', ''), [['a', undefined]]);
  assert.deepEqual(caught('/:a.:b', '/x.y'), [
    ['a', 'x'],
    ['b', 'y'],
  ]);
  assert.deepEqual(caught('/a{b}?', '/a'), []);
  assert.deepEqual(caught('{/:a-x}*', '/1-x/2-x'), [['a', '1-x/2']]);
});

test('text stands for itself, whatever a regular expression makes of it', () => {
  const text = '/a.b^$|[c]-d/e::f--&&';
  assert.deepEqual(caught(escapePattern(text), text), []);
  assert.equal(caught('/a.b', '/axb'), undefined);
  assert.deepEqual(caught('/(a-b|[c-d]|x/y|::)', '/a-b'), [['0', 'a-b']]);
  assert.deepEqual(caught('/([[a-z]--a])', '/b'), [['0', 'b']]);
  assert.equal(caught('/([[a-z]--a])', '/a'), undefined);
});

test('a name stands once', () => {
  assert.throws(() => compiled('/:a/:a'), TypeError);
});

test('patterns have a normal form', () => {
  const forms = {
    '/([^\\/]+?)': '/([^\\/]+?)',
    '/:a([^\\/]+?)': '/:a',
    '/(.*)': '/*',
    '{/a}{b}': '/ab',
    '{a}?': '{a}?',
    '/a{:b}': '/a:b',
    '/{:b}c': '/{:b}c',
    '{:a}b': '{:a}b',
    ':a{b}?': '{:a}{b}?',
    '{:a\\b}': '{:a\\b}',
    '*(.*)': '*(.*)',
    '\\:a': '\\:a',
  };
  for (const [pattern, form] of Object.entries(forms)) {
    assert.equal(compiled(pattern).pattern, form, pattern);
  }
});

test('it is known whether there are regular expressions', () => {
  assert.ok(compiled('/:a(b)').hasRegExpGroups);
  assert.ok(!compiled('/:a/*/(.*)').hasRegExpGroups);
});

test('case is ignored where that is asked for', () => {
  assert.ok(match(compiled('/A', { ...PATH, ignoreCase: true }), '/a') !== undefined);
  assert.ok(match(compiled('/A'), '/a') === undefined);
});
