"""What the reader and the writer of Arrow files share: type names and numbers of the format."""

MAGIC = b"ARROW1"
V5 = 4
FIXED = {"int8": "<i1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint8": "<u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8",
          "float16": "<f2", "float32": "<f4", "float64": "<f8"}
INT, FLOAT, BINARY, UTF8, FIXED_BINARY = 2, 3, 4, 5, 15


class Field:
    """A column: name, type ("binary", "utf8", "int64", "float32", ..., "fixed_size_binary[n]") and metadata."""

    def __init__(self, name, type, metadata=None, nullable=False):
        self.name, self.type, self.metadata, self.nullable = name, type, dict(metadata or {}), nullable

    def __repr__(self):
        return f"Field({self.name!r}, {self.type!r})"
