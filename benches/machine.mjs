// Where and when figures were taken.
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const load = (values) => values.map((value) => value.toFixed(1)).join(' ');

/** Lines that every file of results carries. */
export function machine(loadBefore) {
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${memory} GiB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}; hostbox: ${process.env.HOSTBOX_BUILD ?? 'unknown'} build`,
    `load average before ${load(loadBefore)}, after ${load(loadavg())}`,
  ];
}

/** Without what names a folder of this machine. */
export function withoutPaths(message) {
  return message.replaceAll(/(?:file:\/\/)?(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}/g, (path) =>
    path.split(/[\\/]/).at(-1),
  );
}
