// MessageChannel and MessagePort: two ends within one sandbox. Each message is cloned when it is posted and delivered in a turn of its
// own, which belongs to the call that posted it.
//
// A port is a face; what is entangled, and what keeps the messages that have not been delivered, is its end. A transferred port leaves its
// end to a new face. Specification: https://html.spec.whatwg.org/multipage/web-messaging.html#channel-messaging

import { cloneWith, toTransferable } from 'guest:clone';
import { defineHandler, Event, EventTarget, fire } from 'guest:events';
import { linkPorts, MessageEvent, type MessageEventInit } from 'guest:messageevent';
import { registerPlatform } from 'guest:serializable';
import {
  dictionary,
  illegalConstructor,
  illegalInvocation,
  isObject,
  makeEnumerable,
  requireArguments,
  sequence,
} from 'guest:webidl';
import { immediate } from 'host:timers';

const { freeze } = Object;
const { iterator } = Symbol;
const create = {};

interface Message {
  readonly data: unknown;
  readonly ports: readonly object[];
  isDelivered: boolean;
  next: Message | undefined;
}

/** One end of a channel. */
interface End {
  port: MessagePort;
  other: End | undefined;
  isEnabled: boolean;
  /** Messages in the order of their posting. */
  first: Message | undefined;
  last: Message | undefined;
}

interface PortState {
  /** Undefined once the port was transferred. */
  end: End | undefined;
}

let portState: (value: unknown) => PortState;
let isPort: (value: unknown) => value is MessagePort;

class MessagePort extends EventTarget {
  declare onmessage: ((event: MessageEvent) => unknown) | null;
  declare onmessageerror: ((event: MessageEvent) => unknown) | null;
  declare onclose: ((event: Event) => unknown) | null;

  #state: PortState;

  static {
    isPort = (value): value is MessagePort => isObject(value) && #state in value;
    portState = (value) => {
      if (isObject(value) && #state in value) return value.#state;
      throw illegalInvocation();
    };
  }

  constructor(token: unknown = undefined) {
    if (token !== create) throw illegalConstructor();
    super();
    this.#state = { end: undefined };
  }

  postMessage(message: unknown, options: Iterable<object> | { transfer?: Iterable<object> } = {}): void {
    const { end } = portState(this);
    requireArguments(arguments.length, 1, 'MessagePort.postMessage');
    const transfer = transferOf(options);
    for (let i = 0; i < transfer.length; i++) {
      if (transfer[i] === this) throw new DOMException('A port cannot be sent through itself', 'DataCloneError');
    }
    const target = end?.other;
    let isDoomed = false;
    for (let i = 0; i < transfer.length; i++) {
      const item = transfer[i];
      if (target !== undefined && isPort(item) && portState(item).end === target) isDoomed = true;
    }
    const { value, transferred } = cloneWith(message, transfer);
    if (target === undefined || isDoomed) return;
    const ports: object[] = [];
    for (let i = 0; i < transferred.length; i++) {
      if (isPort(transferred[i])) ports[ports.length] = transferred[i]!;
    }
    post(target, value, freeze(ports));
  }

  start(): void {
    const { end } = portState(this);
    if (end !== undefined) enable(end);
  }

  close(): void {
    const { end } = portState(this);
    if (end !== undefined) disentangle(end);
  }
}

makeEnumerable(MessagePort, ['postMessage', 'start', 'close']);
defineHandler(MessagePort.prototype, 'message', (port) => (port as MessagePort).start());
defineHandler(MessagePort.prototype, 'messageerror');
defineHandler(MessagePort.prototype, 'close');

/** An iterable is a list of what to transfer, anything else a dictionary with one. */
function transferOf(options: unknown): object[] {
  if (isObject(options) && (options as { [iterator]?: unknown })[iterator] !== undefined) {
    return sequence(options, toTransferable, 'MessagePort.postMessage');
  }
  const transfer = dictionary(options, 'MessagePort.postMessage')?.['transfer'];
  return transfer === undefined ? [] : sequence(transfer, toTransferable, 'MessagePort.postMessage');
}

// ── ends ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function newEnd(): End {
  const port = new MessagePort(create);
  const end: End = { port, other: undefined, isEnabled: false, first: undefined, last: undefined };
  portState(port).end = end;
  return end;
}

function post(end: End, data: unknown, ports: readonly object[]): void {
  const message: Message = { data, ports, isDelivered: false, next: undefined };
  if (end.isEnabled) immediate(() => deliver(end, message));
  if (end.last === undefined) end.first = message;
  else end.last.next = message;
  end.last = message;
}

function enable(end: End): void {
  if (end.isEnabled) return;
  end.isEnabled = true;
  for (let at = end.first; at !== undefined; at = at.next) {
    const message = at;
    immediate(() => deliver(end, message));
  }
}

/** Delivers a message, after those before it whose own turns were cancelled with the call that posted them. */
function deliver(end: End, message: Message): void {
  while (!message.isDelivered && end.isEnabled && end.first !== undefined) {
    const first = end.first;
    first.isDelivered = true;
    end.first = first.next;
    if (end.first === undefined) end.last = undefined;
    const init = { __proto__: null, data: first.data, ports: first.ports } as MessageEventInit;
    fire(end.port, new MessageEvent('message', init));
  }
}

/** What was posted before still arrives. */
function disentangle(end: End): void {
  const { other } = end;
  if (other === undefined) return;
  end.other = undefined;
  other.other = undefined;
  end.isEnabled = false;
  end.first = undefined;
  end.last = undefined;
  immediate(() => void fire(other.port, new Event('close')));
}

registerPlatform({
  name: 'MessagePort',
  is: isPort!,
  transfer: {
    refusal: (port) => (portState(port).end === undefined ? 'it was transferred before' : undefined),
    move(port) {
      const state = portState(port);
      const end = state.end!;
      state.end = undefined;
      end.port = new MessagePort(create);
      end.isEnabled = false;
      portState(end.port).end = end;
      return end.port;
    },
  },
});
linkPorts(isPort!);

// ── MessageChannel ────────────────────────────────────────────────────────────────────────────────────────────────────

let portsOf: (value: unknown) => readonly [MessagePort, MessagePort];

class MessageChannel {
  #ports: readonly [MessagePort, MessagePort];

  static {
    portsOf = (value) => {
      if (isObject(value) && #ports in value) return value.#ports;
      throw illegalInvocation();
    };
  }

  constructor() {
    const first = newEnd();
    const second = newEnd();
    first.other = second;
    second.other = first;
    this.#ports = [first.port, second.port];
  }

  get port1(): MessagePort {
    return portsOf(this)[0];
  }
  get port2(): MessagePort {
    return portsOf(this)[1];
  }
}

makeEnumerable(MessageChannel, ['port1', 'port2']);

export { MessageChannel, MessagePort };
