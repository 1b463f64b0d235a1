"""Random checkpoints through every pair of formats, held against torch, numpy and the safetensors library.

    refpython TestData/check_pairs.py COMMAND COUNT [SEED]

Makes COUNT checkpoints with torch: names, shapes, dtypes, strides, ties, nesting, gradients, `_metadata`, protocols. COMMAND (a build
of pth2swt) converts each to every format, and each of those to every format: 30 files a checkpoint. Each file is read by the library
it belongs to, and each tensor of the source must be in it bit for bit, or be tied to one that is, or have been reported as left out
on the way. A `.pth` that came from a `.pth` or a `.swt` must be the source's value whole: keys in order, strides, ties, gradients,
`_metadata` and the values beside the tensors; but a `.swt` holds tensors in C order.

Prints a line for each difference and, last, how many files and tensors were compared; exits 1 if anything differs.
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from check_formats import compare, load_all_ways, ties

import numpy
import torch
from safetensors import safe_open
from tools.made import random_checkpoint, save
from tools.rows import same_view

FORMATS = ["pth", "swt", "safetensors", "npz", "shards"]


# Files


def convert(command: str, source: pathlib.Path, output: pathlib.Path) -> dict:
    arguments = [command, "convert", "--json", "--skip-unsupported", str(source), str(output)]
    if not output.suffix:
        arguments[2:2] = ["--max-shard-size", "600B"]
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode:
        raise ValueError(f"exit {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def state_of(value) -> tuple[str, dict]:
    """The key of the state dict in a value, with a dot, and the state dict."""
    for key in ("state_dict", "model", "weights"):
        if isinstance(value.get(key), dict):
            return key + ".", value[key]
    return "", value


def arrays_of(path: pathlib.Path) -> dict:
    """A file's arrays by the library that it belongs to: tensors, or numpy's arrays."""
    if path.suffix == ".pth":
        return state_of(torch.load(path, weights_only=True))[1]
    if path.suffix == ".npz":
        found = numpy.load(path, allow_pickle=False)
        return {name: found[name] for name in found.files}
    arrays = {}
    for file in sorted(path.glob("*.safetensors")) if path.is_dir() else [path]:
        with safe_open(file, framework="pt") as opened:
            arrays |= {name: opened.get_tensor(name) for name in opened.keys()}
    return arrays


def contents(array) -> tuple:
    """Shape, type and bytes in C order."""
    if isinstance(array, numpy.ndarray):
        return list(array.shape), str(array.dtype), array.tobytes()
    # A tensor of one element may keep any stride, which `view` refuses.
    flat = torch.empty(array.numel(), dtype=array.dtype).copy_(array.detach().reshape(-1))
    data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return list(array.shape), str(array.dtype).removeprefix("torch."), data


def differences(path: pathlib.Path, state: dict, left_out: set) -> tuple[int, list[str]]:
    found, lines = arrays_of(path), []
    for name in found.keys() - state.keys():
        lines.append(f"{name!r} is not in the source")
    for name, tensor in state.items():
        if name in found:
            if contents(found[name]) != contents(tensor):
                lines.append(f"{name!r}: {contents(found[name])[:2]} is not {contents(tensor)[:2]}, or has other bytes")
        elif name not in left_out:
            # Torch makes a storage of its own for each tensor without elements.
            view = same_view(tensor) if tensor.numel() else (tensor.dtype, tensor.shape)
            kept = [state[other] for other in found if other in state]
            if path.suffix in (".pth", ".npz") or view not in [
                    same_view(other) if other.numel() else (other.dtype, other.shape) for other in kept]:
                lines.append(f"{name!r} is lost")
    # Shards are read one after another.
    if path.suffix == ".pth" and "shards" not in path.name and list(found) != [name for name in state if name in found]:
        lines.append("another order")
    return len(found), lines


def main() -> None:
    command, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    files = tensors = failed = 0
    for number in range(seed, seed + count):
        numbers = random.Random(number)
        folder = pathlib.Path(tempfile.mkdtemp())
        source = folder / "source.pth"
        save(random_checkpoint(numbers), source, numbers)
        value = torch.load(source, weights_only=False)
        key, state = state_of(value)
        lines = []

        def name_of(first: str, second: str = "") -> pathlib.Path:
            name = f"{first}-{second}" if second else first
            return folder / (name if name.endswith("shards") else f"{name}.{second or first}")

        def step(origin: pathlib.Path, output: pathlib.Path, gone: tuple[set, set], isWhole: bool) -> tuple[set, set] | None:
            nonlocal files, tensors
            try:
                report = convert(command, origin, output)
                names = {row["name"].removeprefix(key) for row in report["left_out"]} | gone[0]
                missing = {row["name"] for row in report["left_out"] + report["not_kept"]} | gone[1]
                more, found = differences(output, state, names)
                if isWhole and not found:
                    written, found = load_all_ways(str(output))
                    found += compare(value, written, (), missing, strides=origin.suffix == ".pth")[1]
                    if not found and ties(value, missing) != ties(written, missing):
                        found.append(f"ties {ties(written, missing)} for {ties(value, missing)}")
            except Exception as error:
                lines.append(f"{output.name}: {type(error).__name__}: {error}")
                return None
            files, tensors = files + 1, tensors + more
            lines.extend(f"{output.name}: {line}" for line in found)
            return names, missing

        for first in FORMATS:
            between = name_of(first)
            if (gone := step(source, between, (set(), set()), first == "pth")) is not None:
                for second in FORMATS:
                    step(between, name_of(first, second), gone, second == "pth" and first in ("pth", "swt"))
        for line in lines:
            print(f"seed {number}: {line}", flush=True)
        failed += len(lines)
        shutil.rmtree(folder)
    print(f"{files} files with {tensors} tensors compared, {failed} differences")
    sys.exit(1 if failed else 0)


main()
