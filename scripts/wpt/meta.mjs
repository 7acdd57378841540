// The `// META:` lines at the head of a test file, as the suite's own server reads them.
// https://web-platform-tests.org/writing-tests/testharness.html#multi-global-tests

/** Scopes that a sandbox can stand for: it has no document, so it is a worker's. */
const ours = ['worker', 'dedicatedworker'];

/**
 * @param {string} source
 * @returns {{ scripts: string[], variants: string[], globals: string[], isLong: boolean, title: string | undefined }}
 */
export function parseMeta(source) {
  const meta = { scripts: [], variants: [], globals: ['window', 'dedicatedworker'], isLong: false, title: undefined };
  for (const line of source.split('\n')) {
    const found = /^\/\/ *META: *([^=\s]+)=(.*?)\s*$/.exec(line);
    if (!found) {
      // They stand at the head: the first other line ends them.
      if (line.startsWith('//') || line.trim() === '') continue;
      break;
    }
    const [, name, value] = found;
    if (name === 'script') meta.scripts.push(value);
    else if (name === 'variant') meta.variants.push(value);
    else if (name === 'global') meta.globals = value.split(',').map((global) => global.trim());
    else if (name === 'timeout') meta.isLong = value === 'long';
    else if (name === 'title') meta.title = value;
  }
  if (meta.variants.length === 0) meta.variants.push('');
  return meta;
}

/** Whether the test is meant for a scope like a sandbox's. */
export function isForUs(meta) {
  return meta.globals.some((global) => ours.includes(global));
}
