// URLPatternInit: components of a URL, or patterns for them, made canonical and completed from a base URL.
//
// A component is encoded by putting it into a URL that has nothing else, so that one parser decides for URL and URLPattern.
// Specification: https://urlpattern.spec.whatwg.org/#canon

import { escapePattern } from 'guest:patternstring';
import { bare, dictionary, uncurry, usvString } from 'guest:webidl';
import { parse, replace } from 'host:url';
import type { Parsed, Part } from 'host:url';

const charCodeAt = uncurry(String.prototype.charCodeAt);
const codePointAt = uncurry(String.prototype.codePointAt);
const endsWith = uncurry(String.prototype.endsWith);
const lastIndexOf = uncurry(String.prototype.lastIndexOf);
const slice = uncurry(String.prototype.slice);
const startsWith = uncurry(String.prototype.startsWith);
const toLowerCase = uncurry(String.prototype.toLowerCase);
const exec = uncurry(RegExp.prototype.exec);
const percentEncode = encodeURIComponent;
const TypeErrorIntrinsic = TypeError;

export type ComponentName = 'protocol' | 'username' | 'password' | 'hostname' | 'port' | 'pathname' | 'search' | 'hash';

export type Init = { [name in ComponentName | 'baseURL']?: string };

/** The dictionary `URLPatternInit`, its members in the order of their names. */
export function toInit(value: unknown, where: string): Init {
  const init = bare<string>();
  const members = dictionary(value, where);
  if (members === undefined) return init;
  for (let i = 0; i < MEMBERS.length; i++) {
    const name = MEMBERS[i]!;
    const member = members[name];
    if (member !== undefined) init[name] = usvString(member);
  }
  return init;
}

const MEMBERS = ['baseURL', 'hash', 'hostname', 'password', 'pathname', 'port', 'protocol', 'search', 'username'];

/** The components of a parsed URL, without the characters that separate them. */
export function componentsOf({ 0: href, ...at }: Parsed): Required<Omit<Init, 'baseURL'>> {
  return {
    protocol: slice(href, 0, at[1]),
    username: slice(href, at[2], at[3]),
    password: slice(href, at[4], at[5]),
    hostname: slice(href, at[6], at[7]),
    port: slice(href, at[8], at[9]),
    pathname: slice(href, at[10], at[11]),
    search: slice(href, at[11] + 1, at[12]),
    hash: slice(href, at[12] + 1),
  };
}

// ── one component ─────────────────────────────────────────────────────────────────────────────────────────────────────

const DUMMY = 'https://dummy.invalid/';

function through(part: Part & ComponentName, value: string): string {
  if (value === '') return '';
  return componentsOf(replace(DUMMY, part, value)!)[part];
}

function invalid(name: string, value: string): TypeError {
  return new TypeErrorIntrinsic(`Invalid ${name}: ${value}`);
}

export function encodeProtocol(value: string): string {
  if (value === '') return '';
  const url = parse(`${value}://dummy.invalid/`, undefined);
  if (url === undefined) throw invalid('protocol', value);
  return componentsOf(url).protocol;
}

export function encodeUsername(value: string): string {
  return through('username', value);
}

export function encodePassword(value: string): string {
  return through('password', value);
}

// What a host cannot have: the parser would take it for the end of a port's or a user's name.
const notHost = /[:@]/;

export function encodeHostname(value: string): string {
  const text = untilHostEnds(withoutLineEnds(value));
  if (text === '') {
    if (value !== '') throw invalid('hostname', value);
    return '';
  }
  const isHost = text[0] === '[' || exec(notHost, text) === null;
  const url = isHost ? parse(`https://${text}/`, undefined) : undefined;
  if (url === undefined) throw invalid('hostname', value);
  const { hostname, port } = componentsOf(url);
  if (port !== '') throw invalid('hostname', value);
  return hostname;
}

/** As the parser does, which looks at nothing behind the host. */
function untilHostEnds(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!;
    if (char === '/' || char === '?' || char === '#' || char === '\\') return slice(value, 0, i);
  }
  return value;
}

const notAddress = /[^0-9A-Fa-f:[\]]/;

export function encodeAddress(value: string): string {
  if (exec(notAddress, value) !== null) throw invalid('hostname', value);
  return toLowerCase(value);
}

const digits = /^[0-9]+/;

export function encodePort(value: string, protocol = ''): string {
  if (value === '') return '';
  const found = exec(digits, withoutLineEnds(value));
  const port = found === null ? NaN : +found[0];
  if (!(port <= 65535)) throw invalid('port', value);
  return isDefaultPort(protocol, `${port}`) ? '' : `${port}`;
}

function withoutLineEnds(value: string): string {
  let result = '';
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!;
    if (char !== '\t' && char !== '\n' && char !== '\r') result += char;
  }
  return result;
}

