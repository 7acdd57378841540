// All measurements of scaling, in the order of docs/scaling.md.
import bytes from './bytes.mjs';
import calls from './calls.mjs';
import { calls as enduranceCalls, lives as enduranceLives } from './endurance.mjs';
import latency from './latency.mjs';
import memory from './memory.mjs';
import stream from './stream.mjs';

/**
 * @typedef {object} Measurement
 * @property {string} name of its plot and of its block in docs/scaling.md
 * @property {() => Promise<object>} measure runs in a process of its own; its `series` are what the plot shows
 * @property {object} chart title and axes (svg/lines.mjs)
 * @property {(data: any) => string} figures the run's figures in a sentence or two
 */

/** @type {Measurement[]} */
export const measurements = [calls, latency, memory, bytes, enduranceCalls, enduranceLives, stream];
