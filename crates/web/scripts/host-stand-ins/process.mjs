import process from 'node:process';

export const nextTick = (run) => process.nextTick(run);
export const environment = () => ['HOME', '/home/guest', 'MODE', 'test'];
export const memory = () => [1000, 3000, 10_000];
export const cpuTime = () => process.cpuUsage().user;
