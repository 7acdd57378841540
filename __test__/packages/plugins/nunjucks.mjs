import nunjucks from 'nunjucks';

export function rendered(template, data) {
  const environment = new nunjucks.Environment(null, { autoescape: true });
  environment.addFilter('shout', (text) => `${text}!`.toUpperCase());
  return environment.renderString(template, data);
}
