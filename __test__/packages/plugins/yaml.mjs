import { parse, parseDocument, stringify } from 'yaml';

export function parsed(text) {
  return parse(text);
}

export function written(value) {
  return stringify(value);
}

export function edited(text) {
  const document = parseDocument(text);
  document.setIn(['a', 'b'], 2);
  return String(document);
}
