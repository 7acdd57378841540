import { assert, test } from 'guest:test';
import { StringDecoder } from 'guest:stringdecoder';

/** What comes out for each byte on its own, and at the end. */
function bytewise(encoding: string, bytes: readonly number[]): string[] {
  const decoder = new StringDecoder(encoding) as any;
  return [...bytes.map((byte) => decoder.write(new Uint8Array([byte]))), decoder.end()];
}

test('a character comes with its last byte', () => {
  assert.deepEqual(bytewise('utf8', [0x61, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]), [
    ...['a', '', '', '€', '', '', '', '😀', ''],
  ]);
  assert.equal(bytewise('utf16le', [0x61, 0, 0x3d, 0xd8, 0, 0xde]).join(''), 'a😀');
  assert.deepEqual(bytewise('base64', [1, 2, 3, 4]), ['', '', 'AQID', '', 'BA==']);
  assert.deepEqual(bytewise('hex', [1, 255]), ['01', 'ff', '']);
  assert.deepEqual(bytewise('latin1', [0xe9]), ['é', '']);
});

test('what is cut off at the end is replaced or shown as far as it goes', () => {
  assert.equal(bytewise('utf8', [0x61, 0xe2, 0x82]).join('|'), 'a|||\ufffd');
  assert.equal(bytewise('utf8', [0xff, 0x61]).join('|'), '\ufffd|a|');
  assert.equal(bytewise('utf16le', [0x61]).join('|'), '|');
});

test('a decoder starts anew after its end', () => {
  const decoder = new StringDecoder() as any;
  decoder.write(new Uint8Array([0xe2]));
  assert.equal(decoder.end(new Uint8Array([0x82, 0xac, 0x61])), '€a');
  assert.equal(decoder.write(new Uint8Array([0x62])), 'b');
  assert.equal(decoder.encoding, 'utf8');
});

test('unknown encodings and what has no bytes are refused', () => {
  assert.throws(() => new StringDecoder('nope'), { code: 'ERR_UNKNOWN_ENCODING' });
  assert.throws(() => (new StringDecoder() as any).write(1), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('what names no encoding is shown as it is', () => {
  const message = (label: unknown): string => {
    try {
      new StringDecoder(label as string);
    } catch (error) {
      return (error as Error).message;
    }
    return 'none';
  };
  assert.equal(message(Symbol('s')), 'Unknown encoding: Symbol(s)');
  assert.equal(message(1n), 'Unknown encoding: 1n');
  assert.equal(message({ a: 1, __proto__: null }), 'Unknown encoding: [Object: null prototype] { a: 1 }');
});
