"""Arrow IPC files with numpy alone: memory-mapped reading without copies, and writing of the common column types.

    table = read("part-00000.arrow"); images = table["image"].numpy(784)      # uint8 [rows, 784]
    with Writer("out.arrow", [Field("image", "binary"), Field("label", "int64")]) as writer:
        writer.write({"image": images, "label": labels})
"""

import glob
import mmap
import os
import struct

import numpy as np

from .arrow_format import MAGIC, FIXED, INT, FLOAT, BINARY, UTF8, FIXED_BINARY, Field
from .arrow_writer import Writer
from .flatbuffer import View

__all__ = ["Column", "Field", "Table", "Writer", "read"]


class Column:
    """One column of all batches of a file."""

    def __init__(self, field, chunks):
        self.field, self._chunks = field, chunks

    def __len__(self):
        return sum(len(c) for c in self._chunks)

    def __iter__(self):
        for chunk in self._chunks:
            yield from chunk.values()

    def numpy(self, width=None):
        """The values as one array. Binary columns become uint8 [rows, width] and every value must have that many bytes; no nulls."""
        parts = [c.numpy(self.field.name, width) for c in self._chunks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros((0,))

    def to_list(self):
        """The values as Python objects; None for null."""
        return list(self)


class _Chunk:
    def __init__(self, type, length, validity, buffers):
        self.type, self.length, self.validity, self.buffers = type, length, validity, buffers

    def __len__(self):
        return self.length

    def numpy(self, name, width):
        if self.validity is not None:
            raise ValueError(f"column '{name}' has nulls; use to_list()")
        if self.type in FIXED:
            return self.buffers[0]
        if self.type.startswith("fixed_size_binary"):
            return self.buffers[0]
        offsets, data = self.buffers
        if self.type == "utf8" or width is None:
            raise ValueError(f"column '{name}' is {self.type}: give the width of its values, or use to_list()")
        if not np.array_equal(np.diff(offsets), np.full(self.length, width, offsets.dtype)):
            raise ValueError(f"not every value of column '{name}' has {width} bytes")
        return data[int(offsets[0]) : int(offsets[0]) + self.length * width].reshape(self.length, width)

    def values(self):
        if self.type in FIXED:
            items = self.buffers[0].tolist()
        elif self.type.startswith("fixed_size_binary"):
            items = [row.tobytes() for row in self.buffers[0]]
        else:
            offsets, data = self.buffers
            items = [data[a:b].tobytes() for a, b in zip(offsets[:-1], offsets[1:])]
            if self.type == "utf8":
                items = [item.decode("utf-8", "replace") for item in items]
        for i, item in enumerate(items):
            yield item if self.validity is None or self.validity[i] else None


class Table:
    """The columns of one or more files with the same schema."""

    def __init__(self, fields, columns, rows):
        self.fields, self._columns, self.num_rows = fields, columns, rows

    def __getitem__(self, name):
        if name not in self._columns:
            raise KeyError(f"no column '{name}'; there are {', '.join(self._columns)}")
        return self._columns[name]


def read(path):
    """Opens an Arrow file, or all part-*.arrow files of a folder (and its *.arrow files where it has no parts)."""
    if not os.path.isdir(path):
        return _read_files([path])
    files = sorted(glob.glob(os.path.join(path, "part-*.arrow"))) or sorted(glob.glob(os.path.join(path, "*.arrow")))
    if not files:
        raise FileNotFoundError(f"no .arrow file in {path}")
    return _read_files(files)


def _read_files(paths):
    fields, chunks, rows = None, {}, 0
    for path in paths:
        own, batches = _read_file(path)
        if fields is None:
            fields, chunks = own, {f.name: [] for f in own}
        elif [(f.name, f.type) for f in own] != [(f.name, f.type) for f in fields]:
            raise ValueError(f"{path} has other columns than {paths[0]}")
        for length, columns in batches:
            rows += length
            for field, chunk in zip(own, columns):
                chunks[field.name].append(chunk)
    return Table(fields, {f.name: Column(f, chunks[f.name]) for f in fields}, rows)


def _read_file(path):
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 24:
            raise ValueError(f"{path} is not an Arrow file: too short")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if data[:6] != MAGIC or data[-6:] != MAGIC:
        raise ValueError(f"{path} is not a complete Arrow file: the magic bytes are missing")
    (footer_length,) = struct.unpack_from("<i", data, size - 10)
    if not 0 < footer_length <= size - 18:
        raise ValueError(f"{path} is damaged: impossible footer length")
    try:
        footer = View.root(data[size - 10 - footer_length : size - 10])
        fields = [_field(f) for f in footer.table(1).tables(1)]
        batches = [_batch(data, fields, block) for block in footer.structs(3, "qi4xq")]
    except (struct.error, AttributeError, IndexError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return fields, batches


def _field(view):
    kind, type_table = view.scalar(2, "B"), view.table(3)
    if view.field(4) is not None:
        raise ValueError(f"column '{view.text(0)}' is dictionary-encoded, which this reader does not know")
    if kind == INT:
        name = ("int" if type_table.scalar(1, "?") else "uint") + str(type_table.scalar(0, "i"))
    elif kind == FLOAT:
        name = {0: "float16", 1: "float32", 2: "float64"}[type_table.scalar(0, "h")]
    elif kind == FIXED_BINARY:
        name = f"fixed_size_binary[{type_table.scalar(0, 'i')}]"
    elif kind in (BINARY, UTF8):
        name = "binary" if kind == BINARY else "utf8"
    else:
        raise ValueError(f"column '{view.text(0)}' has the Arrow type {kind}, which this reader does not know")
    metadata = {pair.text(0): pair.text(1) for pair in view.tables(6)}
    return Field(view.text(0), name, metadata, bool(view.scalar(1, "?")))


def _batch(data, fields, block):
    offset, metadata_length, body_length = block
    if offset < 0 or metadata_length < 8 or body_length < 0 or offset + metadata_length + body_length > len(data):
        raise ValueError("a record batch lies outside the file")
    skip = 8 if data[offset : offset + 4] == b"\xff\xff\xff\xff" else 4
    message = View.root(data[offset + skip : offset + metadata_length])
    batch = message.table(2)
    if batch.field(3) is not None:
        raise ValueError("the file is compressed; write it without compression or read it with pyarrow")
    body = data[offset + metadata_length : offset + metadata_length + body_length]
    length = batch.scalar(0, "q")
    nodes, buffers = iter(batch.structs(1, "qq")), iter(batch.structs(2, "qq"))

    def take(dtype, count):
        start, size = next(buffers)
        need = count * np.dtype(dtype).itemsize
        if start < 0 or size < need or start + size > len(body):
            raise ValueError("a column's buffer is too short")
        return np.frombuffer(body[start : start + need], dtype=dtype)

    columns = []
    for field in fields:
        rows, nulls = next(nodes)
        if rows != length:
            raise ValueError("a column is longer or shorter than its batch")
        if nulls:
            validity = np.unpackbits(take("u1", (rows + 7) // 8), bitorder="little")[:rows].astype(bool)
        else:
            validity = None
            next(buffers)
        if field.type in FIXED:
            values = [take(FIXED[field.type], rows)]
        elif field.type.startswith("fixed_size_binary"):
            width = int(field.type[18:-1])
            values = [take("u1", rows * width).reshape(rows, width)]
        else:
            offsets = take("<i4", rows + 1) if rows else np.zeros(1, "<i4")
            if not rows:
                next(buffers)
            if rows and (offsets[0] < 0 or np.any(np.diff(offsets) < 0)):
                raise ValueError("a column's offsets do not ascend")
            values = [offsets, take("u1", int(offsets[-1]))]
        columns.append(_Chunk(field.type, rows, validity, values))
    return length, columns
