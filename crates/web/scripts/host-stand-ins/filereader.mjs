export const base64 = (bytes) => Buffer.from(bytes).toString('base64');
export const binary = (bytes) => Buffer.from(bytes).toString('latin1');
