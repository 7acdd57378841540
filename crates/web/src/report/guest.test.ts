import { assert, test } from 'guest:test';
import { reportError } from 'guest:report';

test('reportError takes any value and returns undefined', () => {
  for (const value of [new Error('reported by a test'), undefined, null, 'text', { toString: null }]) {
    assert.equal(reportError(value), undefined);
  }
});

test('reportError without an argument is a TypeError', () => {
  assert.throws(() => (reportError as () => void)(), TypeError);
});

test('reportError has one parameter and its name', () => {
  assert.equal(reportError.length, 1);
  assert.equal(reportError.name, 'reportError');
});
