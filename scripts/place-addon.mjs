// Before `npm pack` of a platform's package, in its folder: puts the addon that was built for it beside its package.json.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, StepError } from './steps.mjs';

await main(() => {
  const { main: addon } = JSON.parse(readFileSync('package.json', 'utf8'));
  const built = join(root, addon);
  if (existsSync(built)) copyFileSync(built, addon);
  else if (!existsSync(addon))
    throw new StepError(`There is no ${addon}: build it with npm run build:release on that platform.`);
});
