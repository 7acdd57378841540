'use strict';

// The clone format of docs/wire.md on Node's side: values to bytes and back, without a crossing of N-API per node.
// Knows nothing of the addon; blocks are handed on as ArrayBuffers, and the addon copies or moves them.

const { Encoder } = require('./codec/encode.js');
const { Decoder } = require('./codec/decode.js');

module.exports = { Encoder, Decoder };
