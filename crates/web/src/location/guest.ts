// How relative URLs are resolved: there is no document here, so that only a `location` that somebody put on the global object gives a base.
// Specification: https://html.spec.whatwg.org/#api-base-url

import { parseUrl } from 'guest:url';
import { isObject, uncurry } from 'guest:webidl';

const slice = uncurry(String.prototype.slice);

export interface ResolvedUrl {
  readonly href: string;
  /** With its colon. */
  readonly protocol: string;
  readonly hasCredentials: boolean;
  /** Without the fragment. */
  readonly address: string;
}

/** Parses a URL; a TypeError where it is none. */
export function resolveUrl(text: string, where: string): ResolvedUrl {
  const parsed = parseUrl(text) ?? parseUrl(text, baseUrl());
  if (parsed === undefined) throw new TypeError(`${where}: "${brief(text)}" is not a URL`);
  const href = parsed[0];
  const hasFragment = parsed[12] < href.length;
  return {
    href,
    protocol: slice(href, 0, parsed[1] + 1),
    hasCredentials: parsed[2] < parsed[3] || parsed[4] < parsed[5],
    address: hasFragment ? slice(href, 0, parsed[12]) : href,
  };
}

function brief(text: string): string {
  return text.length > 200 ? `${slice(text, 0, 200)}…` : text;
}

function baseUrl(): string | undefined {
  const { location } = globalThis as { location?: unknown };
  if (!isObject(location)) return undefined;
  const { href } = location as { href?: unknown };
  return typeof href === 'string' ? href : undefined;
}
