import { format } from 'prettier/standalone';
import * as babel from 'prettier/plugins/babel';
import * as estree from 'prettier/plugins/estree';
import * as markdown from 'prettier/plugins/markdown';
import * as postcss from 'prettier/plugins/postcss';

const plugins = [babel, estree, markdown, postcss];

export function formatted(source, parser) {
  return format(source, { parser, plugins, singleQuote: true });
}
