'use strict';

// Where entries of a console go: to this process's own, nowhere, or to a function of the app's.

/** @typedef {import('../index').ConsoleEntry} ConsoleEntry */

/**
 * @param {NonNullable<import('../index').HostRuntimeOptions['console']>} output
 * @param {ConsoleEntry} entry
 */
function write(output, entry) {
  if (output === 'silent') return;
  // A trace brings the guest's stack; Node's own would only hide it.
  if (output === 'inherit') console[entry.level === 'trace' ? 'error' : entry.level](entry.text);
  else tell(output, entry);
}

/**
 * Calls a hook of the app's.
 *
 * @template T
 * @param {(event: T) => void} hook
 * @param {T} event
 */
function tell(hook, event) {
  try {
    hook(event);
  } catch (error) {
    // The hook's own mistake is the app's to hear of, and no reason to lose the other events of this batch.
    queueMicrotask(() => {
      throw error;
    });
  }
}

module.exports = { tell, write };
