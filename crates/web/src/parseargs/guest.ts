// util.parseArgs: arguments of a command line as values and positionals.

import { checkBoolean, checkObject, checkString, coded, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { load } from 'host:modules';

const { isArray } = Array;
const { hasOwn, entries } = Object;

interface OptionConfig {
  type: 'string' | 'boolean';
  short?: string;
  multiple?: boolean;
  default?: unknown;
}
interface Config {
  args?: string[];
  options?: Record<string, OptionConfig>;
  strict?: boolean;
  allowPositionals?: boolean;
  allowNegative?: boolean;
  tokens?: boolean;
}
type Token =
  { kind: 'option-terminator'; index: number } | { kind: 'positional'; index: number; value: string } | OptionToken;
interface OptionToken {
  kind: 'option';
  name: string;
  rawName: string;
  index: number;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function checkOptions(options: Record<string, OptionConfig>): void {
  for (const [name, option] of entries(options)) {
    const label = `options.${name}`;
    checkObject(option, label);
    const { type, short, multiple, default: preset } = option as unknown as OptionConfig;
    if (type !== 'string' && type !== 'boolean') {
      throw invalidArgType(`${label}.type`, "('string|boolean')", type);
    }
    if (short !== undefined) {
      checkString(short, `${label}.short`);
      if ([...short].length !== 1) throw invalidArgValue(`${label}.short`, short, 'must be a single character');
    }
    if (multiple !== undefined) checkBoolean(multiple, `${label}.multiple`);
    if (preset === undefined) continue;
    const list = multiple ? preset : [preset];
    if (!isArray(list)) throw invalidArgType(`${label}.default`, 'an instance of Array', preset);
    for (const [index, item] of list.entries()) {
      const place = multiple ? `[${index}]` : '';
      if (typeof item !== type) throw invalidArgType(`${label}.default${place}`, `of type ${type}`, item);
    }
  }
}

function tokenize(args: readonly string[], options: Record<string, OptionConfig>): Token[] {
  const tokens: Token[] = [];
  const rest = [...args];
  let index = -1;
  let groupCount = 0;
  const typeOf = (name: string): string | undefined => (hasOwn(options, name) ? options[name]!.type : undefined);
  const nameOf = (short: string): string => entries(options).find(([, option]) => option.short === short)?.[0] ?? short;
  const takesNext = (name: string): boolean => typeOf(name) === 'string' && rest[0] !== undefined;
  while (rest.length > 0) {
    const arg = rest.shift()!;
    if (groupCount > 0) groupCount--;
    else index++;
    if (arg === '--') {
      tokens.push({ kind: 'option-terminator', index });
      for (const value of rest) tokens.push({ kind: 'positional', index: ++index, value });
      break;
    }
    const push = (name: string, rawName: string, value: string | undefined, isInline: boolean | undefined): void => {
      tokens.push({ kind: 'option', name, rawName, index, value, inlineValue: isInline });
      if (isInline === false) index++;
    };
    if (/^-[^-]$/u.test(arg)) {
      const name = nameOf(arg[1]!);
      const value = takesNext(name) ? rest.shift() : undefined;
      push(name, arg, value, value === undefined ? undefined : false);
    } else if (/^-[^-]./u.test(arg)) {
      const short = arg[1]!;
      const name = nameOf(short);
      if (typeOf(name) === 'string') push(name, `-${short}`, arg.slice(2), true);
      else {
        // A group of short options, of which the last may take a value.
        const group: string[] = [];
        for (let i = 1; i < arg.length; i++) {
          const isLast = i === arg.length - 1;
          if (typeOf(nameOf(arg[i]!)) !== 'string' || isLast) group.push(`-${arg[i]}`);
          else {
            group.push(`-${arg.slice(i)}`);
            break;
          }
        }
        rest.unshift(...group);
        groupCount = group.length;
      }
    } else if (/^--./s.test(arg)) {
      const equals = arg.indexOf('=', 3);
      if (equals !== -1) push(arg.slice(2, equals), arg.slice(0, equals), arg.slice(equals + 1), true);
      else {
        const name = arg.slice(2);
        const value = takesNext(name) ? rest.shift() : undefined;
        push(name, arg, value, value === undefined ? undefined : false);
      }
    } else tokens.push({ kind: 'positional', index, value: arg });
  }
  return tokens;
}

/** What `--no-name` switches off. */
function negated(name: string): string | undefined {
  return name.startsWith('no-') ? name.slice(3) : undefined;
}

function checkToken(
  token: OptionToken,
  options: Record<string, OptionConfig>,
  allowPositionals: boolean,
  allowNegative: boolean,
): void {
  const { rawName, value } = token;
  let { name } = token;
  const positive = allowNegative ? negated(name) : undefined;
  if (!hasOwn(options, name) && positive !== undefined && hasOwn(options, positive)) {
    if (options[positive]!.type === 'boolean') name = positive;
  }
  if (!hasOwn(options, name)) {
    const hint = allowPositionals
      ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${rawName}"`
      : '';
    throw coded(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${rawName}'${hint}`);
  }
  const { short, type } = options[name]!;
  const shown = `${short ? `-${short}, ` : ''}--${name}`;
  const wrong = (message: string): Error => coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', message);
  if (type === 'string' && typeof value !== 'string') throw wrong(`Option '${shown} <value>' argument missing`);
  if (type === 'boolean' && value !== undefined) throw wrong(`Option '${shown}' does not take an argument`);
  if (token.inlineValue === false && value!.startsWith('-') && value!.length > 1) {
    const example = rawName.startsWith('--') ? `'${rawName}=-XYZ'` : `'--${name}=-XYZ' or '${rawName}-XYZ'`;
    throw wrong(
      `Option '${rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${rawName}'?\n` +
        `To specify an option argument starting with a dash use ${example}.`,
    );
  }
}

function parseArgs(config: Config = {}): object {
  checkObject(config, 'config');
  const args = config.args ?? load<typeof import('guest:process')>('guest:process').process.argv.slice(2);
  if (!isArray(args)) throw invalidArgType('args', 'an instance of Array', args);
  const options = config.options ?? {};
  const isStrict = (config as Config).strict ?? true;
  const allowPositionals = (config as Config).allowPositionals ?? !isStrict;
  const wantsTokens = config.tokens ?? false;
  const allowNegative = (config as Config).allowNegative ?? false;
  checkObject(options, 'options');
  checkOptions(options as Record<string, OptionConfig>);
  const table = options as Record<string, OptionConfig>;
  const values: Record<string, unknown> = { __proto__: null } as never;
  const positionals: string[] = [];
  const tokens = tokenize(args as string[], table);
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (!allowPositionals) {
        const message = `Unexpected argument '${token.value}'. This command does not take positional arguments`;
        throw coded(TypeError, 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', message);
      }
      positionals.push(token.value);
    }
    if (token.kind !== 'option') continue;
    if (isStrict) checkToken(token, table, allowPositionals, allowNegative);
    if (token.name === '__proto__') continue;
    let value: unknown = token.value ?? true;
    const positive = allowNegative && token.value === undefined ? negated(token.name) : undefined;
    if (positive !== undefined) {
      token.name = positive;
      value = false;
    }
    const { name } = token;
    if (!hasOwn(table, name) || !table[name]!.multiple) values[name] = value;
    else if (values[name] === undefined) values[name] = [value];
    else (values[name] as unknown[]).push(value);
  }
  for (const [name, option] of entries(table)) {
    if (option.default !== undefined && values[name] === undefined) values[name] = option.default;
  }
  return wantsTokens ? { values, positionals, tokens } : { values, positionals };
}

export { parseArgs };
