"""Whole models in small files, with what torchvision makes of pictures with them: for tests of the command.

Every weight is a window on a few short storages of random halves, one for each fan: row o of a weight begins some steps
after row o - 1. So a Faster R-CNN of 28 million parameters takes a file of some 140 kB, which torch.save writes and
torch.load reads as it does any other. The heads are scaled as in recipes/detections.py.

runnable.json: the detections alone and as one batch, and the classes, of the pictures beside it; two of them are of
unusual sizes.
"""

import json

import numpy
import torch
from PIL import Image
from torchvision.models import mobilenet_v2
from torchvision.transforms._presets import ImageClassification

from recipes.detections import detector, image, pair_up, rows, run, same, stages, uniform

STEP = 7


class Windows:
    """A state dict of windows on shared storages."""

    def __init__(self, state: dict, gains: dict):
        self.gains, self.wanted, self.places = gains, {}, {}
        for name, tensor in state.items():
            kind, fan = self.kind(name, tensor, state), tensor[0].numel() if tensor.dim() > 1 else 1
            step = STEP if tensor.dim() > 1 else 1
            # Tensors of one storage begin at different places, so that no two are tied.
            offset = 3 * sum(other[0] == kind for other in self.places.values())
            self.places[name] = (kind, offset, step)
            count = offset + (max(tensor.shape, default=1) if tensor.dim() < 2 else (tensor.shape[0] - 1) * step + fan)
            self.wanted[kind] = max(self.wanted.get(kind, 0), count)
        self.storages = {kind: self.storage(kind, count) for kind, count in self.wanted.items()}
        self.tensors = {name: self.window(name, tensor) for name, tensor in state.items()}

    def kind(self, name: str, tensor: torch.Tensor, state: dict) -> tuple:
        if name.endswith("num_batches_tracked"):
            return ("count",)
        if name.endswith("running_var"):
            return ("variance",)
        if tensor.dim() == 1:
            is_norm = name.rsplit(".", 1)[0] + ".running_var" in state
            return ("scale",) if is_norm and name.endswith("weight") else ("shift",)
        gain = next((gain for part, gain in self.gains.items() if part in name), 1.0)
        return ("weight", tensor[0].numel(), gain)

    def storage(self, kind: tuple, count: int) -> torch.Tensor:
        if kind[0] == "count":
            return torch.ones(count, dtype=torch.int64)
        values = torch.from_numpy(uniform(str(kind[:2]), count))
        if kind[0] == "weight":
            values = values * float(numpy.sqrt(6 / kind[1]) * kind[2])
        else:
            values = {"variance": values / 2 + 1.25, "scale": values / 4 + 0.75, "shift": values / 8}[kind[0]]
        return values.half()

    def window(self, name: str, tensor: torch.Tensor) -> torch.Tensor:
        kind, offset, step = self.places[name]
        strides = list(tensor.stride())
        if tensor.dim() > 1:
            strides[0] = step
        return self.storages[kind].as_strided(tensor.shape, strides, offset)


def load(model, gains: dict) -> dict:
    tensors = Windows(model.state_dict(), gains).tensors
    model.load_state_dict(tensors)
    return tensors


def made_detector() -> tuple:
    model, gains = detector("resnet18"), {}
    load(model, gains)
    before = {row["stage"]: row["norm"] / numpy.sqrt(numpy.prod(row["shape"])) for row in stages(model)}
    for part, stage, target in [
        ("cls_logits", "rpn.logits.0", 2.0), ("rpn.head.bbox_pred", "rpn.deltas.0", 0.25),
        ("cls_score", "class_logits", 0.75), ("box_predictor.bbox_pred", "box_deltas", 1.0),
    ]:
        gains[part] = float(2.0 ** round(numpy.log2(target / before[stage])))
    return model, load(model, gains)


def classes(model, path) -> list[dict]:
    scores = model(ImageClassification(crop_size=224)(Image.open(path).convert("RGB"))[None]).softmax(-1)[0]
    best = scores.sort(descending=True)
    assert (best.values[:-1] - best.values[1:]).min() > 4e-3, best
    return [{"label": label, "score": round(score, 7)} for score, label in zip(best.values.tolist(), best.indices.tolist())]


def odd_pictures(book) -> None:
    """One pixel; and 20,000 columns of slowly changing colour."""
    Image.fromarray(numpy.array([[[200, 30, 90]]], numpy.uint8)).save(book.path("dot.png"))
    x, y = numpy.arange(20_000)[None, :], numpy.arange(16)[:, None]
    planes = [(x // 40 * (3 + channel) + 8 * y * channel) % 256 for channel in range(3)]
    Image.fromarray(numpy.stack(planes, -1).astype(numpy.uint8)).save(book.path("wide.png"), optimize=True)


def detections(model, path, max_size: int) -> list[dict]:
    """The best of a picture, down to the first that stands clear of the next one; torch finds them in doubles too."""
    options = {"min_size": 96, "max_size": max_size, "rpn_post_nms_top_n_test": 100, "box_score_thresh": 0.05,
               "box_nms_thresh": 0.3, "box_detections_per_img": 100}
    pixels = numpy.asarray(Image.open(path))
    scores = run(model, [pixels], options, torch.float32)[0]["scores"]
    options["box_detections_per_img"] = (scores[:-1] - scores[1:] > 9e-4).tolist().index(True) + 1
    found = run(model, [pixels], options, torch.float32)[0]
    assert same(found, run(model, [pixels], options, torch.float64)[0])
    return rows(found)


@torch.inference_mode()
def write(book) -> None:
    model, tensors = made_detector()
    torch.save(tensors, book.path("detector.pth"))
    found = pair_up(model, [(120, 90), (64, 100)], 96, 160)
    for row, name in zip(found["images"], ["first.png", "second.png"]):
        pixels = image(row.pop("width"), row.pop("height"), row.pop("seed"))
        Image.fromarray(pixels).save(book.path(name), optimize=True)
        row["image"] = name
    odd_pictures(book)
    found["odd"] = {name: detections(model, book.path(name), size) for name, size in [("dot.png", 160), ("wide.png", 2000)]}
    for detection in [one for row in found["images"] for one in row["alone"] + row["batched"]] + sum(found["odd"].values(), []):
        detection["label"] = int(detection["label"])
    network = mobilenet_v2(num_classes=6).eval()
    torch.save(load(network, {"classifier.1": 16.0}), book.path("classifier.pth"))
    names = ["first.png", "second.png", "dot.png", "wide.png"]
    found["classes"] = {name: classes(network, book.path(name)) for name in names}
    book.path("runnable.json").write_text(json.dumps(found, indent=1) + "\n")
