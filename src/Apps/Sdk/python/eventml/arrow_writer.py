"""Writing of Arrow files."""

import decimal
import os
import struct

import numpy as np

from .arrow_types import BYTES, FIXED, MAGIC, V5, ArrowError, parse, write_field
from .flatbuffer import Builder


class Writer:
    """Writes an Arrow file batch by batch; the file appears under its name when it is complete."""

    def __init__(self, path, fields):
        self._path, self._fields, self._blocks, self._dictionary_blocks = path, fields, [], []
        self._types = [parse(f.type) for f in fields]
        self._coded = []
        schema = Builder()
        root = _schema(schema, fields, self._types, self._coded)
        self._codes = {id(field): {} for field in self._coded}
        self._written = {id(field): 0 for field in self._coded}
        self._partial = f"{path}.partial"
        self._file = open(self._partial, "wb")
        self._file.write(MAGIC + b"\0\0")
        self._message(1, schema, root, [], 0)

    def write(self, columns):
        """Adds one batch: {name: values}. Values are an array or a list; None stands for null. Binary also takes uint8 [rows, width]; a list of a
        fixed size also an array [rows, size]; a struct a list of dict; a timestamp datetime64, datetime or text."""
        rows = len(columns[self._fields[0].name]) if self._fields else 0
        out = _Encoder(self._codes)
        for field, type in zip(self._fields, self._types):
            values = columns[field.name]
            if len(values) != rows:
                raise ValueError(f"column '{field.name}' has {len(values)} rows, the first one has {rows}")
            try:
                out.column(field, type, values)
            except (TypeError, OverflowError, struct.error, decimal.InvalidOperation) as error:
                raise ValueError(f"column '{field.name}' is {field.type}: {error}") from error
        self._write_dictionaries()
        self._blocks.append(self._batch(3, rows, out))

    def close(self):
        """Completes the file."""
        self._write_dictionaries(empty=True)
        self._file.write(b"\xff\xff\xff\xff\0\0\0\0")
        builder = Builder()
        blocks = builder.structs("qi4xq", self._blocks)
        dictionaries = builder.structs("qi4xq", self._dictionary_blocks)
        schema = _schema(builder, self._fields, self._types, [])
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

    def _write_dictionaries(self, empty=False):
        """What the dictionaries have gained since the last batch, as deltas."""
        for number, field in enumerate(self._coded):
            codes, written = self._codes[id(field)], self._written[id(field)]
            if len(codes) == written and not (empty and not written and number not in {n for n, *_ in self._dictionary_blocks}):
                continue
            type = parse(field.type).children[0]
            out = _Encoder({})
            out.column(type, parse(type.type), list(codes)[written:])
            self._dictionary_blocks.append(self._batch(2, len(codes) - written, out, (number, written > 0)))
            self._written[id(field)] = len(codes)

    def _batch(self, kind, rows, out, dictionary=None):
        builder, begin = Builder(), self._file.tell()
        root = builder.table([(0, "q", rows), (1, "T", builder.structs("qq", out.nodes)), (2, "T", builder.structs("qq", out.buffers))])
        if dictionary is not None:
            root = builder.table([(0, "q", dictionary[0]), (1, "T", root), (2, "?", dictionary[1])])
        return begin, self._message(kind, builder, root, out.parts, out.size), out.size

    def _message(self, kind, builder, root, parts, size):
        data = builder.finish(builder.table([(0, "h", V5), (1, "B", kind), (2, "T", root), (3, "q", size)]))
        self._file.write(b"\xff\xff\xff\xff" + struct.pack("<i", len(data)) + data)
        for part in parts:
            self._file.write(part)
        return 8 + len(data)


def _schema(builder, fields, types, dictionaries):
    return builder.table([(0, "h", 0), (1, "T", builder.offsets([write_field(builder, f, t, dictionaries) for f, t in zip(fields, types)]))])


