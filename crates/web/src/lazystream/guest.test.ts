import { assert, test } from 'guest:test';
import { Buffer } from 'guest:buffer';
import { createCipheriv, createDecipheriv } from 'guest:nodecipher';
import { EventEmitter } from 'guest:nodeevents';
import { createHash, createHmac } from 'guest:nodehash';
import { generateKeyPairSync } from 'guest:nodekey';
import { createSign, createVerify, sign } from 'guest:nodesign';
import { consumers, promises, stream } from 'guest:nodestream';

const { Readable, Transform, Writable } = stream;
const MD5 = '900150983cd24fb0d6963f7d28e17f72';

const hash = (options?: object): any => createHash('md5', options as never);
const hmac = (): any => createHmac('md5', 'key');
const cipher = (): any => createCipheriv('aes-128-cbc', 'k'.repeat(16), 'i'.repeat(16));
const decipher = (): any => createDecipheriv('aes-128-cbc', 'k'.repeat(16), 'i'.repeat(16));

/** The first error that a stream tells of. */
const errorOf = (from: any): Promise<any> => new Promise((resolve) => from.once('error', resolve));

test('digests and ciphers are Transforms, signers and verifiers Writables', () => {
  for (const make of [hash, hmac, cipher, decipher]) {
    assert.ok(make() instanceof Transform);
    assert.ok(make() instanceof EventEmitter);
    assert.equal(make().readable, true);
    assert.equal('pipe' in make(), true);
  }
  for (const made of [createSign('sha256'), createVerify('sha256')] as any[]) {
    assert.ok(made instanceof Writable && made instanceof EventEmitter);
    assert.ok(!(made instanceof Transform));
    assert.equal(made.writable, true);
  }
});

test('what is asked of every object does not make one a stream', async () => {
  const made = hash();
  assert.equal(await made, made);
  assert.equal(String(made), '[object Object]');
  assert.equal('none' in made || made.none, undefined);
  assert.equal(made.constructor.name, 'Hash');
  assert.equal(made.hasOwnProperty('_readableState'), false);
});

test('a digest is what a stream that ends in it leaves to be read', async () => {
  const made = hash();
  made.write('a');
  made.write('6263', 'hex');
  made.end();
  assert.deepEqual(made.read(), Buffer.from(MD5, 'hex'));
  const piped = Readable.from([Buffer.from('a'), 'bc']).pipe(hash().setEncoding('hex'));
  assert.equal(await consumers.text(piped), MD5);
  const target = hmac();
  await promises.pipeline(['abc'], target);
  assert.deepEqual(target.read(), createHmac('md5', 'key').update('abc').digest());
});

test('a digest can be asked for before and after the stream gives it away', async () => {
  const after = hash();
  after.end('abc');
  after.read()[0] = 0;
  assert.equal(after.digest('hex'), MD5);
  assert.throws(() => after.digest(), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
  assert.throws(() => after.update('more'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
  const before = hash();
  before.update('abc').digest();
  before.end('more');
  await promises.finished(before.resume());
  const finished = hash();
  await promises.finished(finished.end('abc'), { readable: false });
  assert.equal(finished.digest('hex'), MD5);
});

test('pieces come by update and by write', () => {
  const made = hash();
  made.update('a').write('b');
  made.update('c').end();
  assert.equal(made.digest('hex'), MD5);
});

test('options are those of the stream, too', () => {
  const made = hash({ highWaterMark: 5, encoding: 'hex' });
  made.end('abc');
  assert.deepEqual([made.readableHighWaterMark, made.read()], [5, MD5]);
});

test('a cipher encrypts what flows through it, and a decipher gives it back', async () => {
  const text = 'x'.repeat(100_000);
  const pieces = [text.slice(0, 3), text.slice(3, 70_000), text.slice(70_000)];
  const back = await consumers.text(Readable.from(pieces).pipe(cipher()).pipe(decipher()));
  assert.equal(back, text);
  const made = cipher().setEncoding('base64');
  made.end('abc');
  const whole = cipher();
  assert.equal(made.read(), whole.update('abc', 'utf8', 'base64') + whole.final('base64'));
});

test('what does not decrypt is an error of the stream', async () => {
  const made = decipher();
  const error = errorOf(made);
  made.end('abc');
  assert.equal((await error).code, 'ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH');
  const sealed = createDecipheriv('aes-256-gcm', 'k'.repeat(32), 'i'.repeat(12)) as any;
  const refused = errorOf(sealed);
  sealed.setAuthTag(Buffer.alloc(16));
  sealed.end('abc');
  assert.equal((await refused).message, 'Unsupported state or unable to authenticate data');
});

test('a message is signed and verified as it is written', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }) as any;
  const signer = createSign('sha256') as any;
  signer.write('a');
  signer.end('bc');
  const signature = signer.sign(privateKey);
  const verifier = createVerify('sha256') as any;
  await promises.pipeline(Readable.from(['ab', 'c']), verifier);
  assert.equal(verifier.verify(publicKey, signature), true);
  const other = createVerify('sha256') as any;
  other.end('abc');
  assert.equal(other.verify(publicKey, sign('sha256', Buffer.from('abd'), privateKey)), false);
});

test('a chunk that is no text and no bytes is refused where it is written', () => {
  assert.throws(() => hash().write(5), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => (createSign('sha256') as any).write({}), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('the prototypes themselves never become streams', () => {
  const { constructor } = hash();
  assert.equal(constructor.prototype instanceof Writable, false);
  assert.equal(constructor.prototype._readableState, undefined);
  const [one, other] = [hash(), hash()];
  assert.ok(one._readableState !== other._readableState);
});

test('what becomes of the module changes nothing for streams of its own', () => {
  const kept = stream.Transform;
  stream.Transform = null;
  try {
    const made = hash();
    made.end('abc');
    assert.equal(made.digest('hex'), MD5);
  } finally {
    stream.Transform = kept;
  }
});
