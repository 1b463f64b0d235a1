"""Holds what pth2swt wrote against the checkpoint it was written from, with the libraries that the formats belong to.

    python check_formats.py CASES.json

CASES.json is a list of {"source", "written", "format", "missing"}: a checkpoint, what was written of it, as what, and the paths
of what was left out or not kept.

- pth: `torch.load(weights_only=True)` must open it, read and mapped, with offsets that are read and that are computed, and
  give the source's value: names in order, types, shapes, strides, every bit, ties, gradients, `_metadata`, other values.
- npz, npy: numpy's arrays must be torch's tensors.
- shards: the safetensors library must find each tensor where the index says, and the index must say the sizes.

Prints a line for each difference and, last, how many tensors were compared; exits 1 if anything differs.
"""

import collections.abc
import json
import math
import os
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
os.environ["TORCH_SERIALIZATION_DEBUG"] = "1"  # torch asserts that the offsets it computes are those in the file
warnings.filterwarnings("ignore")

import numpy  # noqa: E402
import torch  # noqa: E402
from safetensors import safe_open  # noqa: E402
from tools.reporting import report  # noqa: E402
from tools.rows import Walk, digest, row, same_view  # noqa: E402
from torch.utils.serialization import config  # noqa: E402


def load_all_ways(path: str):
    values = []
    for mmap in (False, True):
        for calculated in (False, True):
            config.load.calculate_storage_offsets = calculated
            values.append(torch.load(path, weights_only=True, mmap=mmap))
    config.load.calculate_storage_offsets = False
    lines = compare(values[0], values[1], (), set())[1] + compare(values[0], values[3], (), set())[1]
    return values[0], [f"read and mapped differ: {line}" for line in lines]


def local(value):
    """What is here of a DTensor, which is all of it where it is written; any other value as it is."""
    return value.to_local() if hasattr(value, "to_local") else value


def plain(value):
    """A value in which numpy's numbers are Python's, its arrays are tensors, and modules their state dicts."""
    value = local(value)
    if isinstance(value, numpy.generic):
        return value.item()
    if isinstance(value, numpy.ndarray) and value.dtype.kind in "biufc":
        return torch.from_numpy(value.astype(value.dtype.newbyteorder("="), order="K"))
    if isinstance(value, torch.nn.Module):
        # Our own reader makes no versions of layouts of its own.
        return dict(value.state_dict(keep_vars=True))
    if isinstance(value, frozenset):
        return set(value)
    return value


def compare(left, right, path: tuple, missing: set, strides=True) -> tuple[int, list[str]]:
    """How many tensors were compared, and what differs between a source's value and one that was written."""
    name = ".".join(map(str, path))
    left, right = plain(left), plain(right)
    if name in missing:
        return 0, []
    if isinstance(left, torch.Tensor):
        if not isinstance(right, torch.Tensor):
            return 1, [f"{name}: {type(right)} for a tensor"]
        wanted, found = row(name, left), row(name, right)
        if not strides or left.numel() == 0:
            wanted.pop("stride", None), found.pop("stride", None)
        return 1, [] if wanted == found else [f"{name}: {found} for {wanted}"]
    if isinstance(left, collections.abc.Mapping):
        if not isinstance(right, collections.abc.Mapping):
            return 0, [f"{name}: {type(right)} for a mapping"]
        count, lines = 0, []
        wanted = [k for k in left if k in right or not gone((*path, k), left[k], missing)]
        if wanted != list(right):
            return 0, [f"{name}: keys {list(right)[:9]} for {wanted[:9]}"]
        for key in wanted:
            more, found = compare(left[key], right[key], (*path, key), missing, strides)
            count, lines = count + more, lines + found
        if getattr(left, "_metadata", None) != getattr(right, "_metadata", None):
            lines.append(f"{name}: other _metadata")
        return count, lines
    if isinstance(left, (list, tuple)) and not isinstance(left, torch.Size):
        kind = list if isinstance(left, list) else tuple
        if not isinstance(right, kind) or len(left) != len(right):
            return 0, [f"{name}: {right} for {left}"]
        count, lines = 0, []
        for place, (a, b) in enumerate(zip(left, right)):
            if b is None and gone((*path, place), a, missing):
                continue
            more, found = compare(a, b, (*path, place), missing, strides)
            count, lines = count + more, lines + found
        return count, lines
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return 0, []
    same = type(left) is type(right) and left == right
    return 0, [] if same else [f"{name}: {right!r} for {left!r}"]


