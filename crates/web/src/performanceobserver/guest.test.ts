import { assert, test } from 'guest:test';
import { performance } from 'guest:performance';
import { PerformanceObserver, PerformanceObserverEntryList } from 'guest:performanceobserver';

/** What one callback of an observer gets. */
function once(options: object, then: () => void): Promise<[PerformanceObserverEntryList, any]> {
  return new Promise((resolve) => {
    const observer = new PerformanceObserver((list, self, more) => {
      assert.ok(self === observer);
      observer.disconnect();
      resolve([list, more]);
    });
    observer.observe(options);
    then();
  });
}

test('an observer hears of entries of its types, all of a turn together', async () => {
  const [list, options] = await once({ entryTypes: ['mark', 'unknown'] }, () => {
    performance.mark('late', { startTime: 9 });
    performance.mark('early', { startTime: 3 });
    performance.measure('other');
  });
  assert.deepEqual(
    list.getEntries().map((entry) => entry.name),
    ['early', 'late'],
  );
  assert.equal(list.getEntriesByName('late')[0]!.startTime, 9);
  assert.equal(list.getEntriesByType('measure').length, 0);
  assert.equal(options.droppedEntriesCount, 0);
  performance.clearMarks();
  performance.clearMeasures();
});

test('buffered brings what came before', async () => {
  performance.mark('before');
  const [list] = await once({ type: 'mark', buffered: true }, () => {});
  assert.equal(list.getEntries()[0]!.name, 'before');
  performance.clearMarks();
});

test('takeRecords empties the buffer, and disconnect ends it all', () => {
  const observer = new PerformanceObserver(() => assert.ok(false));
  observer.observe({ type: 'mark' });
  performance.mark('x');
  assert.equal(observer.takeRecords().length, 1);
  observer.disconnect();
  performance.mark('x');
  assert.equal(observer.takeRecords().length, 0);
  performance.clearMarks();
});

test('an observer takes one type at a time or a list of them', () => {
  const observer = new PerformanceObserver(() => {});
  assert.throws(() => observer.observe({}), TypeError);
  assert.throws(() => observer.observe({ type: 'mark', entryTypes: ['mark'] }), TypeError);
  assert.throws(() => observer.observe({ entryTypes: ['mark'], buffered: true }), TypeError);
  observer.observe({ type: 'mark' });
  assert.throws(() => observer.observe({ entryTypes: ['mark'] }), { name: 'InvalidModificationError' });
  observer.disconnect();
});

test('the supported types are one frozen list', () => {
  assert.deepEqual([...PerformanceObserver.supportedEntryTypes], ['mark', 'measure']);
  assert.ok(Object.isFrozen(PerformanceObserver.supportedEntryTypes));
  assert.ok(PerformanceObserver.supportedEntryTypes === PerformanceObserver.supportedEntryTypes);
  assert.throws(() => new (PerformanceObserverEntryList as any)(), TypeError);
});
