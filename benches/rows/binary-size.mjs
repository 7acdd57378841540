import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const BINARY = /\.(?:node|wasm|so|dylib|dll)(?:\.\d+)*$/;

/** Bytes of a file or of all files in a folder, and of the binaries among them. */
function weigh(path) {
  if (!statSync(path).isDirectory()) {
    const { size } = statSync(path);
    return { all: size, binary: BINARY.test(path) ? size : 0 };
  }
  const sum = { all: 0, binary: 0 };
  // A package's own packages are weighed by themselves.
  for (const name of readdirSync(path).filter((entry) => entry !== 'node_modules')) {
    const { all, binary } = weigh(join(path, name));
    sum.all += all;
    sum.binary += binary;
  }
  return sum;
}

/** A package and what npm brings with it, as far as it stands here. */
function closure(name, found = new Set()) {
  const folder = join(modules, name);
  if (found.has(folder) || !existsSync(folder)) return found;
  found.add(folder);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) closure(dependency, found);
  return found;
}

function ownFiles() {
  const { platformName } = require('../../lib/platform.js');
  const { files, napi } = require('../../package.json');
  const names = [...files, 'package.json', 'README.md', `${napi.binaryName}.${platformName()}.node`];
  return names.map((name) => join(root, name)).filter((path) => existsSync(path));
}

function packages(...names) {
  const found = new Set();
  for (const name of names) closure(name, found);
  if (found.size === 0) throw new Error(`${names[0]} is not installed`);
  return [...found];
}

const ways = {
  hostbox: ownFiles,
  'quickjs-emscripten': () => packages('quickjs-emscripten'),
  'quickjs-wasi': () => packages('quickjs-wasi'),
  '@sebastianwessel/quickjs': () => packages('@sebastianwessel/quickjs', '@jitl/quickjs-ng-wasmfile-release-sync'),
  'isolated-vm': () => packages('isolated-vm'),
  piscina: () => packages('piscina'),
  sharp: () => packages('sharp'),
};

const metric = { unit: 'MB', better: 'less' };

export default {
  name: 'binarySize',
  about:
    'What lies on the disk after an install on this platform: the package with all that npm brings along, and the binaries in it. isolated-vm keeps what its build leaves. quickjs-emscripten brings four variants of its engine.',
  metrics: {
    binary: { ...metric, title: 'binaries on disk' },
    all: { ...metric, title: 'all on disk' },
  },
  contenders: Object.keys(ways),
  ways,
  rounds: 1,
  measure(way) {
    let all = 0;
    let binary = 0;
    for (const path of way()) {
      const weight = weigh(path);
      all += weight.all;
      binary += weight.binary;
    }
    return { all: all / 1e6, binary: binary / 1e6 };
  },
};
