"""Cleans MNIST-like IDX files (gzipped or not) into Arrow files, one per split.

Parameters: normalize (false) notes that pixels are to be read as 0..1: the bytes stay bytes, a quarter of the size of floats,
and the factor goes into the column's metadata ("scale"); flatten (false) notes the shape 784 instead of 28,28.
"""

import glob
import gzip
import os
import struct

import numpy as np
from eventml import arrow

BATCH_ROWS = 4096
CLASSES = 10
SPLITS = {"train": "train", "test": "t10k"}


def read_idx(folder, pattern):
    found = sorted(glob.glob(os.path.join(folder, pattern)))
    if not found:
        raise FileNotFoundError(f"no file {pattern} in {folder}")
    with open(found[0], "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    name = os.path.basename(found[0])
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError(f"{name} is not an IDX file of unsigned bytes")
    dimensions = struct.unpack_from(f">{data[3]}I", data, 4)
    offset = 4 + 4 * data[3]
    if len(data) - offset != int(np.prod(dimensions)):
        raise ValueError(f"{name} says {dimensions}, but holds {len(data) - offset} bytes")
    return np.frombuffer(data, np.uint8, offset=offset).reshape(dimensions)


def run(input_path, output_path, params, job):
    counts, invalid = {}, 0
    for part, (split, prefix) in enumerate(SPLITS.items()):
        images = read_idx(input_path, f"{prefix}-images*idx3-ubyte*")
        labels = read_idx(input_path, f"{prefix}-labels*idx1-ubyte*")
        if len(images) != len(labels):
            raise ValueError(f"{split}: {len(images)} images, but {len(labels)} labels")
        shape = images.shape[1:]
        images = images.reshape(len(images), -1)
        metadata = {"shape": str(images.shape[1]) if params.get("flatten") else ",".join(map(str, shape)), "dtype": "uint8"}
        if params.get("normalize"):
            metadata["scale"] = repr(1 / 255)
        valid = labels < CLASSES
        invalid += int((~valid).sum())
        images, labels = images[valid], labels[valid].astype(np.int64)
        fields = [arrow.Field("image", "binary", metadata), arrow.Field("label", "int64"), arrow.Field("split", "utf8")]
        with arrow.Writer(os.path.join(output_path, f"part-{part:05}.arrow"), fields) as writer:
            for start in range(0, len(images), BATCH_ROWS):
                job.check_cancelled()
                rows = slice(start, start + BATCH_ROWS)
                writer.write({"image": images[rows], "label": labels[rows], "split": [split] * len(labels[rows])})
                job.progress(min(start + BATCH_ROWS, len(images)), len(images), split)
        counts[split] = len(images)
    return {"total_records": sum(counts.values()), "train_records": counts["train"], "test_records": counts["test"], "invalid_records": invalid}
