"""Runs a model folder of the platform with python3-torch: prints how many images are right and the first probabilities.

usage: torch_predict.py MODEL_FOLDER IMAGES.gz LABELS.gz FIRST
"""
import gzip
import json
import struct
import sys

import numpy as np
import torch
from torch import nn

folder, image_file, label_file, first = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
with open(f"{folder}/weights.safetensors", "rb") as file:
    (size,) = struct.unpack("<Q", file.read(8))
    header, body = json.loads(file.read(size)), file.read()
with open(f"{folder}/model.json") as file:
    model = json.load(file)


def layer(spec):
    kind = spec["type"]
    if kind == "conv2d":
        return nn.Conv2d(spec["in_channels"], spec["out_channels"], spec["kernel_size"])
    if kind == "linear":
        return nn.Linear(spec["in_features"], spec["out_features"])
    if kind == "max_pool2d":
        return nn.MaxPool2d(spec["kernel_size"])
    return {"relu": nn.ReLU, "flatten": nn.Flatten}[kind]()


network = nn.Sequential(*map(layer, model["layers"])).eval()
weights = {
    name: torch.from_numpy(np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).copy())
    for name, entry in header.items() if name != "__metadata__"
}
# The same names in the same order of layers; strict would say which one is missing.
network.load_state_dict(weights, strict=True)
with gzip.open(image_file) as file:
    images = torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28).copy())
with gzip.open(label_file) as file:
    labels = torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64))
spec = model["input"]
mean, std = (torch.tensor(spec[k]).reshape(1, -1, 1, 1) for k in ("mean", "std"))
torch.set_num_threads(1)
with torch.no_grad():
    logits = torch.cat([network((batch.float() * spec["scale"] - mean) / std) for batch in images.split(500)])
print(json.dumps({"correct": int((logits.argmax(1) == labels).sum()), "count": len(labels), "predictions": logits[:first].softmax(1).tolist()}))
