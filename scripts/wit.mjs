// Compiles the guest modules for components (crates/web/src/wit*) to what Node runs of them: lib/wit/*.js, and their types. With --check it only compares.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { main, root, StepError } from './steps.mjs';

const SOURCES = join(root, 'crates/web/src');
const OUT = join(root, 'lib/wit');
const MODULE = /^wit(\w+)$/;

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  isolatedModules: true,
};

/** `guest:witshape` → `./shape.js` */
const relink = (text) => text.replaceAll(/(['"])guest:wit(\w+)\1/g, '$1./$2.js$1');

function compiled() {
  const files = {};
  for (const feature of readdirSync(SOURCES).sort()) {
    const [, name] = MODULE.exec(feature) ?? [];
    if (name === undefined) continue;
    const source = readFileSync(join(SOURCES, feature, 'guest.ts'), 'utf8');
    const head = `// Made from crates/web/src/${feature}/guest.ts by scripts/wit.mjs.\n`;
    const { outputText, diagnostics } = ts.transpileModule(source, { compilerOptions, reportDiagnostics: true });
    const types = ts.transpileDeclaration(source, { compilerOptions, reportDiagnostics: true });
    const problem = [...(diagnostics ?? []), ...(types.diagnostics ?? [])][0];
    if (problem) throw new StepError(`${feature}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`);
    const outside = /(?:guest|host):(?!wit)\w+/.exec(outputText);
    if (outside) throw new StepError(`${feature}: Node has no ${outside[0]}`);
    files[`${name}.js`] = `${head}// @ts-nocheck\n${relink(outputText)}`;
    files[`${name}.d.ts`] = head + relink(types.outputText);
  }
  return files;
}

/** Fails where what is committed is not what the sources give. */
export function checkWit() {
  const files = compiled();
  const there = readdirSync(OUT);
  for (const file of new Set([...there, ...Object.keys(files)])) {
    if (!there.includes(file) || readFileSync(join(OUT, file), 'utf8') !== files[file])
      throw new StepError(`lib/wit/${file} is not what crates/web/src gives: node scripts/wit.mjs`);
  }
  console.log('\nlib/wit is what crates/web/src/wit* give');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((args) => {
    if (args.includes('--check')) return checkWit();
    mkdirSync(OUT, { recursive: true });
    for (const [file, text] of Object.entries(compiled())) writeFileSync(join(OUT, file), text);
    return undefined;
  });
}
