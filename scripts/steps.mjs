// Runs commands as the steps of a script. Needs nothing but Node: it works before the first `npm ci`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';

/** Something the user has to know, in one sentence: told without a stack. */
export class StepError extends Error {}

/** Whether a program is on the PATH, and where. */
export function findProgram(name) {
  const extensions = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const extension of extensions) {
      const path = join(folder, name + extension);
      if (folder !== '' && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Runs a command to its end; what it says on stdout comes back where `capture` is set. Failing throws. */
export function run(command, args, { capture = false, env = {}, cwd = root } = {}) {
  if (!capture) console.log(`\n› ${[command, ...args].join(' ')}`);
  const { error, signal, status, stdout } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
    stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
  });
  if (error) throw new StepError(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new StepError(`${command} ${args[0] ?? ''} failed (${signal ?? `exit code ${status}`})`);
  return stdout ?? '';
}

/** Runs a Node program with the Node that runs this one. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Runs npm: the one that started this script, else the one on the PATH. */
export function runNpm(args, options) {
  const own = process.env.npm_execpath;
  if (own && /npm-cli\.c?js$/.test(own)) return runNode([own, ...args], options);
  // Windows has a command file there, which only a shell can start.
  return isWindows ? run('cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options) : run('npm', args, options);
}

/** Runs a program of a development dependency, by the name of its package and the path of its script there. */
export function runTool(script, args, options) {
  return runNode([join(root, 'node_modules', ...script.split('/')), ...args], options);
}

/** Runs each part by its name, goes on after a failing one, and tells in one line how they ended. */
export async function runParts(parts, wanted) {
  const names = Object.keys(parts);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new StepError(`no such part: ${unknown.join(', ')}; there are ${names.join(', ')}`);
  const ended = [];
  let failures = 0;
  for (const name of names.filter((part) => wanted.length === 0 || wanted.includes(part))) {
    const started = performance.now();
    let mark = '✓';
    try {
      await parts[name]();
    } catch (error) {
      failures += 1;
      mark = '✗';
      console.error(`\n${error instanceof StepError ? error.message : error.stack}`);
    }
    ended.push(`${mark} ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  console.log(`\n${ended.join('   ')}`);
  if (failures > 0) process.exitCode = 1;
}

/** Runs a script's body; a StepError ends it with one line. */
export async function main(body) {
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
