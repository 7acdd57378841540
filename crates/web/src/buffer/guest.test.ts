import { assert, test } from 'guest:test';
import { Buffer, bufferModule } from 'guest:buffer';

const hex = (buffer: any): string => buffer.toString('hex');
const from = (...args: unknown[]): any => Buffer.from(...(args as [unknown]));

test('a Buffer is a Uint8Array whose methods give Buffers', () => {
  const buffer = from('abc');
  assert.ok(buffer instanceof Uint8Array && buffer instanceof Buffer && Buffer.isBuffer(buffer));
  assert.ok(!Buffer.isBuffer(new Uint8Array(1)));
  assert.equal(Object.getPrototypeOf(Buffer.prototype), Uint8Array.prototype);
  assert.ok(buffer.map((x: number) => x + 1) instanceof Buffer);
  assert.equal(`${buffer.subarray(1)}`, 'bc');
  assert.equal(Buffer(2).length, 2);
});

test('text becomes bytes and bytes text in every encoding', () => {
  const cases: [string, string, string][] = [
    ['utf8', 'aé€😀', '61c3a9e282acf09f9880'],
    ['utf16le', 'aé😀', '6100e9003dd800de'],
    ['ucs2', 'a', '6100'],
    ['latin1', 'aéÿ', '61e9ff'],
    ['binary', '\x80', '80'],
    ['ascii', 'abc', '616263'],
    ['base64', 'YWI/', '61623f'],
    ['base64url', 'YWI_-w', '61623ffb'],
    ['hex', '00ff10', '00ff10'],
  ];
  for (const [encoding, text, bytes] of cases) {
    assert.equal(hex(from(text, encoding)), bytes, encoding);
    assert.equal(from(bytes, 'hex').toString(encoding), text, encoding);
    assert.equal(Buffer.byteLength(text, encoding), bytes.length / 2, encoding);
    assert.equal(Buffer.isEncoding(encoding.toUpperCase()), true);
  }
  assert.throws(() => from('a', 'nope'), { code: 'ERR_UNKNOWN_ENCODING', message: 'Unknown encoding: nope' });
});

test('malformed text is replaced, cut or skipped as Node does it', () => {
  assert.equal(hex(from('\ud800x')), 'efbfbd78');
  assert.equal(hex(from('\ud800x', 'utf16le')), '00d87800');
  assert.equal(from('ff61e282', 'hex').toString(), '\ufffda\ufffd');
  assert.equal(hex(from('€', 'latin1')), 'ac');
  assert.equal(from('e1', 'hex').toString('ascii'), 'a');
  assert.equal(hex(from('61zz62', 'hex')), '61');
  assert.equal(hex(from('616', 'hex')), '61');
  assert.equal(`${from(' aGV sbG8=\n', 'base64')}`, 'hello');
  assert.equal(hex(from('-_-_', 'base64')), 'fbffbf');
  assert.equal(from([0xff, 0xfe, 0x61]).toString('utf16le'), '\ufeff');
});

