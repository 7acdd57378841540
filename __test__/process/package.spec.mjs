// The packages as a user gets them: packed, added to an empty project, used without Rust.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { platformName } = require('../../lib/platform.js');
const { version } = require('../../package.json');
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hostbox-package-'));
const tarballs = join(folder, 'tarballs');
const platformPackage = `@hostbox/binding-${platformName()}`;

/** Every folder of the PATH but those with a Rust toolchain. */
const PATH = process.env.PATH.split(delimiter)
  .filter((entry) => !['cargo', 'cargo.exe', 'rustc', 'rustc.exe'].some((name) => existsSync(join(entry, name))))
  .join(delimiter);

function run(command, args, { cwd = folder, env = { ...process.env, PATH } } = {}) {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return { ok: status === 0, stdout: stdout ?? '', stderr: `${stderr ?? ''}${error ?? ''}` };
}

function succeed(command, args, options) {
  const ended = run(command, args, options);
  assert.ok(ended.ok, `${command} ${args.join(' ')}\n${ended.stdout}\n${ended.stderr}`);
  return ended.stdout;
}

function emptyProject(name) {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }\n');
  return cwd;
}

function packed() {
  return readdirSync(tarballs).map((file) => join(tarballs, file));
}

const BODY =
  "const host = new HostRuntime('x'); host.eval('1+1').then((two) => { console.log(two); return host.close(); });";

function assertRuns(cwd) {
  writeFileSync(join(cwd, 'use.cjs'), `const { HostRuntime } = require('hostbox'); ${BODY}\n`);
  writeFileSync(join(cwd, 'use.mjs'), `import { HostRuntime } from 'hostbox'; ${BODY}\n`);
  assert.equal(succeed(process.execPath, ['use.cjs'], { cwd }), '2\n');
  assert.equal(succeed(process.execPath, ['use.mjs'], { cwd }), '2\n');
}

before(() => {
  succeed(process.execPath, ['scripts/pack.mjs', '--no-build', `--out=${tarballs}`], { cwd: root, env: process.env });
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

test('npm adds the tarballs to an empty project, and both module systems run them without Rust', () => {
  const cwd = emptyProject('npm');
  succeed('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packed()], { cwd });
  assertRuns(cwd);
});

test('pnpm adds the tarballs to an empty project, and both module systems run them without Rust', (t) => {
  const cwd = emptyProject('pnpm');
  const pnpm = run('pnpm', ['--version'], { cwd }).ok ? ['pnpm'] : ['npx', '--yes', 'pnpm@10'];
  const probe = run(pnpm[0], [...pnpm.slice(1), '--version'], { cwd });
  if (!probe.ok) return t.skip(`no pnpm here, and npx cannot bring it: ${probe.stderr.trim().split('\n').at(-1)}`);
  succeed(pnpm[0], [...pnpm.slice(1), 'add', ...packed()], { cwd });
  assertRuns(cwd);
});

test('where the platform package is absent, the error names it and how to add it', () => {
  const cwd = emptyProject('absent');
  const [rootTarball] = packed().filter((file) => !file.includes('binding'));
  succeed('npm', ['install', '--offline', '--no-audit', '--no-fund', '--omit=optional', rootTarball], { cwd });
  writeFileSync(
    join(cwd, 'use.cjs'),
    "try { require('hostbox'); } catch (error) { console.log(error.code, error.message); }\n",
  );
  const said = succeed(process.execPath, ['use.cjs'], { cwd });
  assert.match(said, /^ERR_HOSTBOX_BINARY /);
  assert.ok(said.includes(`npm install ${platformPackage}@${version}`), said);
});

test('where the binary is broken, the error says so rather than asking for the package', () => {
  const cwd = emptyProject('broken');
  succeed('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packed()], { cwd });
  const installed = join(cwd, 'node_modules', platformPackage);
  writeFileSync(join(installed, `hostbox.${platformName()}.node`), 'no binary');
  writeFileSync(
    join(cwd, 'use.cjs'),
    "try { require('hostbox'); } catch (error) { console.log(error.code, error.message); }\n",
  );
  const said = succeed(process.execPath, ['use.cjs'], { cwd });
  assert.ok(said.startsWith('ERR_HOSTBOX_BINARY '), said);
  assert.ok(said.includes(`${platformPackage}@${version} is there but does not load`), said);
});

test('the typings say what the package is', () => {
  const tarball = packed().find((file) => !file.includes('binding'));
  succeed(process.execPath, [join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'), '--no-emoji', tarball]);
  succeed(process.execPath, [join(root, 'node_modules/publint/src/cli.js'), '--strict', tarball]);
});

test('all manifests bear one version', () => {
  const platforms = readdirSync(join(root, 'npm'));
  for (const platform of platforms) {
    const manifest = require(`../../npm/${platform}/package.json`);
    assert.equal(manifest.version, version, platform);
    assert.equal(manifest.name, `@hostbox/binding-${platform}`);
    assert.equal(manifest.main, `hostbox.${platform}.node`);
  }
  assert.equal(/^version = "(.+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))[1], version);
});
