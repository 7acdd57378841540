// console: formats what it is given, and hands level, text and arguments to the host. Each plugin has its own groups, counters and
// timers, whichever of them the running code belongs to. No method throws.
//
// Specification: https://console.spec.whatwg.org/

import { format, inspect } from 'guest:inspect';
import { bare, descriptor, domString, isObject, tag, uncurry } from 'guest:webidl';
import { type Level, write as writeToHost } from 'host:console';
import { current } from 'host:plugin';

const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { captureStackTrace } = Error;
const { isArray } = Array;
const { max } = Math;
const { now } = performance;
const join = uncurry(Array.prototype.join);
const padEnd = uncurry(String.prototype.padEnd);
const repeat = uncurry(String.prototype.repeat);
const replaceAll = uncurry(String.prototype.replaceAll as (what: string, by: string) => string);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf);
const startsWith = uncurry(String.prototype.startsWith);
const toFixed = uncurry(Number.prototype.toFixed);

export type Console = ReturnType<typeof createConsole>;
type Write = (level: Level, text: string, args: unknown[], plugin: string | undefined) => void;

/** What one plugin's console remembers. */
interface State {
  readonly counts: { [name: string]: number };
  readonly timers: { [name: string]: number };
  indentation: string;
}

function createConsole(plugin: string | undefined, write: Write = writeToHost) {
  const states = bare<State>();

  function state(): State {
    return (states[plugin ?? current() ?? ''] ??= { counts: bare(), timers: bare(), indentation: '' });
  }

  function emit(level: Level, text: string, args: unknown[]): void {
    const { indentation } = state();
    const lines = indentation === '' ? text : indentation + replaceAll(text, '\n', `\n${indentation}`);
    write(level, lines, args, plugin);
  }

  function log(level: Level, args: unknown[]): void {
    emit(level, apply(format, undefined, args), args);
  }

  function elapsed(name: string, data: unknown[]): void {
    const started = state().timers[name];
    if (started === undefined) return emit('warn', `No such timer: ${name}`, []);
    const text = `${name}: ${duration(milliseconds() - started)}`;
    emit('log', data.length === 0 ? text : `${text} ${apply(format, undefined, data)}`, [text, ...data]);
  }

  // The standard wants the prototype to be an empty object: it was an interface once.
  const console = Object.create(Object.create(Object.prototype));
  const methods = {
    debug: (...data: unknown[]): void => log('debug', data),
    log: (...data: unknown[]): void => log('log', data),
    info: (...data: unknown[]): void => log('info', data),
    warn: (...data: unknown[]): void => log('warn', data),
    error: (...data: unknown[]): void => log('error', data),

    trace(...data: unknown[]): void {
      const frames = stackBelow(methods.trace);
      const message = data.length === 0 ? '' : `: ${apply(format, undefined, data)}`;
      emit('trace', `Trace${message}${frames === '' ? '' : `\n${frames}`}`, data);
    },

    assert(condition: unknown = false, ...data: unknown[]): void {
      if (condition) return;
      const { 0: first } = data;
      const label = 'Assertion failed';
      if (data.length === 0) emit('error', label, [label]);
      else if (typeof first === 'string') {
        data[0] = `${label}: ${first}`;
        log('error', data);
      } else log('error', [`${label}:`, ...data]);
    },

    dir(item: unknown = undefined, options: unknown = undefined): void {
      emit('log', inspect(item, { depth: depthOf(options) }), [item]);
    },
    dirxml: (...data: unknown[]): void => log('log', data),

    table(tabularData: unknown = undefined, properties: readonly string[] | undefined = undefined): void {
      const text = tableText(tabularData, properties);
      if (text === undefined) log('log', [tabularData]);
      else emit('log', text, [tabularData]);
    },

    group(...data: unknown[]): void {
      if (data.length > 0) log('log', data);
      // Deeper levels would fill a log with spaces.
      const own = state();
      if (own.indentation.length < 200) own.indentation += '  ';
    },
    groupCollapsed: (...data: unknown[]): void => methods.group(...data),
    groupEnd(): void {
      const own = state();
      own.indentation = slice(own.indentation, 2);
    },

    count(label: unknown = 'default'): void {
      const name = labelOf(label);
      const { counts } = state();
      const count = (counts[name] = (counts[name] ?? 0) + 1);
      emit('log', `${name}: ${count}`, [`${name}: ${count}`]);
    },
    countReset(label: unknown = 'default'): void {
      const name = labelOf(label);
      const { counts } = state();
      if (counts[name] === undefined) emit('warn', `Count for "${name}" does not exist`, []);
      else delete counts[name];
    },

    time(label: unknown = 'default'): void {
      const name = labelOf(label);
      const { timers } = state();
      if (timers[name] === undefined) timers[name] = milliseconds();
      else emit('warn', `Timer "${name}" already exists`, []);
    },
    timeLog: (label: unknown = 'default', ...data: unknown[]): void => elapsed(labelOf(label), data),
    timeEnd(label: unknown = 'default'): void {
      const name = labelOf(label);
      elapsed(name, []);
      delete state().timers[name];
    },

    clear(): void {},
  };
  const names = ownKeys(methods) as (keyof typeof methods)[];
  for (let i = 0; i < names.length; i++) {
    const value = methods[names[i]!];
    defineProperty(console, names[i]!, descriptor({ value, writable: true, enumerable: true, configurable: true }));
  }
  tag(console, 'console');
  return console as typeof methods;
}

