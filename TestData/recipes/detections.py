"""What torchvision's detectors and classifiers compute, with weights that both sides make from the tensors' names.

No weights are committed: a value is 24 bits of splitmix64 over the FNV-1a hash of the tensor's name (`weights` here,
SeededWeights in the tests). Random weights alone detect nothing, so the heads are scaled by powers of 2 until their
outputs spread (`gains`). A pair of image and model is kept if it has 5 detections or more, all scores more than 1e-3
apart, and torch finds the same in double precision: then no choice hangs by the last bit.

models.json: for each model its gains and, stage by stage, what comes of the fixed input of `pth2swt validate`.
detections.json: the pairs; those of one group ran as one batch too.
"""

import json
import warnings

import numpy
import torch
from torchvision.models import mobilenet_v2, resnet
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import FrozenBatchNorm2d

warnings.filterwarnings("ignore")
CLASSES = 7
SIDE = 224
# Each model's groups: the images' sizes, min_size, max_size. A group of several runs alone and as a batch.
GROUPS = {
    "resnet18": [([(320, 240)], 192, 256), ([(200, 301), (260, 180), (97, 131)], 160, 320), ([(640, 96)], 128, 512), ([(64, 48)], 256, 400)],
    "resnet34": [([(301, 200), (150, 150)], 160, 256), ([(33, 200)], 96, 320)],
    "resnet50": [([(320, 240)], 256, 384), ([(240, 320), (311, 207)], 192, 256), ([(500, 375)], 320, 480), ([(128, 127)], 160, 256)],
    "resnet101": [([(200, 160)], 160, 256)],
    "resnet152": [([(160, 200)], 160, 256)],
    "resnext50_32x4d": [([(200, 160), (130, 180)], 160, 256)],
    "resnext101_32x8d": [([(160, 120)], 128, 192)],
    "wide_resnet50_2": [([(160, 200)], 160, 224)],
    "wide_resnet101_2": [([(120, 160)], 128, 192)],
}


def scramble(x: numpy.ndarray) -> numpy.ndarray:
    """splitmix64's output for each state."""
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return x ^ (x >> numpy.uint64(31))


def name_hash(name: str) -> int:
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def uniform(name: str, count: int) -> numpy.ndarray:
    """`count` numbers from -1 to 1, exact in float32."""
    states = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15) + numpy.uint64(name_hash(name))
    return ((scramble(states) >> numpy.uint64(40)).astype(numpy.float32) / numpy.float32(2**23) - numpy.float32(1)).astype(numpy.float32)


def weights(state: dict, gains: dict) -> dict:
    out = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            out[name] = tensor
            continue
        values = uniform(name, tensor.numel())
        is_norm = name.rsplit(".", 1)[0] + ".running_var" in state
        if name.endswith("running_var"):
            values = numpy.float32(1.25) + numpy.float32(0.5) * values
        elif is_norm and name.endswith("weight"):
            values = numpy.float32(0.75) + numpy.float32(0.25) * values
        elif tensor.dim() == 1:
            values = numpy.float32(0.125) * values
        else:
            fan = tensor[0].numel()
            values = values * (numpy.float32(6) / numpy.float32(fan)) ** numpy.float32(0.5)
        gain = next((gain for part, gain in gains.items() if part in name and tensor.dim() > 1), 1)
        out[name] = torch.from_numpy(values * numpy.float32(gain)).reshape(tensor.shape)
    return out


