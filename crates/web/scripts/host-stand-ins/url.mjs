// Node's own parser in the place of ours.

const { URL, URLSearchParams } = globalThis;

function parsed(url) {
  const { href, protocol, username, password, hostname, port, pathname } = url;
  const schemeEnd = protocol.length - 1;
  const hasAuthority = href.startsWith('//', protocol.length) && (hostname !== '' || protocol === 'file:');
  let at = protocol.length + (hasAuthority ? 2 : 0);
  const usernameStart = at;
  const usernameEnd = (at += username.length);
  if (password !== '') at++;
  const passwordStart = at;
  const passwordEnd = (at += password.length);
  if (username !== '' || password !== '') at++;
  const hostStart = at;
  const hostEnd = (at += hostname.length);
  if (port !== '') at++;
  const portStart = at;
  const portEnd = (at += port.length);
  const pathStart = at;
  const pathEnd = (at += pathname.length);
  const hash = href.indexOf('#', at);
  const queryEnd = hash < 0 ? href.length : hash;
  return [
    ...[href, schemeEnd, usernameStart, usernameEnd, passwordStart, passwordEnd],
    ...[hostStart, hostEnd, portStart, portEnd, pathStart, pathEnd, queryEnd],
  ];
}

function attempt(make) {
  try {
    return parsed(make());
  } catch {
    return undefined;
  }
}

export const parse = (text, base) => attempt(() => new URL(text, base));
export const canParse = (text, base) => parse(text, base) !== undefined;
export const replace = (href, part, value) =>
  attempt(() => {
    const url = new URL(href);
    url[part] = value;
    return url;
  });
export const origin = (href) => new URL(href).origin;
// A leading question mark belongs to the first name here.
export const decodeForm = (text) => [...new URLSearchParams(`&${text}`)].flat();
export function encodeForm(pairs) {
  const params = new URLSearchParams();
  for (let i = 0; i < pairs.length; i += 2) params.append(pairs[i], pairs[i + 1]);
  return params.toString();
}
