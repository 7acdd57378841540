// MessageEvent: what a port, a channel or a connection received.
// Specification: https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface

import { Event, type EventInit } from 'guest:events';
import {
  dictionary,
  domString,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  sequence,
  usvString,
} from 'guest:webidl';

const { freeze } = Object;

export interface MessageEventInit extends EventInit {
  data?: unknown;
  origin?: string;
  lastEventId?: string;
  source?: object | null;
  ports?: Iterable<object>;
}

interface Detail {
  data: unknown;
  origin: string;
  lastEventId: string;
  source: object | null;
  ports: readonly object[];
}

/** What `guest:messaging` lends: until it is loaded, no port exists. */
let isPort: (value: unknown) => boolean = () => false;

export function linkPorts(test: (value: unknown) => boolean): void {
  isPort = test;
}

let detail: (value: unknown) => Detail;

class MessageEvent extends Event {
  #detail: Detail;

  static {
    detail = (value) => {
      if (isObject(value) && #detail in value) return value.#detail;
      throw illegalInvocation();
    };
  }

  constructor(type: string, eventInitDict: MessageEventInit = {}) {
    requireArguments(arguments.length, 1, 'MessageEvent');
    super(type, eventInitDict);
    const init = dictionary(eventInitDict, 'MessageEvent');
    const data = init?.['data'];
    const lastEventId = init?.['lastEventId'];
    const id = lastEventId === undefined ? '' : domString(lastEventId);
    const origin = init?.['origin'];
    const from = origin === undefined ? '' : usvString(origin);
    const ports = init?.['ports'];
    const list = ports === undefined ? [] : sequence(ports, toPort, 'MessageEvent');
    this.#detail = {
      data: data === undefined ? null : data,
      origin: from,
      lastEventId: id,
      source: toSource(init?.['source']),
      ports: freeze(list),
    };
  }

  get data(): any {
    return detail(this).data;
  }
  get origin(): string {
    return detail(this).origin;
  }
  get lastEventId(): string {
    return detail(this).lastEventId;
  }
  get source(): object | null {
    return detail(this).source;
  }
  get ports(): readonly object[] {
    return detail(this).ports;
  }

  initMessageEvent(
    type: string,
    bubbles = false,
    cancelable = false,
    data: unknown = null,
    origin = '',
    lastEventId = '',
    source: object | null = null,
    ports: Iterable<object> = [],
  ): void {
    const own = detail(this);
    requireArguments(arguments.length, 1, 'MessageEvent.initMessageEvent');
    const name = domString(type);
    const from = usvString(origin);
    const id = domString(lastEventId);
    const sender = toSource(source);
    const list = sequence(ports, toPort, 'MessageEvent.initMessageEvent');
    if (this.eventPhase !== 0) return;
    this.initEvent(name, bubbles, cancelable);
    own.data = data;
    own.origin = from;
    own.lastEventId = id;
    own.source = sender;
    own.ports = freeze(list);
  }
}

makeEnumerable(MessageEvent, ['data', 'origin', 'lastEventId', 'source', 'ports', 'initMessageEvent']);

function toPort(item: unknown): object {
  if (!isPort(item)) throw new TypeError('MessageEvent: an item of ports is not a MessagePort');
  return item as object;
}

function toSource(source: unknown): object | null {
  if (source === undefined || source === null) return null;
  if (isPort(source) || source === globalThis) return source as object;
  throw new TypeError('MessageEvent: the source is not a MessagePort');
}

export { MessageEvent };
