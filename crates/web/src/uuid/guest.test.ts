import { assert, test } from 'guest:test';
import { uuidv4 } from 'guest:uuid';

test('uuidv4 gives well-formed UUIDs of version 4', () => {
  for (let i = 0; i < 100; i++) {
    const uuid = uuidv4();
    assert.ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid), uuid);
  }
});

test('a thousand UUIDs are a thousand different ones', () => {
  assert.equal(new Set(Array.from({ length: 1000 }, uuidv4)).size, 1000);
});
