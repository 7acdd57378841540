'use strict';

const { Component, ComponentInstance } = require('./lib/component.js');
const { ComponentError, HostboxError } = require('./lib/errors.js');
const { HostPool } = require('./lib/pool.js');
const { HostRuntime } = require('./lib/runtime.js');

exports.Component = Component;
exports.ComponentError = ComponentError;
exports.ComponentInstance = ComponentInstance;
exports.HostPool = HostPool;
exports.HostRuntime = HostRuntime;
exports.HostboxError = HostboxError;
