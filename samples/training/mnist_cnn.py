"""Trains the CNN conv32-conv64-fc128 on images of a dataset with python3-torch.

Parameters: epochs (3), learning_rate (0.001), batch_size (64), device ("auto": cuda where present), seed (0), limit (all rows of each split).
Each epoch ends with a checkpoint; a further attempt goes on after the last one and gives the same weights.
"""

import json
import os
import time

import numpy as np
import torch
from eventml import arrow, safetensors
from torch import nn

SCALE = 1 / 255


def load(path, limit):
    table = arrow.read(path)
    shape = [int(n) for n in table["image"].field.metadata.get("shape", "28,28").split(",")]
    height, width = shape if len(shape) == 2 else (28, 28)
    images = table["image"].numpy(height * width).reshape(-1, 1, height, width)
    labels = table["label"].numpy()
    split = np.array(table["split"].to_list())
    return {name: (torch.from_numpy(images[split == name][:limit].copy()), torch.from_numpy(labels[split == name][:limit].copy())) for name in ("train", "test")}


def definition(height, width):
    features = 64 * ((height - 4) // 2) * ((width - 4) // 2)
    return {
        "format": "eventml.model/1",
        "layers": [
            {"type": "conv2d", "in_channels": 1, "out_channels": 32, "kernel_size": 3}, {"type": "relu"},
            {"type": "conv2d", "in_channels": 32, "out_channels": 64, "kernel_size": 3}, {"type": "relu"},
            {"type": "max_pool2d", "kernel_size": 2}, {"type": "flatten"},
            {"type": "linear", "in_features": features, "out_features": 128}, {"type": "relu"},
            {"type": "linear", "in_features": 128, "out_features": 10},
        ],
        "input": {"name": "image", "shape": [1, height, width], "dtype": "uint8", "scale": SCALE, "mean": [0.0], "std": [1.0]},
        "output": {"kind": "classification", "classes": 10, "labels": []},
    }


def build(height, width):
    features = 64 * ((height - 4) // 2) * ((width - 4) // 2)
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, 10))


def save_checkpoint(folder, epoch, model, optimizer):
    partial, target = os.path.join(folder, "checkpoint.partial"), os.path.join(folder, "checkpoint.pt")
    torch.save({"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, partial)
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, target)


def evaluate(model, images, labels, device):
    model.eval()
    correct, loss = 0, 0.0
    with torch.no_grad():
        for start in range(0, len(images), 512):
            y = labels[start : start + 512].to(device)
            logits = model(images[start : start + 512].to(device).float() * SCALE)
            loss += nn.functional.cross_entropy(logits, y, reduction="sum").item()
            correct += (logits.argmax(1) == y).sum().item()
    return loss / len(images), correct / len(images)


def run(input_path, output_path, params, job):
    epochs, batch = int(params.get("epochs", 3)), int(params.get("batch_size", 64))
    rate, seed, device = float(params.get("learning_rate", 0.001)), int(params.get("seed", 0)), params.get("device", "auto")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    data = load(input_path, params.get("limit"))
    images, labels = data["train"]
    if not len(images) or not len(data["test"][0]):
        raise ValueError(f"{input_path} has {len(images)} training and {len(data['test'][0])} test images; both are needed")
    torch.set_num_threads(int(params.get("threads", os.cpu_count())))
    torch.manual_seed(seed)
    height, width = images.shape[2:]
    model = build(height, width).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    first, checkpoint = 1, os.path.join(job.checkpoint_path, "checkpoint.pt")
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"] + 1
    train_loss = None
    for epoch in range(first, epochs + 1):
        started, total, correct = time.monotonic(), 0.0, 0
        model.train()
        # The order depends on seed and epoch alone, so that a resumed run sees what an uninterrupted one would.
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
        for start in range(0, len(order), batch):
            job.check_cancelled()
            rows = order[start : start + batch]
            y = labels[rows].to(device)
            logits = model(images[rows].to(device).float() * SCALE)
            loss = nn.functional.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            correct += (logits.argmax(1) == y).sum().item()
            if start // batch % 50 == 0:
                job.progress((epoch - 1) * len(order) + start, epochs * len(order), f"epoch {epoch}")
        train_loss, elapsed = total / len(order), time.monotonic() - started
        test_loss, test_accuracy = evaluate(model, *data["test"], device)
        save_checkpoint(job.checkpoint_path, epoch, model, optimizer)
        metrics = {"train_loss": train_loss, "train_accuracy": correct / len(order), "test_loss": test_loss, "test_accuracy": test_accuracy}
        job.epoch(epoch, epochs, metrics, rate, len(order) / elapsed, elapsed)
    test_loss, test_accuracy = evaluate(model, *data["test"], device)
    with open(os.path.join(output_path, "model.json"), "w") as file:
        json.dump(definition(height, width), file, indent=2)
    safetensors.save(model.state_dict(), os.path.join(output_path, "weights.safetensors"))
    stats = {"test_loss": test_loss, "test_accuracy": test_accuracy, "epochs": epochs}
    return stats if train_loss is None else {"train_loss": train_loss, **stats}
