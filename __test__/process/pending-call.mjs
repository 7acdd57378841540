// Nothing but a pending call keeps this process alive until the answer.
const { HostRuntime } = await import(process.env.HOSTBOX_MODULE ?? '../../index.js');

const runtime = new HostRuntime('pending');
runtime.eval(`new Promise((resolve) => setTimeout(resolve, 500, 'answered'))`).then(console.log);
