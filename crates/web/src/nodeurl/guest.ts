// url: Node's module: the URL Standard's classes, files as URLs, and the legacy parser that old packages use.

import { isObject } from 'guest:webidl';
import { checkString, coded, invalidArgType, invalidArgValue } from 'guest:nodeerrors';
import { posix, win32 } from 'guest:path';
import { punycode } from 'guest:punycode';
import { querystring } from 'guest:querystring';
import { URL, URLSearchParams } from 'guest:url';
import { resolveParts, type Knowledge } from 'guest:urlresolve';

const decodeComponent = decodeURIComponent;
const { assign } = Object;

export interface LegacyUrl {
  protocol: string | null;
  slashes: boolean | null;
  auth: string | null;
  host: string | null;
  port: string | null;
  hostname: string | null;
  hash: string | null;
  search: string | null;
  query: string | object | null;
  pathname: string | null;
  path: string | null;
  href: string;
  format(): string;
  resolve(relative: string): string;
  resolveObject(relative: unknown): LegacyUrl;
  parse(url: string, parseQueryString?: boolean, slashesDenoteHost?: boolean): LegacyUrl;
}

const SLASHED = ['http', 'https', 'ftp', 'gopher', 'file', 'ws', 'wss'];
const isSlashed = (protocol: string | null): boolean =>
  !!protocol && SLASHED.includes(protocol.endsWith(':') ? protocol.slice(0, -1) : protocol);
const isHostless = (protocol: string | null): boolean => protocol === 'javascript' || protocol === 'javascript:';

const Url = function (this: LegacyUrl) {
  this.protocol = null;
  this.slashes = null;
  this.auth = null;
  this.host = null;
  this.port = null;
  this.hostname = null;
  this.hash = null;
  this.search = null;
  this.query = null;
  this.pathname = null;
  this.path = null;
  this.href = null as unknown as string;
} as unknown as { new (): LegacyUrl; prototype: LegacyUrl };

// ── parsing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10 || code === 12 || code === 160 || code === 65279;
}

