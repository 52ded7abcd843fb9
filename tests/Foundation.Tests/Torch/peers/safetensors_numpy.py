"""Reads and writes safetensors with numpy only."""
import json
import struct

import numpy as np

NAMES = {"U8": "<u1", "I8": "<i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "BOOL": "?"}


def load(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        data = f.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[e["data_offsets"][0]:e["data_offsets"][1]], dtype=NAMES[e["dtype"]]).reshape(e["shape"]).copy()
        for name, e in header.items()
    }


def save(path, tensors):
    header, chunks, offset = {"__metadata__": {"writer": "numpy"}}, [], 0
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value).tobytes()
        dtype = next(k for k, v in NAMES.items() if np.dtype(v) == value.dtype)
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [offset, offset + len(raw)]}
        chunks.append(raw)
        offset += len(raw)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))
