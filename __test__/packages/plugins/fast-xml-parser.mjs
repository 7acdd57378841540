import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';

export function parsed(xml) {
  return new XMLParser({ ignoreAttributes: false }).parse(xml);
}

export function there(value) {
  return new XMLBuilder({ ignoreAttributes: false }).build(value);
}

export function wrong(xml) {
  return XMLValidator.validate(xml).err.code;
}
