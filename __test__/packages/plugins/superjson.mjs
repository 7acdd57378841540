import superjson from 'superjson';

export function there() {
  const value = {
    at: new Date(0),
    set: new Set([1]),
    map: new Map([['a', /x/gi]]),
    big: 10n ** 20n,
    none: undefined,
    url: new URL('https://a.example/b'),
  };
  const text = superjson.stringify(value);
  const back = superjson.parse(text);
  return { text, at: back.at.getTime(), big: String(back.big), source: back.map.get('a').source, href: back.url.href };
}
