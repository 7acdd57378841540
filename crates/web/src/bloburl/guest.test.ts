import { assert, test } from 'guest:test';
import { Blob } from 'guest:blob';
import { blobOfUrl, registerBlob, revokeBlob } from 'guest:bloburl';

test('a blob has as many URLs as were asked for, until they are revoked', () => {
  const blob = new Blob(['x']);
  const first = registerBlob(blob)!;
  const second = registerBlob(blob)!;
  assert.ok(/^blob:null\/[0-9a-f]{8}-[0-9a-f-]{27}$/.test(first), first);
  assert.ok(first !== second && blobOfUrl(first) === blob && blobOfUrl(second) === blob);
  revokeBlob(first);
  assert.ok(blobOfUrl(first) === undefined && blobOfUrl(second) === blob);
});

test('what is no blob gets no URL, and no other text is one', () => {
  assert.equal(registerBlob({}), undefined);
  for (const url of ['', 'blob:null/x', '__proto__', 'toString']) assert.equal(blobOfUrl(url), undefined);
});
