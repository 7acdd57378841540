'use strict';

const { HostboxError } = require('./lib/errors.js');
const { HostRuntime } = require('./lib/runtime.js');

exports.HostRuntime = HostRuntime;
exports.HostboxError = HostboxError;
