'use strict';

// `component.handle()`: a Request in, a Response out, both bodies piece by piece. What is asked and answered is checked below, in Rust.

const check = require('./arguments.js');
const { HostboxError } = require('./errors.js');
const { aborted } = require('./port.js');

/** @typedef {import('../binding').NativeComponent} NativeComponent */
/** @typedef {import('../binding').NativeExchange} NativeExchange */
/** @typedef {import('../binding').NativeInstanceOptions} NativeInstanceOptions */
/** @typedef {import('./carrier.js')['Carrier']['prototype']} Carrier */

/**
 * What both directions of an exchange need.
 *
 * @typedef {object} Way
 * @property {Carrier} carrier
 * @property {NativeExchange} exchange
 * @property {() => void} end lets go of the request's signal
 * @property {(error: unknown) => unknown} explained an error, or that of the signal which it comes from
 */

/** Statuses whose Response has no body (Fetch, null body status). */
const WITHOUT_BODY = [101, 204, 205, 304];

/**
 * @param {Carrier} carrier of the app's functions
 * @param {NativeComponent} component
 * @param {NativeInstanceOptions} settings
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function handle(carrier, component, settings, request) {
  const { signal, body } = checked(request);
  if (signal.aborted) throw aborted(signal);
  const exchange = carrier.exchange(component, settings, {
    method: request.method,
    url: request.url,
    headers: [...request.headers].flat(),
    hasBody: body !== null,
  });
  const abort = () => exchange.cancel();
  signal.addEventListener('abort', abort, { once: true });
  /** @type {Way} */
  const way = {
    carrier,
    exchange,
    end: () => signal.removeEventListener('abort', abort),
    explained: (error) => (signal.aborted ? aborted(signal) : error),
  };
  try {
    const head = carrier.answer(() => exchange.begin());
    if (body !== null) void send(way, body);
    return responseOf(way, await head);
  } catch (error) {
    way.end();
    throw way.explained(error);
  }
}

/** @param {Request} request */
function checked(request) {
  if (Object.prototype.toString.call(request) !== '[object Request]') {
    return check.refuse('a Request', 'request', request);
  }
  if (request.bodyUsed) throw new HostboxError('ERR_ARGUMENT', 'the body of the request was read before');
  return request;
}

/**
 * Hands on the request's body as the component reads it.
 *
 * @param {Way} way
 * @param {ReadableStream<Uint8Array>} body
 */
async function send({ carrier, exchange }, body) {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return exchange.end();
      if (!(await carrier.answer(() => exchange.write(value)))) break;
    }
    await reader.cancel();
  } catch (error) {
    exchange.end(check.shownError(error));
    reader.cancel(error).catch(() => {});
  }
}

/**
 * @param {Way} way
 * @param {string[]} head
 */
function responseOf({ carrier, exchange, end, explained }, [status, ...fields]) {
  /** @type {[string, string][]} */
  const headers = [];
  for (let i = 0; i < fields.length; i += 2) headers.push([fields[i] ?? '', fields[i + 1] ?? '']);
  const number = Number(status);
  if (number < 200 || number > 599) {
    exchange.cancel();
    throw new HostboxError('ERR_GUEST', `the component answered with the status ${status}, which no Response has`);
  }
  const read = () => carrier.answer(() => exchange.read());
  if (WITHOUT_BODY.includes(number)) {
    // It may have something to do behind its answer.
    read()
      .catch(() => {})
      .then(end);
    return new Response(null, { status: number, headers });
  }
  const body = new ReadableStream(
    {
      async pull(controller) {
        try {
          const piece = await read();
          if (piece !== undefined) return controller.enqueue(piece);
          controller.close();
          end();
        } catch (error) {
          end();
          throw explained(error);
        }
      },
      cancel() {
        exchange.cancel();
        end();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: number, headers });
}

module.exports = { handle };
