// Blob URLs of this sandbox: which URL names which Blob. A registered Blob is kept until its URL is revoked.
//
// Apart from `guest:blob`, so that URL can offer createObjectURL without loading Blob: as long as nobody has, there is no Blob to register.
// Specification: https://w3c.github.io/FileAPI/#url

import { bare } from 'guest:webidl';
import { v4 } from 'host:uuid';

let isBlob: (value: unknown) => boolean = () => false;
const registered = bare<object>();

/** For `guest:blob`. */
export function knowBlobs(check: (value: unknown) => boolean): void {
  isBlob = check;
}

/** A new URL for a Blob; undefined for anything else. */
export function registerBlob(value: unknown): string | undefined {
  if (!isBlob(value)) return undefined;
  // A sandbox has an opaque origin.
  const url = `blob:null/${v4()}`;
  registered[url] = value as object;
  return url;
}

export function revokeBlob(url: string): void {
  delete registered[url];
}

/** The Blob that a URL without fragment names. */
export function blobOfUrl(url: string): object | undefined {
  return registered[url];
}