const console: Console = createConsole(undefined);

function milliseconds(): number {
  return apply(now, performance, []);
}

function duration(ms: number): string {
  return ms < 1000 ? `${toFixed(ms, 3)}ms` : `${toFixed(ms / 1000, 3)}s`;
}

/** The name of a counter or timer: converted as the specification says, and shown where that would throw. */
function labelOf(label: unknown): string {
  try {
    return slice(domString(label), 0, 1000);
  } catch {
    return labelText(label);
  }
}

/** A property's name of a table's columns, which is shown and never converted: its toString may be anything. */
function labelText(label: unknown): string {
  return slice(typeof label === 'string' ? label : inspect(label), 0, 1000);
}

function depthOf(options: unknown): number | null {
  const depth = isObject(options) ? read(options, 'depth') : undefined;
  return typeof depth === 'number' || depth === null ? depth : 2;
}

/** The frames below a function, without the header that some engines put before them. */
function stackBelow(below: Function): string {
  try {
    const holder: { stack?: unknown } = {};
    captureStackTrace(holder, below);
    const { stack } = holder;
    if (typeof stack !== 'string') return '';
    const from = startsWith(stack, '    at ') ? 0 : indexOf(stack, '\n    at ') + 1;
    return from === 0 && !startsWith(stack, '    at ')
      ? ''
      : slice(stack, from, stack[stack.length - 1] === '\n' ? -1 : undefined);
  } catch {
    return '';
  }
}

// ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const MAX_ROWS = 1_000;
const MAX_COLUMNS = 100;

/** A data property's value: a getter is not called, and what refuses to be looked at has none. */
function read(object: object, key: PropertyKey): unknown {
  try {
    return getOwnPropertyDescriptor(object, key)?.value;
  } catch {
    return undefined;
  }
}

function keysOf(object: object, limit: number): string[] {
  const keys: string[] = [];
  const all = ownKeys(object);
  for (let i = 0; i < all.length && keys.length < limit; i++) {
    const key = all[i]!;
    if (typeof key === 'string' && getOwnPropertyDescriptor(object, key)?.enumerable) keys[keys.length] = key;
  }
  return keys;
}

/** Rows and columns of a list of records; undefined where the value has none. */
function tableText(data: unknown, properties: readonly string[] | undefined): string | undefined {
  try {
    if (!isObject(data) || inspect(data, { depth: -1 }) === '[Proxy]') return undefined;
    return drawTable(data, properties);
  } catch {
    return undefined;
  }
}

function drawTable(data: object, properties: readonly string[] | undefined): string {
  const shown = (value: unknown): string => inspect(value, { depth: 0 });
  const columns: string[] = [];
  if (isArray(properties))
    for (let i = 0; i < properties.length && i < MAX_COLUMNS; i++) columns[i] = labelText(read(properties, i));
  const known = bare<true>();
  const rows: { index: string; cells: { [column: string]: string }; value: string }[] = [];
  let hasValues = false;
  const indices = keysOf(data, MAX_ROWS);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const item = read(data, index);
    const cells = bare<string>();
    const row = { index, cells, value: '' };
    rows[i] = row;
    if (!isObject(item) || typeof item === 'function') {
      row.value = shown(item);
      hasValues = true;
      continue;
    }
    // A proxy's keys would come from its traps.
    const keys = isArray(properties) ? columns : shown(item) === '[Proxy]' ? [] : keysOf(item, MAX_COLUMNS);
    for (let j = 0; j < keys.length; j++) {
      const key = keys[j]!;
      if (getOwnPropertyDescriptor(item, key) === undefined) continue;
      cells[key] = shown(read(item, key));
      if (isArray(properties) || known[key] || columns.length >= MAX_COLUMNS) continue;
      known[key] = true;
      columns[columns.length] = key;
    }
  }
  const table: string[][] = [['(index)', ...columns, ...(hasValues ? ['Values'] : [])]];
  for (let i = 0; i < rows.length; i++) {
    const { index, cells, value } = rows[i]!;
    const line = [index];
    for (let j = 0; j < columns.length; j++) line[line.length] = cells[columns[j]!] ?? '';
    if (hasValues) line[line.length] = value;
    table[table.length] = line;
  }
  return draw(table);
}

function draw(table: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (let i = 0; i < table.length; i++) {
    for (let j = 0; j < table[i]!.length; j++) widths[j] = max(widths[j] ?? 0, table[i]![j]!.length + 2);
  }
  const rule = (left: string, middle: string, right: string): string => {
    const parts: string[] = [];
    for (let i = 0; i < widths.length; i++) parts[i] = repeat('─', widths[i]!);
    return left + join(parts, middle) + right;
  };
  const lines = [rule('┌', '┬', '┐')];
  for (let i = 0; i < table.length; i++) {
    const cells: string[] = [];
    for (let j = 0; j < widths.length; j++) cells[j] = padEnd(` ${table[i]![j]!}`, widths[j]!);
    lines[lines.length] = `│${join(cells, '│')}│`;
    if (i === 0) lines[lines.length] = rule('├', '┼', '┤');
  }
  lines[lines.length] = rule('└', '┴', '┘');
  return join(lines, '\n');
}

export { console, createConsole };
