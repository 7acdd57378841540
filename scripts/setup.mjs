// What a fresh clone needs before anything runs: the toolchain (checked), the npm packages (installed), the addon (built).
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, root, runNpm, StepError } from './steps.mjs';

const OLDEST_NODE = 20;

function oldestRust() {
  return /^rust-version = "([\d.]+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))[1];
}

/** Compares two versions by their numbers. */
function isOlder(version, than) {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

function checkRust() {
  const wanted = oldestRust();
  for (const program of ['cargo', 'rustc']) {
    if (!findProgram(program)) {
      throw new StepError(
        `${program} is not on the PATH: the addon is written in Rust; install Rust ${wanted} or newer from https://rustup.rs and run this again.`,
      );
    }
  }
  const { status, stdout, stderr } = spawnSync('rustc', ['--version'], { cwd: root, encoding: 'utf8' });
  const version = /^rustc ([\d.]+)/.exec(stdout)?.[1];
  if (status !== 0 || version === undefined) {
    throw new StepError(
      `rustc does not run (${stderr.trim()}): repair it with rustup default stable and run this again.`,
    );
  }
  if (isOlder(version, wanted)) {
    throw new StepError(
      `Rust ${version} is too old: install ${wanted} or newer with rustup update and run this again.`,
    );
  }
}

function checkCompiler() {
  // On Windows the linker and the C compiler come with the same package, and rustup asks for it.
  if (process.platform === 'win32' || process.env.CC) return;
  if (['cc', 'gcc', 'clang'].some(findProgram)) return;
  throw new StepError(
    'There is no C compiler (cc, gcc or clang) on the PATH: QuickJS is written in C; install one ' +
      '(Debian and Ubuntu: apt install build-essential; macOS: xcode-select --install) and run this again.',
  );
}

/** Refuses where something is missing that npm cannot bring. */
export function checkToolchain() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new StepError(
      `Node ${process.versions.node} is too old: install ${OLDEST_NODE} or newer and run this again.`,
    );
  }
  checkRust();
  checkCompiler();
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Installs a folder's npm packages where they are missing or older than its lock file: by `npm ci`, or in another way. */
export function installModules(folder = root, how = ['ci']) {
  const installed = modifiedAt(join(folder, 'node_modules', '.package-lock.json'));
  if (installed > 0 && installed >= modifiedAt(join(folder, 'package-lock.json'))) return;
  // Warnings are about the engines of packages that are never loaded here.
  runNpm([...how, '--loglevel=error'], { cwd: folder });
}
