import { Builder, parseStringPromise } from 'xml2js';

export function parsed(xml) {
  return parseStringPromise(xml, { explicitArray: false });
}

export function built(value) {
  return new Builder({ headless: true }).buildObject(value);
}
