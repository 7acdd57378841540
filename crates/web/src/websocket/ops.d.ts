declare module 'host:websocket' {
  type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

  /** A connection to be. It ends when the object is collected. */
  export function newSocket(): object;
  /** Settled when the handshake is over. Rejects as `send` of `host:fetch` does. */
  export function connect(
    socket: object,
    url: string,
    protocols: string[],
  ): Promise<[protocol: string, extensions: string]>;
  /** The next message, or why the other side closes; nothing at the end. */
  export function receive(
    socket: object,
  ): Promise<[data: string | Uint8Array<ArrayBuffer> | undefined, code?: number, reason?: string] | undefined>;
  /** Settled when the message was handed to the system. Messages go in the order of the calls. */
  export function send(socket: object, kind: 'text' | 'bytes' | 'blob', data: unknown): Promise<void>;
  export function close(socket: object, code: number | undefined, reason: string): Promise<void>;
  /** Ends the connection without a word. */
  export function drop(socket: object): void;
}
