"""What torchvision's detectors make of real pictures on the way to their detections, stage by stage.

models.json of recipes/detections.py has the stages of a fixed input with fixed regions; here they are those of pictures,
alone and batched, up to the proposals that the network itself chose and what the box head says of them. A group is kept
if torch chooses the same proposals in the same order in double precision: then no choice hangs by the last bit.

stages.json: for each group its pictures, its options, a digest of each stage, and all proposals of each picture.
"""

import json

import torch

from recipes.detections import calibrated, digest, image, short

# Model, sizes of the pictures, min_size, max_size, then rpn_pre_nms_top_n_test, rpn_post_nms_top_n_test, rpn_nms_thresh,
# rpn_score_thresh. Up to 1000 boxes before suppression go through it at once, more level by level.
GROUPS = [
    ("resnet18", [(200, 301), (260, 180), (97, 131)], 160, 320, 1000, 100, 0.7, 0.0),
    ("resnet18", [(320, 240)], 192, 256, 150, 80, 0.6, 0.5),
    ("resnet18", [(640, 96)], 96, 384, 1000, 100, 0.7, 0.0),
    ("resnet50", [(240, 320), (311, 207)], 192, 256, 1000, 100, 0.7, 0.0),
    ("resnext50_32x4d", [(200, 160)], 160, 256, 120, 1000, 0.5, 0.2),
]


def run(model, images, dtype) -> dict:
    """Each part's results, by the part's name."""
    found, handles = {}, []
    parts = {
        "transform": model.transform, "body": model.backbone.body, "fpn": model.backbone.fpn, "head": model.rpn.head,
        "rpn": model.rpn, "roi": model.roi_heads.box_roi_pool, "box_head": model.roi_heads.box_head,
        "predictor": model.roi_heads.box_predictor,
    }
    for name, part in parts.items():
        handles.append(part.register_forward_hook(lambda _, inputs, output, name=name: found.setdefault(name, output)))
    model.to(dtype)
    model.roi_heads.box_roi_pool.scales = None
    model([torch.from_numpy(pixels.transpose(2, 0, 1).astype("float32") / 255).to(dtype) for pixels in images])
    model.to(torch.float32)
    for handle in handles:
        handle.remove()
    return found


def rows(found: dict) -> list[dict]:
    out = [digest("transform", found["transform"][0].tensors)]
    out += [digest(f"body.layer{index}", tensor) for index, tensor in enumerate(found["body"].values(), 1)]
    out += [digest(f"fpn.{name}", tensor) for name, tensor in found["fpn"].items()]
    for kind, tensors in zip(("logits", "deltas"), found["head"]):
        out += [digest(f"rpn.{kind}.{name}", tensor) for name, tensor in zip(found["fpn"], tensors)]
    logits, deltas = found["predictor"]
    out += [digest("proposals", torch.cat(found["rpn"][0])), digest("roi", found["roi"]), digest("box_head", found["box_head"])]
    return out + [digest("class_logits", logits), digest("box_deltas", deltas)]


def same(left: list, right: list) -> bool:
    return all(
        one.shape == other.shape and (one.double() - other).abs().max().item() < 5e-3 for one, other in zip(left, right))


def group(model, name, sizes, min_size, max_size, before, after, nms_thresh, score_thresh) -> dict:
    model.transform.min_size, model.transform.max_size = (min_size,), max_size
    model.rpn._pre_nms_top_n, model.rpn._post_nms_top_n = {"testing": before}, {"testing": after}
    model.rpn.nms_thresh, model.rpn.score_thresh = nms_thresh, score_thresh
    for attempt in range(50):
        seeds = [500 + attempt * len(sizes) + index for index in range(len(sizes))]
        images = [image(*size, seed) for size, seed in zip(sizes, seeds)]
        found = run(model, images, torch.float32)
        proposals = found["rpn"][0]
        if not same(proposals, run(model, images, torch.float64)["rpn"][0]):
            continue
        options = {"min_size": min_size, "max_size": max_size, "rpn_pre_nms_top_n_test": before,
                   "rpn_post_nms_top_n_test": after, "rpn_nms_thresh": nms_thresh, "rpn_score_thresh": score_thresh}
        pictures = [
            {"width": width, "height": height, "seed": seed, "proposals": [[short(edge) for edge in box] for box in boxes.tolist()]}
            for (width, height), seed, boxes in zip(sizes, seeds, proposals)
        ]
        return {"model": f"fasterrcnn_{name}_fpn", "options": options, "images": pictures, "stages": rows(found)}
    raise AssertionError(f"no sound pictures of {sizes}")


@torch.inference_mode()
def write(book) -> None:
    models = {name: calibrated(name)[0] for name in {name: None for name, *_ in GROUPS}}
    groups = [json.dumps(group(models[name], name, *rest)) for name, *rest in GROUPS]
    book.path("stages.json").write_text("[\n" + ",\n".join(groups) + "\n]\n")
