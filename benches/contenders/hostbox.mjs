import { HostRuntime } from '../../index.js';

export async function open({ bridge } = {}) {
  const host = new HostRuntime('bench', { console: 'silent', ...(bridge && { bridge }) });
  return {
    evaluate: (source) => host.eval(source),
    load: (source) => host.loadPlugin('guest', source),
    callSync: (fn, args) => host.callSync('guest', fn, args),
    echoSync: (fn, args) => host.callSync('guest', fn, args),
    call: (fn, args) => host.call('guest', fn, args),
    /** Memory that moves without a copy. */
    alloc: (byteLength) => host.native.alloc(byteLength),
    move: (bytes) => host.call('guest', 'touch', [bytes], { transfer: [bytes.buffer] }),
    copy: (bytes) => host.call('guest', 'touch', [bytes]),
    close: () => host.close(),
  };
}
