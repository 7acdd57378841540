// What the engine has built in beyond the ES2025 library: guest code may use these names and nothing else of a host.

interface DOMException extends Error {
  readonly code: number;
}
declare var DOMException: {
  new (message?: string, name?: string): DOMException;
  readonly prototype: DOMException;
};
declare const performance: { now(): number; readonly timeOrigin: number };
declare function queueMicrotask(callback: () => void): void;
interface ErrorConstructor {
  captureStackTrace(target: object, below?: Function): void;
  isError(value: unknown): boolean;
}
interface Math {
  sumPrecise(numbers: Iterable<number>): number;
}
