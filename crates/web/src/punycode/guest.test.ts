import { assert, test } from 'guest:test';
import { punycode } from 'guest:punycode';

const pairs: [string, string][] = [
  ['mañana', 'maana-pta'],
  ['☃-⌘', '--dqo34k'],
  ['他们为什么不说中文', 'ihqwcrb4cv8a8dqg056pqjye'],
  ['', ''],
  ['abc', 'abc-'],
];

test('labels are encoded and decoded', () => {
  for (const [text, ascii] of pairs) {
    assert.equal(punycode.encode(text), ascii);
    assert.equal(punycode.decode(ascii), text);
  }
});

test('names of hosts and addresses of mail go there and back', () => {
  assert.equal(punycode.toASCII('mañana.com'), 'xn--maana-pta.com');
  assert.equal(punycode.toUnicode('xn--maana-pta.com'), 'mañana.com');
  assert.equal(punycode.toASCII('джумла@джpумлатест.bрфa'), 'джумла@xn--p-8sbkgc5ag7bhce.xn--ba-lmcq');
  assert.deepEqual(punycode.ucs2.decode('a😀'), [97, 0x1f600]);
  assert.equal(punycode.ucs2.encode([97, 0x1f600]), 'a😀');
});

test('what is no encoded label is refused', () => {
  assert.throws(() => punycode.decode('\x80-a'), RangeError);
  assert.throws(() => punycode.decode('a-!'), RangeError);
});
