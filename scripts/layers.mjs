// The direction rule of docs/architecture.md: which room may know which. Read from the manifests, and from the sources of
// the one room where the engine stays at the edge.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, StepError } from './steps.mjs';

/** Rooms from the bottom up, and the rooms below that each may name. */
const below = {
  'hostbox-buffers': [],
  'hostbox-cache': [],
  'hostbox-permissions': [],
  'hostbox-net': ['hostbox-buffers', 'hostbox-permissions'],
  'hostbox-files': ['hostbox-buffers', 'hostbox-permissions'],
  'hostbox-source': [],
  'hostbox-wasm': ['hostbox-buffers', 'hostbox-net', 'hostbox-permissions'],
  'hostbox-engine': ['hostbox-buffers', 'hostbox-permissions'],
  'hostbox-web': [
    'hostbox-engine',
    'hostbox-files',
    'hostbox-net',
    'hostbox-buffers',
    'hostbox-cache',
    'hostbox-permissions',
    'hostbox-wasm',
  ],
  hostbox: [
    'hostbox-web',
    'hostbox-engine',
    'hostbox-files',
    'hostbox-net',
    'hostbox-buffers',
    'hostbox-cache',
    'hostbox-permissions',
    'hostbox-source',
    'hostbox-wasm',
  ],
  'hostbox-node': ['hostbox'],
  'hostbox-renamed': ['hostbox'],
};
/** Rooms of the build and of the tests: in no product, and only in these kinds of dependency. */
const tools = { 'hostbox-guest-build': 'build', 'hostbox-testkit': 'dev' };
/** Crates from outside that are the business of some rooms alone. */
const fences = {
  'aws-lc-sys': ['hostbox-web'],
  'cap-std': ['hostbox-files'],
  moka: ['hostbox-cache'],
  redb: ['hostbox-cache'],
  rquickjs: ['hostbox-engine', 'hostbox-web', 'hostbox-guest-build', 'hostbox'],
  oxc: ['hostbox-source', 'hostbox-guest-build'],
  napi: ['hostbox-node'],
  'napi-derive': ['hostbox-node'],
  reqwest: ['hostbox-net'],
  'tokio-tungstenite': ['hostbox-net'],
  wasmtime: ['hostbox-wasm'],
  'wasmtime-wasi': ['hostbox-wasm'],
  'wasmtime-wasi-http': ['hostbox-wasm'],
  'wac-graph': ['hostbox-wasm'],
  'wit-component': ['hostbox-wasm'],
  'wit-parser': ['hostbox-wasm'],
};

function dependencyBreach(room, { name, kind, path }) {
  if (name in fences && !fences[name].includes(room))
    return `${room} may not depend on ${name}: only ${fences[name].join(', ')} may`;
  if (path === undefined || path === null) return undefined;
  if (name in tools)
    return kind === tools[name] || room in tools
      ? undefined
      : `${room} may have ${name} as ${tools[name]}-dependency only`;
  if (room in tools) return undefined;
  const allowed = below[room];
  if (allowed === undefined) return `${room} is no known room: say in scripts/layers.mjs what it may know`;
  return allowed.includes(name) ? undefined : `${room} may not depend on ${name}: arrows only go down`;
}

/** What the engine's room has for everybody: what knows no value of the engine. */
const plain = ['Charge', 'ErrorClass', 'OpError', 'spawn_blocking'];

/** In crates/web, only lib.rs, ops.rs and its parts in ops/ name the engine; what lies behind them is tested without it. */
function edgeBreaches() {
  const sources = join(root, 'crates', 'web', 'src');
  return readdirSync(sources, { recursive: true })
    .filter((file) => file.endsWith('.rs') && !/(?:^|[\\/])(?:(?:ops|lib)\.rs|ops[\\/]\w+\.rs)$/.test(file))
    .filter((file) => namesEngine(readFileSync(join(sources, file), 'utf8')))
    .map((file) => `crates/web/src/${file} names the engine: that is the business of ops.rs`);
}

function namesEngine(text) {
  if (/\brquickjs::|\buse rquickjs\b/.test(text)) return true;
  const names = [...text.matchAll(/\bhostbox_engine::(?:\{([^}]*)\}|(\w+))/g)];
  return names.some(([, list, name]) =>
    (list ?? name)
      .split(',')
      .map((part) => part.trim())
      .some((part) => part !== '' && !plain.includes(part)),
  );
}

export function checkLayers() {
  const metadata = JSON.parse(run('cargo', ['metadata', '--format-version=1', '--no-deps'], { capture: true }));
  const breaches = metadata.packages.flatMap(({ name: room, dependencies }) =>
    dependencies.map((dependency) => dependencyBreach(room, dependency)).filter((breach) => breach !== undefined),
  );
  breaches.push(...edgeBreaches());
  if (breaches.length > 0) throw new StepError(breaches.join('\n'));
  console.log(`\n${metadata.packages.length} crates keep the direction rule`);
}
