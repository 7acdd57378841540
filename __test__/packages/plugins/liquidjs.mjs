import { Liquid } from 'liquidjs';

const engine = new Liquid();

export function rendered(template, data) {
  return engine.parseAndRender(template, data);
}
