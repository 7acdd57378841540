// Compiles runtime-api/source.ts to what the package has of it: CommonJS, an ES module, and their types. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { main, root, StepError } from './steps.mjs';

const OUT = join(root, 'runtime-api');
const SOURCE = join(OUT, 'source.ts');
const HEAD = '// Made from runtime-api/source.ts by scripts/runtime-api.mjs.\n';

function compiled() {
  const source = readFileSync(SOURCE, 'utf8');
  const compilerOptions = { target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false, isolatedModules: true };
  const js = (module) =>
    ts.transpileModule(source, { compilerOptions: { ...compilerOptions, module }, reportDiagnostics: true });
  const { outputText: types, diagnostics } = ts.transpileDeclaration(source, {
    compilerOptions,
    reportDiagnostics: true,
  });
  const problem = diagnostics?.[0];
  if (problem) throw new StepError(ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
  const withGlobals = `${HEAD}/// <reference path="../guest/index.d.ts" />\n${types}`;
  return {
    'index.js': HEAD + js(ts.ModuleKind.CommonJS).outputText,
    'index.mjs': HEAD + js(ts.ModuleKind.ESNext).outputText,
    'index.d.ts': withGlobals,
    'index.d.mts': withGlobals,
  };
}

/** Fails where what is committed is not what the source gives. */
export function checkRuntimeApi() {
  for (const [file, text] of Object.entries(compiled())) {
    let there;
    try {
      there = readFileSync(join(OUT, file), 'utf8');
    } catch {
      there = undefined;
    }
    if (there !== text)
      throw new StepError(`runtime-api/${file} is not what runtime-api/source.ts gives: node scripts/runtime-api.mjs`);
  }
  console.log('\nruntime-api/index.* is what runtime-api/source.ts gives');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((args) => {
    if (args.includes('--check')) return checkRuntimeApi();
    for (const [file, text] of Object.entries(compiled())) writeFileSync(join(OUT, file), text);
    return undefined;
  });
}
