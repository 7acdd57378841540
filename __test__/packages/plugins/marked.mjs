import { Marked } from 'marked';

export function html(markdown) {
  return new Marked({ gfm: true }).parse(markdown);
}
