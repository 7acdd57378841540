// Sandboxes that wait for nothing, not closed, one with a timer left over: they don't keep the process alive.
const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const idle = new HostRuntime('idle');
console.log(await idle.eval('1 + 1'));
const ticking = new HostRuntime('ticking');
console.log(await ticking.eval('setInterval(() => {}, 10); 2 + 2'));
globalThis.held = [idle, ticking];
