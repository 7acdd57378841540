// One measurement in a process of its own: node --expose-gc scaling/measure.mjs <name>. Prints JSON.
import { measurements } from './measurements.mjs';

const { measure } = measurements.find(({ name }) => name === process.argv[2]);
process.stdout.write(`\n${JSON.stringify(await measure())}\n`);
process.exit(0);
