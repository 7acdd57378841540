/** One chunk, and who waits for it or for the room. */
class Pipe {
  bytes;
  end;
  waiting = [];

  change() {
    for (const go of this.waiting.splice(0)) go();
  }

  async until(look) {
    for (;;) {
      const answer = look();
      if (answer !== undefined) {
        this.change();
        return answer;
      }
      await new Promise((resolve) => this.waiting.push(resolve));
    }
  }

  finish(end) {
    if (this.end === undefined || end === 'cancelled') {
      if (end !== 'closed') this.bytes = undefined;
      this.end = end;
    }
    this.change();
  }
}

function copy(bytes) {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return Uint8Array.from(view);
}

export function newPipe() {
  const pipe = new Pipe();
  return [{ pipe }, { pipe }];
}

export async function read({ pipe }, most) {
  const answer = await pipe.until(() => {
    if (pipe.bytes !== undefined) {
      const chunk = pipe.bytes.slice(0, most);
      pipe.bytes = chunk.length < pipe.bytes.length ? pipe.bytes.slice(most) : undefined;
      return { chunk };
    }
    if (pipe.end === undefined) return undefined;
    return pipe.end === 'closed' || pipe.end === 'cancelled' ? {} : { error: new Error(pipe.end.reason) };
  });
  if (answer.error !== undefined) throw answer.error;
  return answer.chunk;
}

export const cancelSource = ({ pipe }) => pipe.finish('cancelled');

export async function write({ pipe }, bytes) {
  const chunk = copy(bytes);
  const failed = await pipe.until(() => {
    if (pipe.end !== undefined) return 'the reading end was cancelled';
    if (pipe.bytes !== undefined) return undefined;
    pipe.bytes = chunk.length > 0 ? chunk : undefined;
    return '';
  });
  if (failed !== '') throw new Error(failed);
}

/** Ready when the bytes are where they belong, which those who drain a pipe themselves tell by `drained`. */
export async function closeSink({ pipe, drained }) {
  pipe.finish('closed');
  await drained;
}
export const abortSink = ({ pipe }, reason) => pipe.finish({ reason });
export const newPump = (source, sink) => ({ source, sink, stopped: false, stop: () => {} });

export async function runPump(pump) {
  const stop = new Promise((resolve) => {
    pump.stop = () => resolve('stopped');
  });
  for (;;) {
    let chunk;
    try {
      chunk = await Promise.race([read(pump.source, 65536), stop]);
    } catch (error) {
      return [1, error];
    }
    if (chunk === 'stopped') return [3, undefined];
    if (chunk === undefined) return [0, undefined];
    try {
      await write(pump.sink, chunk);
    } catch (error) {
      return [2, error];
    }
  }
}

export const stopPump = (pump) => pump.stop();
