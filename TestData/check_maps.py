"""Random checkpoints and maps, and what torch makes of them, for the test that PTH2SWT_PYTHON turns on.

    refpython TestData/check_maps.py make DIR COUNT SEED
    refpython TestData/check_maps.py check DIR COUNT

`make` writes to DIR, for each number below COUNT, NUMBER.pth (a state dict), NUMBER.json (a map) and NUMBER.expected (what
the map makes of it by torch's own functions, saved by torch). `check` compares NUMBER.expected with the NUMBER.safetensors,
NUMBER.out.pth and NUMBER.back.pth (by the inverse map, where there is one) that pth2swt wrote: names, dtypes, shapes and
every bit. Prints a line for each difference and, last, how many tensors were compared; exits 1 if anything differs.

The language is implemented here once more, from docs/convert.md, to be independent of the one that is tested.
"""

import json
import pathlib
import random
import re
import sys

import torch
from safetensors.torch import load_file

DTYPES = [torch.float32, torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool,
          torch.float8_e5m2, torch.float8_e4m3fn, torch.complex64]


# The language


def captures(pattern: str, name: str):
    """What the stars of a pattern match in a name, each but the last as little as possible; None if it does not match."""
    pieces = [re.escape(piece) for piece in pattern.split("*")]
    middle = "(.*?)".join(pieces[:-1]) + "(.*)" + pieces[-1] if len(pieces) > 1 else pieces[0]
    found = re.fullmatch(middle, name, re.DOTALL)
    return found.groups() if found else None


def filled(pattern: str, stars) -> str:
    parts = pattern.split("*")
    return parts[0] + "".join(star + part for star, part in zip(stars, parts[1:]))


def matching(value, names) -> list:
    patterns = [value] if isinstance(value, str) else value
    return [name for name in names if any(captures(pattern, name) is not None for pattern in patterns)]


