// The native buffer store and its operations, driven with bytes made to hurt. The store's limit is 64 MiB.
const failed = ['ERR_GUEST'];
const limited = ['ERR_GUEST', 'ERR_TIMEOUT', 'ERR_MEMORY', 'ERR_LIMIT'];
/** A bomb is stopped by the store's limit; on a slow machine the deadline may come first. */
const bounded = ['ERR_GUEST', 'ERR_MEMORY', 'ERR_TIMEOUT'];
const bytes = (base64) => `Uint8Array.fromBase64('${base64}')`;

/** gzip(gzip(256 MiB of zeros)), 590 bytes. */
const BOMB = 'H4sIAAAAAAACA+3coW5TcRyG4ZZVNIiuCBQCxBRhaqamCRg0gmmyC+ASljVZUJjdxPTUFIa53cE2twsgCEJQZIVW7hLO+zzq6J/658vJ+/LrdLTxZOfH1Xj8/2t19nDxc/p0BAAAAAzc6u50ZzMGjF6tb95/OAQAAACG7mh3NtmOAn8/vXjnHAAAADB4X5aL+fYPgV8nnyfOAQAAAIP3/M/92+0WcL2+fPbRPQAAAGDwbgUDAAAAIEUwAAAAAFoEAwAAAKBFMAAAAABiBAMAAACgRTAAAAAAWgQDAAAAoEUwAAAAAGIEAwAAAKBFMAAAAABaBAMAAACgRTAAAAAAYgQDAAAAoEUwAAAAAFoEAwAAAKBFMAAAAABiBAMAAACgRTAAAAAAWgQDAAAAoEUwAAAAAGIEAwAAAKBFMAAAAABaBAMAAACgRTAAAAAAYgQDAAAAoEUwAAAAAFoEAwAAAKBFMAAAAABiBAMAAACgRTAAAAAAWgQDAAAAoEUwAAAAAGIEAwAAAKBFMAAAAABaBAMAAACgRTAAAAAAYgQDAAAAoEUwAAAAAFoEAwAAAKBFMAAAAABiBAMAAACgRTAAAAAAWgQDAAAAoEUwAAAAAGIEAwAAAKBFMAAAAABaBAMAAACgRTAAAAAAYgQDAAAAoEUwAAAAAFoEAwAAAKBFMAAAAABiBAMAAACgRTAAAAAAWgQDAAAAoEUwAAAAAGIEAwAAAKBFMAAAAABazpeLvc0WMP+9vjx4MwIAeOT7/rfj2evNc+EfhMX0qkb7AwA=';
/** A PNG whose header claims 60,000 by 60,000 pixels and whose data end after 4 KiB. */
const WIDE_PNG = 'iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAYAAACA0nVCAAAAGklEQVR4nO3BAQ0AAADCoPdPbQ8HFAAAAPBuEAAAAUueozwAAAAASUVORK5CYII=';
/** A JPEG of 300 bytes that claims 65,535 by 65,535 pixels. */
const WIDE_JPEG = '/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCP////8DAREAAhEAAxEA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAgADAAA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD/2Q==';

