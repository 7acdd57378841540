// Pattern strings: `/books/:id(\d+)?`. Text becomes tokens, tokens become parts, parts a regular expression and the normal form of the text.
//
// In: a pattern string, its options, and how plain text is encoded in the component it is for. Out: the compiled component, or a TypeError.
// The regular expressions are the engine's, which asks for the deadline while it matches.
// Specification: https://urlpattern.spec.whatwg.org/#pattern-strings

import { put, uncurry } from 'guest:webidl';

const codePointAt = uncurry(String.prototype.codePointAt);
const charCodeAt = uncurry(String.prototype.charCodeAt);
const hex = uncurry(Number.prototype.toString);
const slice = uncurry(String.prototype.slice);
const exec = uncurry(RegExp.prototype.exec);
const includes = uncurry(String.prototype.includes);
const RegExpIntrinsic = RegExp;
const TypeErrorIntrinsic = TypeError;

// ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type TokenType =
  | 'open'
  | 'close'
  | 'regexp'
  | 'name'
  | 'char'
  | 'escaped-char'
  | 'other-modifier'
  | 'asterisk'
  | 'end'
  | 'invalid-char';

export interface Token {
  readonly type: TokenType;
  /** Where it begins in the text. */
  readonly index: number;
  readonly value: string;
}

const OPENS_REGEXP = '(';

/** The tokens of a pattern string; a lenient one keeps what is wrong as a token, a strict one throws. */
export function tokenize(input: string, lenient: boolean): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  const add = (type: TokenType, next: number, start: number, end: number): void => {
    put(tokens, tokens.length, { type, index, value: slice(input, start, end) });
    index = next;
  };
  const fail = (next: number, start: number): void => {
    if (!lenient) throw invalid(input, index);
    add('invalid-char', next, start, next);
  };
  while (index < input.length) {
    const next = index + widthAt(input, index);
    const char = input[index]!;
    if (char === '*') add('asterisk', next, index, next);
    else if (char === '+' || char === '?') add('other-modifier', next, index, next);
    else if (char === '{') add('open', next, index, next);
    else if (char === '}') add('close', next, index, next);
    else if (char === '\\') {
      if (next === input.length) fail(next, index);
      else {
        const end = next + widthAt(input, next);
        add('escaped-char', end, next, end);
      }
    } else if (char === ':') {
      const end = nameEnd(input, next);
      if (end === next) fail(next, index);
      else add('name', end, next, end);
    } else if (char === OPENS_REGEXP) {
      const end = regexpEnd(input, next);
      if (end === undefined) fail(next, index);
      else add('regexp', end, next, end - 1);
    } else add('char', next, index, next);
  }
  add('end', index, index, index);
  return tokens;
}

function invalid(input: string, index: number): TypeError {
  return new TypeErrorIntrinsic(`Invalid pattern: ${input}, at index ${index}`);
}

function widthAt(text: string, index: number): number {
  return codePointAt(text, index)! > 0xffff ? 2 : 1;
}

const nameStart = /[$_\p{ID_Start}]/u;
const namePart = /[$\u200c\u200d\p{ID_Continue}]/u;

function isAsciiName(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_' || char === '$';
}

function nameEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const char = text[at]!;
    if (char <= '\x7f') {
      if (!isAsciiName(char) && (at === start || !isDigit(char))) break;
      at++;
      continue;
    }
    const end = at + widthAt(text, at);
    if (exec(at === start ? nameStart : namePart, slice(text, at, end)) === null) break;
    at = end;
  }
  return at;
}

function beginsLikeName(text: string): boolean {
  const char = text[0];
  if (char === undefined) return false;
  if (char <= '\x7f') return isAsciiName(char) || isDigit(char);
  return exec(namePart, slice(text, 0, widthAt(text, 0))) !== null;
}

