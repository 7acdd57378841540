import { measureCopied } from '../bytes.mjs';

export default {
  name: 'bytesCopied',
  about:
    'A Uint8Array of 16 MiB of V8’s there and back by copy; the sender keeps his. memcpy: one copy, into memory that is mapped already.',
  metrics: {
    rate: { title: '16 MiB there and back, copied', unit: 'GiB/s', better: 'more', goal: '≥ half of memcpy' },
  },
  contenders: [
    'hostbox',
    'quickjs-emscripten',
    'quickjs-wasi',
    'isolated-vm',
    'structured-clone',
    'worker',
    'piscina',
    'memcpy',
  ],
  rounds: 3,
  measure: measureCopied,
};
