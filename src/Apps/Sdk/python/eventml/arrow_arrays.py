"""Columns in memory: views of a file's buffers, checked before anything follows them."""

import decimal

import numpy as np

from .arrow_types import ArrowError, BYTES
from .compression import decompress

_CODECS = {0: "LZ4", 1: "ZSTD"}
# A file of a few bytes must not take all memory.
_MAX_EXPANSION = 2000


class Buffers:
    """The buffers of one batch in the order of its columns."""

    def __init__(self, body, batch, dictionaries):
        compression = batch.table(3)
        self._codec = None if compression is None else _CODECS.get(compression.scalar(0, "b"), "an unknown codec")
        self._body, self._nodes, self._buffers = body, iter(batch.structs(1, "qq")), iter(batch.structs(2, "qq"))
        self._variadic, self.dictionaries = iter(batch.structs(4, "q")), dictionaries

    def node(self):
        """(rows, nulls) of the next column."""
        rows, nulls = _next(self._nodes, "columns")
        if not 0 <= nulls <= rows or rows > 2**40:
            raise ArrowError("a column has an impossible number of rows or nulls")
        return rows, nulls

    def skip(self):
        _next(self._buffers, "buffers")

    def bytes(self):
        """The next buffer as uint8."""
        start, size = _next(self._buffers, "buffers")
        if start < 0 or size < 0 or start + size > len(self._body):
            raise ArrowError("a column's buffer lies outside the file")
        raw = self._body[start : start + size]
        return np.frombuffer(raw, np.uint8) if self._codec is None or not size else decompress(self._codec, raw, 2**20 + _MAX_EXPANSION * size)

    def take(self, dtype, count):
        """The next buffer as so many values of a type."""
        raw, need = self.bytes(), count * np.dtype(dtype).itemsize
        if len(raw) < need:
            raise ArrowError("a column's buffer is too short")
        return raw[:need].view(dtype) if need else np.zeros(0, dtype)

    def validity(self, rows, nulls):
        """Which rows have a value; None when all have."""
        if not nulls:
            self.skip()
            return None
        return np.unpackbits(self.take("u1", (rows + 7) // 8), bitorder="little")[:rows].astype(bool)

    def more(self):
        """How many data buffers the next column of views has."""
        (count,) = _next(self._variadic, "data buffers")
        if not 0 <= count <= 2**31:
            raise ArrowError("a column has an impossible number of buffers")
        return count


def _next(iterator, what):
    try:
        return next(iterator)
    except StopIteration:
        raise ArrowError(f"a batch has fewer {what} than its schema") from None


class Array:
    """The values of one column in one batch."""

    def __init__(self, type, rows, valid, values, child=()):
        self.type, self.rows, self.valid, self.values, self.children = type, rows, valid, values, child

    def __len__(self):
        return self.rows

    def to_list(self):
        items = self._items()
        return items if self.valid is None else [item if ok else None for item, ok in zip(items, self.valid)]

    def numpy(self, name, width):
        kind = self.type.kind
        if kind == "date32":
            return self.values.astype("<M8[D]")
        if kind == "dictionary":
            values = np.concatenate([part.numpy(name, width) for part in self.children]) if self.children else np.zeros(0)
            return values[self.values] if len(values) else np.zeros(self.rows, values.dtype)
        if kind == "fixed_size_list":
            child = self.children[0]
            if child.valid is not None:
                whole = child.valid[: self.rows * self.type.parameters[0]].reshape(self.rows, -1).all(axis=1)
                if not (whole if self.valid is None else whole | ~self.valid).all():
                    raise ValueError(f"lists in column '{name}' hold nulls; use to_list()")
            return child.numpy(name, width).reshape((self.rows, self.type.parameters[0]) + child.numpy(name, width).shape[1:])
        if kind in ("binary", "large_binary"):
            offsets, data = self.values
            if width is None:
                raise ValueError(f"column '{name}' is {self.type}: give the width of its values, or use to_list()")
            if not np.array_equal(np.diff(offsets), np.full(self.rows, width, offsets.dtype)):
                raise ValueError(f"not every value of column '{name}' has {width} bytes")
            return data[int(offsets[0]) : int(offsets[0]) + self.rows * width].reshape(self.rows, width)
        if isinstance(self.values, np.ndarray) and not kind.startswith("decimal"):
            return self.values
        raise ValueError(f"column '{name}' is {self.type}, which has no numpy form; use to_list()")

    def _items(self):
        kind, values = self.type.kind, self.values
        if kind == "null":
            return [None] * self.rows
        if kind in BYTES:
            items = _views(values) if kind.endswith("view") else [values[1][a:b].tobytes() for a, b in zip(values[0][:-1], values[0][1:])]
            return [item.decode("utf-8", "replace") for item in items] if "utf8" in kind else items
        if kind == "fixed_size_binary":
            return [row.tobytes() for row in values]
        if kind.startswith("decimal"):
            return [_decimal(row.tobytes(), self.type.parameters[1]) for row in values]
        if kind == "date32":
            return list(values.astype("<M8[D]"))
        if kind == "dictionary":
            categories = [item for part in self.children for item in part.to_list()]
            return [categories[code] if self.valid is None or self.valid[i] else None for i, code in enumerate(values)]
        if kind == "struct":
            names = [field.name for field in self.type.children]
            return [dict(zip(names, row)) for row in zip(*(c.to_list() for c in self.children))] if names else [{} for _ in range(self.rows)]
        if kind == "fixed_size_list":
            items, size = self.children[0].to_list(), self.type.parameters[0]
            return [items[i * size : (i + 1) * size] for i in range(self.rows)]
        if kind in ("list", "large_list", "map"):
            items = self.children[0].to_list()
            if kind == "map":
                items = [tuple(item.values()) for item in items]
            return [items[a:b] for a, b in zip(values[:-1], values[1:])]
        return list(values) if values.dtype.kind in "Mm" else values.tolist()


def _decimal(raw, scale):
    return decimal.Context(prec=80).scaleb(decimal.Decimal(int.from_bytes(raw, "little", signed=True)), -scale)


def _views(values):
    views, data = values
    lengths, places = views.view("<i4")[:, 0], views.view("<i4")
    items = []
    for row, length in enumerate(lengths.tolist()):
        if length <= 12:
            items.append(views[row, 4 : 4 + length].tobytes())
        else:
            start = int(places[row, 3])
            items.append(data[int(places[row, 2])][start : start + length].tobytes())
    return items


def read_array(buffers, type):
    """The next column of a batch."""
    kind = type.kind
    rows, nulls = buffers.node()
    if kind == "null":
        return Array(type, rows, np.zeros(rows, bool), None)
    valid = buffers.validity(rows, nulls)
    if kind == "bool":
        return Array(type, rows, valid, np.unpackbits(buffers.take("u1", (rows + 7) // 8), bitorder="little")[:rows].astype(bool))
    if kind in ("fixed_size_binary", "decimal32", "decimal64", "decimal128", "decimal256"):
        width = type.parameters[0] if kind == "fixed_size_binary" else int(kind[7:]) // 8
        return Array(type, rows, valid, buffers.take("u1", rows * width).reshape(rows, width))
    if kind.endswith("_view"):
        return Array(type, rows, valid, _read_views(buffers, rows, valid))
    if kind in BYTES:
        offsets = _offsets(buffers, rows, "<i8" if kind.startswith("large") else "<i4")
        return Array(type, rows, valid, (offsets, buffers.take("u1", int(offsets[-1]))))
    if kind == "dictionary":
        return _read_dictionary(buffers, type, rows, valid)
    if kind in ("list", "large_list", "map"):
        offsets = _offsets(buffers, rows, "<i8" if kind == "large_list" else "<i4")
        return Array(type, rows, valid, offsets, [_child(buffers, type.children[0], int(offsets[-1]))])
    if kind == "fixed_size_list":
        return Array(type, rows, valid, None, [_child(buffers, type.children[0], rows * type.parameters[0])])
    if kind == "struct":
        return Array(type, rows, valid, None, [_child(buffers, field, rows) for field in type.children])
    return Array(type, rows, valid, buffers.take(type.dtype, rows))


def _child(buffers, field, rows):
    child = read_array(buffers, field.parsed)
    if len(child) < rows:
        raise ArrowError("a nested column has fewer rows than its parent needs")
    if len(child) > rows and child.type.dtype is not None:
        return Array(child.type, rows, None if child.valid is None else child.valid[:rows], child.values[:rows])
    return child


def _offsets(buffers, rows, dtype):
    if not rows:
        # A column without rows may leave even the first offset out.
        buffers.skip()
        return np.zeros(1, dtype)
    offsets = buffers.take(dtype, rows + 1)
    if offsets[0] < 0 or np.any(np.diff(offsets) < 0):
        raise ArrowError("a column's offsets do not ascend")
    return offsets


def _read_views(buffers, rows, valid):
    views = buffers.take("u1", rows * 16).reshape(rows, 16)
    data = [buffers.bytes() for _ in range(buffers.more())]
    numbers = views.view("<i4").astype("i8").reshape(rows, 4)
    if valid is not None:
        views = np.where(valid[:, None], views, 0).astype("u1")
        numbers = np.where(valid[:, None], numbers, 0)
    long = numbers[numbers[:, 0] > 12]
    sizes = np.array([len(part) for part in data], "i8")
    if np.any(numbers[:, 0] < 0) or np.any(long[:, 2] < 0) or np.any(long[:, 2] >= len(data)) or np.any(long[:, 3] < 0) or (
        len(long) and np.any(long[:, 3] + long[:, 0] > sizes[long[:, 2]])
    ):
        raise ArrowError("a view points outside its data")
    return views, data


def _read_dictionary(buffers, type, rows, valid):
    codes = buffers.take(np.dtype(type.children and "<" + {"i": "i", "u": "u"}[type.parameters[0][0]] + str(int(type.parameters[0].lstrip("uint")) // 8)), rows)
    values = buffers.dictionaries(type.dictionary)
    size = sum(len(part) for part in values)
    used = codes if valid is None else codes[valid]
    if len(used) and (used.min() < 0 or int(used.max()) >= size):
        raise ArrowError("a dictionary column points outside its dictionary")
    return Array(type, rows, valid, codes.astype("i8") if valid is None else np.where(valid, codes, 0).astype("i8"), values)
