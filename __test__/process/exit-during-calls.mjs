// process.exit in the middle of calls: guests loop, wait, compress and await the host while the process goes away.
const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const ignore = () => {};
const sources = [
  'for (;;);',
  'new Promise(() => {})',
  'setInterval(() => {}, 1); new Promise(() => {})',
  '(async () => { for (;;) await bridge.echo(1); })()',
  'for (;;) console.log("x");',
];
for (const source of sources) {
  for (let i = 0; i < 2; i++) {
    const runtime = new HostRuntime('exit', { bridge: { echo: (value) => value }, console: ignore });
    runtime.eval(source).catch(ignore);
  }
}
setTimeout(() => process.exit(7), 100);
