import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { check, isTry } from '../clock.mjs';
import { logText } from '../operations/inputs.mjs';
import { HostRuntime, residentMiB } from './host.mjs';

const BYTES = isTry ? 2 ** 26 : 2 ** 32;
const CHUNK = 2 ** 16;
const POINTS = 64;

export default {
  name: 'stream',
  async measure() {
    const { native } = new HostRuntime('bench');
    const text = logText(2 ** 24);
    const points = [];
    function* chunks() {
      for (let sent = 0; sent < BYTES; sent += CHUNK) {
        if (sent % (BYTES / POINTS) === 0) points.push([sent / 2 ** 30, Number(residentMiB().toFixed(1))]);
        yield text.subarray(sent % text.length, (sent % text.length) + CHUNK);
      }
    }
    let out = 0;
    const sink = new Writable({
      write(chunk, _, done) {
        out += chunk.length;
        done();
      },
    });
    const started = performance.now();
    await pipeline(
      Readable.from(chunks(), { highWaterMark: 2 }),
      native.transform([{ op: 'gzip_compress', args: { level: 1 } }]),
      sink,
    );
    const seconds = (performance.now() - started) / 1000;
    check(out > 0 && out < BYTES, true);
    return {
      mibPerSecond: Math.round(BYTES / 2 ** 20 / seconds),
      series: { 'gzip at level 1 through native.transform': points },
    };
  },
  chart: {
    title: 'Memory over a stream of 4 GiB',
    xAxis: { label: 'GiB sent through' },
    yAxis: { label: 'resident memory, MiB' },
  },
  figures({ mibPerSecond, series }) {
    const values = Object.values(series)[0].map(([, value]) => Math.round(value));
    const later = values.slice(values.length / 2);
    return `At ${mibPerSecond} MiB per second the process has ${values[0]} MiB at the start, and between ${Math.min(...later)} and ${Math.max(...later)} MiB in the second half.`;
  },
};
