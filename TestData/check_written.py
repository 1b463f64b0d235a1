"""Holds what pth2swt wrote against what torch reads from the checkpoint it was written from.

    python check_written.py PAIRS.json

PAIRS.json is a list of {"source", "key", "written", "left_out"}: a checkpoint, the key of its state dict ("" for the
top), the .safetensors or .swt file made of it, and the names of the tensors that were left out. The safetensors library must
load the file, and each of its tensors must equal torch's in type, shape and every bit; each of torch's must be there.
Prints a line for each difference and, last, how many tensors were compared; exits 1 if anything differs.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.filterwarnings("ignore")

import torch  # noqa: E402
from safetensors import safe_open  # noqa: E402
from safetensors.torch import load as load_bytes  # noqa: E402
from tools.reporting import report  # noqa: E402
from tools.rows import Walk, digest  # noqa: E402


def written_tensors(path: pathlib.Path) -> dict:
    """All tensors by name, dropped aliases too; read by path and from memory, as users do."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    try:
        again = load_bytes(path.read_bytes())
        assert again.keys() == tensors.keys(), "by path and from memory the names differ"
    except KeyError as error:
        # Its reader of bytes, written in Python, does not know the youngest types.
        assert error.args[0] in ("F8_E8M0", "F4"), error
    assert metadata["format"] == "pt"
    for name, kept in metadata.items():
        if name != "format" and not name.startswith("swt."):
            tensors[name] = tensors[kept]
    return tensors


def differences(pair: dict) -> tuple[int, list[str]]:
    try:
        value = torch.load(pair["source"], weights_only=False, map_location="cpu")
    except Exception:
        return 0, []  # a file that torch itself does not open
    prefix = pair["key"] + "." if pair["key"] else ""
    walk = Walk(value)
    unnamed = "tensor" if torch.is_tensor(value) else ""
    wanted = {name.removeprefix(prefix) or unnamed: t for name, t in walk.tensors if name.startswith(prefix)}
    wanted = {name: t.to_local() if hasattr(t, "to_local") else t for name, t in wanted.items()}  # a DTensor's own part
    arrays = {row["name"].removeprefix(prefix) for row in walk.arrays}
    found = written_tensors(pathlib.Path(pair["written"]))
    lines = []
    for name in found.keys() - wanted.keys() - arrays:
        lines.append(f"{name}: torch has no such tensor")
    for name, tensor in wanted.items():
        if prefix + name in pair["left_out"]:
            continue
        if any(name.startswith(other + ".") for other in wanted):
            continue  # an attribute of a tensor, which is no part of a state dict
        if name not in found:
            lines.append(f"{name}: not written")
        elif found[name].dtype != tensor.dtype or found[name].shape != tensor.shape:
            lines.append(f"{name}: {found[name].dtype} {list(found[name].shape)}, not {tensor.dtype} {list(tensor.shape)}")
        elif digest(found[name]) != digest(tensor):
            lines.append(f"{name}: other bits")
    return len(found), lines


report(sys.argv[1], differences, lambda pair: f"{pair['source']} as {pathlib.Path(pair['written']).suffix}")
