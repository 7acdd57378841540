import { createElement as h, Suspense, use, useId, useState } from 'react';
import { renderToReadableStream, renderToStaticMarkup, renderToString } from 'react-dom/server';

function List({ items }) {
  const [first] = useState(items[0]);
  return h(
    'ul',
    { className: 'list', id: useId() },
    h('li', { key: 'first', style: { color: 'red', marginTop: 4 } }, first),
    items.slice(1).map((item) => h('li', { key: item }, item)),
  );
}

export function staticMarkup(items) {
  return renderToStaticMarkup(h(List, { items })).replace(/ id="[^"]*"/, '');
}

export function hydratable(text) {
  return renderToString(h('p', { 'data-a': '"<&' }, text, 1));
}

export async function streamed() {
  const data = new Promise((resolve) => setTimeout(resolve, 5, 'late'));
  const Late = () => h('b', null, use(data));
  const stream = await renderToReadableStream(
    h('main', null, h(Suspense, { fallback: h('i', null, 'wait') }, h(Late))),
  );
  const chunks = [];
  const decoder = new TextDecoder();
  for await (const chunk of stream) chunks.push(decoder.decode(chunk, { stream: true }));
  const html = chunks.join('');
  return { waits: html.includes('<i>wait</i>'), late: html.includes('<b>late</b>') };
}
