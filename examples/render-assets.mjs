// Draws the pictures that the examples work on: node examples/render-assets.mjs. The same bytes each time.
import { writeFile } from 'node:fs/promises';
import { encodeJpeg } from './assets/render/jpeg.mjs';
import * as photo from './assets/render/photo.mjs';
import { encodePng } from './assets/render/png.mjs';
import * as screenshot from './assets/render/screenshot.mjs';

async function write(name, bytes) {
  await writeFile(new URL(`./assets/${name}`, import.meta.url), bytes);
  console.log(`${name}: ${bytes.length} bytes`);
}

await write('photo.jpg', encodeJpeg(photo.renderPhoto(), photo.WIDTH, photo.HEIGHT, 88));
await write('screenshot.png', encodePng(screenshot.renderScreenshot(), screenshot.WIDTH, screenshot.HEIGHT));