/** The index after the parenthesis that closes a regular expression; undefined where it is malformed. Groups of its own must not capture. */
function regexpEnd(text: string, start: number): number | undefined {
  let depth = 1;
  if (text[start] === '?') return undefined;
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char > '\x7f') return undefined;
    if (char === '\\') {
      at++;
      if (at === text.length || text[at]! > '\x7f') return undefined;
    } else if (char === ')') {
      depth--;
      if (depth === 0) return at === start ? undefined : at + 1;
    } else if (char === OPENS_REGEXP) {
      depth++;
      if (text[at + 1] !== '?') return undefined;
    }
  }
  return undefined;
}

// ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Options {
  /** Where a segment wildcard ends. */
  readonly delimiter: string;
  /** What belongs to a group behind it. */
  readonly prefix: string;
  readonly ignoreCase: boolean;
}

type PartType = 'fixed-text' | 'regexp' | 'segment-wildcard' | 'full-wildcard';

interface Part {
  readonly type: PartType;
  readonly value: string;
  /** As it is written in patterns and in regular expressions alike. */
  readonly modifier: '' | '?' | '*' | '+';
  readonly name: string;
  readonly prefix: string;
  readonly suffix: string;
}

type Encode = (text: string) => string;

const FULL_WILDCARD = '.*';

function segmentWildcard({ delimiter }: Options): string {
  return `[^${escapeRegExp(delimiter)}]+?`;
}

class PatternParser {
  readonly parts: Part[] = [];
  #tokens: readonly Token[];
  #encode: Encode;
  #segment: string;
  #prefix: string;
  #input: string;
  #index = 0;
  #pending = '';
  #nextName = 0;

  constructor(input: string, options: Options, encode: Encode) {
    this.#input = input;
    this.#tokens = tokenize(input, false);
    this.#encode = encode;
    this.#segment = segmentWildcard(options);
    this.#prefix = options.prefix;
  }

  run(): void {
    while (this.#index < this.#tokens.length) {
      const char = this.#take('char');
      const name = this.#take('name');
      const matcher = this.#takeMatcher(name);
      if (name !== undefined || matcher !== undefined) {
        let prefix = char?.value ?? '';
        if (prefix !== '' && prefix !== this.#prefix) {
          this.#pending += prefix;
          prefix = '';
        }
        this.#flush();
        this.#add(prefix, name, matcher, '', this.#takeModifier());
        continue;
      }
      const fixed = char ?? this.#take('escaped-char');
      if (fixed !== undefined) {
        this.#pending += fixed.value;
        continue;
      }
      if (this.#take('open') !== undefined) this.#group();
      else {
        this.#flush();
        this.#require('end');
      }
    }
  }

  /** `{prefix:name(regexp)suffix}modifier` */
  #group(): void {
    const prefix = this.#takeText();
    const name = this.#take('name');
    const matcher = this.#takeMatcher(name);
    const suffix = this.#takeText();
    this.#require('close');
    this.#add(prefix, name, matcher, suffix, this.#takeModifier());
  }

