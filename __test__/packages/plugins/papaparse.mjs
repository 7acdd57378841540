import Papa from 'papaparse';

export function parsed(csv) {
  const { data, errors, meta } = Papa.parse(csv, { header: true, dynamicTyping: true, skipEmptyLines: true });
  return { data, errors: errors.length, delimiter: meta.delimiter };
}

export function written(rows) {
  return Papa.unparse(rows, { quotes: false, newline: '\n' });
}
