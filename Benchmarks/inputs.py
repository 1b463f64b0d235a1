"""Makes the inputs of `make bench` in a folder, those that are not there yet. Never committed.

    refpython Benchmarks/inputs.py FOLDER [--size tiny] [file …]

frcnn.pth: torchvision's fasterrcnn_resnet50_fpn, 348 tensors, 167 MB. tensors_100k.pth: 100,000 tensors of 4 floats.
over_4gb.pth: one storage over 4 GiB and a few small ones, before and after it. one_gb.pth: 1 GB in 100 tensors.
transposed.pth: 1 GB of strided tensors. fsdp_8 and zero_4: the tensors of one_gb.pth in the folders of 8 ranks of FSDP and of 4 of
DeepSpeed. convs.pth: 1 GB of convolutions, matrices.pth: 1 GB of matrices, both in C order.
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


def fsdp_8(path: pathlib.Path, size: Size) -> None:
    """The state dict of one_gb.pth as 8 ranks of FSDP save it, each with its rows of every matrix: a folder of torch.distributed.checkpoint."""
    import multiprocessing

    import torch
    import torch.distributed as dist
    import torch.distributed.checkpoint as dcp
    from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh

    world = 8
    torch.set_num_threads(1)  # before processes are forked

    def one(rank: int, store: str) -> None:
        dist.init_process_group("gloo", rank=rank, world_size=world, store=dist.FileStore(store, world))
        torch.manual_seed(0)
        base, mesh = torch.randn(size.block), init_device_mesh("cpu", (world,))
        state = {f"blocks.{i}.weight": distribute_tensor(base + i, mesh, [Shard(0)], src_data_rank=None) for i in range(100)}
        dcp.save({"model": state}, checkpoint_id=path)
        dist.destroy_process_group()

    with tempfile.TemporaryDirectory() as folder:
        processes = [multiprocessing.get_context("fork").Process(target=one, args=(rank, f"{folder}/store")) for rank in range(world)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0


def zero_4(path: pathlib.Path, size: Size) -> None:
    """The state dict of one_gb.pth as ZeRO 3 of DeepSpeed saves it on 4 ranks (TestData/recipes/zero.py has its files in full)."""
    import sys

    import torch

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "TestData"))
    from recipes.zero import LossScaler, ZeroStageEnum

    world, (rows, columns) = 4, size.block
    torch.manual_seed(0)
    base = torch.randn(size.block).reshape(-1)
    base = torch.cat([base, torch.zeros(-len(base) % world)]).reshape(world, -1)
    names = [f"blocks.{i}.weight" for i in range(100)]
    (path / "global_step1").mkdir(parents=True)
    (path / "latest").write_text("global_step1")
    for rank in range(world):
        model = {
            "module": {name: torch.empty(0, dtype=torch.bfloat16) for name in names}, "buffer_names": [], "optimizer": None,
            "param_shapes": [{name: torch.Size((rows, columns)) for name in names}], "frozen_param_shapes": None,
            "frozen_param_fragments": None, "shared_params": {}, "global_steps": 1, "ds_version": "0.19.8"}
        state = {
            "loss_scaler": LossScaler(), "zero_stage": ZeroStageEnum(3), "partition_count": world,
            "fp32_flat_groups": [torch.cat([base[rank] + i for i in range(100)])]}
        folder = path / "global_step1"
        torch.save(model, folder / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
        torch.save({"optimizer_state_dict": state, "ds_version": "0.19.8"}, folder / f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")


def image(path: pathlib.Path, size: Size) -> None:
    import numpy
    from PIL import Image

    height, width = size.image
    pixels = numpy.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).resize((width, height), Image.BICUBIC).save(path)


MAKERS = {"frcnn.pth": frcnn, "tensors_100k.pth": tensors_100k, "over_4gb.pth": over_4gb, "one_gb.pth": one_gb,
          "transposed.pth": transposed, "convs.pth": convs, "matrices.pth": matrices, "fsdp_8": fsdp_8, "zero_4": zero_4, "image.png": image}


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
        byte_count = sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size
        print(f"{path}: {byte_count:,} bytes in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="file", help=f"of {', '.join(MAKERS)}; all unless named")
    parser.add_argument("--size", choices=SIZES, default="full")
    options = parser.parse_intermixed_args()
    if unknown := set(options.names) - set(MAKERS):
        parser.error(f"no such input: {', '.join(sorted(unknown))}")
    make(options.folder, options.size, options.names)