  #take(type: TokenType): Token | undefined {
    const token = this.#tokens[this.#index];
    if (token === undefined || token.type !== type) return undefined;
    this.#index++;
    return token;
  }

  #require(type: TokenType): void {
    if (this.#take(type) === undefined) throw invalid(this.#input, this.#tokens[this.#index]!.index);
  }

  #takeMatcher(name: Token | undefined): Token | undefined {
    return this.#take('regexp') ?? (name === undefined ? this.#take('asterisk') : undefined);
  }

  #takeModifier(): Part['modifier'] {
    return ((this.#take('other-modifier') ?? this.#take('asterisk'))?.value ?? '') as Part['modifier'];
  }

  #takeText(): string {
    let text = '';
    for (;;) {
      const token = this.#take('char') ?? this.#take('escaped-char');
      if (token === undefined) return text;
      text += token.value;
    }
  }

  #flush(): void {
    if (this.#pending === '') return;
    const value = this.#encode(this.#pending);
    this.#pending = '';
    this.#put({ type: 'fixed-text', value, modifier: '', name: '', prefix: '', suffix: '' });
  }

  #put(part: Part): void {
    put(this.parts, this.parts.length, part);
  }

  #add(
    prefix: string,
    nameToken: Token | undefined,
    matcher: Token | undefined,
    suffix: string,
    modifier: Part['modifier'],
  ): void {
    if (nameToken === undefined && matcher === undefined) {
      if (modifier === '') {
        this.#pending += prefix;
        return;
      }
      this.#flush();
      if (prefix === '') return;
      this.#put({ type: 'fixed-text', value: this.#encode(prefix), modifier, name: '', prefix: '', suffix: '' });
      return;
    }
    this.#flush();
    let value = matcher === undefined ? this.#segment : matcher.type === 'asterisk' ? FULL_WILDCARD : matcher.value;
    let type: PartType = 'regexp';
    if (value === this.#segment || value === FULL_WILDCARD) {
      type = value === FULL_WILDCARD ? 'full-wildcard' : 'segment-wildcard';
      value = '';
    }
    const name = nameToken === undefined ? `${this.#nextName++}` : nameToken.value;
    for (let i = 0; i < this.parts.length; i++) {
      if (this.parts[i]!.name === name) throw new TypeErrorIntrinsic(`Invalid pattern: two groups are named ${name}`);
    }
    this.#put({ type, value, modifier, name, prefix: this.#encode(prefix), suffix: this.#encode(suffix) });
  }
}

// ── regular expressions ───────────────────────────────────────────────────────────────────────────────────────────────

function escaped(text: string, special: string): string {
  let result = '';
  for (let i = 0; i < text.length; i++) result += includes(special, text[i]!) ? `\\${text[i]!}` : text[i]!;
  return result;
}

function escapeRegExp(text: string): string {
  return escaped(text, '.+*?^${}()[]|/\\');
}

/** Text that as a pattern string matches itself. */
export function escapePattern(text: string): string {
  return escaped(text, '+*?:{}()\\');
}

function partRegExp({ type, value, modifier, prefix, suffix }: Part, options: Options): string {
  if (type === 'fixed-text') return modifier === '' ? escapeRegExp(value) : `(?:${escapeRegExp(value)})${modifier}`;
  const matcher =
    type === 'segment-wildcard' ? segmentWildcard(options) : type === 'full-wildcard' ? FULL_WILDCARD : value;
  const once = modifier === '' || modifier === '?';
  if (prefix === '' && suffix === '') return once ? `(${matcher})${modifier}` : `((?:${matcher})${modifier})`;
  const before = escapeRegExp(prefix);
  const after = escapeRegExp(suffix);
  if (once) return `(?:${before}(${matcher})${after})${modifier}`;
  const optional = modifier === '*' ? '?' : '';
  return `(?:${before}((?:${matcher})(?:${after}${before}(?:${matcher}))*)${after})${optional}`;
}

// ── the normal form ───────────────────────────────────────────────────────────────────────────────────────────────────

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function needsBraces(part: Part, previous: Part | undefined, next: Part | undefined, options: Options): boolean {
  if (part.suffix !== '' || (part.prefix !== '' && part.prefix !== options.prefix)) return true;
  const named = !isDigit(part.name[0]);
  if (
    named &&
    part.type === 'segment-wildcard' &&
    part.modifier === '' &&
    next !== undefined &&
    next.prefix === '' &&
    next.suffix === '' &&
    (next.type === 'fixed-text' ? beginsLikeName(next.value) : isDigit(next.name[0]))
  ) {
    return true;
  }
  return (
    part.prefix === '' &&
    previous !== undefined &&
    previous.type === 'fixed-text' &&
    options.prefix !== '' &&
    previous.value[previous.value.length - 1] === options.prefix
  );
}

function matcherText(part: Part, previous: Part | undefined, braces: boolean, options: Options): string {
  const named = !isDigit(part.name[0]);
  if (part.type === 'regexp') return `(${part.value})`;
  if (part.type === 'segment-wildcard') return named ? '' : `(${segmentWildcard(options)})`;
  const isShort =
    !named &&
    (previous === undefined ||
      previous.type === 'fixed-text' ||
      previous.modifier !== '' ||
      braces ||
      part.prefix !== '');
  return isShort ? '*' : `(${FULL_WILDCARD})`;
}

