import * as cheerio from 'cheerio/slim';
import { load } from 'cheerio';

export function links(html) {
  const $ = load(html);
  return $('a[href]')
    .map((_, link) => ({ text: $(link).text().trim(), href: $(link).attr('href') }))
    .get();
}

export function changed(html) {
  const $ = load(html, null, false);
  $('ul > li:nth-child(2)').addClass('second').append('<b>!</b>');
  $('p').replaceWith((_, paragraph) => `<div>${$(paragraph).html()}</div>`);
  return $.html();
}

export function feed(xml) {
  const $ = cheerio.load(xml, { xml: true });
  return $('item > title')
    .map((_, title) => $(title).text())
    .get();
}
