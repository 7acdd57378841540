// One contender on one row, in a process of its own: node measure.mjs <row's file> <contender>. Prints JSON.
const [rowFile, name] = process.argv.slice(2);
const { default: row } = await import(`./rows/${rowFile}`);
const contender = row.ways?.[name] ?? (await import(`./contenders/${name}.mjs`));
const values = await row.measure(contender, name);
process.stdout.write(`\n${JSON.stringify(values)}\n`);
// Threads that a contender leaves behind are not the bench's business.
process.exit(0);
