// The legacy resolution of one URL against another: what `url.resolve` did before the URL Standard.

import type { LegacyUrl } from 'guest:nodeurl';

type Parts = LegacyUrl;

/** How the resolution knows protocols and makes copies. */
export interface Knowledge {
  isSlashed(protocol: string | null): boolean;
  isHostless(protocol: string | null): boolean;
  copy(source: Parts): Parts;
  parseHost(host: string, target: Parts): void;
}

export function resolveParts(base: Parts, relative: Parts, knows: Knowledge): Parts {
  const result = knows.copy(base);
  result.hash = relative.hash;
  if (relative.href === '') return finish(result);
  if (relative.slashes && !relative.protocol) {
    // Everything but the protocol is the other's.
    const { protocol } = result;
    Object.assign(result, knows.copy(relative), { protocol });
    if (knows.isSlashed(protocol) && result.hostname && !result.pathname) {
      result.path = '/';
      result.pathname = '/';
    }
    return finish(result);
  }
  if (relative.protocol && relative.protocol !== result.protocol) return otherProtocol(result, relative, knows);
  return samePlace(result, relative, knows);
}

function finish(result: Parts): Parts {
  result.href = result.format();
  return result;
}

function otherProtocol(result: Parts, relative: Parts, knows: Knowledge): Parts {
  if (!knows.isSlashed(relative.protocol)) {
    Object.assign(result, knows.copy(relative));
    return finish(result);
  }
  result.protocol = relative.protocol;
  if (!relative.host && !/^file:?$/.test(relative.protocol!) && !knows.isHostless(relative.protocol)) {
    const parts = (relative.pathname || '').split('/');
    while (parts.length > 0 && !(relative.host = parts.shift()!));
    relative.host ||= '';
    relative.hostname ||= '';
    if (parts[0] !== '') parts.unshift('');
    if (parts.length < 2) parts.unshift('');
    result.pathname = parts.join('/');
  } else result.pathname = relative.pathname;
  result.search = relative.search;
  result.query = relative.query;
  result.host = relative.host || '';
  result.auth = relative.auth;
  result.hostname = relative.hostname || relative.host;
  result.port = relative.port;
  if (result.pathname || result.search) result.path = (result.pathname || '') + (result.search || '');
  result.slashes ||= relative.slashes;
  return finish(result);
}

function samePlace(result: Parts, relative: Parts, knows: Knowledge): Parts {
  const isSourceAbsolute = result.pathname?.[0] === '/';
  const isRelativeAbsolute = !!relative.host || relative.pathname?.[0] === '/';
  let mustEndAbsolute: boolean = isRelativeAbsolute || isSourceAbsolute || !!(result.host && relative.pathname);
  const removeAllDots = mustEndAbsolute;
  let path = result.pathname?.split('/') ?? [];
  const other = relative.pathname?.split('/') ?? [];
  const isBare = !!result.protocol && !knows.isSlashed(result.protocol);
  // Protocols without slashes have their host in the path, as far as paths go.
  if (isBare) {
    result.hostname = '';
    result.port = null;
    if (result.host) {
      if (path[0] === '') path[0] = result.host;
      else path.unshift(result.host);
    }
    result.host = '';
    if (relative.protocol) {
      relative.hostname = null;
      relative.port = null;
      result.auth = null;
      if (relative.host) {
        if (other[0] === '') other[0] = relative.host;
        else other.unshift(relative.host);
      }
      relative.host = null;
    }
    mustEndAbsolute = mustEndAbsolute && (other[0] === '' || path[0] === '');
  }
  if (isRelativeAbsolute) {
    if (relative.host || relative.host === '') {
      if (result.host !== relative.host) result.auth = null;
      result.host = relative.host;
      result.port = relative.port;
    }
    if (relative.hostname || relative.hostname === '') {
      if (result.hostname !== relative.hostname) result.auth = null;
      result.hostname = relative.hostname;
    }
    result.search = relative.search;
    result.query = relative.query;
    path = other;
  } else if (other.length > 0) {
    path.pop();
    path = path.concat(other);
    result.search = relative.search;
    result.query = relative.query;
  } else if (relative.search !== null && relative.search !== undefined) {
    return queryAlone(result, relative, path, isBare);
  }
  return withPath(result, relative, path, isBare, mustEndAbsolute, removeAllDots);
}

/** A host that stands in front of the path, with or without a name before an @. */
function takeHost(result: Parts, host: string | undefined): void {
  result.hostname = host as string;
  result.host = host as string;
  const at = host !== undefined && host.indexOf('@') > 0 ? host.split('@') : undefined;
  if (at !== undefined) {
    result.auth = at.shift()!;
    result.host = result.hostname = at.shift()!;
  }
}

function queryAlone(result: Parts, relative: Parts, path: string[], isBare: boolean): Parts {
  if (isBare) takeHost(result, path.shift());
  result.search = relative.search;
  result.query = relative.query;
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname || '') + (result.search || '');
  return finish(result);
}

function withPath(
  result: Parts,
  relative: Parts,
  path: string[],
  isBare: boolean,
  mustEndAbsolute: boolean,
  removeAllDots: boolean,
): Parts {
  if (path.length === 0) {
    result.pathname = null;
    result.path = result.search ? `/${result.search}` : null;
    return finish(result);
  }
  let last = path[path.length - 1]!;
  const endsInSlash =
    ((result.host || relative.host || path.length > 1) && (last === '.' || last === '..')) || last === '';
  let up = 0;
  for (let i = path.length - 1; i >= 0; i--) {
    last = path[i]!;
    if (last === '.') path.splice(i, 1);
    else if (last === '..') {
      path.splice(i, 1);
      up++;
    } else if (up > 0) {
      path.splice(i, 1);
      up--;
    }
  }
  if (!mustEndAbsolute && !removeAllDots) for (; up > 0; up--) path.unshift('..');
  if (mustEndAbsolute && path[0] !== '' && (!path[0] || path[0][0] !== '/')) path.unshift('');
  if (endsInSlash && path.join('/').at(-1) !== '/') path.push('');
  const isAbsolute = path[0] === '' || path[0]?.[0] === '/';
  if (isBare) {
    takeHost(result, isAbsolute ? '' : path.length > 0 ? path.shift()! : '');
  }
  mustEndAbsolute = mustEndAbsolute || !!(result.host && path.length > 0);
  if (mustEndAbsolute && !isAbsolute) path.unshift('');
  if (path.length === 0) {
    result.pathname = null;
    result.path = null;
  } else result.pathname = path.join('/');
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname || '') + (result.search || '');
  result.auth = relative.auth || result.auth;
  result.slashes ||= relative.slashes;
  return finish(result);
}
