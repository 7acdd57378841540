// Runs tests in processes side by side. A process that dies or falls silent fails the test that it ran, and another takes its place.
import { fork } from 'node:child_process';

const worker = new URL('worker.mjs', import.meta.url);

/** What a process says after its test's own deadline has passed. */
const GRACE_MS = 30_000;

function crashed(message) {
  return { status: 'CRASH', message, subtests: [] };
}

/** One process for many tests. */
class Runner {
  #child;

  /** @returns {Promise<{ status: string, message?: string, subtests: object[] }>} */
  run(test) {
    const child = (this.#child ??= fork(worker, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    return new Promise((resolve) => {
      const settle = (outcome, keep) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        if (!keep) {
          this.#child = undefined;
          child.kill('SIGKILL');
        }
        resolve(outcome);
      };
      const onMessage = (outcome) => settle(outcome, true);
      const onExit = (code, signal) => settle(crashed(`the process ended (${signal ?? `exit code ${code}`})`), false);
      const timer = setTimeout(() => settle(crashed('the process fell silent'), false), test.timeoutMs + GRACE_MS);
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send(test);
    });
  }

  end() {
    this.#child?.kill();
  }
}

/**
 * @param {object[]} tests
 * @param {{ jobs: number, onEnd(test: object, outcome: object): void }} options
 */
export async function runAll(tests, { jobs, onEnd }) {
  const queue = tests.values();
  const runners = Array.from({ length: Math.min(jobs, tests.length) }, () => new Runner());
  await Promise.all(
    runners.map(async (runner) => {
      for (const test of queue) onEnd(test, await runner.run(test));
      runner.end();
    }),
  );
}
