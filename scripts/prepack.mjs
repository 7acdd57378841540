// Before `npm pack` of the root package: names the platform packages in package.json; with --undo, after.
//
// They don't stand there in the repository: an unpublished version of them could not be installed by a clone, and whoever
// registered a name first would be asked for it. `npm publish` of the folder is refused: it packs, undoes, and only then reads
// the manifest for the registry, which would know of no platform packages. It is the tarball that is published.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, StepError } from './steps.mjs';

const file = join(root, 'package.json');
const { optionalDependencies: _, ...manifest } = JSON.parse(readFileSync(file, 'utf8'));

function platformPackages() {
  const manifests = readdirSync(join(root, 'npm')).map((name) => join(root, 'npm', name, 'package.json'));
  return Object.fromEntries(
    manifests.sort().map((path) => [JSON.parse(readFileSync(path, 'utf8')).name, manifest.version]),
  );
}

await main(([undo]) => {
  if (process.env.npm_command === 'publish') throw new StepError('Publish the tarball that npm pack makes.');
  const packed = undo === '--undo' ? manifest : { ...manifest, optionalDependencies: platformPackages() };
  writeFileSync(file, `${JSON.stringify(packed, null, 2)}\n`);
});
