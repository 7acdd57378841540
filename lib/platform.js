'use strict';

// The name of the platform that this process runs on, as in the packages under npm/: linux-x64-gnu, darwin-arm64, …

/** Linux with musl, such as Alpine. */
function isMusl() {
  // Without this, the report looks up the names of open connections.
  if (process.report) Object.assign(process.report, { excludeNetwork: true });
  const report = /** @type {any} */ (process.report?.getReport());
  return report !== undefined && !report.header.glibcVersionRuntime;
}

/** @returns {string} */
function platformName() {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

module.exports = { platformName };
