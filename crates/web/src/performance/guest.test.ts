import { assert, test } from 'guest:test';
import { Performance, performance, PerformanceEntry, PerformanceMark, PerformanceMeasure } from 'guest:performance';

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

test('a mark has its name, its time and a clone of its detail', () => {
  const detail = { list: [1] };
  const mark = performance.mark('m1', { startTime: 5, detail });
  assert.deepEqual([mark.name, mark.entryType, mark.startTime, mark.duration], ['m1', 'mark', 5, 0]);
  assert.ok(mark instanceof PerformanceMark && mark instanceof PerformanceEntry);
  assert.ok(mark.detail !== detail && mark.detail.list[0] === 1);
  assert.equal(performance.mark('m1').detail, null);
  assert.deepEqual(performance.getEntriesByName('m1').length, 2);
  performance.clearMarks('m1');
  assert.equal(performance.getEntriesByName('m1').length, 0);
});

test('a mark refuses times that are none', () => {
  assert.throws(() => performance.mark('m', { startTime: -1 }), TypeError);
  assert.throws(() => performance.mark('m', { startTime: NaN }), TypeError);
  assert.throws(() => (performance as any).mark(), TypeError);
});

test('a measure goes from a mark, a time or the origin to a mark, a time or now', () => {
  performance.mark('a', { startTime: 10 });
  performance.mark('b', { startTime: 30 });
  const spans = [
    performance.measure('x', 'a', 'b'),
    performance.measure('x', { start: 'a', end: 40 }),
    performance.measure('x', { start: 1, duration: 2 }),
    performance.measure('x', { end: 'b', duration: 2 }),
    performance.measure('x', undefined, 'b'),
  ].map(({ startTime, duration }) => [startTime, duration]);
  assert.deepEqual(spans, [
    [10, 20],
    [10, 30],
    [1, 2],
    [28, 2],
    [0, 30],
  ]);
  assert.equal(performance.measure('x').startTime, 0);
  performance.clearMarks();
  performance.clearMeasures();
});

test('a measure refuses what contradicts itself, and marks that do not exist', () => {
  assert.throws(() => performance.measure('x', { start: 1 }, 'b'), TypeError);
  assert.throws(() => performance.measure('x', { duration: 1 }), TypeError);
  assert.throws(() => performance.measure('x', { start: 1, end: 2, duration: 1 }), TypeError);
  assert.throws(() => performance.measure('x', { start: -1 }), TypeError);
  assert.throws(() => performance.measure('x', 'nowhere'), { name: 'SyntaxError' });
});

test('entries come in the order of their start, whatever their type', () => {
  for (const startTime of [30, 10, 20, 10, 50, 40]) performance.mark(`s${startTime}`, { startTime });
  performance.measure('s15', { start: 15, end: 16 });
  const names = performance.getEntries().map((entry) => entry.name);
  assert.deepEqual(names, ['s10', 's10', 's15', 's20', 's30', 's40', 's50']);
  assert.equal(performance.getEntriesByType('measure').length, 1);
  assert.equal(performance.getEntriesByName('s15', 'mark').length, 0);
  performance.clearMarks();
  performance.clearMeasures();
  assert.deepEqual(performance.getEntries(), []);
});

test('an entry as JSON has the four members of every entry', () => {
  const json = performance.mark('j', { startTime: 1, detail: 1 }).toJSON();
  assert.deepEqual(json, { name: 'j', entryType: 'mark', startTime: 1, duration: 0 });
  performance.clearMarks();
  assert.throws(() => new (PerformanceMeasure as any)(), TypeError);
});
