import { assert, test } from 'guest:test';
import { Navigator, navigator } from 'guest:navigator';

test('the user agent is hostbox with its version', () => {
  const { userAgent } = navigator;
  assert.ok(userAgent.startsWith('hostbox/') && userAgent.length > 'hostbox/'.length, userAgent);
  assert.equal(navigator.hardwareConcurrency, 1);
});

test('navigator is the only instance of its class', () => {
  assert.ok(navigator instanceof Navigator);
  assert.equal(Object.prototype.toString.call(navigator), '[object Navigator]');
  assert.throws(() => new (Navigator as any)(), TypeError);
  assert.throws(() => Object.create(navigator).userAgent, TypeError);
  assert.ok(Object.getOwnPropertyDescriptor(Navigator.prototype, 'userAgent')!.enumerable);
});

test('the names that the standard fixes are strings', () => {
  const { appCodeName, appName, appVersion, platform, product, language } = navigator;
  assert.deepEqual([appCodeName, appName, product, platform], ['Mozilla', 'Netscape', 'Gecko', '']);
  assert.equal(appVersion.indexOf('MSIE'), -1);
  assert.deepEqual([...navigator.languages], [language]);
  assert.ok(navigator.languages === navigator.languages && Object.isFrozen(navigator.languages));
});