function patternText(parts: readonly Part[], options: Options): string {
  let text = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const { type, value, modifier, name, prefix, suffix } = part;
    if (type === 'fixed-text') {
      text += modifier === '' ? escapePattern(value) : `{${escapePattern(value)}}${modifier}`;
      continue;
    }
    const previous = i > 0 ? parts[i - 1] : undefined;
    const braces = needsBraces(part, previous, i + 1 < parts.length ? parts[i + 1] : undefined, options);
    const named = !isDigit(name[0]);
    let group = escapePattern(prefix);
    if (named) group += `:${name}`;
    group += matcherText(part, previous, braces, options);
    // Else the suffix would continue the name.
    if (type === 'segment-wildcard' && named && beginsLikeName(suffix)) group += '\\';
    group += escapePattern(suffix);
    text += (braces ? `{${group}}` : group) + modifier;
  }
  return text;
}

// ── components ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A compiled pattern string. */
export interface Component {
  readonly pattern: string;
  /** What matches; text that stands for itself and a wildcard need no regular expression. */
  readonly matcher: RegExp | string | typeof ANYTHING;
  readonly names: readonly string[];
  readonly hasRegExpGroups: boolean;
}

const ANYTHING = 0;

/** `compile a component`. */
export function compile(input: string, options: Options, encode: Encode): Component {
  if (input === '*') return { pattern: '*', matcher: ANYTHING, names: ['0'], hasRegExpGroups: false };
  const parser = new PatternParser(input, options, encode);
  parser.run();
  const { parts } = parser;
  const pattern = patternText(parts, options);
  if (!options.ignoreCase && (parts.length === 0 || (parts.length === 1 && isPlain(parts[0]!)))) {
    return { pattern, matcher: parts.length === 0 ? '' : parts[0]!.value, names: [], hasRegExpGroups: false };
  }
  const names: string[] = [];
  let source = '^';
  let hasRegExpGroups = false;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    source += partRegExp(part, options);
    if (part.type !== 'fixed-text') put(names, names.length, part.name);
    if (part.type === 'regexp') hasRegExpGroups = true;
  }
  return { pattern, matcher: regExp(`${source}$`, options), names, hasRegExpGroups };
}

function isPlain({ type, modifier }: Part): boolean {
  return type === 'fixed-text' && modifier === '';
}

function regExp(source: string, { ignoreCase }: Options): RegExp {
  try {
    return new RegExpIntrinsic(guarded(source), ignoreCase ? 'vi' : 'v');
  } catch (error) {
    throw new TypeErrorIntrinsic(`Invalid pattern: ${(error as Error).message}`);
  }
}

/**
 * The same expression for the engine, which with the flag `v` takes a hyphen, a slash and two equal marks for syntax of a class
 * even outside of classes.
 */
function guarded(source: string): string {
  let result = '';
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === '\\') {
      result += char + source[++i]!;
      continue;
    }
    if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === OPENS_REGEXP && source[i + 1] === '?') {
      // What kind of group it is, down to the mark that ends that.
      const start = i;
      while (i + 1 < source.length && !includes(':=!>)', source[i]!)) i++;
      result += slice(source, start, i + 1);
      continue;
    } else if (
      depth === 0 &&
      (char === '-' || char === '/' || (source[i + 1] === char && includes('&!#%,:;<=>@`~', char)))
    ) {
      result += `\\x${hex(charCodeAt(char, 0), 16)}`;
      continue;
    }
    result += char;
  }
  return result;
}

/** What the groups caught, behind the whole; nothing where the text does not match. */
export function match({ matcher }: Component, text: string): readonly (string | undefined)[] | undefined {
  if (matcher === ANYTHING) return [text, text];
  if (typeof matcher === 'string') return matcher === text ? [text] : undefined;
  return exec(matcher, text) ?? undefined;
}
