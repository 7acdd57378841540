// process.exit from a function that a guest called: the guest's turn is under way.
const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const runtime = new HostRuntime('exit', { bridge: { leave: () => process.exit(7) } });
await runtime.eval('bridge.leave()');
