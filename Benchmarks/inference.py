"""Faster R-CNN ResNet-50-FPN at 800x1216 beside its peers; a part of bench.py."""

import json
import pathlib
import sys

import inputs
import peers
from measuring import Setting, in_turn, text, tool

here = pathlib.Path(__file__).resolve().parent
THREADS = 2

PYTHON_FIRST_DETECTIONS = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy, torch, inputs
from PIL import Image
torch.set_num_threads(int(sys.argv[5]))
model = inputs.detector(inputs.SIZES[sys.argv[2]])
model.load_state_dict(torch.load(sys.argv[3], weights_only=True, mmap=True))
with torch.inference_mode():
    model([torch.from_numpy(numpy.asarray(Image.open(sys.argv[4])).transpose(2, 0, 1).astype("float32") / 255)])
"""


def row(name: str, figures: dict) -> dict:
    seconds = {f"{part}, s": figures[part] for part in ("backbone", "whole") if part in figures}
    return {"what": f"Faster R-CNN, {name}"} | seconds | {"peak_mib": figures["peak_mib"]}


def bench_inference(bench: Setting) -> list:
    weights, image = bench.folder / "frcnn.pth", bench.folder / "image.png"
    sides = sorted(inputs.SIZES[bench.size].image)
    detect = [tool, "detect", "--weights", weights, "--threads", THREADS, "--min-size", sides[0], "--max-size", sides[1]]
    runs = bench.at_most(7)

    def peer(name: str) -> dict:
        options = ["--size", bench.size, "--threads", THREADS, "--runs", runs]
        return json.loads(text([sys.executable, here / "peers.py", bench.folder, name, *options]).splitlines()[-1])

    names = peers.installed()
    if "onnxruntime" in names or "openvino" in names:
        peer("export")
    rows = [row(name, peer(name)) for name in names]
    for name, options in (("ours", []), ("ours, --exact", ["--exact"])):
        timed = [*detect, *options, image]
        times = json.loads(text([*timed, "--json", "--timings", "--repeat", runs]))[0]["timings"]
        peak = in_turn({"ours": timed}, 1)["ours"]["peak_mib"]
        rows.append(row(name, {"backbone": (times["backbone"] + times["rpn_head"]) / 1e3,
                               "whole": times["total"] / 1e3, "peak_mib": peak}))

    python = [sys.executable, "-c", PYTHON_FIRST_DETECTIONS, here, bench.size, weights, image, THREADS]
    first = in_turn({"ours": [*detect, image], "torchvision": python}, bench.at_most(3))
    return rows + [{"what": "start to first detections, s", "ours": first["ours"]["seconds"],
                    "torchvision": first["torchvision"]["seconds"],
                    "ratio": first["ours"]["seconds"] / first["torchvision"]["seconds"]}]
