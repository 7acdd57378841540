import { parse, tokenizer } from 'acorn';

export function kinds(source) {
  return parse(source, { ecmaVersion: 'latest', sourceType: 'module' }).body.map(({ type }) => type);
}

export function tokens(source) {
  return [...tokenizer(source, { ecmaVersion: 'latest' })].map(({ type }) => type.label);
}
