"""Random checkpoints as torch saves them: names, shapes, dtypes, strides, ties, nesting, gradients, `_metadata`, protocols."""

import collections
import pathlib
import random

import torch

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
          torch.uint16, torch.uint32, torch.uint64, torch.bool, torch.float8_e5m2, torch.float8_e4m3fn, torch.float8_e4m3fnuz,
          torch.float8_e5m2fnuz, torch.float8_e8m0fnu, torch.complex64, torch.complex128, torch.complex32]
LEGACY = {torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool}
WORDS = ["weight", "bias", "layer1", "0", "11", "running_mean", "Δ", "a b", "x/y", "w.npy", "__metadata", "'q'", "in\\out", "長", "é", "K"]


def random_tensor(numbers: random.Random, others: list, negated: tuple) -> torch.Tensor:
    """A tensor of its own, or a view of another's storage; a view with a neg bit only of these dtypes."""
    if others and numbers.random() < 0.25:
        other = numbers.choice(others)
        kind = numbers.randrange(4)
        if kind == 0:
            return other
        if kind == 1 and other.dim() > 0 and other.shape[0] > 1:
            return other[1:]
        if kind == 2 and other.dim() > 1:
            return other.transpose(0, -1)
        return other.detach()
    shape = [numbers.choice([0, 1, 2, 3, 5, 17] if numbers.random() < 0.3 else [1, 2, 3, 8]) for _ in range(numbers.randrange(5))]
    dtype = numbers.choice(DTYPES)
    size = torch.empty(shape, dtype=dtype).nbytes
    raw = torch.tensor([numbers.randrange(256) for _ in range(size)], dtype=torch.uint8)
    if dtype == torch.bool:
        raw = raw % 2
    tensor = raw.view(dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)
    kind = numbers.randrange(8)
    if kind == 0 and len(shape) > 1:
        tensor = tensor.permute(numbers.sample(range(len(shape)), len(shape)))
    if kind == 1 and len(shape) > 0 and shape[-1] > 1:
        tensor = tensor[..., ::2]
    if kind == 2:
        tensor = tensor.unsqueeze(0).expand([3] + list(tensor.shape))
    if kind == 3 and dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        tensor = torch.nn.Parameter(tensor)
    if kind == 4 and dtype.is_complex and dtype != torch.complex32:
        tensor = tensor.conj()
    if kind == 5 and dtype in negated:
        tensor = torch._neg_view(tensor)
    return tensor


def random_checkpoint(numbers: random.Random, negated: tuple = (torch.float32, torch.float64)):
    state = collections.OrderedDict() if numbers.random() < 0.5 else {}
    # Scalars and bytes alone would be no state dict.
    state["always"] = torch.ones(2)
    for _ in range(numbers.randint(1, 12)):
        name = ".".join(numbers.choice(WORDS) for _ in range(numbers.randint(1, 4)))
        state[name] = random_tensor(numbers, list(state.values()), negated)
    if isinstance(state, collections.OrderedDict) and numbers.random() < 0.5:
        state._metadata = collections.OrderedDict({"": {"version": 1}, "layer1": {"version": 2}})
    if numbers.random() < 0.5:
        return state
    beside = {"epoch": 7, "best": 0.25, "shape": (1, 2), "names": ["a", None, True], "hyper": {"lr": 1e-3, 3: "three", "set": {1, 2}}}
    keys = numbers.sample(list(beside), numbers.randrange(len(beside)))
    return {**{key: beside[key] for key in keys}, numbers.choice(["state_dict", "model", "weights"]): state}


def tensors(value) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value.values() for t in tensors(item)] if isinstance(value, dict) else []


def save(value, path: pathlib.Path, numbers: random.Random) -> None:
    """Saves it by a random protocol, one in ten in the legacy format, unless that lacks a dtype: torch writes those, and cannot read them."""
    is_zip = numbers.random() < 0.9 or any(tensor.dtype not in LEGACY for tensor in tensors(value))
    torch.save(value, path, pickle_protocol=numbers.choice([2, 2, 3, 4, 5]), _use_new_zipfile_serialization=is_zip)
