// A filter over the pixels of a picture, in Zig: node examples/components/image.mjs [picture.jpg]
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Component, HostRuntime } from '../../index.js';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const [picture = file('../assets/photo.jpg')] = process.argv.slice(2);

// hostbox reads and writes pictures; in between they are bytes: red, green, blue, alpha.
const host = new HostRuntime('image');
const decoded = await host.native.exec('jpeg_decode', await host.native.put(await readFile(picture)));
const { width, height } = await host.native.info(decoded);
const pixels = await host.native.take(decoded);

const component = await Component.compile({ path: file('built/image.wasm') });
const instance = await component.instantiate();
const started = performance.now();
const gray = await instance.exports['demo:image/filter'].grayscale(pixels);
const took = performance.now() - started;
console.log(`${width} × ${height} pixels, ${(gray.length / 2 ** 20).toFixed(1)} MiB: ${took.toFixed(1)} ms`);
instance.close();

const png = await host.native.run('png_encode', gray, { width, height });
await mkdir(file('out'), { recursive: true });
await writeFile(file('out/gray.png'), png);
console.log(relative(process.cwd(), file('out/gray.png')));
await host.close();
