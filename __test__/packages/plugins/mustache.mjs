import Mustache from 'mustache';

export function render(template, view) {
  return Mustache.render(template, view, { who: '{{name}}!' });
}
