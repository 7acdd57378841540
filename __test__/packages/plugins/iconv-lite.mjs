import iconv from 'iconv-lite';

export function encodings() {
  return {
    win1251: iconv.encode('Привет', 'win1251').toString('hex'),
    sjis: iconv.decode(Buffer.from('93fa967b', 'hex'), 'Shift_JIS'),
    utf16: iconv.encode('aé', 'utf16be').toString('hex'),
    gb: iconv.decode(iconv.encode('中文', 'gb18030'), 'gb18030'),
    known: iconv.encodingExists('latin2'),
  };
}
