// Runs on both sides: evaluates expressions and says what comes out of each.

const { Buffer } = require('buffer');
const assert = require('assert');
const events = require('events');
const path = require('path');
const punycode = require('punycode');
const querystring = require('querystring');
const { StringDecoder } = require('string_decoder');
const url = require('url');
const util = require('util');
const buffer = require('buffer');
const modules = { Buffer, assert, buffer, events, path, punycode, querystring, StringDecoder, url, util };

function show(value, depth = 0) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name}/${value.length}`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (depth > 6) return '…';
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}[${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}]`;
  }
  if (value instanceof Error) return showError(value);
  const inner = (each) => show(each, depth + 1);
  if (Array.isArray(value)) return `[${Array.from(value, inner).join(', ')}]`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}${inner([...value])}`;
  if (typeof value.next === 'function') return `iterator of ${inner([...value])}`;
  const prototype = Object.getPrototypeOf(value);
  const name = prototype === null ? 'null' : prototype === Object.prototype ? '' : (value.constructor?.name ?? '?');
  const entries = Reflect.ownKeys(value).map((key) => `${String(key)}: ${inner(value[key])}`);
  return `${name}{${entries.join(', ')}}`;
}

/** An error without a code is the engine's own: each has its words. */
function showError(error) {
  return typeof error.code === 'string' ? `${error.name} ${error.code}: ${error.message}` : error.name;
}

/** What each expression gives or throws, as text. */
exports.run = function run(expressions) {
  const names = Object.keys(modules);
  return expressions.map((expression) => {
    try {
      return show(new Function(...names, `return (${expression})`)(...Object.values(modules)));
    } catch (error) {
      return error instanceof Error ? `throws ${showError(error)}` : `throws ${show(error)}`;
    }
  });
};

// In Node: expressions as JSON come in, what they give goes out.
if (require.main === module) {
  const chunks = [];
  process.stdin.on('data', (chunk) => chunks.push(chunk));
  process.stdin.on('end', () => process.stdout.write(JSON.stringify(exports.run(JSON.parse(Buffer.concat(chunks))))));
}
