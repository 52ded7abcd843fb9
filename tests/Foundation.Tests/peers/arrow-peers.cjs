// node arrow-peers.cjs PEER FOLDER: lets one Arrow implementation read each NAME.arrow (or .arrows) of a folder.
// Prints {NAME: {values: [[…] per column], written: true} or {error}}; what the implementation writes again lies in NAME.PEER.
const { readFileSync, writeFileSync, readdirSync, mkdtempSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { tmpdir } = require('node:os');

const float = new DataView(new ArrayBuffer(8));
const hex = bytes => Buffer.from(bytes).toString('hex');
const bits = value => { float.setFloat64(0, value); return float.getBigUint64(0).toString(16).padStart(16, '0'); };
const signed = words => BigInt.asIntN(words.length * 32, [...words].reduceRight((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n));
const nanos = (low, high) => (BigInt(high) << 32n) | BigInt(low >>> 0);

const peers = {
  'apache-arrow': async () => {
    const { tableFromIPC, tableToIPC, Type } = require('apache-arrow');
    // Values that JavaScript would turn into dates or numbers are taken as they are stored.
    const raw = (type, values, i) => {
      const stride = values.length / type.rows;
      switch (type.typeId) {
        case Type.Decimal: return String(signed(new Uint32Array(values.slice(i * stride, (i + 1) * stride))));
        case Type.Interval: {
          const v = values.slice(i * stride, (i + 1) * stride);
          return stride === 4 ? `${v[0]} ${v[1]} ${nanos(v[2], v[3])}` : [...v].join(' ');
        }
        default: return String(values[i]);
      }
    };
    const stored = new Set([Type.Timestamp, Type.Date, Type.Time, Type.Duration, Type.Interval, Type.Decimal]);
    const render = (type, value) => {
      if (value === null || value === undefined) return null;
      switch (type.typeId) {
        case Type.Int: return String(value);
        case Type.Float: return bits(value);
        case Type.Bool: case Type.Utf8: case Type.LargeUtf8: case Type.Utf8View: return value;
        case Type.Binary: case Type.LargeBinary: case Type.BinaryView: case Type.FixedSizeBinary: return hex(value);
        case Type.List: case Type.FixedSizeList: case Type.LargeList: return [...value].map(v => render(type.children[0].type, v));
        case Type.Struct: return type.children.map(c => render(c.type, value[c.name]));
        case Type.Map: return [...value].map(([k, v]) => [render(type.children[0].type.children[0].type, k), render(type.children[0].type.children[1].type, v)]);
        case Type.Union: return typeof value === 'number' ? String(value) : value;
        case Type.Dictionary: return render(type.dictionary, value);
        default: throw new Error(`no rendering for ${type}`);
      }
    };
    const column = vector => vector.data.flatMap(chunk => Array.from({ length: chunk.length }, (_, i) => {
      if (!stored.has(vector.type.typeId)) return null;
      return chunk.getValid(i) ? raw({ typeId: vector.type.typeId, rows: chunk.length }, chunk.values, i) : null;
    })).map((v, i) => stored.has(vector.type.typeId) ? v : render(vector.type, vector.get(i)));
    return {
      read: bytes => tableFromIPC(bytes),
      values: table => table.schema.fields.map((_, i) => column(table.getChildAt(i))),
      write: table => tableToIPC(table, 'file'),
    };
  },

  flechette: async () => {
    const { tableFromIPC, tableToIPC, Type } = require('@uwdata/flechette');
    const stored = new Set([Type.Timestamp, Type.Date, Type.Time, Type.Duration]);
    const render = (type, value) => {
      if (value === null || value === undefined) return null;
      switch (type.typeId) {
        case Type.Int: case Type.Decimal: return String(value);
        case Type.Float: return bits(value);
        case Type.Bool: case Type.Utf8: case Type.LargeUtf8: case Type.Utf8View: return value;
        case Type.Binary: case Type.LargeBinary: case Type.BinaryView: case Type.FixedSizeBinary: return hex(value);
        case Type.List: case Type.FixedSizeList: case Type.LargeList: case Type.ListView: case Type.LargeListView:
          return [...value].map(v => render(type.children[0].type, v));
        case Type.Struct: return type.children.map(c => render(c.type, value[c.name]));
        case Type.Map: return [...value].map(([k, v]) => [render(type.children[0].type.children[0].type, k), render(type.children[0].type.children[1].type, v)]);
        case Type.Interval: return value.length === undefined ? String(value) : [...value].join(' ');
        case Type.Union: return typeof value === 'number' ? String(value) : value;
        case Type.RunEndEncoded: return render(type.children[1].type, value);
        case Type.Dictionary: return render(type.dictionary, value);
        case Type.Null: return null;
        default: throw new Error(`no rendering for type ${type.typeId}`);
      }
    };
    const column = (field, col) => stored.has(field.type.typeId)
      ? col.data.flatMap(batch => Array.from({ length: batch.length }, (_, i) => batch.at(i) === null ? null : String(batch.values[i])))
      : Array.from({ length: col.length }, (_, i) => render(field.type, col.at(i)));
    return {
      read: bytes => tableFromIPC(bytes, { useBigInt: true, useDecimalInt: true, useMap: false }),
      values: table => table.schema.fields.map((field, i) => column(field, table.getChildAt(i))),
      write: table => tableToIPC(table, { format: 'file' }),
    };
  },

  polars: async () => {
    const pl = require('nodejs-polars');
    return { read: bytes => pl.readIPC(Buffer.from(bytes)), write: frame => frame.writeIPC() };
  },

  'arrow-rs': async () => {
    const { Table } = require('parquet-wasm');
    return { isStream: true, read: bytes => Table.fromIPCStream(bytes), write: table => table.intoIPCStream() };
  },

  lancedb: async () => {
    const { connect } = require('@lancedb/lancedb');
    const folder = mkdtempSync(join(tmpdir(), 'eventml-lance-'));
    const db = await connect(folder);
    let count = 0;
    return {
      read: async bytes => {
        const name = `t${count++}`;
        await db.inner.createTable(name, Buffer.from(bytes), 'create', [], {});
        return db.openTable(name);
      },
      write: async table => {
        const batches = await table.query().nativeExecute();
        const parts = [];
        for (let part = await batches.next(); part !== null; part = await batches.next()) parts.push(part);
        if (parts.length !== 1) throw new Error(`${parts.length} parts came back`);
        return parts[0];
      },
      end: () => rmSync(folder, { recursive: true }),
    };
  },
};

(async () => {
  const [, , name, folder] = process.argv;
  const peer = await peers[name]();
  const results = {};
  const extension = peer.isStream ? '.arrows' : '.arrow';
  for (const file of readdirSync(folder).filter(f => f.endsWith(extension))) {
    const result = results[file.slice(0, -extension.length)] = {};
    try {
      const table = await peer.read(readFileSync(join(folder, file)));
      if (peer.values) result.values = peer.values(table);
      try {
        writeFileSync(join(folder, `${file.slice(0, -extension.length)}.${name}`), await peer.write(table));
        result.written = true;
      } catch (error) {
        result.writeError = String(error?.message ?? error).split('\n')[0].slice(0, 200);
      }
    } catch (error) {
      result.error = String(error?.message ?? error).split('\n')[0].slice(0, 200);
    }
  }
  await peer.end?.();
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
})();
