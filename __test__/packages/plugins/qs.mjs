import qs from 'qs';

export function there() {
  const text = qs.stringify({ a: { b: ['x', 'y z'] }, d: new Date(0), e: null }, { arrayFormat: 'brackets' });
  return { text, value: qs.parse('a[b][]=1&a[b][]=2&c=%C3%A9&d[0]=x') };
}
