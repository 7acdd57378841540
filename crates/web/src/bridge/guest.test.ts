// The app of this test gives: `echo(...args)` answers its arguments, `math(x)` answers x, `math.add(a, b)` the sum, `call()` and
// `constructor()` answer their own names, `fail(message)` throws a RangeError with code 'E_APP'.
import { assert, test } from 'guest:test';
import { bridge } from 'guest:bridge';

test('each function of the app stands under its name', async () => {
  assert.deepEqual(await bridge['echo'](1, { a: [2] }), [1, { a: [2] }]);
  assert.deepEqual(await bridge['echo'](), []);
});

test('names with dots nest, under a function as well', async () => {
  assert.equal(await bridge['math'].add(2, 3), 5);
  assert.equal(await bridge['math'](7), 7);
  assert.equal(bridge['math'].add.name, 'add');
});

test('call reaches every function by its full name', async () => {
  assert.equal(await bridge.call('math.add', 2, 3), 5);
  assert.deepEqual(await bridge.call('echo', 'x'), ['x']);
});

test('call itself wins over a function of the app with that name', async () => {
  assert.equal(await bridge.call('call'), 'call');
});

test('an unknown name rejects and tells what exists', async () => {
  let caught: any;
  await bridge.call('nothing').catch((error) => (caught = error));
  assert.ok(caught instanceof TypeError);
  assert.equal((caught as any).code, 'ERR_FUNCTION_NOT_FOUND');
  assert.ok(caught.message.includes('"nothing"') && caught.message.includes('math.add'), caught.message);
  await assert.rejects(bridge.call('toString'), { code: 'ERR_FUNCTION_NOT_FOUND' });
});

test('a name that is no string rejects', async () => {
  await assert.rejects(bridge.call(5 as any), {
    name: 'TypeError',
    code: 'ERR_ARGUMENT',
    message: 'Expected a string for name but received 5 of type number',
  });
});

test('what the app throws keeps its name, message and code', async () => {
  await assert.rejects(bridge['fail']('no'), { name: 'RangeError', message: 'no', code: 'E_APP' });
});

test('bridge inherits nothing and cannot be changed', async () => {
  assert.equal(Object.getPrototypeOf(bridge), null);
  assert.ok(Object.isFrozen(bridge) && Object.isFrozen(bridge['math']));
  assert.equal(bridge['toString'], undefined);
  assert.equal(await bridge['constructor'](), 'constructor');
});
