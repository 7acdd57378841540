import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import through2 from 'through2';

export async function piped(words) {
  const out = [];
  await pipeline(
    Readable.from(words),
    through2.obj(function (word, _encoding, done) {
      this.push(word.length);
      done(null, word.toUpperCase());
    }),
    async (source) => {
      for await (const item of source) out.push(item);
    },
  );
  return out;
}
