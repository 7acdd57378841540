// Types of every global of a hostbox guest beyond ECMAScript. In a plugin's tsconfig.json:
//
//   { "compilerOptions": { "lib": ["es2025"], "types": ["hostbox/guest"] } }
//
// They take the place of the library "dom" and of "@types/node", which have names that guests do not have.

/// <reference lib="esnext.disposable" />
/// <reference path="./web.d.ts" />
/// <reference path="./crypto.d.ts" />
/// <reference path="./host.d.ts" />
/// <reference path="./node.d.ts" />
/// <reference path="./fs.d.ts" />
/// <reference path="./modules.d.ts" />
