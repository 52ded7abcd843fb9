// node polars_lake.cjs FILE OUTPUT: for each line "scan" or "write" on stdin, seconds (and sums) of Polars on the Arrow file; POLARS_MAX_THREADS says with how many threads.
const { readFileSync, rmSync } = require('node:fs');
const { createInterface } = require('node:readline');
const pl = require('nodejs-polars');

const [, , input, output] = process.argv;
const names = pl.scanIPC(input).collectSync().columns;
const scan = () => pl.scanIPC(input).select(...names.map(name => pl.col(name).sum().cast(pl.Float64))).collectSync().row(0);
let frame;
const write = () => { rmSync(output, { force: true }); frame.writeIPC(output, { compression: 'uncompressed' }); };

console.log('ready');
createInterface({ input: process.stdin }).on('line', line => {
  if (line === 'write')
    frame ??= pl.readIPC(readFileSync(input));
  const began = process.hrtime.bigint();
  const sums = line === 'scan' ? scan() : write();
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - began) / 1e9, sums: sums ?? [] }));
}).on('close', () => { rmSync(output, { force: true }); process.exit(0); });