def image(width: int, height: int, seed: int) -> numpy.ndarray:
    """Blocks of colour under a slanted wave."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.uint64)
    out = numpy.zeros((height, width, 3), numpy.uint8)
    for channel in range(3):
        block = ((y // 24) * numpy.uint64(1000) + x // 24) * numpy.uint64(3) + numpy.uint64(channel + 7919 * seed)
        color = scramble((block + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)) >> numpy.uint64(56)
        wave = (x * numpy.uint64(3 + channel) + y * numpy.uint64(5 + seed % 3) + x * y // numpy.uint64(16)) % numpy.uint64(256)
        out[..., channel] = (numpy.uint64(3) * color + wave) // numpy.uint64(4)
    return out


def fixed_input() -> torch.Tensor:
    y, x = numpy.mgrid[0:SIDE, 0:SIDE]
    planes = []
    for channel in range(3):
        phase = (y * (3 + channel) + x * (5 + 2 * channel) + y * x // 16) % 256
        planes.append(numpy.where(phase < 128, phase, 256 - phase).astype(numpy.float32) / 64 - 1)
    return torch.from_numpy(numpy.stack(planes).astype(numpy.float32))[None]


def fixed_boxes() -> torch.Tensor:
    rows = []
    for index in range(32):
        size, left, top = 8 << (index % 6), index * 37 % 96, index * 53 % 96
        rows.append([left, top, min(left + size, 224), min(top + size * 0.75, 224)])
    return torch.tensor(rows, dtype=torch.float32)


def digest(stage: str, tensor: torch.Tensor) -> dict:
    flat = tensor.detach().flatten().double()
    count = min(64, flat.numel())
    places = [index * flat.numel() // count for index in range(count)]
    return {
        "stage": stage,
        "shape": list(tensor.shape),
        "norm": flat.norm().item(),
        "minimum": short(flat.min().item()),
        "maximum": short(flat.max().item()),
        "samples": [short(flat[place].item()) for place in places],
    }


def short(value: float) -> float:
    return float(f"{value:.7g}")


def stages(model: FasterRCNN) -> list[dict]:
    x = fixed_input().to(next(model.parameters()).dtype)
    out = []
    body = model.backbone.body(x)
    out += [digest(f"body.layer{index + 1}", tensor) for index, tensor in enumerate(body.values())]
    levels = model.backbone.fpn(body)
    out += [digest(f"fpn.{name}", tensor) for name, tensor in levels.items()]
    for (name, _), logits, deltas in zip(levels.items(), *model.rpn.head(list(levels.values()))):
        out += [digest(f"rpn.logits.{name}", logits), digest(f"rpn.deltas.{name}", deltas)]
    model.roi_heads.box_roi_pool.scales = None
    regions = model.roi_heads.box_roi_pool(levels, [fixed_boxes().to(x.dtype)], [(SIDE, SIDE)])
    described = model.roi_heads.box_head(regions)
    logits, deltas = model.roi_heads.box_predictor(described)
    return out + [digest("roi", regions), digest("box_head", described), digest("class_logits", logits), digest("box_deltas", deltas)]


def detector(name: str) -> FasterRCNN:
    backbone = _resnet_fpn_extractor(resnet.__dict__[name](norm_layer=FrozenBatchNorm2d), 3)
    return FasterRCNN(backbone, num_classes=CLASSES).eval()


def calibrated(name: str) -> tuple[FasterRCNN, dict]:
    """The model with its heads scaled, from the features outwards, until their outputs spread as a trained model's."""
    model, gains = detector(name), {}
    wanted = {"cls_logits": 2.0, "rpn.head.bbox_pred": 0.25, "cls_score": 0.75, "box_predictor.bbox_pred": 1.0}
    found = {"cls_logits": "rpn.logits.0", "rpn.head.bbox_pred": "rpn.deltas.0", "cls_score": "class_logits", "box_predictor.bbox_pred": "box_deltas"}
    state = model.state_dict()
    model.load_state_dict(weights(state, gains))
    before = {row["stage"]: row["norm"] / numpy.sqrt(numpy.prod(row["shape"])) for row in stages(model)}
    for part, target in wanted.items():
        gains[part] = float(2.0 ** round(numpy.log2(target / before[found[part]])))
    model.load_state_dict(weights(state, gains))
    return model, gains


def run(model, images, options, dtype):
    model = model.to(dtype)
    model.transform.min_size, model.transform.max_size = (options["min_size"],), options["max_size"]
    model.roi_heads.score_thresh, model.roi_heads.detections_per_img = options["box_score_thresh"], options["box_detections_per_img"]
    model.roi_heads.nms_thresh = options["box_nms_thresh"]
    model.rpn._post_nms_top_n = {"training": 1, "testing": options["rpn_post_nms_top_n_test"]}
    model.roi_heads.box_roi_pool.scales = None
    out = model([torch.from_numpy(pixels.transpose(2, 0, 1).astype("float32") / numpy.float32(255)).to(dtype) for pixels in images])
    model.to(torch.float32)
    return [{key: value.double() for key, value in found.items()} for found in out]


