import { dump, load } from 'js-yaml';

export function there(text) {
  const value = load(text);
  return { value, text: dump(value, { sortKeys: true }) };
}