/** Without spaces around it, and with slashes for backslashes before a query or a fragment. */
function tidy(url: string): string {
  let start = 0;
  let end = url.length;
  while (start < end && isSpace(url.charCodeAt(start))) start++;
  while (end > start && isSpace(url.charCodeAt(end - 1))) end--;
  const text = url.slice(start, end);
  const at = text.search(/[?#]/);
  return at === -1 ? text.replaceAll('\\', '/') : text.slice(0, at).replaceAll('\\', '/') + text.slice(at);
}

const invalidUrl = (input: string): Error => assign(coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL'), { input });

Url.prototype.parse = function (url, parseQueryString, slashesDenoteHost) {
  checkString(url, 'url');
  let rest = tidy(url);
  if (!slashesDenoteHost && !/^[^?#]*@|#/.test(url)) {
    const simple = /^(\/\/?(?!\/)[^?\s]*)(\?[^\s]*)?$/.exec(rest);
    if (simple !== null) {
      this.path = rest;
      this.href = rest;
      this.pathname = simple[1]!;
      if (simple[2] !== undefined) {
        this.search = simple[2];
        this.query = parseQueryString ? querystring.parse(this.search.slice(1)) : this.search.slice(1);
      } else if (parseQueryString) {
        this.search = null;
        this.query = { __proto__: null };
      }
      return this;
    }
  }
  const scheme = /^[a-z0-9.+-]+:/i.exec(rest)?.[0];
  const protocol = scheme?.toLowerCase() ?? null;
  if (scheme !== undefined) {
    this.protocol = protocol;
    rest = rest.slice(scheme.length);
  }
  let slashes = false;
  if (slashesDenoteHost || scheme !== undefined || /^\/\/[^@/]+@[^@/]+/.test(rest)) {
    slashes = rest.startsWith('//');
    if (slashes && !isHostless(protocol)) {
      rest = rest.slice(2);
      this.slashes = true;
    }
  }
  if (!isHostless(protocol) && (slashes || (scheme !== undefined && !isSlashed(scheme)))) {
    rest = takeAuthority(this, rest, url);
  }
  if (!isHostless(protocol)) rest = rest.replace(/[\t\n\r "'<>\\^`{|}]/g, escapeUnit);
  const hashAt = rest.indexOf('#');
  if (hashAt !== -1) this.hash = rest.slice(hashAt);
  const before = hashAt === -1 ? rest : rest.slice(0, hashAt);
  const queryAt = before.indexOf('?');
  if (queryAt !== -1) {
    this.search = before.slice(queryAt);
    this.query = before.slice(queryAt + 1);
    if (parseQueryString) this.query = querystring.parse(this.query);
  } else if (parseQueryString) {
    this.search = null;
    this.query = { __proto__: null };
  }
  const pathname = queryAt === -1 ? before : before.slice(0, queryAt);
  if (pathname !== '') this.pathname = pathname;
  if (isSlashed(protocol) && this.hostname && !this.pathname) this.pathname = '/';
  if (this.pathname || this.search) this.path = (this.pathname || '') + (this.search || '');
  this.href = this.format();
  return this;
};

function escapeUnit(unit: string): string {
  return `%${unit.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Name, host and port before the path; what is left. */
function takeAuthority(parts: LegacyUrl, given: string, url: string): string {
  let rest = given;
  let nonHost = -1;
  let at = -1;
  for (let i = 0; i < rest.length; i++) {
    const unit = rest[i]!;
    // As in the URL Standard these are no part of anything.
    if (unit === '\t' || unit === '\n' || unit === '\r') {
      rest = rest.slice(0, i) + rest.slice(i + 1);
      i--;
    } else if (unit === '@') {
      at = i;
      nonHost = -1;
    } else if (unit === '#' || unit === '/' || unit === '?') {
      if (nonHost === -1) nonHost = i;
      break;
    } else if (nonHost === -1 && /[\0 "%';<>\\^`{|}]/.test(unit)) nonHost = i;
  }
  if (at !== -1) parts.auth = decodeComponent(rest.slice(0, at));
  const host = nonHost === -1 ? rest.slice(at + 1) : rest.slice(at + 1, nonHost);
  rest = nonHost === -1 ? '' : rest.slice(nonHost);
  parts.host = host;
  parseHost(host, parts);
  parts.hostname ??= '';
  const { hostname } = parts;
  const isIp6 = hostname.startsWith('[') && hostname.endsWith(']');
  if (!isIp6) {
    const wrong = hostname.search(/[/\\#?:]/);
    if (wrong !== -1) {
      parts.hostname = hostname.slice(0, wrong);
      rest = `/${hostname.slice(wrong)}${rest}`;
    }
  }
  parts.hostname = parts.hostname.length > 255 ? '' : parts.hostname.toLowerCase();
  if (parts.hostname !== '') {
    if (isIp6) {
      if (/[\0\t\n\r #%/<>?@\\^|]/.test(parts.hostname)) throw invalidUrl(url);
    } else {
      parts.hostname = punycode.toASCII(parts.hostname.normalize('NFC'));
      if (parts.hostname === '' || /[\0\t\n\r #%/:<>?@[\\\]^|]/.test(parts.hostname)) throw invalidUrl(url);
    }
  }
  parts.host = parts.hostname + (parts.port ? `:${parts.port}` : '');
  if (isIp6) {
    parts.hostname = parts.hostname.slice(1, -1);
    if (rest[0] !== '/') rest = `/${rest}`;
  }
  return rest;
}

function parseHost(host: string, parts: LegacyUrl): void {
  const port = /:[0-9]*$/.exec(host)?.[0];
  if (port !== undefined && port !== ':') parts.port = port.slice(1);
  const name = port === undefined ? host : host.slice(0, host.length - port.length);
  if (name) parts.hostname = name;
}

Url.prototype.format = function () {
  let auth = this.auth || '';
  if (auth) auth = `${encodeURIComponent(auth).replaceAll('%3A', ':')}@`;
  let protocol = this.protocol || '';
  let pathname = this.pathname || '';
  let hash = this.hash || '';
  let host = '';
  if (this.host) host = auth + this.host;
  else if (this.hostname) {
    const isBareIp6 = this.hostname.includes(':') && !/^\[.*\]$/.test(this.hostname);
    host = auth + (isBareIp6 ? `[${this.hostname}]` : this.hostname) + (this.port ? `:${this.port}` : '');
  }
  const query = isObject(this.query) ? querystring.stringify(this.query) : '';
  let search = this.search || (query && `?${query}`) || '';
  if (protocol && !protocol.endsWith(':')) protocol += ':';
  pathname = pathname.replaceAll('#', '%23').replaceAll('?', '%3F');
  if (this.slashes || isSlashed(protocol)) {
    if (this.slashes || host) {
      if (pathname && pathname[0] !== '/') pathname = `/${pathname}`;
      host = `//${host}`;
    } else if (protocol.startsWith('file')) host = '//';
  }
  search = search.replaceAll('#', '%23');
  if (hash && hash[0] !== '#') hash = `#${hash}`;
  if (search && search[0] !== '?') search = `?${search}`;
  return protocol + host + pathname + search + hash;
};

const knowledge: Knowledge = {
  isSlashed,
  isHostless,
  copy: (source) => assign(new Url(), source),
  parseHost,
};

Url.prototype.resolveObject = function (relative) {
  let other: LegacyUrl;
  if (typeof relative === 'string') other = new Url().parse(relative, false, true);
  else other = assign(new Url(), relative);
  return resolveParts(this, other, knowledge);
};

Url.prototype.resolve = function (relative) {
  return this.resolveObject(parse(relative, false, true)).format();
};

function parse(url: any, parseQueryString?: boolean, slashesDenoteHost?: boolean): LegacyUrl {
  if (url instanceof Url) return url;
  return new Url().parse(url, parseQueryString, slashesDenoteHost);
}

function resolve(from: string, to: string): string {
  return parse(from, false, true).resolve(to);
}

function resolveObject(from: any, to: any): unknown {
  return from ? parse(from, false, true).resolveObject(to) : to;
}

// ── the Standard's URLs ───────────────────────────────────────────────────────────────────────────────────────────────

interface FormatOptions {
  fragment?: boolean;
  unicode?: boolean;
  search?: boolean;
  auth?: boolean;
}

function format(given: any, options?: FormatOptions): string {
  if (typeof given === 'string') return parse(given).format();
  if (!isObject(given)) throw invalidArgType('urlObject', 'one of type object or string', given);
  if (!(given instanceof URL)) return Url.prototype.format.call(given as LegacyUrl);
  if (options !== undefined && !isObject(options)) throw invalidArgType('options', 'of type object', options);
  const url = given as URL;
  const { fragment = true, unicode = false, search = true, auth = true } = options ?? {};
  let text = url.protocol;
  if (url.host !== '' || url.protocol === 'file:') {
    text += '//';
    const hasName = auth && (url.username !== '' || url.password !== '');
    if (hasName) text += `${url.username}${url.password === '' ? '' : `:${url.password}`}@`;
    text += unicode ? domainToUnicode(url.hostname) : url.hostname;
    if (url.port !== '') text += `:${url.port}`;
  }
  text += url.pathname;
  if (search) text += url.search;
  return fragment ? text + url.hash : text;
}

function domainToASCII(domain: string): string {
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return '';
  }
}

function domainToUnicode(domain: string): string {
  const ascii = domainToASCII(domain);
  try {
    return punycode.toUnicode(ascii);
  } catch {
    return ascii;
  }
}

function fileURLToPath(given: string | URL, options?: { windows?: boolean }): string {
  let url: URL;
  if (typeof given === 'string') url = new URL(given);
  else if (isObject(given) && (given as URL).href && (given as URL).protocol) url = given;
  else throw invalidArgType('path', 'of type string or an instance of URL', given);
  if (url.protocol !== 'file:') throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
  const invalid = (reason: string): Error => coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', `File URL path ${reason}`);
  if (options?.windows) {
    if (/%2f|%5c/i.test(url.pathname)) throw invalid('must not include encoded \\ or / characters');
    const path = decodeComponent(url.pathname.replaceAll('/', '\\'));
    if (url.hostname !== '') return `\\\\${domainToUnicode(url.hostname)}${path}`;
    if (!/^\\[a-z]:/i.test(path)) throw invalid('must be absolute');
    return path.slice(1);
  }
  if (url.hostname !== '') {
    throw coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  }
  if (/%2f/i.test(url.pathname)) throw invalid('must not include encoded / characters');
  return decodeComponent(url.pathname);
}

const ESCAPES: Record<string, string> = {
  '%': '%25',
  '\\': '%5C',
  '\n': '%0A',
  '\r': '%0D',
  '\t': '%09',
  '?': '%3F',
  '#': '%23',
  '[': '%5B',
  ']': '%5D',
  '^': '%5E',
  '|': '%7C',
};
/** What a path may have in it, and the path of an URL may not or need not. */
const ESCAPED = /[%\n\r\t?#[\]^|]/g;
const ESCAPED_POSIX = /[%\\\n\r\t?#[\]^|]/g;

function pathToFileURL(path: string, options?: { windows?: boolean }): URL {
  checkString(path, 'path');
  const isWindows = !!options?.windows;
  let resolved = isWindows ? win32.resolve(path) : posix.resolve(path);
  const url = new URL('file://');
  if (isWindows && path.startsWith('\\\\')) {
    const end = resolved.indexOf('\\', 2);
    if (end === -1) throw invalidArgValue('path', resolved, 'Missing UNC resource path');
    if (end === 2) throw invalidArgValue('path', resolved, 'Empty UNC servername');
    url.hostname = domainToASCII(resolved.slice(2, end));
    url.pathname = resolved.slice(end).replace(ESCAPED, (unit) => ESCAPES[unit]!);
    return url;
  }
  if (path.endsWith('/') && !resolved.endsWith('/')) resolved += '/';
  url.pathname = resolved.replace(isWindows ? ESCAPED : ESCAPED_POSIX, (unit) => ESCAPES[unit]!);
  return url;
}

function urlToHttpOptions(url: URL): object {
  const { hostname, pathname, port, username, password, search } = url;
  const options: Record<string, unknown> = {
    __proto__: null,
    ...url,
    protocol: url.protocol,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    hash: url.hash,
    search,
    pathname,
    path: `${pathname || ''}${search || ''}`,
    href: url.href,
  };
  if (port !== '') options.port = Number(port);
  if (username || password) options.auth = `${decodeComponent(username)}:${decodeComponent(password)}`;
  return options;
}

/** What `require('url')` gives. */
const url = {
  Url,
  parse,
  resolve,
  resolveObject,
  format,
  URL,
  URLSearchParams,
  domainToASCII,
  domainToUnicode,
  pathToFileURL,
  fileURLToPath,
  urlToHttpOptions,
};

export { url };
