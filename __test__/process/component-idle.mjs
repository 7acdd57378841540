// An instance that nobody calls keeps no process alive; a call does until it is answered.
import { Component } from '../../index.js';
import { fixture } from '../components/values.mjs';

const component = await Component.compile({ path: fixture('traps') });
const idle = await component.instantiate();
const late = await component.instantiate({ limits: { timeoutMs: 200 } });
late.exports.traps.endlessLoop().catch((error) => console.log(error.code, typeof idle.exports));
