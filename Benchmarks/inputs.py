"""Makes the inputs of `make bench` in a folder, those that are not there yet. Never committed.

    refpython Benchmarks/inputs.py FOLDER [--size tiny] [file …]

frcnn.pth: torchvision's fasterrcnn_resnet50_fpn, 348 tensors, 167 MB. tensors_100k.pth: 100,000 tensors of 4 floats.
over_4gb.pth: one storage over 4 GiB and a few small ones, before and after it. one_gb.pth: 1 GB in 100 tensors.
transposed.pth: 1 GB of strided tensors. convs.pth: 1 GB of convolutions, matrices.pth: 1 GB of matrices, both in C order.
image.png: 1216x800. With `--size tiny` all are small, but of the same kinds under the same names: to see that the
benchmarks run.
"""

import argparse
import dataclasses
import os
import pathlib
import tempfile
import time

# torch is imported where it is used: a process that measures others stays small, since their peak begins at its own.


@dataclasses.dataclass(frozen=True)
class Size:
    """How large the inputs are."""

    resnet: str
    tensor_count: int
    large_count: int  # floats of one storage
    block: tuple  # the shape of each of 100 tensors
    image: tuple  # height and width, which the models keep
    strided: tuple  # sizes of the large matrix, the small ones, and convolutions


SIZES = {
    # The large storage has 4 GiB and 4 MiB.
    "full": Size("resnet50", 100_000, (1 << 30) + (1 << 20), (2500, 1000), (800, 1216), (16384, 1000, 512)),
    "tiny": Size("resnet18", 1_000, 1025 << 10, (25, 10), (64, 96), (1024, 40, 16)),
}


def detector(size: Size):
    """torchvision's Faster R-CNN of seed 0, which takes images as they are."""
    import torch
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name=size.resnet, weights=None, norm_layer=torch.nn.BatchNorm2d)
    short, long = sorted(size.image)
    return FasterRCNN(backbone, num_classes=91, min_size=short, max_size=long).eval()


def frcnn(path: pathlib.Path, size: Size) -> None:
    import torch

    torch.save(detector(size).state_dict(), path)


def tensors_100k(path: pathlib.Path, size: Size) -> None:
    import torch

    values = torch.arange(4 * size.tensor_count, dtype=torch.float32).reshape(-1, 4)
    torch.save({f"layers.{i}.weight": values[i].clone() for i in range(size.tensor_count)}, path)


def over_4gb(path: pathlib.Path, size: Size) -> None:
    """The large storage is a mapped file with holes, so that neither memory nor disk hold it twice. A number in each
    MiB tells the places apart. torch writes the archive, with its CRC, as it would any other."""
    import torch

    count = size.large_count
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:
        file.truncate(4 * count)
        large = torch.from_file(file.name, shared=True, size=count, dtype=torch.float32)
        marks = large[:: 1 << 18]
        marks.copy_(torch.arange(1, len(marks) + 1))
        large[-1] = -1.0
        small = torch.arange(6.0).reshape(2, 3)
        torch.save(
            {
                "first.weight": small,
                "large.weight": large.reshape(1025, -1),
                "half.bias": torch.arange(5).half(),
                "last.weight": small + 10,
                "large.tail": large[-3:],
            },
            path,
        )


def one_gb(path: pathlib.Path, size: Size) -> None:
    import torch

    torch.manual_seed(0)
    base = torch.randn(size.block)
    torch.save({f"blocks.{i}.weight": base + i for i in range(100)}, path)


def transposed(path: pathlib.Path, size: Size) -> None:
    """Nothing lies in C order: a large matrix, many small ones, and convolutions in channels_last."""
    import torch

    torch.manual_seed(0)
    wide, narrow, channels = size.strided
    state = {"large.weight": torch.randn(wide // 2, wide).t()}
    state |= {f"blocks.{i}.weight": torch.randn(narrow, narrow).t() for i in range(64)}
    for i in range(28):
        weight = torch.randn(channels, channels, 3, 3)
        state[f"convs.{i}.weight"] = weight.to(memory_format=torch.channels_last)
    torch.save(state, path)


def convs(path: pathlib.Path, size: Size) -> None:
    import torch

    torch.manual_seed(0)
    channels = size.strided[2]
    base = torch.randn(channels, channels, 3, 3)
    torch.save({f"convs.{i}.weight": base + i for i in range(106)}, path)


def matrices(path: pathlib.Path, size: Size) -> None:
    import torch

    torch.manual_seed(0)
    wide, narrow, _ = size.strided
    state = {"large.weight": torch.randn(wide, wide // 2)}
    state |= {f"blocks.{i}.weight": torch.randn(narrow, narrow) for i in range(116)}
    torch.save(state, path)


def image(path: pathlib.Path, size: Size) -> None:
    import numpy
    from PIL import Image

    height, width = size.image
    pixels = numpy.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).resize((width, height), Image.BICUBIC).save(path)


MAKERS = {"frcnn.pth": frcnn, "tensors_100k.pth": tensors_100k, "over_4gb.pth": over_4gb, "one_gb.pth": one_gb,
          "transposed.pth": transposed, "convs.pth": convs, "matrices.pth": matrices, "image.png": image}


def make(folder: pathlib.Path, size: str, names: list[str]) -> None:
    """Makes the files that are missing among `names`, all if there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or MAKERS:
        path = folder / name
        if path.exists():
            continue
        started = time.monotonic()
        # torch puts the file's name into the archive: only the folder differs.
        with tempfile.TemporaryDirectory(dir=folder) as parts:
            part = pathlib.Path(parts) / name
            MAKERS[name](part, SIZES[size])
            os.replace(part, path)  # a file that is there is whole
        print(f"{path}: {path.stat().st_size:,} bytes in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="file", help=f"of {', '.join(MAKERS)}; all unless named")
    parser.add_argument("--size", choices=SIZES, default="full")
    options = parser.parse_intermixed_args()
    if unknown := set(options.names) - set(MAKERS):
        parser.error(f"no such input: {', '.join(sorted(unknown))}")
    make(options.folder, options.size, options.names)