def same(left: dict, right: dict) -> bool:
    return (
        len(left["scores"]) == len(right["scores"])
        and torch.equal(left["labels"], right["labels"])
        and (left["boxes"] - right["boxes"]).abs().max().item() < 5e-3
        and (left["scores"] - right["scores"]).abs().max().item() < 5e-5
    )


def is_sound(found: dict) -> bool:
    scores = found["scores"]
    return len(scores) >= 5 and (scores[:-1] - scores[1:]).min().item() > 1e-3


def rows(found: dict) -> list[dict]:
    return [
        {"label": label, "score": short(score), "box": [round(edge, 4) for edge in box]}
        for label, score, box in zip(found["labels"].tolist(), found["scores"].tolist(), found["boxes"].tolist())
    ]


def gap_free(found: dict) -> int:
    """How many detections stand clear of one another and of the next one, so that the cut falls the same way."""
    gaps = (found["scores"][:-1] - found["scores"][1:] > 1e-3).tolist()
    return gaps.index(False) if False in gaps else len(gaps)


def pair_up(model, sizes, min_size, max_size) -> dict:
    """The first seeds with which every image of the group is sound, alone and in the batch."""
    for attempt in range(200):
        seeds = [attempt * len(sizes) + index for index in range(len(sizes))]
        images = [image(*size, seed) for size, seed in zip(sizes, seeds)]
        options = {"min_size": min_size, "max_size": max_size, "rpn_post_nms_top_n_test": 100, "box_score_thresh": 0.05,
                   "box_nms_thresh": 0.3, "box_detections_per_img": 13}
        clear = [gap_free(run(model, [pixels], options, torch.float32)[0]) for pixels in images]
        clear += map(gap_free, run(model, images, options, torch.float32)) if min(clear) >= 5 else []
        if min(clear) < 5:
            continue
        options["box_detections_per_img"] = min(clear)
        alone = [run(model, [pixels], options, torch.float32)[0] for pixels in images]
        batch = run(model, images, options, torch.float32)
        doubled = [run(model, [pixels], options, torch.float64)[0] for pixels in images]
        if not all(map(same, alone, doubled)) or not all(map(same, batch, run(model, images, options, torch.float64))):
            continue
        assert all(map(is_sound, alone + batch))
        return {
            "options": options,
            "images": [
                {"width": width, "height": height, "seed": seed, "alone": rows(one), "batched": rows(other)}
                for (width, height), seed, one, other in zip(sizes, seeds, alone, batch)
            ],
        }
    raise AssertionError(f"no sound images of {sizes}")


def classifier(model) -> list[dict]:
    model.load_state_dict(weights(model.state_dict(), {}))
    model.eval()
    return [digest("logits", model(fixed_input()))]


@torch.inference_mode()
def write(book) -> None:
    models, groups = {}, []
    for name, wanted in GROUPS.items():
        model, gains = calibrated(name)
        models[f"fasterrcnn_{name}_fpn"] = {"classes": CLASSES, "gains": gains, "stages": stages(model)}
        for sizes, min_size, max_size in wanted:
            groups.append({"model": f"fasterrcnn_{name}_fpn", **pair_up(model, sizes, min_size, max_size)})
    models["mobilenet_v2"] = {"classes": 1000, "gains": {}, "stages": classifier(mobilenet_v2())}
    models["resnet18"] = {"classes": 1000, "gains": {}, "stages": classifier(resnet.resnet18())}
    models["resnet50"] = {"classes": 1000, "gains": {}, "stages": classifier(resnet.resnet50())}
    assert sum(len(group["images"]) for group in groups) >= 20
    for name, value in (("models.json", models), ("detections.json", groups)):
        lines = [json.dumps(entry) if isinstance(value, list) else f"{json.dumps(entry)}: {json.dumps(value[entry])}" for entry in value]
        open_, close = "[]" if isinstance(value, list) else "{}"
        book.path(name).write_text(open_ + "\n" + ",\n".join(lines) + "\n" + close + "\n")
