"""Arrow's types by name, and their form in a file's metadata."""

import functools
import re

import numpy as np

from .flatbuffer import ArrowError

MAGIC = b"ARROW1"
V5 = 4
MAX_FIELDS = 100_000
MAX_DEPTH = 64

FIXED = {"int8": "<i1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint8": "<u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8",
         "float16": "<f2", "float32": "<f4", "float64": "<f8"}
BYTES = {"binary": 4, "utf8": 5, "large_binary": 19, "large_utf8": 20, "binary_view": 23, "utf8_view": 24}
UNITS = ("s", "ms", "us", "ns")
LISTS = {"list": 12, "large_list": 21, "fixed_size_list": 16, "map": 17}
UNSUPPORTED = {11: "interval", 14: "union", 22: "run_end_encoded", 25: "list_view", 26: "large_list_view"}


class Field:
    """A column: its name, its type such as "int64", "utf8" or "list<float32>", metadata, and whether it may hold None."""

    def __init__(self, name, type, metadata=None, nullable=False):
        self.name, self.type, self.metadata, self.nullable = name, str(type), dict(metadata or {}), nullable

    def __repr__(self):
        return f"Field({self.name!r}, {self.type!r})"


class Type:
    """A parsed type: kind, its parameters, the fields below it; an index type and the values' type for a dictionary."""

    def __init__(self, kind, *parameters, children=(), dictionary=None):
        self.kind, self.parameters, self.children, self.dictionary = kind, parameters, list(children), dictionary

    @property
    def dtype(self):
        """numpy's type of one value; None where values differ in length or are nested."""
        if self.kind in FIXED:
            return np.dtype(FIXED[self.kind])
        if self.kind in ("timestamp", "duration"):
            return np.dtype(f"<{'M' if self.kind == 'timestamp' else 'm'}8[{self.parameters[0]}]")
        return {"date32": np.dtype("<i4"), "date64": np.dtype("<M8[ms]"), "time32": np.dtype("<i4"), "time64": np.dtype("<i8")}.get(self.kind)

    def __str__(self):
        inner = [str(c.type) for c in self.children]
        if self.kind == "dictionary":
            return f"dictionary<{self.parameters[0]}, {inner[0]}>"
        if self.kind == "struct":
            return "struct<" + ", ".join(f"{c.name}: {t}" for c, t in zip(self.children, inner)) + ">"
        if self.kind == "map":
            return f"map<{', '.join(str(c.type) for c in parse(inner[0]).children)}>"
        if self.kind in LISTS:
            return f"{self.kind}<{inner[0]}>" + (f"[{self.parameters[0]}]" if self.parameters else "")
        return self.kind + ("[" + ", ".join(str(p) for p in self.parameters) + "]" if self.parameters else "")


