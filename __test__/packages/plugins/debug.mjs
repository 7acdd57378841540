import debug from 'debug';

export function logged() {
  const lines = [];
  const log = debug('app:db');
  log.log = (...args) => lines.push(args.length > 0);
  debug.enable('app:*,-app:quiet');
  log('hello %d', 5);
  return { enabled: [debug.enabled('app:db'), debug.enabled('app:quiet')], lines };
}
