// 16 MiB to the guest, one byte of it changed there, and back. A trip counts as 16 MiB.
import { check, percentile, sample } from './clock.mjs';
import { guest } from './guest.mjs';

const GIB = 2 ** 30;
const BYTES = 2 ** 24;

/** Fills with a pattern that no other offset has at hand. */
function fill(bytes) {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 12)) & 255;
  return bytes;
}

function checkTrip(sent, returned) {
  check(returned.length, BYTES);
  check(returned[0], (sent[0] + 1) & 255);
  check(Buffer.compare(sent.subarray(1), returned.subarray(1)), 0);
}

function perSecond(samples) {
  return BYTES / GIB / (percentile(samples, 0.5) / 1000);
}

/** The same memory goes there and back again and again: each trip takes what the last one gave. */
export async function measureMoved({ open }) {
  const sandbox = await open();
  await sandbox.load(guest);
  const sent = fill(new Uint8Array(BYTES));
  let bytes = sandbox.alloc(BYTES);
  bytes.set(sent);
  bytes = await sandbox.move(bytes);
  checkTrip(sent, bytes);
  const samples = await sample(async () => {
    const first = bytes[0];
    bytes = await sandbox.move(bytes);
    check(bytes[0], (first + 1) & 255);
  });
  check(bytes.length, BYTES);
  check(Buffer.compare(sent.subarray(1), bytes.subarray(1)), 0);
  await sandbox.close();
  return { rate: perSecond(samples) };
}

/** What was sent stays as it is, and each trip gives a copy. */
export async function measureCopied({ open }) {
  const sandbox = await open();
  await sandbox.load(guest);
  const sent = fill(new Uint8Array(BYTES));
  checkTrip(sent, await sandbox.copy(sent));
  const samples = await sample(async () => check((await sandbox.copy(sent))[0], (sent[0] + 1) & 255), { least: 12 });
  checkTrip(sent, await sandbox.copy(sent));
  await sandbox.close();
  return { rate: perSecond(samples) };
}
