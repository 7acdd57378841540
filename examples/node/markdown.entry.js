// The source of markdown.plugin.cjs: an npm package, unmodified, as a plugin. To build it again:
//   npx esbuild examples/node/markdown.entry.js --bundle --format=cjs --platform=neutral --minify \
//     --banner:js="$(printf '/*\n%s\n*/' "$(cat node_modules/marked/LICENSE)")" --outfile=examples/node/markdown.plugin.cjs
import { marked } from 'marked';

export const getInfo = () => ({
  name: 'markdown',
  version: '1.0.0',
  apiVersion: 1,
  description: 'Markdown to HTML with marked',
});

export const render = (markdown) => marked.parse(markdown, { async: false, gfm: true });
