import { assert, test } from 'guest:test';
import { TextDecoder, TextEncoder } from 'guest:encoding';

const bytes = (...values: number[]) => new Uint8Array(values);

test('encode gives UTF-8 and replaces lone surrogates', () => {
  const encoder = new TextEncoder();
  assert.deepEqual(encoder.encode('aé€😀'), bytes(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80));
  assert.deepEqual(encoder.encode('\ud800x\udc00'), bytes(0xef, 0xbf, 0xbd, 0x78, 0xef, 0xbf, 0xbd));
  assert.deepEqual(encoder.encode(), bytes());
  assert.deepEqual(encoder.encode(undefined), bytes());
  assert.deepEqual(encoder.encode(null as any), bytes(0x6e, 0x75, 0x6c, 0x6c));
  assert.throws(() => encoder.encode(Symbol() as any), TypeError);
});

test('a result of encode owns a buffer of exactly its length', () => {
  const { byteOffset, byteLength, buffer } = new TextEncoder().encode('abc');
  assert.deepEqual([byteOffset, byteLength, buffer.byteLength], [0, 3, 3]);
});

test('encodeInto writes whole characters only', () => {
  const encoder = new TextEncoder();
  const target = new Uint8Array(5);
  assert.deepEqual(encoder.encodeInto('a€😀', target), { read: 2, written: 4 });
  assert.deepEqual(target, bytes(0x61, 0xe2, 0x82, 0xac, 0));
  assert.deepEqual(encoder.encodeInto('😀', new Uint8Array(4)), { read: 2, written: 4 });
  assert.deepEqual(encoder.encodeInto('\ud800', new Uint8Array(4)), { read: 1, written: 3 });
  assert.deepEqual(encoder.encodeInto('x', new Uint8Array(0)), { read: 0, written: 0 });
});

test('encodeInto writes into the view and not around it', () => {
  const whole = new Uint8Array(6);
  new TextEncoder().encodeInto('abcdef', whole.subarray(2, 4));
  assert.deepEqual(whole, bytes(0, 0, 0x61, 0x62, 0, 0));
});

test('encodeInto wants a Uint8Array', () => {
  const encoder = new TextEncoder();
  for (const target of [new ArrayBuffer(4), new Uint8ClampedArray(4), new DataView(new ArrayBuffer(4)), [], null]) {
    assert.throws(() => encoder.encodeInto('x', target as any), TypeError);
  }
});

test('labels of the standard name their encodings', () => {
  const names = {
    utf8: 'utf-8',
    ' UTF-8\t': 'utf-8',
    'unicode-1-1-utf-8': 'utf-8',
    latin1: 'windows-1252',
    ascii: 'windows-1252',
    'iso-8859-2': 'iso-8859-2',
    sjis: 'shift_jis',
    gbk: 'gbk',
    gb18030: 'gb18030',
    big5: 'big5',
    'euc-kr': 'euc-kr',
    'utf-16': 'utf-16le',
    'utf-16be': 'utf-16be',
    'koi8-r': 'koi8-r',
    cp1251: 'windows-1251',
    'iso-2022-jp': 'iso-2022-jp',
  };
  for (const [label, name] of Object.entries(names)) assert.equal(new TextDecoder(label).encoding, name, label);
});

test('an unknown label is a RangeError', () => {
  for (const label of ['utf-7', '', 'utf-8\0', 'replacement', 'iso-2022-kr', null]) {
    assert.throws(() => new TextDecoder(label as any), RangeError);
  }
});

test('decode replaces what is malformed, or throws where fatal', () => {
  const malformed = bytes(0x61, 0xff, 0xe2, 0x82, 0x62);
  assert.equal(new TextDecoder().decode(malformed), 'a\ufffd\ufffdb');
  const strict = new TextDecoder('utf-8', { fatal: true });
  assert.throws(() => strict.decode(malformed), TypeError);
  assert.equal(strict.decode(bytes(0x61)), 'a');
  assert.equal(strict.fatal, true);
});

test('decode takes buffers and views of every kind', () => {
  const decoder = new TextDecoder();
  const buffer = bytes(0x61, 0x62, 0x63, 0x64).buffer;
  for (const input of [buffer, new Uint8Array(buffer), new DataView(buffer), new Uint16Array(buffer)]) {
    assert.equal(decoder.decode(input), 'abcd');
  }
  assert.equal(decoder.decode(new Uint8Array(buffer, 1, 2)), 'bc');
  const shared = new SharedArrayBuffer(2);
  new TextEncoder().encodeInto('ab', new Uint8Array(shared));
  assert.deepEqual([decoder.decode(shared), decoder.decode(new Uint8Array(shared, 1))], ['ab', 'b']);
  assert.equal(decoder.decode(), '');
  for (const input of ['abc', null, 5, {}, [97]]) assert.throws(() => decoder.decode(input as any), TypeError);
});

test('a byte order mark is dropped unless ignoreBOM is set', () => {
  const marked = bytes(0xef, 0xbb, 0xbf, 0x61);
  assert.equal(new TextDecoder().decode(marked), 'a');
  assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(marked), '\ufeffa');
  assert.equal(new TextDecoder('utf-16le').decode(bytes(0xff, 0xfe, 0x61, 0)), 'a');
  assert.equal(new TextDecoder('utf-16be').decode(bytes(0, 0x61)), 'a');
});

test('a streaming decoder joins characters that were cut', () => {
  const decoder = new TextDecoder();
  const text = 'a€😀b';
  let result = '';
  for (const byte of new TextEncoder().encode(text)) result += decoder.decode(bytes(byte), { stream: true });
  assert.equal(result + decoder.decode(), text);
});

test('the last chunk reports an unfinished character and the decoder starts anew', () => {
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(bytes(0xe2, 0x82), { stream: true }), '');
  assert.equal(decoder.decode(), '\ufffd');
  assert.equal(decoder.decode(bytes(0xef, 0xbb, 0xbf, 0x61)), 'a');
});

test('a streaming decoder drops the byte order mark once, even when it is cut', () => {
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(bytes(0xef, 0xbb), { stream: true }), '');
  assert.equal(decoder.decode(bytes(0xbf, 0x61, 0xef, 0xbb, 0xbf), { stream: true }), 'a\ufeff');
  assert.equal(decoder.decode(), '');
});

test('a fatal streaming decoder throws at the end of unfinished input', () => {
  const decoder = new TextDecoder('utf-16le', { fatal: true });
  assert.equal(decoder.decode(bytes(0), { stream: true }), '');
  assert.equal(decoder.decode(bytes(0)), '\0');
  assert.throws(() => {
    decoder.decode(bytes(0, 0), { stream: true });
    decoder.decode(bytes(0));
  }, TypeError);
});

test('the classes have the look of the standard', () => {
  assert.deepEqual(
    [
      TextEncoder.length,
      TextDecoder.length,
      TextDecoder.prototype.decode.length,
      TextEncoder.prototype.encodeInto.length,
    ],
    [0, 0, 0, 2],
  );
  assert.equal(Object.prototype.toString.call(new TextDecoder()), '[object TextDecoder]');
  assert.equal(new TextEncoder().encoding, 'utf-8');
  const { fatal, ignoreBOM } = new TextDecoder();
  assert.deepEqual([fatal, ignoreBOM], [false, false]);
  assert.ok(Object.getOwnPropertyDescriptor(TextDecoder.prototype, 'decode')!.enumerable);
  assert.throws(() => TextEncoder.prototype.encode.call({} as any, ''), TypeError);
  assert.throws(() => new TextDecoder('utf-8', 5 as any), TypeError);
});
