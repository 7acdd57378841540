// os: what packages ask about the machine, answered for the sandbox. Nothing here tells of the real one.

import { load } from 'host:modules';

const nodeProcess = (): typeof import('guest:process').process =>
  load<typeof import('guest:process')>('guest:process').process;
const text = (value: string): (() => string) & { [Symbol.toPrimitive]: () => string } =>
  Object.assign(() => value, { [Symbol.toPrimitive]: () => value });

const signals = Object.freeze({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
});
const errno = Object.freeze({
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EBADF: 9,
  ENOMEM: 12,
  EACCES: 13,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  ENOSPC: 28,
  EPIPE: 32,
  ENOTEMPTY: 39,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
});

/** What `require('os')` gives. */
const os: Record<string, unknown> = {
  EOL: '\n',
  devNull: '/dev/null',
  arch: text('x64'),
  availableParallelism: () => 1,
  constants: Object.freeze({ signals, errno, priority: Object.freeze({ PRIORITY_NORMAL: 0 }) }),
  cpus: () => [{ model: 'hostbox', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  endianness: text('LE'),
  freemem: () => {
    const { heapTotal, rss } = nodeProcess().memoryUsage();
    return heapTotal - rss;
  },
  homedir: text('/'),
  hostname: text('localhost'),
  loadavg: () => [0, 0, 0],
  machine: text('x86_64'),
  networkInterfaces: () => ({}),
  platform: text('linux'),
  release: text('0.0.0'),
  tmpdir: text('/tmp'),
  totalmem: () => nodeProcess().memoryUsage().heapTotal,
  type: text('Linux'),
  uptime: () => nodeProcess().uptime(),
  userInfo: () => ({ uid: 0, gid: 0, username: 'guest', homedir: '/', shell: null }),
  version: text('hostbox'),
};

export { os };
