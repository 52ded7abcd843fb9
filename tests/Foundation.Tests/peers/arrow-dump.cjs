// Prints what apache-arrow reads from a file: {schema metadata, fields, columns of canonical values}.
const { readFileSync } = require('node:fs');
const { tableFromIPC, Type } = require('apache-arrow');

const float = new DataView(new ArrayBuffer(8));
const hex = bytes => Buffer.from(bytes).toString('hex');

function render(type, value) {
  if (value === null || value === undefined) return null;
  switch (type.typeId) {
    case Type.Int: return String(value);
    case Type.Float: float.setFloat64(0, value); return float.getBigUint64(0).toString(16).padStart(16, '0');
    case Type.Bool: return value;
    case Type.Utf8: case Type.LargeUtf8: case Type.Utf8View: return value;
    case Type.Binary: case Type.LargeBinary: case Type.BinaryView: case Type.FixedSizeBinary: return hex(value);
    case Type.List: case Type.FixedSizeList: case Type.LargeList: return [...value].map(v => render(type.children[0].type, v));
    case Type.Struct: return type.children.map(c => render(c.type, value[c.name]));
    case Type.Dictionary: return render(type.dictionary, value);
    case Type.Null: return null;
    default: throw new Error(`no rendering for ${type}`);
  }
}

function column(vector) {
  const values = [];
  for (const chunk of vector.data)
    for (let i = 0; i < chunk.length; i++) {
      const isTime = [Type.Timestamp, Type.Date].includes(vector.type.typeId);
      if (isTime) values.push(chunk.getValid(i) ? String(chunk.values[i]) : null);
    }
  if (values.length === 0)
    for (let i = 0; i < vector.length; i++) values.push(render(vector.type, vector.get(i)));
  return values;
}

const table = tableFromIPC(readFileSync(process.argv[2]));
process.stdout.write(JSON.stringify({
  metadata: Object.fromEntries(table.schema.metadata),
  batches: table.batches.length,
  fields: table.schema.fields.map(f => ({ name: f.name, nullable: f.nullable, metadata: Object.fromEntries(f.metadata) })),
  columns: Object.fromEntries(table.schema.fields.map((f, i) => [f.name, column(table.getChildAt(i))])),
}));
