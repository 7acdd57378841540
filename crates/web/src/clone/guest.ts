// structuredClone: conversions of its arguments; the algorithm is the host's.
// Specification: https://html.spec.whatwg.org/multipage/structured-data.html#dom-structuredclone

import { dictionary, isObject, requireArguments, sequence } from 'guest:webidl';
import { clone } from 'host:clone';

function structuredClone<T>(value: T, options: { transfer?: Iterable<object> } = {}): T {
  requireArguments(arguments.length, 1, 'structuredClone');
  const transfer = dictionary(options, 'structuredClone')?.transfer;
  return clone(value, transfer === undefined ? [] : sequence(transfer, toTransferable, 'structuredClone'));
}

function toTransferable(item: unknown): object {
  if (!isObject(item)) throw new TypeError('structuredClone: an item of transfer is not an object');
  return item;
}

export { structuredClone };
