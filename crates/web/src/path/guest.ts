// path: Node's module for paths as text, POSIX and Windows. Nothing here touches a file; the working directory is always '/'.

import { checkObject, checkString } from 'guest:nodeerrors';

const SLASH = 47;
const BACKSLASH = 92;
const COLON = 58;
const CWD = '/';

export interface ParsedPath {
  root: string;
  dir: string;
  base: string;
  ext: string;
  name: string;
}

type IsSeparator = (code: number) => boolean;
const isSlash: IsSeparator = (code) => code === SLASH;
const isAnySlash: IsSeparator = (code) => code === SLASH || code === BACKSLASH;

function isDriveLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** The segments with `.` and `..` worked off; `..` beyond the start stays where `mayClimb`. */
function normalizeSegments(path: string, mayClimb: boolean, separator: string, isSeparator: IsSeparator): string {
  const kept: string[] = [];
  let from = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && !isSeparator(path.charCodeAt(i))) continue;
    const segment = path.slice(from, i);
    from = i + 1;
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept[kept.length] = segment;
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.length--;
    else if (mayClimb) kept[kept.length] = segment;
  }
  return kept.join(separator);
}

/** Where the last component begins and ends, separators after it left out; nothing before `start` counts. */
function lastComponent(path: string, start: number, isSeparator: IsSeparator): { from: number; to: number } {
  let to = path.length;
  while (to > start && isSeparator(path.charCodeAt(to - 1))) to--;
  let from = to;
  while (from > start && !isSeparator(path.charCodeAt(from - 1))) from--;
  return { from, to };
}

function extensionOf(base: string): string {
  const dot = base.lastIndexOf('.');
  return dot <= 0 || base === '..' ? '' : base.slice(dot);
}

function baseOf(path: string, suffix: unknown, start: number, isSeparator: IsSeparator): string {
  if (suffix !== undefined) checkString(suffix, 'suffix');
  checkString(path, 'path');
  const { from, to } = lastComponent(path, start, isSeparator);
  const base = path.slice(from, to);
  if (suffix === undefined || suffix === '') return base;
  if (suffix === path) return '';
  if (base === suffix) return base;
  // Node's own oddity: separators at the end stay where the suffix ends as the component does.
  if (suffix.length <= path.length && suffix.endsWith(base)) return path.slice(from);
  return base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
}

function formatWith(separator: string, parts: Partial<ParsedPath>): string {
  checkObject(parts, 'pathObject');
  const dir = parts.dir || parts.root;
  const { ext } = parts;
  const base = parts.base || `${parts.name || ''}${ext ? (ext[0] === '.' ? ext : `.${ext}`) : ''}`;
  if (!dir) return base;
  return dir === parts.root ? `${dir}${base}` : `${dir}${separator}${base}`;
}

// ── POSIX ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const posix = {
  resolve(...paths: string[]): string {
    let resolved = '';
    let isAbsolute = false;
    for (let i = paths.length - 1; i >= -1 && !isAbsolute; i--) {
      const path = i >= 0 ? paths[i]! : CWD;
      checkString(path, `paths[${i}]`);
      if (path === '') continue;
      resolved = `${path}/${resolved}`;
      isAbsolute = path.charCodeAt(0) === SLASH;
    }
    return `/${normalizeSegments(resolved, false, '/', isSlash)}`;
  },

  normalize(path: string): string {
    checkString(path, 'path');
    if (path === '') return '.';
    const isAbsolute = path.charCodeAt(0) === SLASH;
    const endsInSlash = path.charCodeAt(path.length - 1) === SLASH;
    let normal = normalizeSegments(path, !isAbsolute, '/', isSlash);
    if (normal === '') {
      if (isAbsolute) return '/';
      return endsInSlash ? './' : '.';
    }
    if (endsInSlash) normal += '/';
    return isAbsolute ? `/${normal}` : normal;
  },

  isAbsolute(path: string): boolean {
    checkString(path, 'path');
    return path.charCodeAt(0) === SLASH;
  },

  join(...paths: string[]): string {
    let joined = '';
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      checkString(path, 'path');
      if (path !== '') joined = joined === '' ? path : `${joined}/${path}`;
    }
    return joined === '' ? '.' : posix.normalize(joined);
  },

  relative(from: string, to: string): string {
    checkString(from, 'from');
    checkString(to, 'to');
    return relativeOf(posix.resolve(from), posix.resolve(to), '/', (segment) => segment) ?? to;
  },

  toNamespacedPath(path: string): string {
    return path;
  },

  dirname(path: string): string {
    checkString(path, 'path');
    if (path === '') return '.';
    let end = path.length;
    while (end > 1 && path.charCodeAt(end - 1) === SLASH) end--;
    while (end > 0 && path.charCodeAt(end - 1) !== SLASH) end--;
    if (end === 0) return '.';
    // 'a//b' is in 'a/': one separator goes; '//b' is in '//'.
    if (end === 1) return '/';
    return end === 2 && path.charCodeAt(0) === SLASH ? '//' : path.slice(0, end - 1);
  },

  basename(path: string, suffix?: string): string {
    return baseOf(path, suffix, 0, isSlash);
  },

  extname(path: string): string {
    checkString(path, 'path');
    const { from, to } = lastComponent(path, 0, isSlash);
    return extensionOf(path.slice(from, to));
  },

  format(parts: Partial<ParsedPath>): string {
    return formatWith('/', parts);
  },

  parse(path: string): ParsedPath {
    checkString(path, 'path');
    const isAbsolute = path.charCodeAt(0) === SLASH;
    const { from, to } = lastComponent(path, isAbsolute ? 1 : 0, isSlash);
    const base = path.slice(from, to);
    // Node's own oddity: '..' right below the root is '.' with the extension '.'.
    const ext = base === '..' && isAbsolute && from === 1 ? '.' : extensionOf(base);
    const name = base.slice(0, base.length - ext.length);
    const root = isAbsolute ? '/' : '';
    const dir = base !== '' && from > (isAbsolute ? 1 : 0) ? path.slice(0, from - 1) : root;
    return { root, dir, base, ext, name };
  },

  sep: '/',
  delimiter: ':',
  win32: null as unknown,
  posix: null as unknown,
  _makeLong: null as unknown,
};

