"""Arrow IPC files with numpy alone: memory-mapped reading without copies, and writing.

    table = read("part-00000.arrow"); images = table["image"].numpy(784)      # uint8 [rows, 784]
    for batch in batches(input_path, ["price"]):                              # files larger than memory, one batch at a time
        total += batch["price"].numpy(fill=0).sum()
    with Writer("out.arrow", [Field("image", "binary"), Field("label", "int64")]) as writer:
        writer.write({"image": images, "label": labels})
"""

import glob
import mmap
import os
import struct

import numpy as np

from .arrow_arrays import Buffers, read_array
from .arrow_types import MAGIC, ArrowError, Field, FieldReader
from .arrow_writer import Writer
from .flatbuffer import View

__all__ = ["ArrowError", "Batch", "Column", "Field", "Table", "Writer", "batches", "read", "schema"]

_DAMAGED = (struct.error, AttributeError, IndexError, TypeError, OverflowError, RecursionError, MemoryError, KeyError)


class Column:
    """One column: of one batch, or of all batches of a table."""

    def __init__(self, field, chunks):
        self.field, self._chunks = field, chunks

    def __len__(self):
        return sum(len(c) for c in self._chunks)

    def __iter__(self):
        for chunk in self._chunks:
            yield from _checked(self.field.name, chunk.to_list)

    def numpy(self, width=None, fill=None):
        """The values as one array: numbers, bool, times as datetime64, lists of a fixed size as [rows, size], binary as uint8 [rows, width].
        Where the column has nulls, fill takes their place; without fill nulls are an error."""
        parts = []
        for chunk in self._chunks:
            values = _checked(self.field.name, lambda: chunk.numpy(self.field.name, width))
            if chunk.valid is not None and not chunk.valid.all():
                if fill is None:
                    raise ValueError(f"column '{self.field.name}' has nulls; use numpy(fill=...) or to_list()")
                values = np.where(chunk.valid.reshape((-1,) + (1,) * (values.ndim - 1)), values, np.asarray(fill, values.dtype))
            parts.append(values)
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros((0,))

    def valid(self):
        """A bool for each row: False where it is null."""
        return np.concatenate([np.ones(len(c), bool) if c.valid is None else c.valid for c in self._chunks] or [np.zeros(0, bool)])

    def to_list(self):
        """The values as Python objects, None for null; times as numpy scalars, decimals as Decimal, structs as dict, maps as pairs."""
        return list(self)


class Batch:
    """Some rows of a file."""

    def __init__(self, fields, num_rows, columns):
        self.fields, self.num_rows, self._columns = fields, num_rows, columns

    def __getitem__(self, name):
        if name not in self._columns:
            raise KeyError(f"no column '{name}'; there are {', '.join(self._columns)}")
        return self._columns[name]


class Table(Batch):
    """The columns of one or more files with the same schema."""


def read(path, columns=None):
    """Opens an Arrow file, or all part-*.arrow files of a folder (and its *.arrow files where it has no parts); the data stays on disk until it is used."""
    found, chunks, rows = None, {}, 0
    for batch in batches(path, columns):
        found = batch.fields
        rows += batch.num_rows
        for field in found:
            chunks.setdefault(field.name, []).extend(batch[field.name]._chunks)
    if found is None:
        found = _chosen(schema(path), columns)
    return Table(found, rows, {f.name: Column(f, chunks.get(f.name, [])) for f in found})


def batches(path, columns=None):
    """The batches of a file or folder, one after the other, with the columns named or all; holds no more than one in memory."""
    first = None
    for file in _files(path):
        fields = _schema_of(file, *_open(file))
        if first is None:
            first = fields
        elif [(f.name, f.type) for f in fields] != [(f.name, f.type) for f in first]:
            raise ArrowError(f"{file} has other columns than the files before it")
        yield from _batches_of(file, columns)


def schema(path):
    """The fields of a file, or of the first file of a folder."""
    file = _files(path)[0]
    return _schema_of(file, *_open(file))


def _files(path):
    if not os.path.isdir(path):
        return [path]
    files = sorted(glob.glob(os.path.join(path, "part-*.arrow"))) or sorted(glob.glob(os.path.join(path, "*.arrow")))
    if not files:
        raise FileNotFoundError(f"no .arrow file in {path}")
    return files