def gone(path: tuple, value, missing: set) -> bool:
    """Whether all of a value was left out."""
    name = ".".join(map(str, path))
    if name in missing:
        return True
    if isinstance(value, torch.nn.Module):
        value = vars(value)
    if isinstance(value, collections.abc.Mapping) and value:
        return all(gone((*path, key), item, missing) for key, item in value.items())
    if isinstance(value, (list, tuple, set)) and value:
        return all(gone((*path, place), item, missing) for place, item in enumerate(value))
    return False


def ties(value, missing: set) -> list:
    groups = {}
    for name, tensor in ((name, local(tensor)) for name, tensor in Walk(value).tensors):
        # torch reads an empty storage again for each of its tensors; sparse ones are tied where they are one object.
        if name not in missing and tensor.layout == torch.strided and not tensor.is_nested and tensor.numel() > 0:
            groups.setdefault(same_view(tensor), []).append(name)
    return sorted(sorted(names) for names in groups.values() if len(names) > 1)


def torch_differences(case: dict, source) -> tuple[int, list[str]]:
    written, lines = load_all_ways(case["written"])
    missing = set(case["missing"])
    count, found = compare(source, written, (), missing, case["strides"])
    lines += found
    if not lines and not isinstance(source, torch.nn.Module) and ties(source, missing) != ties(written, missing):
        lines.append(f"ties {ties(written, missing)} for {ties(source, missing)}")
    return count, lines


def array_differences(case: dict, source) -> tuple[int, list[str]]:
    prefix = case["key"] + "." if case["key"] else ""
    tensors = {name.removeprefix(prefix): local(t) for name, t in Walk(source).tensors if name.startswith(prefix)}
    found = numpy.load(case["written"], allow_pickle=False)
    arrays = {name: found[name] for name in found.files} if case["format"] == "npz" else {"": found}
    lines = []
    for name, array in arrays.items():
        # A .npy file has one array, without a name.
        tensor = next(iter(tensors.values()), None) if case["format"] == "npy" else tensors.get(name)
        if tensor is None:
            continue  # a numpy array in the source
        if row("", torch.from_numpy(array.copy()).reshape(array.shape))["sha256"] != digest(tensor):
            lines.append(f"{name}: other bits")
        if list(array.shape) != list(tensor.shape):
            lines.append(f"{name}: shape {array.shape} for {tensor.shape}")
    return len(arrays), lines


def shard_differences(case: dict, source) -> tuple[int, list[str]]:
    folder = pathlib.Path(case["written"])
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        with safe_open(folder / "model.safetensors", framework="pt") as file:
            return len(list(file.keys())), []
    index = json.loads(index.read_text())
    found, size, lines = {}, 0, []
    for name in sorted(set(index["weight_map"].values())):
        with safe_open(folder / name, framework="pt") as file:
            for key in file.keys():
                found[key] = name
                size += file.get_tensor(key).nbytes
    if found != index["weight_map"]:
        lines.append("the index says otherwise")
    if size != index["metadata"]["total_size"]:
        lines.append(f"total_size {index['metadata']['total_size']} for {size}")
    return len(found), lines


def differences(case: dict) -> tuple[int, list[str]]:
    try:
        source = torch.load(case["source"], weights_only=False, map_location="cpu")
    except Exception:
        return 0, []  # a file that torch itself does not open
    check = {"pth": torch_differences, "npz": array_differences, "npy": array_differences, "shards": shard_differences}
    return check[case["format"]](case, source)


if __name__ == "__main__":
    report(sys.argv[1], differences, lambda case: f"{pathlib.Path(case['source']).name} as {case['format']}")
