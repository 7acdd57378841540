// What of web-platform-tests is run: the areas, and which of them talk to the suite's own server.

/** `server`: its tests ask the suite's Python handlers, so that they are run only where wptserve is. */
export const areas = {
  url: {},
  urlpattern: {},
  encoding: {},
  streams: {},
  compression: {},
  'dom/abort': {},
  'dom/events': {},
  'html/webappapis': {},
  FileAPI: {},
  'xhr/formdata': {},
  console: {},
  'hr-time': {},
  'user-timing': {},
  webmessaging: {},
  webidl: {},
  mimesniff: {},
  WebCryptoAPI: {},
  'wasm/jsapi': {},
  'fetch/api': { server: true },
  websockets: { server: true },
  eventsource: { server: true },
};

/** Folders of the suite that tests of many areas load from. */
export const shared = ['resources', 'common', 'interfaces', 'images', 'fetch', 'xhr', 'wasm', 'media'];

export const repository = 'https://github.com/web-platform-tests/wpt';

/** How to get the suite, for one who has none. */
export function howToGet() {
  const folders = [...new Set([...shared, ...Object.keys(areas).map((area) => area.split('/')[0])])];
  return [
    'Get the suite, some 100 MB of it, and name its folder:',
    `  git clone --depth 1 --filter=blob:none --sparse ${repository} ../wpt`,
    `  git -C ../wpt sparse-checkout set ${folders.join(' ')}`,
    '  npm run wpt -- --wpt ../wpt',
  ].join('\n');
}
