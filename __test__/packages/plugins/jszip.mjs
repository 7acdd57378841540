import JSZip from 'jszip';

export async function there() {
  const zip = new JSZip();
  zip.file('a.txt', 'hello '.repeat(100));
  zip.folder('dir').file('b.bin', Buffer.from([1, 2, 3]));
  const packed = await zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' });
  const again = await JSZip.loadAsync(packed);
  return {
    isBuffer: Buffer.isBuffer(packed),
    names: Object.keys(again.files).sort(),
    text: (await again.file('a.txt').async('string')).length,
    bytes: [...(await again.file('dir/b.bin').async('nodebuffer'))],
    small: packed.length < 500,
  };
}
