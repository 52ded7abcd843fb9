// node polars.cjs INPUT OUTPUT ROUNDS: Polars' sums of the file and its rows with one text (from the file each time), and seconds (medians) to write the same frame.
const { readFileSync, rmSync } = require('node:fs');
const pl = require('nodejs-polars');

const [, , input, output, rounds] = process.argv;
const median = times => times.sort((a, b) => a - b)[(times.length - 1) >> 1];
const timed = action => median(Array.from({ length: Number(rounds) }, () => {
  const began = process.hrtime.bigint();
  action();
  return Number(process.hrtime.bigint() - began) / 1e9;
}));

const sum = () => pl.scanIPC(input).select(
  pl.col('n').sum().cast(pl.Float64).alias('n'), pl.col('x').sum().alias('x'), pl.col('s').eq(pl.lit('row number 7919')).sum().cast(pl.Float64).alias('matches')).collectSync();
const [n, x, matches] = sum().row(0);
const read = timed(sum);
const frame = pl.readIPC(readFileSync(input));
const write = {};
for (const [name, compression] of [['none', 'uncompressed'], ['lz4', 'lz4'], ['zstd', 'zstd']])
  write[name] = timed(() => { rmSync(output, { force: true }); frame.writeIPC(output, { compression }); });
rmSync(output, { force: true });
process.stdout.write(JSON.stringify({ n, x, matches, read, write }), () => process.exit(0));
