// The platforms stand in package.json (napi.targets), as folders of npm/ and in the release workflow: all three must agree.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, StepError } from './steps.mjs';

export async function checkPlatforms() {
  const { parseTriple } = await import('@napi-rs/cli');
  const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targets = napi.targets.map((triple) => parseTriple(triple).platformArchABI).sort();
  const workflow = readFileSync(join(root, '.github', 'workflows', 'release.yml'), 'utf8');
  const places = {
    'npm/': readdirSync(join(root, 'npm')),
    'release.yml': [...workflow.matchAll(/\{ platform: ([\w-]+)/g)].map(([, platform]) => platform),
  };
  for (const [place, platforms] of Object.entries(places)) {
    if (platforms.sort().join() !== targets.join())
      throw new StepError(`${place} has ${platforms.join(', ')}; napi.targets in package.json: ${targets.join(', ')}`);
  }
  console.log(`\n${targets.length} platforms in package.json, npm/ and the release workflow`);
}
