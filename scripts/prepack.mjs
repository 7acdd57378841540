// Before `npm pack` and `npm publish` of the root package: names the platform packages in package.json; with --undo, after.
//
// They don't stand there in the repository: an unpublished version of them could not be installed by a clone, and whoever
// registered a name first would be asked for it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

const file = join(root, 'package.json');
const { optionalDependencies: _, ...manifest } = JSON.parse(readFileSync(file, 'utf8'));

function platformPackages() {
  const manifests = readdirSync(join(root, 'npm')).map((name) => join(root, 'npm', name, 'package.json'));
  return Object.fromEntries(
    manifests.sort().map((path) => [JSON.parse(readFileSync(path, 'utf8')).name, manifest.version]),
  );
}

const packed = process.argv.includes('--undo') ? manifest : { ...manifest, optionalDependencies: platformPackages() };
writeFileSync(file, `${JSON.stringify(packed, null, 2)}\n`);
