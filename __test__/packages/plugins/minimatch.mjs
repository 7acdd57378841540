import { minimatch } from 'minimatch';

export function matched() {
  const names = ['a.js', 'src/b.ts', 'src/x/c.ts', '.env', 'src/d.js'];
  return {
    ts: minimatch.match(names, 'src/**/*.ts'),
    braces: minimatch.match(names, '{a,src/d}.js'),
    not: names.filter((name) => !minimatch(name, '**/*.js')),
  };
}
