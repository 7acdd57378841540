import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';

export async function streamed(lines) {
  const rows = [];
  await pipeline(Readable.from(lines), parse({ columns: true, cast: true }), async (source) => {
    for await (const row of source) rows.push(row);
  });
  return rows;
}
