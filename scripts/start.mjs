// Runs the example from whatever state the clone is in: node scripts/start.mjs [picture…]
import { resolve } from 'node:path';
import { buildAddon } from './build.mjs';
import { main, runNode } from './steps.mjs';

await main(async (args) => {
  await buildAddon();
  // npm changes to the project's folder; pictures are named from where the user stands.
  const from = process.env.INIT_CWD ?? process.cwd();
  runNode(['examples/node/main.mjs', ...args.map((path) => resolve(from, path))]);
});