export default [
  { name: 'a gzip bomb inside a gzip bomb meets the limit or the deadline', source: `(async () => native.gzipDecompress(await native.gzipDecompress(${bytes(BOMB)})))()`, expect: bounded },
  // A chain has no intermediates, so a fast machine squeezes 256 MiB of zeros through it in time.
  { name: 'a gzip bomb in a chain is squeezed through or meets the deadline', source: `(async () => { const id = await native.put(${bytes(BOMB)}); return native.execChain(id, ['gzip_decompress', 'gzip_decompress', 'gzip_compress']); })()`, expect: ['ok', ...bounded] },
  { name: 'gzip bombs without end are bounded', source: `(async () => { for (;;) { try { await native.gzipDecompress(await native.gzipDecompress(${bytes(BOMB)})); } catch (error) {} } })()`, expect: limited },
  { name: 'many gzip bombs at once meet the limit', source: `Promise.all(Array.from({ length: 64 }, async () => native.gzipDecompress(await native.gzipDecompress(${bytes(BOMB)}))))`, expect: limited },
  { name: 'a PNG that claims billions of pixels is refused', source: `(async () => { const id = await native.put(${bytes(WIDE_PNG)}); return native.exec('png_decode', id); })()`, expect: failed },
  { name: 'a JPEG that claims billions of pixels is refused', source: `(async () => { const id = await native.put(${bytes(WIDE_JPEG)}); return native.exec('jpeg_decode', id); })()`, expect: failed },
  { name: 'garbage given to each decoder is refused', source: `(async () => { const id = await native.put(new Uint8Array(1 << 16).map((_, i) => i * 31)); let refused = 0; for (const op of ['png_decode', 'jpeg_decode', 'gzip_decompress']) { try { await native.exec(op, id); } catch (error) { refused++; } } if (refused !== 3) throw new Error('only ' + refused); throw new Error('all refused'); })()`, expect: failed },
  { name: 'wrong ids are refused one and all', source: `(async () => { let refused = 0; const wrong = [-1, 0, 1, NaN, 1.5, 2 ** 53, 1e9, '1', null, {}, [], 10n, undefined, { valueOf() { for (;;); } }]; for (const id of wrong) { for (const use of [() => native.take(id), () => native.exec('invert', id), () => native.info(id)]) { try { await use(); } catch (error) { refused++; } } } if (refused < wrong.length * 3 - 3) throw new RangeError('only ' + refused); throw new Error('all refused'); })()`, expect: [...failed, 'ERR_TIMEOUT'] },
  { name: 'ids of others cannot be guessed', source: `(async () => { let found = 0; for (let id = 1; id < 2000; id++) { try { await native.info(id); found++; } catch (error) {} } return found; })()`, expect: ['ok', 'ERR_TIMEOUT'] },
  { name: 'unknown operations and arguments are refused', source: `(async () => { const id = await native.put(new Uint8Array(64)); let refused = 0; for (const [op, args] of [['__proto__'], ['constructor'], [''], ['no'.repeat(1e6)], ['resize_rgba', { toWidth: 2 ** 31, toHeight: 2 ** 31, width: 4, height: 4 }], ['resize_rgba', { toWidth: -1, toHeight: NaN }], ['resize_rgba', { get toWidth() { throw 1; } }], ['xor']]) { try { await native.exec(op, id, args); } catch (error) { refused++; } } throw new Error(refused + ' refused'); })()`, expect: failed },
  { name: 'a resize to billions of pixels is refused', source: `(async () => { const id = await native.put(new Uint8Array(64)); return native.exec('resize_rgba', id, { width: 4, height: 4, toWidth: 65535, toHeight: 65535 }); })()`, expect: ['ERR_GUEST', 'ERR_MEMORY'] },
  { name: 'put without end meets the limit', source: 'for (;;) native.put(new Uint8Array(1 << 20)).catch(() => {});', expect: limited },
  { name: 'put of empty buffers without end meets a limit', source: '(async () => { for (;;) await native.put(new Uint8Array(0)); })()', expect: limited },
  { name: 'put one after another meets the limit', source: '(async () => { for (;;) await native.put(new Uint8Array(1 << 20)); })()', expect: limited },
  { name: 'a chain of a million steps is answered', source: `(async () => { const id = await native.put(new Uint8Array(1 << 20)); return native.execChain(id, Array(1e6).fill('invert')); })()`, expect: ['ok', ...limited] },
  { name: 'a chain with hostile steps is answered', source: `(async () => { const id = await native.put(new Uint8Array(64)); return native.execChain(id, { length: 2 ** 53 - 1, get 0() { for (;;); } }); })()`, expect: limited },
  { name: 'heavy operations that are never awaited are bounded', source: `(async () => { const id = await native.put(new Uint8Array(65536).map(() => Math.random() * 256)); for (;;) native.exec('gzip_compress', id).catch(() => {}); })()`, expect: limited },
  { name: 'a buffer that is used and taken at once is answered', source: `(async () => { for (let i = 0; i < 200; i++) { const id = await native.put(new Uint8Array(4096)); await Promise.allSettled([native.exec('invert', id), native.take(id), native.take(id), native.free(id), native.exec('grayscale_rgba', id)]); } return 1; })()`, expect: ['ok', 'ERR_TIMEOUT'] },
  { name: 'a detached array given to put is refused', source: `(async () => { const array = new Uint8Array(64); array.buffer.transfer(); return native.put(array); })()`, expect: ['ok', ...failed] },
];