@functools.lru_cache(maxsize=1000)
def parse(text):
    """The type behind a name; an error that lists the names where there is none."""
    kind, rest = re.match(r"([a-z0-9_]*)(.*)", text, re.DOTALL).groups()
    if not rest and (kind in FIXED or kind in BYTES or kind in ("null", "bool", "date32", "date64")):
        return Type(kind)
    bracket = re.fullmatch(r"\[([^\[\]]+)\]", rest)
    if bracket:
        parts = [p.strip() for p in bracket.group(1).split(",")]
        if kind == "fixed_size_binary" and len(parts) == 1 and parts[0].isdigit():
            return Type(kind, int(parts[0]))
        if kind in ("timestamp", "duration", "time32", "time64") and parts[0] in UNITS and len(parts) <= (2 if kind == "timestamp" else 1):
            if kind not in ("time32", "time64") or (parts[0] in UNITS[:2]) == (kind == "time32"):
                return Type(kind, *parts)
        if re.fullmatch("decimal(32|64|128|256)", kind) and len(parts) == 2 and all(re.fullmatch(r"-?\d+", p) for p in parts):
            return Type(kind, int(parts[0]), int(parts[1]))
    nested = re.fullmatch(r"<(.*)>(?:\[(\d+)\])?", rest, re.DOTALL)
    if nested:
        inner, size = _split(nested.group(1)), nested.group(2)
        if kind in ("list", "large_list") and size is None and len(inner) == 1:
            return Type(kind, children=[Field("item", parse(inner[0]), nullable=True)])
        if kind == "fixed_size_list" and size is not None and len(inner) == 1:
            return Type(kind, int(size), children=[Field("item", parse(inner[0]), nullable=True)])
        if kind == "dictionary" and size is None and len(inner) == 2 and inner[0] in FIXED and "int" in inner[0]:
            return Type(kind, inner[0], children=[Field("values", parse(inner[1]))])
        if kind == "struct" and size is None:
            pairs = [tuple(p.strip() for p in part.split(":", 1)) for part in inner]
            if all(len(p) == 2 for p in pairs):
                return Type(kind, children=[Field(name, parse(type), nullable=True) for name, type in pairs])
    raise ArrowError(
        f"'{text[:100]}' is no type; there are {', '.join(FIXED)}, bool, null, {', '.join(BYTES)}, fixed_size_binary[n], date32, date64, time32[s|ms], time64[us|ns], "
        "timestamp[s|ms|us|ns, zone], duration[unit], decimal128[precision, scale], list<type>, large_list<type>, fixed_size_list<type>[n], struct<name: type, ...>, "
        "dictionary<int32, utf8>")


def _split(text):
    """At the commas that lie in no bracket."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "<[") - (c in ">]")
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return parts + [text[start:].strip()] if text.strip() else []


class FieldReader:
    """Reads fields from metadata; counts them, since a small damaged file may name very many."""

    def __init__(self):
        self._left = MAX_FIELDS

    def read(self, view, depth=0):
        """(field, type): the field with its type's name, and the parsed type, in which nested fields carry theirs as well."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise ArrowError("the schema has too many fields, or they are nested too deeply")
        name, metadata = view.text(0) or "", {pair.text(0): pair.text(1) for pair in view.tables(6)}
        type = self._type(name, view, depth)
        encoding = view.table(4)
        if encoding is not None:
            index = encoding.table(1)
            key = "int32" if index is None else _int(index)
            type = Type("dictionary", key, children=[_with_type(Field("values", type), type)], dictionary=encoding.scalar(0, "q"))
        return _with_type(Field(name, type, metadata, bool(view.scalar(1, "?"))), type)

    def _type(self, name, view, depth):
        kind, table = view.scalar(2, "B"), view.table(3)
        if kind in UNSUPPORTED or not 1 <= kind <= 26:
            raise ArrowError(f"column '{name}' has the Arrow type {UNSUPPORTED.get(kind, kind)}, which this reader does not know; convert it before, or use pyarrow")
        if table is None:
            raise ArrowError(f"column '{name}' has no type")
        children = [self.read(child, depth + 1) for child in view.tables(5)]
        if kind == 1 or kind == 6:
            return Type("null" if kind == 1 else "bool")
        if kind == 2:
            return Type(_int(table))
        if kind == 3:
            return Type(_choose(("float16", "float32", "float64"), table.scalar(0, "h")))
        if kind in BYTES.values():
            return Type(next(k for k, v in BYTES.items() if v == kind))
        if kind == 7:
            return Type(f"decimal{_member((32, 64, 128, 256), table.scalar(2, 'i', 128))}", table.scalar(0, "i"), table.scalar(1, "i"))
        if kind == 8:
            return Type(_choose(("date32", "date64"), table.scalar(0, "h", 1)))
        if kind == 9:
            return Type(f"time{_member((32, 64), table.scalar(1, 'i', 32))}", _choose(UNITS, table.scalar(0, "h", 1)))
        if kind == 10:
            zone = table.text(1)
            return Type("timestamp", _choose(UNITS, table.scalar(0, "h")), *([zone] if zone else []))
        if kind == 18:
            return Type("duration", _choose(UNITS, table.scalar(0, "h", 1)))
        if kind == 15:
            return Type("fixed_size_binary", _size(table.scalar(0, "i")))
        if kind == 13:
            return Type("struct", children=children)
        if len(children) != 1:
            raise ArrowError(f"column '{name}' is a list of {len(children)} types")
        return Type(next(k for k, v in LISTS.items() if v == kind), *([_size(table.scalar(0, "i"))] if kind == 16 else []), children=children)