def apply(step: dict, state: dict) -> dict:
    """The state dict after a step; AssertionError or torch's errors where it does not fit."""
    verb = next(iter(step))
    value, names, result = step[verb], list(state), {}

    def put(name, tensor):
        assert name not in result, name
        result[name] = tensor

    if verb in ("keep", "drop"):
        found = set(matching(value, names))
        return {name: tensor for name, tensor in state.items() if (name in found) == (verb == "keep")}
    if verb == "rename":
        for name, tensor in state.items():
            stars = captures(value, name)
            put(name if stars is None else filled(step["to"], stars), tensor)
        return result
    if verb in ("cast", "permute", "reshape"):
        found = set(matching(value, names))
        assert found
        for name, tensor in state.items():
            if name not in found:
                put(name, tensor)
            elif verb == "cast":
                put(name, tensor.to(getattr(torch, step["to"])) if tensor.dtype.is_floating_point else tensor)
            elif verb == "permute":
                put(name, tensor.permute(step["axes"]))
            else:
                put(name, tensor.reshape(step["shape"]))
        return result
    if verb == "split":
        for name, tensor in state.items():
            stars = captures(value, name)
            if stars is None:
                put(name, tensor)
                continue
            count, size = len(step["into"]), tensor.shape[step["dim"]]
            assert "sizes" in step or size % count == 0
            parts = tensor.split(step.get("sizes", size // count) or [0] * count, step["dim"])
            for into, part in zip(step["into"], parts, strict=True):
                put(filled(into, stars), part)
        return result
    if verb == "unstack":
        for name, tensor in state.items():
            stars = captures(value, name)
            if stars is None:
                put(name, tensor)
                continue
            assert tensor.shape[step["dim"]] > 0
            for number, part in enumerate(tensor.unbind(step["dim"])):
                put(filled(step["into"].replace("#", str(number)), stars), part)
        return result
    groups = {}  # by the name of the result: the names of its parts
    if verb == "concat":
        for name in names:
            stars = captures(value[0], name)
            if stars is not None:
                groups[filled(step["into"], stars)] = [filled(part, stars) for part in value]
    else:
        for name in names:
            number = re.fullmatch("(.*?)".join(re.escape(p) for p in value.replace("#", "*").split("*")), name)
            if number:
                groups.setdefault(step["into"], {})[int(number.groups()[0])] = name
        groups = {into: [parts[number] for number in range(len(parts))] for into, parts in groups.items()}
    assert groups
    taken = {name: into for into, parts in groups.items() for name in parts}
    assert len(taken) == sum(map(len, groups.values()))
    done = set()
    for name, tensor in state.items():
        into = taken.get(name)
        if into is None:
            put(name, tensor)
        elif into not in done:
            done.add(into)
            parts = [state[part] for part in groups[into]]
            assert len({part.dtype for part in parts}) == 1
            put(into, torch.cat(parts, step["dim"]) if verb == "concat" else torch.stack(parts, step["dim"]))
    return result


# Random checkpoints and maps


def random_tensor(numbers: random.Random, generator: torch.Generator) -> torch.Tensor:
    dtype = numbers.choice(DTYPES)
    shape = [numbers.choice([1, 2, 3, 4, 6, 40]) if numbers.random() > 0.04 else 0 for _ in range(numbers.randrange(4))]
    count = 1
    for size in shape:
        count *= size
    values = torch.randn(count + 5, generator=generator, dtype=torch.float64)
    values = torch.ldexp(values, torch.randint(-30, 30, values.shape, generator=generator))
    if count:
        values[0], values[-1] = numbers.choice([float("inf"), -0.0, float("nan")]), 0
    values = values.nan_to_num().clamp(-100, 100) if not (dtype.is_floating_point or dtype.is_complex) else values
    tensor = values.to(dtype)[numbers.randrange(5):][:count].reshape(shape)
    return tensor.permute(numbers.sample(range(len(shape)), len(shape))) if numbers.random() < 0.5 else tensor


def random_step(numbers: random.Random, state: dict, number: int) -> dict:
    name = numbers.choice(list(state))
    tensor = state[name]
    shape, rank = list(tensor.shape), tensor.dim()
    pattern = numbers.choice([name, name, "*", name.split(".")[0] + ".*"])
    dim = numbers.randrange(-rank, rank) if rank else 0
    kind = numbers.randrange(9)
    if kind == 0:
        return {"rename": name.split(".")[0] + ".*", "to": f"r{number}.*"}
    if kind == 1:
        types = ["float16", "bfloat16", "float32", "float64", "float8_e5m2", "float8_e4m3fn"]
        return {"cast": pattern, "to": numbers.choice(types)}
    if kind == 2:
        return {"permute": pattern, "axes": numbers.sample(range(rank), rank)}
    if kind == 3:
        return {"reshape": pattern, "shape": numbers.choice([[-1], [1, -1], shape[::-1], [2, -1], shape + [1]])}
    if kind == 4 and rank:
        first = numbers.randint(0, shape[dim])
        return {"split": name, "dim": dim, "into": [f"{name}.a", f"{name}.b"], "sizes": [first, shape[dim] - first]}
    if kind == 5:
        return {"split": pattern, "dim": dim, "into": [f"{pattern}.x", f"{pattern}.y"]}
    if kind == 6:
        others = [n for n in state if n != name and state[n].shape == tensor.shape and state[n].dtype == tensor.dtype]
        return {"concat": [name] + others[:2], "dim": dim, "into": f"c{number}.w"}
    if kind == 7:
        return {"stack": name.split(".")[0] + ".#.w", "dim": dim, "into": f"s{number}.w"}
    return {"drop": name} if numbers.random() < 0.2 else {"unstack": name, "dim": dim, "into": f"{name}.#.u"}


def make(folder: pathlib.Path, count: int, seed: int) -> None:
    numbers, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    for number in range(count):
        state = {}
        for group in range(numbers.randint(1, 3)):
            first = random_tensor(numbers, generator)
            for place in range(numbers.randint(1, 3)):
                other = numbers.choice([first, first.clone(), random_tensor(numbers, generator)])
                state[f"g{group}.{place}.w"] = other
        steps, result = [], state
        for attempt in range(25):
            if len(steps) == 5:
                break
            step = random_step(numbers, result, attempt)
            try:
                changed = apply(step, result)
            except (AssertionError, IndexError, RuntimeError, ValueError, KeyError):
                continue
            # What a step does not touch, or a stack of what is not numbered from 0, is an error there.
            if not changed or (list(changed) == list(result) and all(a is b for a, b in zip(changed.values(), result.values()))):
                continue
            steps.append(step)
            result = changed
        torch.save(state, folder / f"{number}.pth")
        (folder / f"{number}.json").write_text(json.dumps(steps))
        torch.save({name: tensor.clone() for name, tensor in result.items()}, folder / f"{number}.expected")


# Comparison


def bits(tensor: torch.Tensor) -> bytes:
    # A tensor of one element may keep any stride, which `view` refuses.
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.reshape(-1))
    # A NaN that was converted is some NaN.
    if flat.dtype.is_floating_point:
        flat = torch.where(flat.float().isnan(), torch.zeros((), dtype=flat.dtype), flat) if flat.numel() else flat
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def check(folder: pathlib.Path, count: int) -> None:
    compared, failed = 0, 0
    for number in range(count):
        expected = torch.load(folder / f"{number}.expected", weights_only=True)
        source = torch.load(folder / f"{number}.pth", weights_only=True)
        outputs = [("safetensors", expected), ("out.pth", expected), ("back.pth", source)]
        for suffix, wanted in outputs:
            path = folder / f"{number}.{suffix}"
            if not path.exists():
                continue
            found = load_file(path) if suffix == "safetensors" else torch.load(path, weights_only=True)
            lines = [f"{name}: missing or too much" for name in found.keys() ^ wanted.keys()]
            for name in found.keys() & wanted.keys():
                a, b = found[name], wanted[name]
                if a.dtype != b.dtype or a.shape != b.shape or bits(a) != bits(b):
                    lines.append(f"{name}: {a.dtype} {list(a.shape)} is not {b.dtype} {list(b.shape)}, or has other bits")
            if suffix != "back.pth" and suffix != "safetensors" and list(found) != list(wanted):
                lines.append("another order")
            for line in lines:
                print(f"{number}.{suffix}: {line}; {(folder / f'{number}.json').read_text()}")
            compared, failed = compared + len(found), failed + len(lines)
    print(f"{compared} tensors compared")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    where = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "make":
        make(where, int(sys.argv[3]), int(sys.argv[4]))
    else:
        check(where, int(sys.argv[3]))
