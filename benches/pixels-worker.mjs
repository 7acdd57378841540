// A worker that does the wordwise loop on what it is given, into memory that it keeps, and moves both back.
import { parentPort } from 'node:worker_threads';
import { wordwise } from './pixels.mjs';

parentPort.on('message', ({ input, output }) => {
  wordwise(input, output);
  parentPort.postMessage({ input, output }, [input.buffer, output.buffer]);
});
