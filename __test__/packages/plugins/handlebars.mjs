import Handlebars from 'handlebars';

export function render(template, data) {
  const own = Handlebars.create();
  own.registerHelper('shout', (text) => String(text).toUpperCase());
  own.registerPartial('item', '<li>{{name}}{{#if done}} ✓{{/if}}</li>');
  return own.compile(template)(data);
}
