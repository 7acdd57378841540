import { assert, test } from 'guest:test';
import { constants } from 'guest:constants';

const all: Record<string, number> = constants;

test('the constants of files, errors, signals and cryptography stand side by side', () => {
  const { EEXIST, ENOENT, F_OK, O_CREAT, O_EXCL, O_WRONLY, RSA_PKCS1_PADDING, R_OK, SIGTERM, S_IFMT } = all;
  assert.deepEqual([F_OK, R_OK, O_WRONLY, O_CREAT, O_EXCL, S_IFMT], [0, 4, 1, 64, 128, 0o170000]);
  assert.deepEqual([EEXIST, ENOENT, SIGTERM, RSA_PKCS1_PADDING], [17, 2, 15, 1]);
  // Packages ask like this for what other systems have.
  assert.equal(Object.hasOwn(all, 'O_SYMLINK') || all.hasOwnProperty('O_SYMLINK'), false);
});
