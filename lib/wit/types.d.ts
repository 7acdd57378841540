// Made from crates/web/src/wittypes/guest.ts by scripts/wit.mjs.
import type { Shape } from './shape.js';
/** The declarations of a component. */
export declare function declarations(shape: Shape, name: string): string;
