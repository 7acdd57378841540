'use strict';

// Loads the addon, or says what is missing. binding.js is generated and looks in two places: a file of a build beside it,
// and the package for this platform.

const { platformName } = require('./platform.js');
const { version } = require('../package.json');

const SCOPE = '@hostbox/binding-';
const PLATFORMS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
];

/**
 * What the attempts to load came to, without those that only found nothing.
 *
 * @param {unknown} error its `cause` begins a chain of errors, one an attempt
 */
function failures(error) {
  /** @type {string[]} */
  const found = [];
  for (let attempt = error; attempt instanceof Error; attempt = attempt.cause) {
    if (attempt !== error && !attempt.message.startsWith('Cannot find module')) found.push(attempt.message);
  }
  return found;
}

/** @param {string} name */
function installedVersion(name) {
  try {
    return require(`${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function explain(error) {
  const platform = platformName();
  const name = SCOPE + platform;
  if (!PLATFORMS.includes(platform)) {
    return `there is no binary for ${platform}. There are packages for ${PLATFORMS.join(', ')}.`;
  }
  const reasons = failures(error);
  const installed = installedVersion(name);
  if (installed !== undefined || reasons.length > 0) {
    const what = installed === undefined ? 'its binary' : `${name}@${installed}`;
    const wanted = installed === undefined || installed === version ? '' : ` (this is hostbox ${version})`;
    return `${what} is there${wanted} but does not load on ${platform}: ${reasons.join('; ') || String(error)}`;
  }
  return (
    `the package ${name} with the binary for ${platform} is not installed. Add it: npm install ${name}@${version}. ` +
    'It is an optional dependency of hostbox: package managers leave it out with --omit=optional or --no-optional, ' +
    'and where node_modules or a lock file was made on another platform. In a clone of the project: npm run build.'
  );
}

/**
 * @returns {typeof import('../binding.js')}
 * @throws an Error with the code `ERR_HOSTBOX_BINARY`
 */
function loadBinding() {
  try {
    return require('../binding.js');
  } catch (error) {
    const failure = new Error(`hostbox cannot start: ${explain(error)}`, { cause: error });
    throw Object.assign(failure, { code: 'ERR_HOSTBOX_BINARY' });
  }
}

module.exports = loadBinding();
