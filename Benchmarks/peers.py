"""Times one peer on Faster R-CNN: torch, torch frozen with channels last, ONNX Runtime or OpenVINO.

    refpython Benchmarks/peers.py FOLDER PEER [--size tiny] [--threads 2] [--runs 7]

FOLDER has frcnn.pth and image.png of inputs.py; PEER `export` makes the ONNX models of the last two. Prints JSON: medians
in seconds for `backbone` (backbone, FPN and RPN head: what all peers run alike) and, where the peer runs it, `whole`
(detections from an image), and the peak memory in MiB. inference.py calls it once for each peer: each has its own process.
"""

import argparse
import importlib.util
import json
import pathlib
import resource
import statistics
import time
import warnings

warnings.filterwarnings("ignore")


class Inputs:
    """The model and the image, for all peers the same."""

    def __init__(self, options):
        import inputs

        self.options = options
        self.size = inputs.SIZES[options.size]
        self.make_detector = inputs.detector

    def image(self):
        """[3, height, width], from 0 to 1."""
        import numpy
        from PIL import Image

        pixels = numpy.asarray(Image.open(self.options.folder / "image.png"))
        return pixels.transpose(2, 0, 1).astype("float32") / 255

    def detector(self):
        import torch

        torch.set_num_threads(self.options.threads)
        model = self.make_detector(self.size)
        model.load_state_dict(torch.load(self.options.folder / "frcnn.pth", weights_only=True, mmap=True))
        return model

    def backbone(self, model):
        import torch

        class Part(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.backbone, self.head = model.backbone, model.rpn.head

            def forward(self, x):
                logits, deltas = self.head(list(self.backbone(x).values()))
                return tuple(logits) + tuple(deltas)

        return Part().eval()

    def median(self, run) -> float:
        run()
        times = []
        for _ in range(self.options.runs):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def onnx(self, part: str) -> pathlib.Path:
        return self.options.folder / f"{part}.onnx"


def export(given: Inputs) -> dict:
    """Makes the ONNX models that are not there yet: not timed, and not in the process of what runs them."""
    import torch

    model, x = given.detector(), torch.from_numpy(given.image())
    for part, exported, arguments in (("backbone", given.backbone(model), (x[None],)), ("whole", model, ([x],))):
        if not given.onnx(part).exists():
            with torch.inference_mode():
                torch.onnx.export(exported, arguments, str(given.onnx(part)), dynamo=False, opset_version=17)
    return {}


def torch_eager(given: Inputs) -> dict:
    import torch

    model, x = given.detector(), torch.from_numpy(given.image())
    part = given.backbone(model)
    with torch.inference_mode():
        return {"backbone": given.median(lambda: part(x[None])), "whole": given.median(lambda: model([x]))}


def torch_frozen(given: Inputs) -> dict:
    import torch

    x = torch.from_numpy(given.image())[None].contiguous(memory_format=torch.channels_last)
    part = given.backbone(given.detector()).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(part, x)))
        return {"backbone": given.median(lambda: frozen(x))}


def onnx_runtime(given: Inputs) -> dict:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = given.options.threads
    image = given.image()
    figures = {}
    for part, x in (("whole", image), ("backbone", image[None])):
        session = onnxruntime.InferenceSession(str(given.onnx(part)), settings)
        name = session.get_inputs()[0].name
        figures[part] = given.median(lambda: session.run(None, {name: x}))
    return figures


def openvino(given: Inputs) -> dict:
    import openvino as runtime

    core = runtime.Core()
    core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": given.options.threads})
    request = core.compile_model(str(given.onnx("backbone")), "CPU").create_infer_request()
    x = given.image()[None]
    return {"backbone": given.median(lambda: request.infer([x]))}


# Each with the package that it needs.
PEERS = {"torch": ("torch", torch_eager), "torch_frozen": ("torch", torch_frozen),
         "onnxruntime": ("onnxruntime", onnx_runtime), "openvino": ("openvino", openvino)}


def installed() -> list[str]:
    return [name for name, (package, _) in PEERS.items() if importlib.util.find_spec(package)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("peer", choices=[*PEERS, "export"])
    parser.add_argument("--size", choices=("full", "tiny"), default="full")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    run = export if options.peer == "export" else PEERS[options.peer][1]
    figures = run(Inputs(options))
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))
