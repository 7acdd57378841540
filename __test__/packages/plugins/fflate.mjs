import { gunzipSync, gzipSync, strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

export function archive() {
  const zip = zipSync({ 'a.txt': strToU8('hello'), dir: { 'b.txt': strToU8('world'.repeat(100)) } });
  const files = unzipSync(zip);
  return Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes).slice(0, 10)]);
}

export function gunzipped(bytes) {
  return strFromU8(gunzipSync(bytes));
}

export function gzipped(text) {
  return gzipSync(strToU8(text));
}
