// Ends the process in a function that a component calls, while another instance runs on its own thread.
import { Component } from '../../index.js';
import { fixture } from '../components/values.mjs';

const traps = await (await Component.compile({ path: fixture('traps') })).instantiate();
traps.exports.traps.endlessLoop().catch(() => console.log('answered'));
const host = { add: () => process.exit(7), greet() {}, bytes() {}, numbers() {}, rows() {}, find() {}, check() {}, nothing() {} }; // prettier-ignore
const imports = await Component.compile({ path: fixture('imports') });
const instance = await imports.instantiate({ imports: { host, log: () => 0n } });
instance.sync.guest.add(1, 2);
console.log('went on');
