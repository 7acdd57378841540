import { PDFDocument, rgb, StandardFonts } from 'pdf-lib';

export async function made() {
  const document = await PDFDocument.create();
  document.setTitle('A title');
  document.setCreationDate(new Date(0));
  document.setModificationDate(new Date(0));
  const font = await document.embedFont(StandardFonts.Helvetica);
  const page = document.addPage([200, 100]);
  page.drawText('Hello', { x: 10, y: 50, size: 20, font, color: rgb(1, 0, 0) });
  const bytes = await document.save();
  const again = await PDFDocument.load(bytes);
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  return {
    start,
    title: again.getTitle(),
    size: again.getPage(0).getSize(),
    width: font.widthOfTextAtSize('Hello', 20),
  };
}
