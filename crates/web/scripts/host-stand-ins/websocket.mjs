// The network is for sandboxes alone: here nothing is granted.
export const newSocket = () => ({});
export const connect = async () => {
  throw new TypeError('not granted');
};
export const close = async () => {};
export const drop = () => {};
export const [receive, send] = [];
