// The type checks: the Node side with the tests of the public typings, what authors of plugins get, and the guest modules.
import { runTool } from './steps.mjs';

export function checkTypes() {
  runTool('typescript/bin/tsc', ['--project', 'tsconfig.json']);
  runTool('typescript/bin/tsc', ['--project', 'tsconfig.guest.json']);
  runTool('typescript/bin/tsc', ['--project', 'crates/web/tsconfig.json']);
}
