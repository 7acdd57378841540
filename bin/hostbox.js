#!/usr/bin/env node
'use strict';

// `npx hostbox …`: what one wants of a component at a desk.

const { writeFile } = require('node:fs/promises');
const { parseArgs } = require('node:util');

const HELP = `Usage: hostbox <command> <component> [options]

Commands:
  types <x.wasm>   writes TypeScript declarations of what the component imports and exports to x.d.ts
  wit <x.wasm>     prints the component's world as WIT

Options:
  -o, --out <file>   where to write; - is the standard output
  -n, --name <name>  the component's name in the declarations; by default that of the file
  -h, --help         this text
  -v, --version      the version of hostbox

A component may be a binary (.wasm), text (.wat), or a core module that carries component types.`;

/** Something that the user can mend. */
class UsageError extends Error {}

/** @param {string[]} args */
function parse(args) {
  const string = /** @type {const} */ ('string');
  const boolean = /** @type {const} */ ('boolean');
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: string, short: 'o' },
        name: { type: string, short: 'n' },
        help: { type: boolean, short: 'h' },
        version: { type: boolean, short: 'v' },
      },
    });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/** @param {string[]} args */
async function main(args) {
  const { values, positionals } = parse(args);
  if (values.version) return console.log(require('../package.json').version);
  if (values.help || (positionals.length === 0 && args.length === 0)) return console.log(HELP);
  const [command, path, ...rest] = positionals;
  if (command !== 'types' && command !== 'wit') {
    const given = command === undefined ? 'there is none' : `there is no ${command}`;
    throw new UsageError(`Expected a command, types or wit: ${given}`);
  }
  if (path === undefined) throw new UsageError(`Expected a component: hostbox ${command} x.wasm`);
  if (rest.length > 0) throw new UsageError(`Expected one component but received ${rest.length + 1}`);
  const { Component } = require('../index.js');
  const component = await Component.compile({ path }, values.name === undefined ? {} : { name: values.name });
  const text = command === 'types' ? component.types() : component.wit();
  const out = values.out ?? (command === 'types' ? path.replace(/\.(wasm|wat)$/, '') + '.d.ts' : '-');
  if (out === '-') return process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  await writeFile(out, text);
  console.error(`${out} has the ${command === 'types' ? 'types' : 'WIT'} of ${component.name}`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`hostbox: ${error.message}`);
  if (error instanceof UsageError) console.error('hostbox --help says how it is used');
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
