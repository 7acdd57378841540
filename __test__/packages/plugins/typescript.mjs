import ts from 'typescript';

const files = {
  '/lib.d.ts':
    'interface Array<T> { length: number; [n: number]: T } interface Boolean {} interface CallableFunction {} interface Function {} interface IArguments {} interface NewableFunction {} interface Number {} interface Object {} interface RegExp {} interface String { length: number }',
  '/a.ts': 'export const n: number = "text";\nexport function f(x?: string) { return x.length; }\n',
};

export function transpiled(source) {
  return ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.CommonJS },
  }).outputText;
}

export function diagnostics() {
  const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2020 };
  const host = {
    fileExists: (name) => name in files,
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => '/',
    getDefaultLibFileName: () => '/lib.d.ts',
    getNewLine: () => '\n',
    getSourceFile: (name, version) => (name in files ? ts.createSourceFile(name, files[name], version) : undefined),
    readFile: (name) => files[name],
    useCaseSensitiveFileNames: () => true,
    writeFile() {},
  };
  const program = ts.createProgram(['/a.ts'], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