def _checked(what, read):
    try:
        return read()
    except ArrowError as error:
        raise ArrowError(f"{what}: {error}") from error
    except _DAMAGED as error:
        raise ArrowError(f"{what} is damaged: {error}") from error


def _open(path):
    """(data, footer)"""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 24:
            raise ArrowError(f"{path} is not an Arrow file: too short")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if data[:6] != MAGIC or data[-6:] != MAGIC:
        raise ArrowError(f"{path} is not a complete Arrow file: the magic bytes are missing")
    (length,) = struct.unpack_from("<i", data, size - 10)
    if not 0 < length <= size - 18:
        raise ArrowError(f"{path} is damaged: impossible footer length")
    return data, _checked(path, lambda: View.root(data[size - 10 - length : size - 10]))


def _schema_of(path, data, footer):
    def fields():
        table = footer.table(1)
        if table.scalar(0, "h"):
            raise ArrowError("the file is big-endian, which this reader does not know")
        reader = FieldReader()
        return [reader.read(view) for view in table.tables(1)]

    return _checked(path, fields)


def _chosen(fields, columns):
    if columns is None:
        return fields
    names = [f.name for f in fields]
    for name in columns:
        if name not in names:
            raise KeyError(f"no column '{name}'; there are {', '.join(names)}")
    return [f for f in fields if f.name in columns]


def _batches_of(path, columns):
    data, footer = _open(path)
    fields = _schema_of(path, data, footer)
    chosen = _chosen(fields, columns)
    blocks = _checked(path, lambda: footer.structs(3, "qi4xq"))
    dictionaries = _Dictionaries(data, fields, lambda: footer.structs(2, "qi4xq"))
    for block in blocks:
        batch, body = _checked(path, lambda: _message(data, block, 3))
        rows = batch.scalar(0, "q")

        def arrays():
            # A bit a row is the least that data takes; a small file must not promise more than can be held.
            if not 0 <= rows <= 2**31 or (batch.table(3) is None and rows > 8 * len(body) + 10_000_000):
                raise ArrowError("a batch has an impossible number of rows")
            buffers = Buffers(body, batch, dictionaries.get)
            found = [read_array(buffers, field.parsed) for field in fields]
            if any(len(array) != rows for array in found):
                raise ArrowError("a column is longer or shorter than its batch")
            return found

        found = dict(zip((f.name for f in fields), _checked(path, arrays)))
        yield Batch(chosen, rows, {f.name: Column(f, [found[f.name]]) for f in chosen})


def _message(data, block, kind):
    """The header and the body of a message."""
    offset, metadata, body = block
    if offset < 0 or metadata < 8 or body < 0 or offset + metadata + body > len(data):
        raise ArrowError("a batch lies outside the file")
    skip = 8 if data[offset : offset + 4] == b"\xff\xff\xff\xff" else 4
    message = View.root(data[offset + skip : offset + metadata])
    if message.scalar(1, "B") != kind:
        raise ArrowError("a message is of another kind than the footer says")
    return message.table(2), data[offset + metadata : offset + metadata + body]


class _Dictionaries:
    """The dictionaries of a file, read when the first column asks for one."""

    def __init__(self, data, fields, blocks):
        self._data, self._blocks, self._parts = data, blocks, None
        self._types = {}
        self._note(fields)

    def get(self, id):
        if self._parts is None:
            self._parts = {}
            for block in self._blocks():
                header, body = _message(self._data, block, 2)
                key = header.scalar(0, "q")
                if key not in self._types:
                    raise ArrowError(f"no column uses the dictionary {key}")
                values = read_array(Buffers(body, header.table(1), self.get), self._types[key])
                self._parts[key] = self._parts.get(key, []) + [values] if header.scalar(2, "?") else [values]
        if id not in self._parts:
            raise ArrowError(f"the dictionary {id} is missing")
        return self._parts[id]

    def _note(self, fields):
        for field in fields:
            if field.parsed.kind == "dictionary":
                self._types[field.parsed.dictionary] = field.parsed.children[0].parsed
            self._note(field.parsed.children)
