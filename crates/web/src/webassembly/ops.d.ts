declare module 'host:webassembly' {
  type Source = ArrayBuffer | ArrayBufferView;
  type Kind = 'function' | 'table' | 'memory' | 'global';

  /** Of the type that it is for, converted already: functions are numbers of ours, 64-bit integers BigInts. */
  type Value = number | bigint | null;

  /**
   * Why something failed: a letter for the error's class (`C`ompileError, `L`inkError, run`T`ime error, `R`angeError, typ`E` error), and its
   * message.
   */
  type Failure = string;

  /** Calls the imported function of a number: the types of its results, and the results. */
  type Dispatch = (imported: number, values: readonly Value[]) => unknown[];

  // Modules, functions, memories, tables and globals are numbers. What a native throws was thrown by an imported function, or is a
  // RangeError with code `ERR_MEMORY`.

  export function validate(bytes: Source): boolean | Failure;
  /** Off the guest's thread. */
  export function compile(bytes: Source): Promise<number | Failure>;
  /** The same, waited for. */
  export function compileNow(bytes: Source): number | Failure;
  /** Name, kind and index of each export. */
  export function exports(module: number): (string | number)[];
  /**
   * Module, name, kind and type of each import. The type of a function is `params:results`, that of a global its content after `=` where it is
   * immutable. Contents: `i`, `I`, `f`, `F` for numbers of 32 and 64 bits, `r` for references to functions, `x` for others.
   */
  export function imports(module: number): string[];
  export function customSections(module: number, name: string): ArrayBuffer[];

  /** A function of the type of a module's import. */
  export function importFunction(module: number, index: number, imported: number): number | Failure;
  /** The numbers of the exports. */
  export function instantiate(dispatch: Dispatch, module: number, imports: readonly number[]): number[] | Failure;
  export function signature(func: number): string;
  export function call(dispatch: Dispatch, func: number, params: string, values: readonly Value[]): Value[] | Failure;

  export function newMemory(initial: number, maximum: number | undefined): number | Failure;
  /** A buffer that aliases the memory until it grows. The one before is detached. */
  export function memoryBuffer(memory: number): ArrayBuffer | Failure;
  export function growMemory(memory: number, delta: number): number | Failure;

  export function newTable(initial: number, maximum: number | undefined, func: number | null): number | Failure;
  export function tableLength(table: number): number | Failure;
  export function tableGet(table: number, index: number): number | null | Failure;
  export function tableSet(table: number, index: number, func: number | null): undefined | Failure;
  export function growTable(table: number, delta: number, func: number | null): number | Failure;

  export function newGlobal(type: string, value: Value, isMutable: boolean): number | Failure;
  /** The content, after `=` where it is immutable. */
  export function globalType(global: number): string;
  export function globalGet(global: number): Value | Failure;
  export function globalSet(global: number, type: string, value: Value): undefined | Failure;
}
