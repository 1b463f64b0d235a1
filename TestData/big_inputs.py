"""Makes the large inputs of `make bench` in a folder, those that are not there yet. Never committed.

    refpython TestData/big_inputs.py DIR [frcnn tensors_100k over_4gb one_gb transposed]

frcnn.pth: torchvision's fasterrcnn_resnet50_fpn, 348 tensors, 167 MB. tensors_100k.pth: 100,000 tensors of 4 floats.
over_4gb.pth: one storage over 4 GiB and a few small ones, before and after it. one_gb.pth: 1 GB in 100 tensors.
transposed.pth: 1 GB of strided tensors.
"""

import os
import pathlib
import sys
import tempfile
import time

import torch


def frcnn(path: pathlib.Path) -> None:
    import torchvision

    torch.manual_seed(0)
    state = torchvision.models.detection.fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    assert len(state) == 348, len(state)
    torch.save(state, path)


def tensors_100k(path: pathlib.Path) -> None:
    values = torch.arange(400_000, dtype=torch.float32).reshape(-1, 4)
    torch.save({f"layers.{i}.weight": values[i].clone() for i in range(100_000)}, path)


def over_4gb(path: pathlib.Path) -> None:
    """The large storage is a mapped file with holes, so that neither memory nor disk hold it twice. A number in each
    MiB tells the places apart. torch writes the archive, with its CRC, as it would any other."""
    count = (1 << 30) + (1 << 20)  # floats: 4 GiB and 4 MiB
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


def one_gb(path: pathlib.Path) -> None:
    torch.manual_seed(0)
    base = torch.randn(2500, 1000)
    torch.save({f"blocks.{i}.weight": base + i for i in range(100)}, path)


def transposed(path: pathlib.Path) -> None:
    """1 GB that does not lie in C order: one large matrix, many small ones, and convolutions in channels_last."""
    torch.manual_seed(0)
    state = {"large.weight": torch.randn(8192, 16384).t()}
    state |= {f"blocks.{i}.weight": torch.randn(1024, 1000).t() for i in range(64)}
    for i in range(28):
        state[f"convs.{i}.weight"] = torch.randn(512, 512, 3, 3).to(memory_format=torch.channels_last)
    torch.save(state, path)


if __name__ == "__main__":
    makers = {function.__name__: function for function in (frcnn, tensors_100k, over_4gb, one_gb, transposed)}
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(makers):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or makers:
        path = folder / f"{name}.pth"
        if path.exists():
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(
            dir=folder
        ) as parts:  # torch puts the file's name into the archive: only the folder differs
            makers[name](pathlib.Path(parts) / path.name)
            os.replace(pathlib.Path(parts) / path.name, path)  # a file that is there is whole
        print(f"{path}: {path.stat().st_size:,} bytes in {time.monotonic() - started:.1f} s")
