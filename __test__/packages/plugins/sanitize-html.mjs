import sanitizeHtml from 'sanitize-html';

export function clean(html) {
  return sanitizeHtml(html, {
    allowedTags: ['b', 'a', 'p'],
    allowedAttributes: { a: ['href'] },
    transformTags: { i: 'b' },
  });
}