/** The way from one absolute path to another; undefined where they have nothing in common. */
function relativeOf(
  from: string,
  to: string,
  separator: string,
  fold: (segment: string) => string,
): string | undefined {
  const start = segmentsOf(from, separator);
  const end = segmentsOf(to, separator);
  let common = 0;
  while (common < start.length && common < end.length && fold(start[common]!) === fold(end[common]!)) common++;
  if (common === 0 && separator === '\\' && start.length > 0 && end.length > 0) return undefined;
  const way: string[] = [];
  for (let i = common; i < start.length; i++) way[way.length] = '..';
  for (let i = common; i < end.length; i++) way[way.length] = end[i]!;
  return way.join(separator);
}

function segmentsOf(path: string, separator: string): string[] {
  return path.split(separator).filter((segment) => segment !== '');
}

// ── Windows ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Root {
  /** 'C:', '\\\\server\\share' or nothing. */
  readonly device: string;
  readonly isAbsolute: boolean;
  /** Where what follows the root begins. */
  readonly end: number;
  /** The path is a server's share and nothing else. */
  readonly isWholeShare: boolean;
}

const separatorAt = (path: string, i: number): boolean => isAnySlash(path.charCodeAt(i));

function rootOf(path: string): Root {
  const { length } = path;
  if (length > 0 && separatorAt(path, 0)) {
    const plain = { device: '', isAbsolute: true, end: 1, isWholeShare: false };
    if (length === 1 || !separatorAt(path, 1)) return plain;
    let i = 2;
    while (i < length && !separatorAt(path, i)) i++;
    const server = path.slice(2, i);
    if (i === length || server === '') return plain;
    let share = i;
    while (share < length && separatorAt(path, share)) share++;
    if (share === length) return plain;
    let end = share;
    while (end < length && !separatorAt(path, end)) end++;
    const device = `\\\\${server}\\${path.slice(share, end)}`;
    return { device, isAbsolute: true, end, isWholeShare: end === length };
  }
  if (length > 1 && path.charCodeAt(1) === COLON && isDriveLetter(path.charCodeAt(0))) {
    const isAbsolute = length > 2 && separatorAt(path, 2);
    return { device: path.slice(0, 2), isAbsolute, end: isAbsolute ? 3 : 2, isWholeShare: false };
  }
  return { device: '', isAbsolute: false, end: 0, isWholeShare: false };
}

/** As `rootOf`, but what follows `\\\\.\\` and `\\\\?\\` is no share: components of it may be worked off. */
function rootOrDevice(path: string): Root {
  const root = rootOf(path);
  const { device } = root;
  if (!device.startsWith('\\\\.\\') && !device.startsWith('\\\\?\\')) return root;
  return { device: device.slice(0, 3), isAbsolute: true, end: 4, isWholeShare: false };
}

/** Where the path's components begin for dirname and parse: behind a drive or a share and its separator. */
function bodyOf(path: string): number {
  const { device, end } = rootOf(path);
  return device.startsWith('\\\\') ? end + 1 : end;
}

const driveEnd = (path: string): number =>
  path.length >= 2 && path.charCodeAt(1) === COLON && isDriveLetter(path.charCodeAt(0)) ? 2 : 0;