def _with_type(field, type):
    field.parsed = type
    return field


def _int(table):
    return _member(tuple(FIXED), ("int" if table.scalar(1, "?") else "uint") + str(table.scalar(0, "i")))


def _choose(names, index):
    if not 0 <= index < len(names):
        raise ArrowError("a type in the schema is unknown")
    return names[index]


def _member(allowed, value):
    if value not in allowed:
        raise ArrowError("a type in the schema is unknown")
    return value


def _size(size):
    if size < 0:
        raise ArrowError("a type in the schema has a negative size")
    return size


def write_field(builder, field, type, dictionaries):
    """Builds a field; dictionaries get the numbers in which the caller counts them."""
    values = type.children[0] if type.kind == "dictionary" else field
    shown = parse(values.type) if type.kind == "dictionary" else type
    kind, table = _write_type(builder, shown)
    below = [] if shown.kind == "dictionary" else shown.children
    children = builder.offsets([write_field(builder, c, parse(c.type), dictionaries) for c in below])
    entries = [(0, "T", builder.text(field.name)), (1, "?", field.nullable), (2, "B", kind), (3, "T", table), (5, "T", children)]
    if type.kind == "dictionary":
        index = builder.table([(0, "i", np.dtype(FIXED[type.parameters[0]]).itemsize * 8), (1, "?", not type.parameters[0].startswith("u"))])
        dictionaries.append(field)
        entries.append((4, "T", builder.table([(0, "q", len(dictionaries) - 1), (1, "T", index)])))
    if field.metadata:
        pairs = [builder.table([(0, "T", builder.text(str(k))), (1, "T", builder.text(str(v)))]) for k, v in field.metadata.items()]
        entries.append((6, "T", builder.offsets(pairs)))
    return builder.table(entries)


def _write_type(builder, type):
    kind, parameters = type.kind, type.parameters
    if kind in FIXED:
        dtype = type.dtype
        if dtype.kind == "f":
            return 3, builder.table([(0, "h", {2: 0, 4: 1, 8: 2}[dtype.itemsize])])
        return 2, builder.table([(0, "i", dtype.itemsize * 8), (1, "?", dtype.kind == "i")])
    if kind in BYTES and not kind.endswith("view"):
        return BYTES[kind], builder.table([])
    if kind in ("null", "bool", "struct"):
        return {"null": 1, "bool": 6, "struct": 13}[kind], builder.table([])
    if kind in LISTS and kind != "map":
        return LISTS[kind], builder.table([(0, "i", parameters[0])] if parameters else [])
    if kind in ("date32", "date64"):
        return 8, builder.table([(0, "h", ("date32", "date64").index(kind))])
    if kind in ("time32", "time64"):
        return 9, builder.table([(0, "h", UNITS.index(parameters[0])), (1, "i", int(kind[4:]))])
    if kind == "timestamp":
        zone = [(1, "T", builder.text(parameters[1]))] if len(parameters) > 1 else []
        return 10, builder.table([(0, "h", UNITS.index(parameters[0]))] + zone)
    if kind == "duration":
        return 18, builder.table([(0, "h", UNITS.index(parameters[0]))])
    if kind == "fixed_size_binary":
        return 15, builder.table([(0, "i", parameters[0])])
    if kind.startswith("decimal"):
        return 7, builder.table([(0, "i", parameters[0]), (1, "i", parameters[1]), (2, "i", int(kind[7:]))])
    raise ArrowError(f"the type {type} can be read, but not written; write {kind.removesuffix('_view')} instead")
