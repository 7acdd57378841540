import { createElement as h, Suspense, use, useId, useState } from 'react';
import { renderToReadableStream, renderToStaticMarkup, renderToString } from 'react-dom/server';

function List({ items }) {
  const [open] = useState(true);
  const id = useId();
  return h(
    'ul',
    { id, className: 'list', hidden: !open, style: { paddingTop: 4 } },
    items.map((item) => h('li', { key: item }, item)),
  );
}

export const markup = (items) => renderToStaticMarkup(h('p', { title: '"q"' }, items.join(' & ')));
export const rendered = (items) => renderToString(h(List, { items }));

const later = (value) => new Promise((resolve) => setTimeout(resolve, 5, value));

export async function streamed() {
  const promise = later('late');
  const Late = () => h('b', null, use(promise));
  const stream = await renderToReadableStream(
    h('main', null, h(Suspense, { fallback: h('i', null, 'wait') }, h(Late))),
  );
  let text = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
  return text;
}
