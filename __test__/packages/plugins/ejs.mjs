import ejs from 'ejs';

export function render(template, data) {
  return ejs.render(template, data);
}
