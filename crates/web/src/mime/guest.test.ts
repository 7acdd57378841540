import { assert, test } from 'guest:test';
import { extractMimeType, parameterOf, parseMimeType, serializeMimeType } from 'guest:mime';

test('a type has an essence, parameters and a serialization', () => {
  const type = parseMimeType(' Text/HTML;Charset="utf 8";x=y')!;
  assert.equal(type.essence, 'text/html');
  assert.equal(parameterOf(type, 'charset'), 'utf 8');
  assert.equal(parameterOf(type, 'boundary'), undefined);
  assert.equal(serializeMimeType(type), 'text/html;charset="utf 8";x=y');
});

test('what is no type is undefined', () => {
  assert.equal(parseMimeType('text'), undefined);
  assert.equal(extractMimeType(null), undefined);
  assert.equal(extractMimeType('*/*'), undefined);
});

test('a header tells the last of its types', () => {
  assert.equal(serializeMimeType(extractMimeType('a/b;charset=c, x/y, a/b')!), 'a/b');
  assert.equal(serializeMimeType(extractMimeType('a/b;charset=c, a/b')!), 'a/b;charset=c');
});
