// What the pool runs: work of the CPU, work that waits, and work that fails.

plugin.register({ name: 'work', version: '1.0.0', apiVersion: 1, description: 'an example' });

exports.wait = (ms, label) => new Promise((resolve) => setTimeout(resolve, ms, label));

exports.digest = async (text) => {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

exports.primes = (below) => {
  const sieve = new Uint8Array(below);
  let count = 0;
  for (let n = 2; n < below; n++) {
    if (sieve[n]) continue;
    count++;
    for (let m = n * n; m < below; m += n) sieve[m] = 1;
  }
  return count;
};

exports.fail = (message) => {
  throw new Error(message);
};
