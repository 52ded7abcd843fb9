"""numpy_peer.py ROWS QUERIES DIMENSIONS K: for each line N on stdin the K nearest rows of the first N queries, and the seconds of the faster way."""
import json
import sys
import time

import numpy as np

rows = np.fromfile(sys.argv[1], dtype=np.float32).reshape(-1, int(sys.argv[3]))
queries = np.fromfile(sys.argv[2], dtype=np.float32).reshape(-1, int(sys.argv[3]))
k = int(sys.argv[4])
squares = np.einsum('ij,ij->i', rows, rows)


def one(query):
    distances = rows @ query
    distances *= -2
    distances += squares
    nearest = np.argpartition(distances, k)[:k]
    return nearest[np.argsort(distances[nearest])][None, :]


def whole(wanted):
    distances = wanted @ rows.T
    distances *= -2
    distances += squares
    nearest = np.argpartition(distances, k, axis=1)[:, :k]
    return np.take_along_axis(nearest, np.argsort(np.take_along_axis(distances, nearest, 1), axis=1), 1)


def blocks(wanted, step=16384):
    best, ids = np.empty((len(wanted), 0), np.float32), np.empty((len(wanted), 0), np.int64)
    for first in range(0, len(rows), step):
        distances = wanted @ rows[first:first + step].T
        distances *= -2
        distances += squares[first:first + step]
        near = np.argpartition(distances, k, axis=1)[:, :k]
        best = np.concatenate([best, np.take_along_axis(distances, near, 1)], axis=1)
        ids = np.concatenate([ids, near + first], axis=1)
    order = np.argsort(best, axis=1)[:, :k]
    return np.take_along_axis(ids, order, 1)


print('ready', flush=True)
for line in sys.stdin:
    count = int(line)
    times = []
    for way in ([lambda: one(queries[0])] if count == 1 else [lambda: whole(queries[:count]), lambda: blocks(queries[:count])]):
        began = time.perf_counter()
        nearest = way()
        times.append(time.perf_counter() - began)
    print(json.dumps({'seconds': min(times), 'rows': nearest.tolist()}), flush=True)
