// What hostbox is for, in one run: node examples/node/main.mjs [picture…]
// Two plugins (TypeScript source, a bundled npm package) make thumbnails and a report; a third misbehaves and is stopped.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostRuntime } from '../../index.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here('out/');
const TICK_MS = 5;
const DEADLINE_MS = 250;
const PICTURES = [here('../assets/photo.jpg'), here('../assets/screenshot.png')];

const ROGUE = `
  exports.spin = () => { while (true) {} };
  exports.hoard = () => { const kept = []; while (true) kept.push(new Uint8Array(1 << 20)); };
  exports.wait = () => new Promise(() => {});
  exports.greet = (name) => 'still here, ' + name;
`;

const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : String(text));
const [bold, dim, red, green, yellow, cyan] = [1, 2, 31, 32, 33, 36].map(paint);
const ms = (number) => `${number.toFixed(1)} ms`;
const size = (bytes) =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1 << 20
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
const shown = (path) => relative(process.cwd(), path) || path;
const heading = (text) => console.log(`\n${bold(text)}`);
const line = (mark, subject, rest) => console.log(`  ${mark} ${cyan(subject.padEnd(16))} ${rest}`);

async function timed(work) {
  const started = performance.now();
  const value = await work();
  return { value, took: performance.now() - started };
}

function explain(error, path) {
  if (error.code === 'ENOENT') return `there is no file ${path}`;
  if (error.code === 'EISDIR') return `${path} is a directory, not a picture`;
  if (error.code === 'ERR_GUEST') return error.message;
  return error.code ? `${error.code}: ${error.message}` : error.message;
}

async function loadPlugins(host) {
  const sources = [
    [
      'pipeline',
      await readFile(here('pipeline.plugin.ts'), 'utf8'),
      { filename: 'pipeline.plugin.ts', typescript: true },
    ],
    ['markdown', await readFile(here('markdown.plugin.cjs'), 'utf8'), { filename: 'markdown.plugin.cjs' }],
    ['rogue', ROGUE, { filename: 'rogue.cjs' }],
  ];
  for (const [name, source, options] of sources) {
    const { took } = await timed(() => host.loadPlugin(name, source, options));
    line(green('✓'), name, `${size(source.length).padStart(9)} ${dim('of source in')} ${ms(took)}`);
  }
}

/** One picture through the pipeline; a failure is told and ends only this picture. */
async function makeThumbnail(host, path) {
  const name = basename(path);
  try {
    const picture = await readFile(path);
    const { value, took } = await timed(() => host.plugin('pipeline').thumbnail(picture, { maxSide: 320 }));
    const { bytes, format, source, width, height } = value;
    const file = `${basename(path, extname(path))}-thumb.${format === 'jpeg' ? 'jpg' : 'png'}`;
    await writeFile(OUT + file, bytes);
    const made = {
      name,
      file,
      from: `${source.width}×${source.height}`,
      to: `${width}×${height}`,
      read: picture.length,
      wrote: bytes.length,
      took,
    };
    line(
      green('✓'),
      name,
      `${made.from} → ${made.to}  ${size(made.read)} → ${size(made.wrote)}  ${ms(took)}  ${dim(shown(OUT + file))}`,
    );
    return made;
  } catch (error) {
    line(red('✗'), name, red(explain(error, shown(path))));
    process.exitCode = 1;
    return undefined;
  }
}

