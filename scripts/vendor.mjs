// Brings code of npm packages into guest modules, as text: node scripts/vendor.mjs; with --check it only compares.
//
// A Rust user needs neither Node nor npm: the text is committed, and `npm run lint -- vendor` fails where it is not what the installed
// packages give. docs/decisions/vendored.md says which packages and why.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, StepError } from './steps.mjs';

const require = createRequire(import.meta.url);

/** What each bundle is made of, and which guest modules stand for the packages that it requires. */
const bundles = {
  nodestream: {
    package: 'readable-stream',
    entry: "import stream from 'readable-stream/lib/ours/browser.js'; export { stream };",
    stand: {
      'abort-controller':
        "import { AbortController, AbortSignal } from 'guest:abort'; export { AbortController, AbortSignal };",
      buffer:
        "import { Buffer } from 'guest:buffer'; import { load } from 'host:modules'; export { Buffer }; export const Blob = load('guest:blob').Blob;",
      events: "import { EventEmitter } from 'guest:nodeevents'; export { EventEmitter };",
      'process/': "import { nextTick } from 'guest:process'; export { nextTick }; export const env = {};",
      'string_decoder/': "import { StringDecoder } from 'guest:stringdecoder'; export { StringDecoder };",
    },
  },
};

const licenceOf = (name) => readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim();
const titleOf = (name) => `${name} ${require(`${name}/package.json`).version}`;

async function bundle({ package: name, entry, stand }) {
  const plugin = {
    name: 'stand-ins',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^(guest|host):/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /./ }, ({ path }) => (path in stand ? { path, namespace: 'stand' } : undefined));
      onLoad({ filter: /./, namespace: 'stand' }, ({ path }) => ({ contents: stand[path], resolveDir: root }));
    },
  };
  const { outputFiles, warnings } = await build({
    stdin: { contents: entry, resolveDir: root },
    bundle: true,
    charset: 'utf8',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'silent',
    platform: 'neutral',
    plugins: [plugin],
    target: 'es2024',
    write: false,
  });
  if (warnings.length > 0) throw new Error(`${name}: ${warnings[0].text}`);
  const notice = licenceOf(name).replace(/^.*$/gm, (line) => `// ${line}`.trimEnd());
  return `// Made by scripts/vendor.mjs from ${titleOf(name)}; do not edit.\n//\n${notice}\n\n${outputFiles[0].text}`;
}

/** Every file that is made here, with its text. */
async function files() {
  const made = {};
  let notices = 'hostbox contains code of these packages, under their licences.\n';
  for (const [feature, options] of Object.entries(bundles)) {
    made[`crates/web/src/${feature}/vendor.mjs`] = await bundle(options);
    notices += `\n${'='.repeat(80)}\n${titleOf(options.package)}\n\n${licenceOf(options.package)}\n`;
  }
  return { ...made, 'LICENSE-THIRD-PARTY': notices };
}

/** Writes the files, or says which one is not what it should be. */
export async function vendor(check) {
  for (const [file, text] of Object.entries(await files())) {
    if (!check) writeFileSync(join(root, file), text);
    else if (readFileSync(join(root, file), 'utf8') !== text) {
      throw new StepError(`${file} is not what the installed packages give: node scripts/vendor.mjs`);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await vendor(process.argv.includes('--check'));