export function encodePathname(value: string): string {
  if (value === '') return '';
  if (value[0] === '/') return through('pathname', value);
  // Neither a slash of the parser's own nor a dot behind it must be seen as part of the value.
  return slice(through('pathname', `/-${value}`), 2);
}

/** Of a URL whose path has no segments. */
export function encodeOpaquePathname(value: string): string {
  const text = withoutLineEnds(value);
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const code = charCodeAt(text, i);
    if (code >= 0x20 && code <= 0x7e) {
      result += text[i]!;
    } else {
      const width = codePointAt(text, i)! > 0xffff ? 2 : 1;
      result += percentEncode(slice(text, i, i + width));
      i += width - 1;
    }
  }
  return result;
}

export function encodeSearch(value: string): string {
  return value === '' ? '' : through('search', `?${value}`);
}

export function encodeHash(value: string): string {
  return value === '' ? '' : through('hash', `#${value}`);
}

// ── all of them ───────────────────────────────────────────────────────────────────────────────────────────────────────

const DEFAULT_PORTS = {
  __proto__: null,
  ftp: '21',
  file: '',
  http: '80',
  https: '443',
  ws: '80',
  wss: '443',
} as unknown as {
  [scheme: string]: string | undefined;
};

/** The schemes that the URL standard knows more of than their names. */
export const SPECIAL_SCHEMES: readonly string[] = ['ftp', 'file', 'http', 'https', 'ws', 'wss'];

export function isSpecial(protocol: string): boolean {
  return DEFAULT_PORTS[protocol] !== undefined;
}

export function isDefaultPort(protocol: string, port: string): boolean {
  return port !== '' && DEFAULT_PORTS[protocol] === port;
}

/** `process a URLPatternInit`: for a pattern, text stays as it is but for separators; for a URL it is encoded. */
export function processInit(init: Init, isPattern: boolean, result: Init): Init {
  const base = init.baseURL === undefined ? undefined : parse(init.baseURL, undefined);
  if (init.baseURL !== undefined && base === undefined) throw invalid('baseURL', init.baseURL);
  if (base !== undefined) inherit(init, componentsOf(base), isPattern, result);
  const encode = (encoder: (value: string) => string, value: string) => (isPattern ? value : encoder(value));
  const { protocol, username, password, hostname, port, pathname, search, hash } = init;
  if (protocol !== undefined) {
    result.protocol = encode(encodeProtocol, endsWith(protocol, ':') ? slice(protocol, 0, -1) : protocol);
  }
  if (username !== undefined) result.username = encode(encodeUsername, username);
  if (password !== undefined) result.password = encode(encodePassword, password);
  if (hostname !== undefined) result.hostname = encode(encodeHostname, hostname);
  const scheme = result.protocol ?? '';
  if (port !== undefined) result.port = encode((value) => encodePort(value, scheme), port);
  if (pathname !== undefined) {
    const whole = base === undefined ? pathname : onBase(pathname, base, isPattern);
    result.pathname = encode(scheme === '' || isSpecial(scheme) ? encodePathname : encodeOpaquePathname, whole);
  }
  if (search !== undefined) result.search = encode(encodeSearch, search[0] === '?' ? slice(search, 1) : search);
  if (hash !== undefined) result.hash = encode(encodeHash, hash[0] === '#' ? slice(hash, 1) : hash);
  return result;
}

/** What `init` does not say is the base URL's, up to the first component that it says. */
function inherit(init: Init, base: Required<Omit<Init, 'baseURL'>>, isPattern: boolean, result: Init): void {
  const own = (value: string) => (isPattern ? escapePattern(value) : value);
  const has = (name: ComponentName) => init[name] !== undefined;
  if (has('protocol')) return;
  result.protocol = own(base.protocol);
  if (!isPattern && !has('hostname') && !has('port') && !has('username')) {
    result.username = base.username;
    if (!has('password')) result.password = base.password;
  }
  if (has('hostname')) return;
  result.hostname = own(base.hostname);
  if (has('port')) return;
  result.port = base.port;
  if (has('pathname')) return;
  result.pathname = own(base.pathname);
  if (has('search')) return;
  result.search = own(base.search);
  if (!has('hash')) result.hash = own(base.hash);
}

function onBase(pathname: string, base: Parsed, isPattern: boolean): string {
  const path = componentsOf(base).pathname;
  const hasSegments = path === '' || path[0] === '/';
  if (!hasSegments || isAbsolute(pathname, isPattern)) return pathname;
  const folder = isPattern ? escapePattern(path) : path;
  return slice(folder, 0, lastIndexOf(folder, '/') + 1) + pathname;
}

function isAbsolute(pathname: string, isPattern: boolean): boolean {
  if (pathname[0] === '/') return true;
  return isPattern && (startsWith(pathname, '\\/') || startsWith(pathname, '{/'));
}
