import TurndownService from 'turndown';

export function markdown(html) {
  return new TurndownService({ headingStyle: 'atx' }).turndown(html);
}