const win32 = {
  resolve(...paths: string[]): string {
    let device = '';
    let tail = '';
    let isAbsolute = false;
    for (let i = paths.length - 1; i >= -1; i--) {
      const path = i >= 0 ? paths[i]! : CWD;
      checkString(path, `paths[${i}]`);
      if (path === '') continue;
      const root = rootOrDevice(path);
      if (root.device !== '') {
        if (device === '') device = root.device;
        else if (device.toLowerCase() !== root.device.toLowerCase()) continue;
      }
      if (!isAbsolute) {
        tail = `${path.slice(root.end)}\\${tail}`;
        ({ isAbsolute } = root);
      }
      if (isAbsolute && device !== '') break;
    }
    tail = normalizeSegments(tail, !isAbsolute, '\\', isAnySlash);
    return (isAbsolute ? `${device}\\${tail}` : `${device}${tail}`) || '.';
  },

  normalize(path: string): string {
    checkString(path, 'path');
    if (path === '') return '.';
    if (path.length === 1) return path === '/' ? '\\' : path;
    const { device, isAbsolute, end, isWholeShare } = rootOrDevice(path);
    if (isWholeShare) return `${device}\\`;
    let tail = normalizeSegments(path.slice(end), !isAbsolute, '\\', isAnySlash);
    if (tail === '' && !isAbsolute) tail = '.';
    if (tail !== '' && separatorAt(path, path.length - 1)) tail += '\\';
    if (!isAbsolute && device === '' && path.includes(':')) {
      // What became a drive or a device only now must not be taken for one.
      if (tail.length >= 2 && isDriveLetter(tail.charCodeAt(0)) && tail.charCodeAt(1) === COLON) return `.\\${tail}`;
      for (let at = path.indexOf(':'); at !== -1; at = path.indexOf(':', at + 1)) {
        if (at === path.length - 1 || separatorAt(path, at + 1)) return `.\\${tail}`;
      }
    }
    return isAbsolute ? `${device}\\${tail}` : `${device}${tail}`;
  },

  isAbsolute(path: string): boolean {
    checkString(path, 'path');
    if (path === '') return false;
    return separatorAt(path, 0) || (driveEnd(path) === 2 && path.length > 2 && separatorAt(path, 2));
  },

  join(...paths: string[]): string {
    let joined = '';
    let first = '';
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      checkString(path, 'path');
      if (path === '') continue;
      if (joined === '') joined = first = path;
      else joined += `\\${path}`;
    }
    if (joined === '') return '.';
    // Only a first part that is meant as a server's name may begin with two separators.
    const isShare = first.length > 2 && separatorAt(first, 0) && separatorAt(first, 1) && !separatorAt(first, 2);
    if (!isShare) {
      let count = 0;
      while (count < joined.length && separatorAt(joined, count)) count++;
      if (count >= 2) joined = `\\${joined.slice(count)}`;
    }
    return win32.normalize(joined);
  },

  relative(from: string, to: string): string {
    checkString(from, 'from');
    checkString(to, 'to');
    if (from === to) return '';
    const start = win32.resolve(from);
    const end = win32.resolve(to);
    return relativeOf(start, end, '\\', (segment) => segment.toLowerCase()) ?? end;
  },

  toNamespacedPath(path: string): string {
    if (typeof path !== 'string' || path === '') return path;
    const resolved = win32.resolve(path);
    if (resolved.length <= 2) return path;
    if (resolved.startsWith('\\\\')) {
      return resolved[2] === '?' || resolved[2] === '.' ? resolved : `\\\\?\\UNC\\${resolved.slice(2)}`;
    }
    return isDriveLetter(resolved.charCodeAt(0)) && resolved.startsWith(':\\', 1) ? `\\\\?\\${resolved}` : resolved;
  },

  dirname(path: string): string {
    checkString(path, 'path');
    if (path === '') return '.';
    if (path.length === 1) return separatorAt(path, 0) ? path : '.';
    const root = rootOf(path);
    if (root.isWholeShare) return path;
    const body = bodyOf(path);
    let end = path.length;
    while (end > body && separatorAt(path, end - 1)) end--;
    while (end > body && !separatorAt(path, end - 1)) end--;
    if (end > body) return path.slice(0, end - 1);
    return body === 0 ? '.' : path.slice(0, body);
  },

  basename(path: string, suffix?: string): string {
    return baseOf(path, suffix, typeof path === 'string' ? driveEnd(path) : 0, isAnySlash);
  },

  extname(path: string): string {
    checkString(path, 'path');
    const { from, to } = lastComponent(path, driveEnd(path), isAnySlash);
    return extensionOf(path.slice(from, to));
  },

  format(parts: Partial<ParsedPath>): string {
    return formatWith('\\', parts);
  },

  parse(path: string): ParsedPath {
    checkString(path, 'path');
    const whole = rootOf(path);
    if (whole.isWholeShare) return { root: path, dir: path, base: '', ext: '', name: '' };
    const body = bodyOf(path);
    const root = path.slice(0, body);
    const { from, to } = lastComponent(path, body, isAnySlash);
    const base = path.slice(from, to);
    const ext = extensionOf(base);
    const name = base.slice(0, base.length - ext.length);
    return { root, dir: base !== '' && from > body ? path.slice(0, from - 1) : root, base, ext, name };
  },

  sep: '\\',
  delimiter: ';',
  win32: null as unknown,
  posix: null as unknown,
  _makeLong: null as unknown,
};

posix.win32 = win32.win32 = win32;
posix.posix = win32.posix = posix;
posix._makeLong = posix.toNamespacedPath;
win32._makeLong = win32.toNamespacedPath;

const path = posix;

export { path, posix, win32 };
