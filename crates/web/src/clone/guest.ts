// structuredClone: conversions of its arguments, and the platform's own objects; the algorithm is the host's.
// Specification: https://html.spec.whatwg.org/multipage/structured-data.html#dom-structuredclone

import { hasPlatforms, type Platform, platformOf } from 'guest:serializable';
import { dictionary, isArrayBuffer, isObject, requireArguments, sequence } from 'guest:webidl';
import { clone } from 'host:clone';

function structuredClone<T>(value: T, options: { transfer?: Iterable<object> } = {}): T {
  requireArguments(arguments.length, 1, 'structuredClone');
  const transfer = dictionary(options, 'structuredClone')?.['transfer'];
  return cloneWith(value, transfer === undefined ? [] : sequence(transfer, toTransferable, 'structuredClone')).value;
}

export function toTransferable(item: unknown): object {
  if (!isObject(item)) throw new TypeError('An item of transfer is not an object');
  return item;
}

/** A clone with what is transferred, and the new objects that took over from those of the platform, in the order of the list. */
export function cloneWith<T>(value: T, transfer: readonly object[]): { value: T; transferred: object[] } {
  if (transfer.length === 0 && !hasPlatforms()) return { value: clone(value, []), transferred: [] };
  const buffers: object[] = [];
  const movers: { readonly value: object; readonly platform: Platform }[] = [];
  for (let i = 0; i < transfer.length; i++) {
    const item = transfer[i]!;
    if (isArrayBuffer(item)) buffers[buffers.length] = item;
    else movers[movers.length] = { value: item, platform: transferable(item) };
  }
  const objects: object[] = [];
  for (let i = 0; i < movers.length; i++) {
    const { value, platform } = movers[i]!;
    const refusal = platform.transfer!.refusal(value);
    if (refusal !== undefined) throw refused(`a ${platform.name} cannot be transferred: ${refusal}`);
    for (let j = 0; j < i; j++) if (movers[j]!.value === value) throw refused(`a ${platform.name} is listed twice`);
    objects[i] = value;
  }
  const transferred: object[] = [];
  const place = (object: object): number => {
    for (let i = 0; i < movers.length; i++) if (movers[i]!.value === object) return i;
    const platform = platformOf(object);
    if (platform === undefined) return -1;
    if (platform.clone === undefined) throw refused(`a ${platform.name} cannot be cloned`);
    const at = objects.length;
    objects[at] = platform.clone(object);
    return at;
  };
  const finish = (): readonly object[] => {
    for (let i = 0; i < movers.length; i++) {
      objects[i] = movers[i]!.platform.transfer!.move(movers[i]!.value);
      transferred[i] = objects[i]!;
    }
    return objects;
  };
  return { value: clone(value, buffers, place, finish), transferred };
}

function transferable(item: object): Platform {
  const platform = platformOf(item);
  if (platform?.transfer === undefined)
    throw refused(`a ${platform?.name ?? 'value of this kind'} cannot be transferred`);
  return platform;
}

function refused(message: string): DOMException {
  return new DOMException(message, 'DataCloneError');
}

export { structuredClone };
