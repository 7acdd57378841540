// The type checks: the Node side with the tests of the public typings, and the guest modules.
import { runTool } from './steps.mjs';

export function checkTypes() {
  runTool('typescript/bin/tsc', ['--project', 'tsconfig.json']);
  runTool('typescript/bin/tsc', ['--project', 'crates/web/tsconfig.json']);
}
