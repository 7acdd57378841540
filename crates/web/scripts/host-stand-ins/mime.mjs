// Node's own parser in the place of ours. Quoted commas are beyond this stand-in.

import { MIMEType } from 'node:util';

export function parse(text) {
  try {
    const { essence, params } = new MIMEType(text);
    return [essence, ...[...params].flat()];
  } catch {
    return undefined;
  }
}

export function extract(header) {
  let found;
  for (const text of header.split(',')) {
    const next = parse(text);
    if (next === undefined || next[0] === '*/*') continue;
    const charset = found?.[0] === next[0] ? found.indexOf('charset') : -1;
    if (charset > 0 && !next.includes('charset')) next.push('charset', found[charset + 1]);
    found = next;
  }
  return found;
}

export function serialize([essence, ...parameters]) {
  const type = new MIMEType(essence);
  for (let i = 0; i < parameters.length; i += 2) type.params.set(parameters[i], parameters[i + 1]);
  return type.toString();
}
