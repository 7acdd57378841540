export const lowerName = (text) => (/^[\w!#$%&'*+\-.^`|~]+$/.test(text) ? text.toLowerCase() : undefined);

export function normalValue(text) {
  const value = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  return /[\0\n\r\u0100-\uffff]/.test(value) ? undefined : value;
}

export const isByteString = (text) => !/[\u0100-\uffff]/.test(text);

const plainTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

export function isSafelisted(name, value) {
  if (value.length > 128) return false;
  if (name === 'accept-language' || name === 'content-language') return /^[\w *,\-.;=]*$/.test(value);
  if (/[^\t\x20-\xff]|["():<>?@[\\\]{}\x7f]/.test(value)) return false;
  return (
    name === 'accept' || (name === 'content-type' && plainTypes.includes(value.split(';')[0].trim().toLowerCase()))
  );
}