class _Encoder:
    """Nodes and buffers of one batch."""

    def __init__(self, codes):
        self.nodes, self.buffers, self.parts, self.size, self._codes = [], [], [], 0, codes

    def column(self, field, type, values):
        kind, rows = type.kind, len(values)
        if kind == "null":
            self.nodes.append((rows, rows))
            return
        valid, values = _split_nulls(values)
        nulls = 0 if valid is None else int(rows - valid.sum())
        if nulls and not field.nullable:
            raise ValueError(f"column '{field.name}' has nulls; declare it with Field(..., nullable=True)")
        self.nodes.append((rows, nulls))
        self._add(np.packbits(valid, bitorder="little") if nulls else b"")
        if kind == "bool":
            self._add(np.packbits(_filled(values, False, np.dtype(bool)), bitorder="little"))
        elif kind in BYTES:
            self._bytes(field, kind, values)
        elif kind == "dictionary":
            codes = self._codes[id(field)] if id(field) in self._codes else _foreign(field)
            self._add(_filled([None if v is None else codes.setdefault(v, len(codes)) for v in values], 0, np.dtype(FIXED[type.parameters[0]])))
        elif kind == "fixed_size_binary":
            self._add(_fixed(field, values, type.parameters[0]))
        elif kind.startswith("decimal"):
            self._add(b"".join(_unscaled(field, v, type, int(kind[7:]) // 8) for v in values))
        elif kind in ("list", "large_list"):
            lengths = np.array([0 if v is None else len(v) for v in values], "i8")
            self._offsets(field, lengths, kind == "large_list")
            self.column(type.children[0], parse(type.children[0].type), [item for v in values if v is not None for item in v])
        elif kind == "fixed_size_list":
            size, child = type.parameters[0], type.children[0]
            if not (isinstance(values, np.ndarray) and values.ndim == 2):
                values = [[None] * size if v is None else v for v in values]
            if any(len(v) != size for v in values):
                raise ValueError(f"column '{field.name}' is {field.type}, but not every list has {size} items")
            self.column(child, parse(child.type), values.reshape(-1) if isinstance(values, np.ndarray) else [item for v in values for item in v])
        elif kind == "struct":
            for child in type.children:
                self.column(child, parse(child.type), [None if v is None else v.get(child.name) for v in values])
        elif kind == "date32":
            self._add(_filled(values, 0, np.dtype("<M8[D]")).astype("i8").astype("<i4"))
        else:
            self._add(_filled(values, 0, type.dtype))

    def _bytes(self, field, kind, values):
        if isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype == np.uint8:
            self._offsets(field, np.full(len(values), values.shape[1], "i8"), kind.startswith("large"))
            self._add(values)
            return
        raw = [b"" if v is None else v.encode() if isinstance(v, str) else bytes(memoryview(v)) for v in values]
        self._offsets(field, np.array([len(v) for v in raw], "i8"), kind.startswith("large"))
        self._add(b"".join(raw))

    def _offsets(self, field, lengths, large):
        offsets = np.zeros(len(lengths) + 1, "<i8")
        np.cumsum(lengths, out=offsets[1:])
        if not large and offsets[-1] > 2**31 - 1:
            raise ValueError(f"one batch of column '{field.name}' is larger than 2 GiB; write several batches")
        self._add(offsets if large else offsets.astype("<i4"))

    def _add(self, part):
        raw = memoryview(part if isinstance(part, bytes) else np.ascontiguousarray(part).view(np.uint8).reshape(-1))
        self.buffers.append((self.size, len(raw)))
        padding = -len(raw) % 64
        self.parts.extend((raw, b"\0" * padding))
        self.size += len(raw) + padding


def _split_nulls(values):
    """(which rows have a value, or None for all; the values)"""
    if isinstance(values, np.ma.MaskedArray):
        return ~np.ma.getmaskarray(values), values.data
    if isinstance(values, np.ndarray) and values.dtype != object:
        return None, values
    valid = np.fromiter((v is not None for v in values), bool, len(values))
    return (None if valid.all() else valid), values


def _filled(values, fill, dtype):
    """The values as an array of a type that holds each of them."""
    if not isinstance(values, np.ndarray) or values.dtype == object:
        values = [fill if v is None else v for v in values]
        if dtype.kind not in "iu" or not values:
            return np.array(values, dtype)
        values = np.array(values)
        if values.dtype.kind not in "iub":
            raise ValueError(f"a value is no whole number that {dtype} holds")
    array = values.astype(dtype, copy=False)
    if dtype.kind in "iu" and values.dtype != dtype and len(values) and (values.dtype.kind not in "iub" or array.min() != values.min() or array.max() != values.max()):
        raise ValueError(f"values from {values.min()} to {values.max()} do not fit {dtype}")
    return array


def _fixed(field, values, width):
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype == np.uint8 and values.shape[1] == width:
        return values
    raw = [bytes(width) if v is None else bytes(memoryview(v)) for v in values]
    if any(len(v) != width for v in raw):
        raise ValueError(f"not every value of column '{field.name}' has {width} bytes")
    return b"".join(raw)


def _unscaled(field, value, type, width):
    if value is None:
        return bytes(width)
    precision, scale = type.parameters
    scaled = decimal.Context(prec=80).scaleb(decimal.Decimal(value), scale)
    if scaled != scaled.to_integral_value() or abs(scaled) >= 10**precision:
        raise ValueError(f"column '{field.name}' is {type}, which {value} does not fit")
    return int(scaled).to_bytes(width, "little", signed=True)


def _foreign(field):
    raise ArrowError(f"column '{field.name}': a dictionary inside another type cannot be written; make it a column of its own")
