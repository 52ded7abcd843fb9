// Reads the gzip IDX files of a folder by itself and compares every label and per-image pixel sum with the Arrow files of another.
const { readFileSync, readdirSync } = require('node:fs');
const { gunzipSync } = require('node:zlib');
const { join } = require('node:path');
const { tableFromIPC } = require('apache-arrow');

const [idxFolder, arrowFolder] = process.argv.slice(2);
const expected = [];
for (const [split, stem] of [['train', 'train'], ['test', 't10k']]) {
  const images = gunzipSync(readFileSync(join(idxFolder, `${stem}-images-idx3-ubyte.gz`)));
  const labels = gunzipSync(readFileSync(join(idxFolder, `${stem}-labels-idx1-ubyte.gz`)));
  const count = images.readInt32BE(4), size = images.readInt32BE(8) * images.readInt32BE(12);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let p = 16 + i * size; p < 16 + (i + 1) * size; p++) sum += images[p];
    expected.push({ split, label: labels[8 + i], sum, size });
  }
}

let row = 0, different = 0;
for (const file of readdirSync(arrowFolder).filter(f => f.endsWith('.arrow')).sort()) {
  const table = tableFromIPC(readFileSync(join(arrowFolder, file)));
  const image = table.getChild('image'), label = table.getChild('label'), split = table.getChild('split');
  for (let i = 0; i < table.numRows; i++, row++) {
    const bytes = image.get(i);
    let sum = 0;
    for (const b of bytes) sum += b;
    const e = expected[row];
    if (!e || e.sum !== sum || e.size !== bytes.length || BigInt(e.label) !== label.get(i) || e.split !== split.get(i)) different++;
  }
}
process.stdout.write(JSON.stringify({ expected: expected.length, rows: row, different }));
