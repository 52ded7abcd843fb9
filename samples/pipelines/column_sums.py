"""Adds up every numeric column of a dataset of any size: one batch of the files is looked at at a time, through a memory map.

Writes one row with the sum of each column, and returns the sums as statistics.
"""

import os

import numpy as np
from eventml import arrow


def run(input_path, output_path, params, job):
    numeric = [f.name for f in arrow.schema(input_path) if f.type.startswith(("int", "uint", "float"))]
    sums, rows = dict.fromkeys(numeric, 0.0), 0
    for batch in arrow.batches(input_path, numeric):
        job.check_cancelled()
        for name in numeric:
            sums[name] += float(batch[name].numpy(fill=0).sum(dtype=np.float64))
        rows += batch.num_rows
        job.progress(rows, 0, f"{rows} rows")
    with arrow.Writer(os.path.join(output_path, "part-00000.arrow"), [arrow.Field(name, "float64") for name in numeric]) as writer:
        writer.write({name: [value] for name, value in sums.items()})
    return {"total_records": rows, **{f"sum_{name}": value for name, value in sums.items()}}