test('Buffers are made of whatever has bytes', () => {
  const memory = new Uint8Array([1, 2, 3, 4]).buffer;
  const shared = from(memory, 1, 2);
  shared[0] = 9;
  assert.deepEqual([...new Uint8Array(memory)], [1, 9, 3, 4]);
  assert.equal(hex(from([1, 256, -1, '7', 1.9])), '0100ff0701');
  assert.equal(hex(from(new Uint16Array([1, 258]))), '0102');
  assert.equal(hex(from({ type: 'Buffer', data: [1, 2] })), '0102');
  assert.equal(hex(from({ length: 2, 0: 1, 1: 2 })), '0102');
  assert.equal(`${from(new String('x'))}`, 'x');
  assert.equal(JSON.stringify(from('ab')), '{"type":"Buffer","data":[97,98]}');
  for (const wrong of [1, null, undefined, {}, Symbol(), () => {}]) {
    assert.throws(() => from(wrong), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  assert.throws(() => from(memory, 5), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' });
});

test('new memory is zeroed or filled', () => {
  assert.equal(hex(Buffer.alloc(3)), '000000');
  assert.equal(hex(Buffer.allocUnsafe(3)).length, 6);
  assert.equal(`${Buffer.alloc(5, 'ab')}`, 'ababa');
  assert.equal(hex(Buffer.alloc(4, 'YQ==', 'base64')), '61616161');
  assert.throws(() => Buffer.alloc(-1), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => Buffer.alloc('5' as any), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('numbers of every width are read and written in both orders', () => {
  const buffer = Buffer.alloc(8) as any;
  for (const order of ['LE', 'BE']) {
    for (const [kind, value] of [
      ['UInt16', 0xfedc],
      ['Int16', -2],
      ['UInt32', 0xfedcba98],
      ['Int32', -123456],
      ['Float', 1.5],
      ['Double', Math.PI],
      ['BigUInt64', 2n ** 64n - 3n],
      ['BigInt64', -(2n ** 62n)],
    ] as const) {
      buffer[`write${kind}${order}`](value, 0);
      assert.equal(buffer[`read${kind}${order}`](0), value, `${kind}${order}`);
    }
    for (let width = 1; width <= 6; width++) {
      const value = 2 ** (width * 8 - 1) - 2;
      buffer[`writeInt${order}`](-value, 1, width);
      assert.equal(buffer[`readInt${order}`](1, width), -value, `${width}`);
      buffer[`writeUInt${order}`](value * 2, 1, width);
      assert.equal(buffer[`readUint${order}`](1, width), value * 2, `${width}`);
    }
  }
  assert.equal(buffer.writeUInt32BE(0x01020304, 2), 6);
  assert.equal(hex(buffer.subarray(2, 6)), '01020304');
});

test('numbers and offsets out of range are refused in Node’s words', () => {
  const buffer = Buffer.alloc(4) as any;
  const refused = (run: () => unknown, message: string): void =>
    assert.throws(run, { code: 'ERR_OUT_OF_RANGE', message });
  refused(() => buffer.readInt16LE(3), 'The value of "offset" is out of range. It must be >= 0 and <= 2. Received 3');
  refused(() => buffer.readInt8(1.5), 'The value of "offset" is out of range. It must be an integer. Received 1.5');
  refused(
    () => buffer.writeUInt8(256),
    'The value of "value" is out of range. It must be >= 0 and <= 255. Received 256',
  );
  refused(
    () => buffer.writeInt32LE(2 ** 40),
    'The value of "value" is out of range. It must be >= -2147483648 and <= 2147483647. Received 1_099_511_627_776',
  );
  assert.throws(() => buffer.readDoubleLE(0), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' });
  assert.throws(() => buffer.readUInt8('0'), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('bytes are found from both ends', () => {
  const buffer = from('abcabcé€');
  assert.deepEqual(
    [
      buffer.indexOf('bc'),
      buffer.indexOf('bc', 2),
      buffer.indexOf('bc', -3),
      buffer.lastIndexOf('bc'),
      buffer.lastIndexOf('abc', 2),
      buffer.indexOf(99),
      buffer.indexOf(from('ca')),
      buffer.indexOf(''),
      buffer.indexOf('zz'),
      buffer.indexOf('6263', 'hex'),
      buffer.includes('€'),
    ],
    [1, 4, -1, 4, 0, 2, 2, 0, -1, 1, true],
  );
  const wide = from('\u0100abab', 'utf16le');
  assert.deepEqual(
    [wide.indexOf('ab', 0, 'ucs2'), wide.indexOf('ab', 3, 'ucs2'), wide.lastIndexOf('ab', 'ucs2' as any)],
    [2, 2, 6],
  );
  assert.throws(() => buffer.indexOf({}), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('bytes are compared, joined, copied, cut and turned round', () => {
  const a = from('abc');
  assert.deepEqual(
    [Buffer.compare(a, from('abd')), a.compare(from('xabc'), 1), a.equals(from('abc')), a.equals(from('ab'))],
    [-1, 0, true, false],
  );
  assert.equal(`${Buffer.concat([a, new Uint8Array([0x64])])}`, 'abcd');
  assert.equal(hex(Buffer.concat([a, a], 4)), '61626361');
  assert.equal(hex(Buffer.concat([a], 4)), '61626300');
  const target = Buffer.alloc(4) as any;
  assert.equal(a.copy(target, 2, 1), 2);
  assert.equal(hex(target), '00006263');
  assert.equal(`${a.slice(-2)} ${a.slice(1, -1)} ${a.slice(2, 1)}`, 'bc b ');
  assert.equal(hex(from('0102030405060708', 'hex').swap16().swap32().swap64()), '0605080702010403');
  assert.throws(() => a.swap16(), { code: 'ERR_INVALID_BUFFER_SIZE' });
});

test('a range is written or filled', () => {
  const buffer = Buffer.alloc(6) as any;
  assert.equal(buffer.write('a€', 1), 4);
  assert.equal(hex(buffer), '0061e282ac00');
  assert.equal((Buffer.alloc(2) as any).write('€'), 0);
  assert.equal(buffer.write('6263', 0, 1, 'hex'), 1);
  assert.equal(hex(buffer.fill('xy', 1, 4)), '62787978ac00');
  assert.equal(hex(buffer.fill(0x141)), '414141414141');
  assert.equal(hex(buffer.fill(from([1, 2]), 2)), '414101020102');
  assert.throws(() => buffer.fill('zz', 'hex'), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => buffer.write('a', 7), { code: 'ERR_OUT_OF_RANGE' });
});

test('a Buffer shows its first bytes', () => {
  assert.equal(from('ab').inspect(), '<Buffer 61 62>');
  assert.equal((Buffer.alloc(52) as any).inspect(), `<Buffer ${'00 '.repeat(50)}... 2 more bytes>`);
});

test('the module has what belongs to Buffers', () => {
  const { transcode, isUtf8, isAscii, constants, kMaxLength, SlowBuffer } = bufferModule as any;
  assert.equal(hex(transcode(from('€é'), 'utf8', 'latin1')), '3fe9');
  assert.equal(hex(transcode(from('a'), 'ascii', 'utf16le')), '6100');
  assert.deepEqual([isUtf8(from('é')), isUtf8(from('é', 'latin1')), isAscii(from('a'))], [true, false, true]);
  assert.equal(constants.MAX_LENGTH, kMaxLength);
  assert.equal(SlowBuffer(3).length, 3);
});

test('long text and bytes go there and back', () => {
  const text = 'añ€😀'.repeat(20_000);
  assert.equal(from(text).toString(), text);
  assert.equal(from(text, 'utf16le').toString('utf16le'), text);
  const bytes = Buffer.alloc(100_003, 'xyz\x80\xff', 'latin1');
  for (const encoding of ['latin1', 'base64', 'base64url', 'hex']) {
    assert.ok(from((bytes as any).toString(encoding), encoding).equals(bytes), encoding);
  }
});

test('bytes are copied from where they stand in a view, a Buffer or not', () => {
  const inner = (Buffer.from('abcdef') as any).subarray(1, 5);
  assert.deepEqual([...Buffer.copyBytesFrom(inner, 1, 2)], [99, 100]);
  assert.deepEqual([...Buffer.copyBytesFrom(inner, 2)], [100, 101]);
  assert.deepEqual([...Buffer.copyBytesFrom(new Uint16Array([1, 2, 3]), 1, 9)], [2, 0, 3, 0]);
  assert.equal(Buffer.copyBytesFrom(inner, 2 ** 40).length, 0);
});

test('base64 ends at its padding', () => {
  assert.equal(Buffer.from('YQ==YQ==', 'base64').toString(), 'a');
  assert.equal(Buffer.from('Y=Q', 'base64url').length, 0);
});

test('offsets of a copy are rounded down and may be as large as they like', () => {
  const target = Buffer.alloc(3);
  assert.equal(Buffer.from('abc').copy(target, 2 ** 53), 0);
  assert.equal(Buffer.from('abc').copy(target, 0, 1.9), 2);
  assert.throws(() => Buffer.from('abc').copy(target, 0, -0.5), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => Buffer.from('abc').copy(target, -(2 ** 60)), { code: 'ERR_OUT_OF_RANGE' });
});

test('an empty needle is found even before the start', () => {
  const buffer = Buffer.from('abc') as any;
  assert.equal(buffer.lastIndexOf('', -(2 ** 53)), 0);
  assert.equal(buffer.lastIndexOf('a', -9), -1);
});

test('a number where a bigint belongs is out of range only where it is', () => {
  const buffer = Buffer.alloc(8);
  const error = { code: 'ERR_OUT_OF_RANGE' };
  assert.throws(() => buffer.writeBigInt64LE(-(2 ** 47) as never), TypeError);
  assert.throws(() => buffer.writeBigInt64LE(-(2 ** 64) as never), error);
  assert.throws(() => buffer.writeBigUInt64BE(-1 as never), error);
});

test('transcoding takes what the encodings mean, and nothing else between the two of Unicode', () => {
  const transcode = bufferModule.transcode as (...args: unknown[]) => Uint8Array;
  assert.deepEqual([...transcode(Buffer.from('aé'), 'ascii', 'latin1')], [97, 63, 63]);
  assert.deepEqual([...transcode(Buffer.from('€'), undefined, 'latin1')], [63]);
  assert.deepEqual([...transcode(Buffer.from([97, 0, 98]), 'ucs2', 'utf16le')], [97, 0, 253, 255]);
  assert.equal(transcode(Buffer.alloc(0), 'none', 'hex').length, 0);
  assert.throws(() => transcode(Buffer.from([255]), 'utf8', 'utf16le'), { code: 'U_INVALID_CHAR_FOUND' });
});

test('an error shows what it was given as inspection does', () => {
  const message = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    return 'none';
  };
  const empty = Buffer.alloc(0) as any;
  assert.equal(
    message(() => Buffer.alloc(2, empty)),
    "The argument 'value' is invalid. Received <Buffer >",
  );
  assert.equal(
    message(() => Buffer.alloc(2, '\x7f', 'hex')),
    "The argument 'value' is invalid. Received '\\x7F'",
  );
  assert.equal(
    message(() => empty.indexOf('a', 0, [1])),
    'Unknown encoding: [ 1 ]',
  );
});
