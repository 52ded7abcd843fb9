"""The same network in PyTorch: reads model.json, weights and a batch from a folder, writes what it computes."""
import copy
import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

import safetensors_numpy as st

LAYERS = {
    "conv2d": lambda l: nn.Conv2d(l["in_channels"], l["out_channels"], l["kernel_size"], l.get("stride", 1), l.get("padding", 0)),
    "linear": lambda l: nn.Linear(l["in_features"], l["out_features"]),
    "relu": lambda l: nn.ReLU(),
    "max_pool2d": lambda l: nn.MaxPool2d(l["kernel_size"]),
    "flatten": lambda l: nn.Flatten(),
    "dropout": lambda l: nn.Dropout(l["p"]),
    "batch_norm2d": lambda l: nn.BatchNorm2d(l["num_features"]),
}
OPTIMISERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "sgd": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9),
}

folder = pathlib.Path(sys.argv[1])
torch.set_num_threads(1)
torch.manual_seed(7)
net = nn.Sequential(*[LAYERS[l["type"]](l) for l in json.loads((folder / "model.json").read_text())["layers"]])
out = {"init." + k: v.numpy().copy() for k, v in net.state_dict().items()}
net.load_state_dict({k: torch.from_numpy(v) for k, v in st.load(folder / "weights.safetensors").items()})
batch = st.load(folder / "batch.safetensors")
x, y = torch.from_numpy(batch["x"]), torch.from_numpy(batch["y"])
net.eval()
with torch.no_grad():
    out["logits"] = net(x).numpy()
for name, make in OPTIMISERS.items():
    trained = copy.deepcopy(net).train()
    optimiser = make(trained.parameters())
    torch.manual_seed(11)
    for step in range(2):
        optimiser.zero_grad()
        loss = F.cross_entropy(trained(x), y)
        loss.backward()
        if step == 0 and name == "adam":
            out["loss"] = loss.detach().numpy()
            out.update({"grad." + k: p.grad.numpy().copy() for k, p in trained.named_parameters()})
        optimiser.step()
    out.update({f"{name}." + k: v.numpy().copy() for k, v in trained.state_dict().items()})
st.save(folder / "peer.safetensors", {k: np.asarray(v) for k, v in out.items()})
