"""Writing of Arrow files."""

import os
import struct

import numpy as np

from .arrow_format import MAGIC, V5, FIXED, INT, FLOAT, BINARY, UTF8
from .flatbuffer import Builder


class Writer:
    """Writes an Arrow file of binary, utf8, integer and floating-point columns; the file appears under its name when it is complete."""

    def __init__(self, path, fields):
        self._path, self._fields, self._blocks = path, fields, []
        self._partial = f"{path}.partial"
        self._file = open(self._partial, "wb")
        self._file.write(MAGIC + b"\0\0")
        self._message(1, lambda b: _schema(b, fields), b"")

    def write(self, columns):
        """Adds one batch: {name: values}. Binary takes uint8 [rows, width] or a list of bytes, utf8 a list of str, numbers an array."""
        nodes, buffers, body, rows = [], [], [], None
        position = 0

        def add(part):
            nonlocal position
            raw = part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes()
            buffers.append((position, len(raw)))
            padding = -len(raw) % 64
            body.extend((raw, b"\0" * padding))
            position += len(raw) + padding

        for field in self._fields:
            values = columns[field.name]
            if rows is None:
                rows = len(values)
            if len(values) != rows:
                raise ValueError(f"column '{field.name}' has {len(values)} rows, the first one has {rows}")
            nodes.append((rows, 0))
            add(b"")
            if field.type in FIXED:
                add(np.asarray(values).astype(FIXED[field.type], copy=False))
                continue
            if isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype == np.uint8 and field.type == "binary":
                add(np.arange(rows + 1, dtype="<i4") * values.shape[1])
                add(values)
                continue
            raw = [v.encode() if isinstance(v, str) else bytes(v) for v in values]
            offsets = np.zeros(rows + 1, "<i8")
            np.cumsum([len(v) for v in raw], out=offsets[1:])
            if offsets[-1] > 2**31 - 1:
                raise ValueError(f"one batch of column '{field.name}' is larger than 2 GiB; write several batches")
            add(offsets.astype("<i4"))
            add(b"".join(raw))
        begin = self._file.tell()
        metadata = self._message(3, lambda b: _record_batch(b, rows or 0, nodes, buffers), b"".join(body))
        self._blocks.append((begin, metadata, position))

    def close(self):
        """Completes the file."""
        self._file.write(b"\xff\xff\xff\xff\0\0\0\0")
        builder = Builder()
        blocks = builder.structs("qi4xq", self._blocks)
        dictionaries = builder.structs("qi4xq", [])
        schema = _schema(builder, self._fields)
        footer = builder.finish(builder.table([(0, "h", V5), (1, "T", schema), (2, "T", dictionaries), (3, "T", blocks)]))
        self._file.write(footer + struct.pack("<i", len(footer)) + MAGIC)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._partial, self._path)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self._file.close()
            os.unlink(self._partial)

    def _message(self, kind, header, body):
        builder = Builder()
        root = header(builder)
        data = builder.finish(builder.table([(0, "h", V5), (1, "B", kind), (2, "T", root), (3, "q", len(body))]))
        self._file.write(b"\xff\xff\xff\xff" + struct.pack("<i", len(data)) + data + body)
        return 8 + len(data)


def _schema(builder, fields):
    return builder.table([(0, "h", 0), (1, "T", builder.offsets([_write_field(builder, f) for f in fields]))])


def _write_field(builder, field):
    if field.type in FIXED:
        dtype = np.dtype(FIXED[field.type])
        if dtype.kind == "f":
            kind, type_table = FLOAT, builder.table([(0, "h", {2: 0, 4: 1, 8: 2}[dtype.itemsize])])
        else:
            kind, type_table = INT, builder.table([(0, "i", dtype.itemsize * 8), (1, "?", dtype.kind == "i")])
    elif field.type in ("binary", "utf8"):
        kind, type_table = (BINARY if field.type == "binary" else UTF8), builder.table([])
    else:
        raise ValueError(f"column '{field.name}': the type {field.type} cannot be written; use binary, utf8, or a number type")
    name, children = builder.text(field.name), builder.offsets([])
    entries = [(0, "T", name), (1, "?", field.nullable), (2, "B", kind), (3, "T", type_table), (5, "T", children)]
    if field.metadata:
        pairs = [builder.table([(0, "T", builder.text(str(k))), (1, "T", builder.text(str(v)))]) for k, v in field.metadata.items()]
        entries.append((6, "T", builder.offsets(pairs)))
    return builder.table(entries)


def _record_batch(builder, rows, nodes, buffers):
    return builder.table([(0, "q", rows), (1, "T", builder.structs("qq", nodes)), (2, "T", builder.structs("qq", buffers))])