/** A call that has to be stopped, while a timer of Node counts how often it still gets its turn. */
async function stopRogue(host, fn, what) {
  let ticks = 0;
  const timer = setInterval(() => ticks++, TICK_MS);
  const { value: end, took } = await timed(() =>
    host.call('rogue', fn, [], { timeoutMs: DEADLINE_MS }).then(
      () => 'it returned',
      (error) => error.code,
    ),
  );
  clearInterval(timer);
  line(yellow('■'), what, `${end} after ${ms(took)}  ${dim(`Node's timer ticked ${ticks} times meanwhile`)}`);
  return { what, end, took, ticks };
}

/** A file's name as plain text in Markdown. */
const plain = (name) => name.replace(/[\\|<>&`*_[\]]/g, '\\$&');

function markdownReport(thumbnails, stops, stats) {
  const rows = (cells) => cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `# hostbox at work

## Pictures

| picture | size | thumbnail | bytes read | bytes written | time |
|---|---|---|---:|---:|---:|
${rows(thumbnails.map((made) => [plain(made.name), made.from, made.to, size(made.read), size(made.wrote), ms(made.took)]))}

${thumbnails.map((made) => `![${plain(made.name)}](${encodeURIComponent(made.file)})`).join('\n')}

## A plugin that misbehaves

Deadline: ${DEADLINE_MS} ms. Node's own timer of ${TICK_MS} ms went on.

| what it does | how it ended | after | ticks of Node's timer |
|---|---|---:|---:|
${rows(stops.map(({ what, end, took, ticks }) => [`\`${what}\``, `\`${end}\``, ms(took), ticks]))}

The same sandbox answered afterwards: ${stats.calls} calls in all, ${size(stats.heapBytes)} of heap, state *${stats.state}*.
`;
}

const page = (body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>hostbox at work</title>
<style>
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 52rem; margin: 3rem auto; padding: 0 1rem; color: #1d2433; }
  table { border-collapse: collapse; width: 100%; }
  th, td { padding: 0.35rem 0.7rem; border-bottom: 1px solid #d9deea; text-align: left; }
  img { border-radius: 6px; margin-right: 0.5rem; }
</style>
${body}</html>
`;

function showStats(stats) {
  const errors =
    Object.entries(stats.errors)
      .map(([code, count]) => `${count} ${code}`)
      .join(', ') || 'none';
  line(dim('·'), 'calls', `${stats.calls} (${stats.done} done, ${stats.pending} pending), errors: ${errors}`);
  line(dim('·'), 'memory', `${size(stats.heapBytes)} heap, ${size(stats.bufferBytes)} in ${stats.buffers} buffers`);
  line(dim('·'), 'time', `${ms(stats.cpuMs)} of CPU, ${stats.timers} timers left`);
  line(
    dim('·'),
    'state',
    `${stats.state}; ${stats.process.sandboxes} sandbox, ${stats.process.guestThreads} guest threads, ${stats.process.quarantinedThreads} quarantined`,
  );
}

const paths = process.argv.length > 2 ? process.argv.slice(2) : PICTURES;
await mkdir(OUT, { recursive: true });
const { value: host, took } = await timed(
  () => new HostRuntime('example', { limits: { timeoutMs: 10_000, memoryBytes: 64 << 20 } }),
);
try {
  heading(`Plugins ${dim(`in one sandbox, made in ${ms(took)}`)}`);
  await loadPlugins(host);

  heading('Pictures');
  const thumbnails = [];
  for (const path of paths) thumbnails.push(await makeThumbnail(host, path));

  heading(`A plugin that misbehaves ${dim(`with a deadline of ${DEADLINE_MS} ms`)}`);
  const stops = [
    await stopRogue(host, 'spin', 'while (true) {}'),
    await stopRogue(host, 'hoard', 'fills the memory'),
    await stopRogue(host, 'wait', 'never answers'),
  ];
  const { value: greeting, took: greeted } = await timed(() => host.call('rogue', 'greet', ['Node']));
  line(green('✓'), 'afterwards', `“${greeting}” in ${ms(greeted)}`);

  heading('Report');
  const text = markdownReport(thumbnails.filter(Boolean), stops, host.stats());
  const { value: html, took: rendered } = await timed(() => host.plugin('markdown').render(text));
  await writeFile(`${OUT}report.html`, page(html));
  line(
    green('✓'),
    'report.html',
    `${size(html.length)} ${dim('by marked in')} ${ms(rendered)}  ${dim(shown(`${OUT}report.html`))}`,
  );

  heading('The sandbox');
  showStats(host.stats());
} finally {
  await host.close();
}
