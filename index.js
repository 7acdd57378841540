'use strict';

const { HostboxError } = require('./lib/errors.js');
const { HostPool } = require('./lib/pool.js');
const { HostRuntime } = require('./lib/runtime.js');

exports.HostPool = HostPool;
exports.HostRuntime = HostRuntime;
exports.HostboxError = HostboxError;
