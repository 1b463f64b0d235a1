"""Holds what `pth2swt show` prints against numpy's `str` of the same arrays.

    python check_shown.py PTH2SWT FOLDER

Makes tensors of every type, shape and spread of values in FOLDER, has the program print them, whole and in slices, as text and
as JSON, and compares. Prints a line for each difference and, last, how many texts were compared; exits 1 if anything differs.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import torch

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
REAL = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
SMALL = [torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz]
COMPLEX = [torch.complex64, torch.complex128]
WHOLE = [torch.uint8, torch.int8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.uint64]
SHAPES = [(), (1,), (7,), (30,), (2, 3), (40, 30), (1001,), (3, 2, 5), (7, 8, 9, 10), (0,), (2, 0, 3), (1, 1, 1), (6, 200), (12, 100)]
SLICES = ["0", "-1", "0:3", "...", ":2", "1:-1:2", "...,0", "..., :3", "::2, ..., ::3", "5:2"]


def tensors() -> dict:
    """Values that numpy writes in different ways: small, large, mixed, with what is not finite, powers of two."""
    torch.manual_seed(20)
    made = {}

    def add(kind: str, tensor: torch.Tensor) -> None:
        made[f"{kind}.{len(made)}"] = tensor

    for shape in SHAPES:
        normal = torch.randn(shape, dtype=torch.float64)
        spreads = [
            normal, normal * 1e-6, normal * 1e5, normal * 1e9, normal * 10 ** (normal * 3), normal.round(),
            torch.where(normal > 1, float("nan"), normal), torch.where(normal > 0.5, float("-inf"), normal.round() * 1e4),
            torch.full(shape, float("inf")), torch.full(shape, -0.0, dtype=torch.float64), 2.0 ** (normal * 20).round(),
            (normal * 100).round() / 100, normal * 300, normal.abs() + 0.001, 5 * normal.sign()]
        for dtype in REAL + SMALL:
            for values in spreads:
                add(str(dtype).split(".")[1], values.to(dtype))
        for dtype in COMPLEX:
            for values in spreads[:8]:
                add("complex", torch.complex(values, values.flip(-1) if shape else values + 1).to(dtype))
        add("complex32", torch.complex(normal, normal + 2).to(torch.complex32))
        add("conjugate", torch.complex(normal, normal).conj())
        add("bool", normal > 0)
        for dtype in WHOLE:
            add("whole", (normal * 50).to(torch.int64).to(dtype))
        add("large", torch.full(shape, 2**64 - 1, dtype=torch.uint64))
        add("least", torch.full(shape, -(2**63), dtype=torch.int64))
    add("transposed", torch.arange(6000.0).reshape(60, 100).t())
    add("expanded", torch.arange(5.0).expand(400, 5))
    return made


def array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.resolve_conj()
    if tensor.dtype == torch.complex32:
        return tensor.to(torch.complex64).numpy()
    if tensor.dtype in SMALL + [torch.bfloat16]:
        return tensor.float().numpy()
    return tensor.numpy()


def run(*arguments: str) -> str:
    ended = subprocess.run([PROGRAM, "show", *arguments], capture_output=True, text=True)
    return ended.stdout if ended.returncode == 0 else f"exit {ended.returncode}: {ended.stderr}"


def block(name: str, tensor: torch.Tensor, part: np.ndarray, piece: str | None = None) -> str:
    form = f"{name}: {str(tensor.dtype).split('.')[1]} {list(tensor.shape)}"
    return form + (f", of which [{piece}] is {list(part.shape)}" if piece else "") + f"\n{str(part)}\n"


def plain(value):
    """What `tolist` gives, as JSON has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def main() -> None:
    made = tensors()
    file = str(FOLDER / "shown.pth")
    torch.save(made, file)
    pairs = []
    found = run(file, *made).split("\n\n")
    # Arrays of three dimensions have empty lines too, so blocks are told apart by their heads.
    texts = {}
    for part in found:
        head = part.split(":")[0]
        if head in made:
            name = head
            texts[name] = part
        else:
            texts[name] += "\n\n" + part
    for name, tensor in made.items():
        pairs.append((name, texts.get(name, "nothing").rstrip("\n"), block(name, tensor, array(tensor)).rstrip("\n")))
    chosen = [name for name in made if name.endswith("7") or name.startswith(("transposed", "expanded"))]
    for piece, step in zip(SLICES, range(3, 99)):
        given = len([item for item in piece.split(",") if item.strip() != "..."])
        for name in chosen[step % 7 :: 23]:
            if made[name].dim() < given or 0 in made[name].shape:
                continue
            try:
                part = eval(f"array(made[name])[{piece}]")
            except IndexError:
                continue
            pairs.append((f"{name}[{piece}]", run(file, name, "--slice", piece), block(name, made[name], np.asarray(part), piece)))
    for name in chosen[::23]:
        shown = json.loads(run(file, name, "--json"))["values"]
        # Of a float32 the shortest text is written, which is another number as a float64.
        values = array(made[name])
        wanted = plain(values.tolist())
        if values.dtype.kind in "fc":
            shown = np.array(shown, dtype=object).ravel().tolist()
            wanted = np.array(wanted, dtype=object).ravel().tolist()
            width = np.float32 if values.dtype in (np.float32, np.complex64) else values.dtype.type if values.dtype.kind == "f" else np.float64
            shown = [each if isinstance(each, str) else float(width(each)) for each in shown]
        pairs.append((f"{name} as JSON", str(shown).replace("-0.0,", "0.0,"), str(wanted).replace("-0.0,", "0.0,")))  # JSON has no -0.0
    wrong = [(name, shown, wanted) for name, shown, wanted in pairs if shown != wanted]
    for name, shown, wanted in wrong[:20]:
        print(f"{name}:\n{shown}\nis, in numpy,\n{wanted}")
    print(f"{len(pairs)} compared, {len(wrong)} differ")
    sys.exit(1 if wrong else 0)


main()
