// Runs outside of any plugin: the name comes from the info itself.
import { assert, test } from 'guest:test';
import { getRegistered, plugin } from 'guest:plugin';

const info = { name: 'tools', version: '1.2.0', apiVersion: 2 };

test('a registered info is found by its name', () => {
  plugin.clear();
  plugin.register({ ...info, description: 'useful', extra: [1] });
  assert.deepEqual(plugin.getInfo('tools'), { ...info, description: 'useful', extra: [1] });
  assert.ok(getRegistered('tools') === plugin.getInfo('tools'));
  assert.deepEqual(plugin.list(), ['tools']);
});

test('what is not registered is undefined, names of object properties included', () => {
  plugin.clear();
  for (const name of ['tools', '__proto__', 'constructor']) assert.equal(plugin.getInfo(name), undefined);
  assert.deepEqual(plugin.list(), []);
});

test('a second registration replaces the first', () => {
  plugin.clear();
  plugin.register(info);
  plugin.register({ ...info, version: '1.3.0' });
  assert.equal(plugin.getInfo('tools')!.version, '1.3.0');
  assert.deepEqual(plugin.list(), ['tools']);
});

test('the record is a frozen copy', () => {
  plugin.clear();
  const mine = { ...info };
  plugin.register(mine);
  mine.version = 'changed';
  assert.equal(plugin.getInfo('tools')!.version, '1.2.0');
  assert.ok(Object.isFrozen(plugin.getInfo('tools')));
});

test('an invalid info is refused with what was expected', () => {
  const cases: [unknown, string][] = [
    [null, 'Expected an object for info but received null of type null'],
    [
      { version: '1', apiVersion: 1 },
      'Expected a string that is not empty for info.name but received undefined of type undefined',
    ],
    [{ ...info, name: '' }, 'Expected a string that is not empty for info.name but received "" of type string'],
    [{ name: 'x', apiVersion: 1 }, 'Expected a string for info.version but received undefined of type undefined'],
    [{ ...info, apiVersion: '2' }, 'Expected a finite number for info.apiVersion but received "2" of type string'],
    [{ ...info, apiVersion: NaN }, 'Expected a finite number for info.apiVersion but received NaN of type number'],
    [{ ...info, description: 5 }, 'Expected a string for info.description but received 5 of type number'],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => plugin.register(value as any), { name: 'TypeError', code: 'ERR_ARGUMENT', message });
  }
  assert.throws(() => plugin.getInfo(5 as any), { code: 'ERR_ARGUMENT' });
});
