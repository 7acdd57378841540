// MIME types, for the features that have some: Blob, Request, Response. No global.
// Specification: https://mimesniff.spec.whatwg.org/#mime-types

import { extract, parse, serialize } from 'host:mime';
import type { Parts } from 'host:mime';

export interface MimeType {
  /** `type/subtype`, in lower case. */
  readonly essence: string;
  readonly parts: Parts;
}

function typeOf(parts: Parts | undefined): MimeType | undefined {
  return parts === undefined ? undefined : { essence: parts[0]!, parts };
}

/** `parse a MIME type`; undefined for failure. */
export function parseMimeType(text: string): MimeType | undefined {
  return typeOf(parse(text));
}

/** `extract a MIME type` from the combined value of `Content-Type`; undefined for failure, and where there is no such header. */
export function extractMimeType(header: string | null | undefined): MimeType | undefined {
  return header === null || header === undefined ? undefined : typeOf(extract(header));
}

/** The value of a parameter, whose name is in lower case. */
export function parameterOf({ parts }: MimeType, name: string): string | undefined {
  for (let i = 1; i < parts.length; i += 2) if (parts[i] === name) return parts[i + 1];
  return undefined;
}

export function serializeMimeType({ parts }: MimeType): string {
  return serialize(parts);
}
