import { assert, test } from 'guest:test';
import { Performance, performance } from 'guest:performance';

test('now counts milliseconds upwards from the time origin', () => {
  const first = performance.now();
  const second = performance.now();
  assert.ok(first >= 0 && second >= first);
  assert.ok(Math.abs(performance.timeOrigin + second - Date.now()) < 1000, `${performance.timeOrigin}`);
});

test('performance is the only instance of its class', () => {
  assert.ok(performance instanceof Performance);
  assert.equal(Object.prototype.toString.call(performance), '[object Performance]');
  assert.throws(() => new (Performance as any)(), TypeError);
  assert.throws(() => (performance.now as any).call({}), TypeError);
  assert.equal(JSON.stringify(performance), `{"timeOrigin":${performance.timeOrigin}}`);
});
