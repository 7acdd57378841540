import { measureMoved } from '../bytes.mjs';

export default {
  name: 'bytesMoved',
  about:
    'A Uint8Array of 16 MiB there and back by transfer; for hostbox memory of native.alloc. Each trip counts as 16 MiB.',
  metrics: { rate: { title: '16 MiB there and back, transferred', unit: 'GiB/s', better: 'more', goal: '≥ 20 GiB/s' } },
  contenders: ['hostbox', 'isolated-vm', 'structured-clone', 'worker', 'piscina'],
  rounds: 3,
  measure: measureMoved,
};
