import validator from 'validator';

export function checked() {
  return {
    mail: [validator.isEmail('a@b.example'), validator.isEmail('a@')],
    url: validator.isURL('https://a.example/x?y=1'),
    uuid: validator.isUUID('4d66d2a1-0e34-57e7-b636-527cd58d7d70', 5),
    base64: validator.isBase64('YWJj'),
    escaped: validator.escape('<a href="x">'),
    ip: validator.isIP('::1', 6),
  };
}
