import MarkdownIt from 'markdown-it';

export function html(text) {
  return new MarkdownIt({ linkify: true, typographer: true }).render(text);
}
