import hljs from 'highlight.js';

export function highlighted(code) {
  return {
    html: hljs.highlight(code, { language: 'javascript' }).value,
    guess: hljs.highlightAuto('SELECT * FROM a WHERE b = 1').language,
  };
}
