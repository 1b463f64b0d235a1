"""A fine-tuned classifier as training scripts save it: compiled, wrapped for several devices, beside its optimizer.

The model of recipes/runnable.py with three of its classes; wrapped.json: torchvision's classes of the pictures there.
"""

import json

import torch
from torchvision.models import mobilenet_v2

from recipes.runnable import classes, load


def write(book) -> None:
    network = mobilenet_v2(num_classes=3).eval()
    tensors = load(network, {"classifier.1": 16.0})
    head = torch.nn.Parameter(tensors["classifier.1.bias"].float())
    optimizer = torch.optim.SGD([head], 0.1, momentum=0.9)
    head.grad = torch.ones(3)
    optimizer.step()
    weights = {"module._orig_mod." + name: tensor for name, tensor in tensors.items()}
    torch.save({"model": weights, "optimizer": optimizer.state_dict(), "epoch": 3}, book.path("classifier.pth"))
    with torch.inference_mode():
        found = {name: classes(network, book.path(f"../runnable/{name}")) for name in ["first.png", "second.png"]}
    book.path("wrapped.json").write_text(json.dumps(found, indent=1) + "\n")
