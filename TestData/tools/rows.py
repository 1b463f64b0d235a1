"""A value's tensors as the rows of expected.json: names are the paths from the top, keys and indices joined by dots."""

import collections.abc
import hashlib

import numpy
import torch


def digest(tensor: torch.Tensor) -> str:
    """SHA-256 of the contiguous little-endian bytes in C order; of the integers, where the tensor is quantized."""
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.numel() == 0:
        return hashlib.sha256(b"").hexdigest()
    if not tensor.is_contiguous() and str(tensor.dtype) in BYTE_WIDE:
        tensor = tensor.view(torch.uint8)  # torch cannot copy bits and float4, only look at them
    # as_strided, since torch calls an axis of size 1 contiguous whatever its stride, and then will not view it as bytes
    flat = tensor.contiguous().as_strided((tensor.numel(),), (1,))
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes()).hexdigest()


BYTE_WIDE = {"torch.bits8", "torch.bits1x8", "torch.bits2x4", "torch.bits4x2", "torch.float4_e2m1fn_x2"}
SPARSE = {
    torch.sparse_coo: ("_indices", "_values"),
    torch.sparse_csr: ("crow_indices", "col_indices", "values"),
    torch.sparse_bsr: ("crow_indices", "col_indices", "values"),
    torch.sparse_csc: ("ccol_indices", "row_indices", "values"),
    torch.sparse_bsc: ("ccol_indices", "row_indices", "values"),
}


def plain(value) -> str:
    return str(value).removeprefix("torch.")


def component(name: str, tensor: torch.Tensor) -> dict:
    return {"name": name, "dtype": plain(tensor.dtype), "shape": list(tensor.shape), "sha256": digest(tensor)}


def row(name: str, tensor: torch.Tensor) -> dict:
    found = {"name": name, "dtype": plain(tensor.dtype)}
    if tensor.is_nested and tensor.layout == torch.jagged:
        parts = {"values": tensor._values, "offsets": tensor._offsets}
        if tensor._lengths is not None:
            parts["lengths"] = tensor._lengths
        found |= {
            "kind": "nested_jagged",
            "ragged_axis": tensor._ragged_idx,
            "components": [component(key, part) for key, part in parts.items()],
        }
    elif tensor.is_nested:
        buffer = tensor.detach().values() if hasattr(tensor, "values") else None
        parts = {
            "buffer": buffer,
            "sizes": tensor._nested_tensor_size(),
            "strides": tensor._nested_tensor_strides(),
            "storage_offsets": tensor._nested_tensor_storage_offsets(),
        }
        found |= {"kind": "nested_strided", "components": [component(key, part) for key, part in parts.items()]}
    elif tensor.layout in SPARSE:
        parts = [(call.lstrip("_"), getattr(tensor.detach(), call)()) for call in SPARSE[tensor.layout]]
        found |= {
            "shape": list(tensor.shape),
            "kind": plain(tensor.layout),
            "components": [component(*p) for p in parts],
        }
    elif type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        found |= {"shape": list(tensor.shape), "stride": list(tensor.stride()), "kind": "wrapper_subclass"}
    elif tensor.is_meta:
        found |= {"shape": list(tensor.shape), "stride": list(tensor.stride()), "kind": "meta"}
    else:
        found |= {"shape": list(tensor.shape), "stride": list(tensor.stride()), "sha256": digest(tensor)}
        if tensor.is_quantized:
            found["kind"] = "quantized"
            if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
                found["quantization"] = {
                    "scheme": "per_tensor_affine",
                    "scale": tensor.q_scale(),
                    "zero_point": tensor.q_zero_point(),
                }
            else:
                scales, zeros = tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()
                found["quantization"] = {"scheme": plain(tensor.qscheme()), "axis": tensor.q_per_channel_axis()}
                found["components"] = [component("scales", scales), component("zero_points", zeros)]
    if tensor.requires_grad:
        found["requires_grad"] = True
    return found


def same_view(tensor: torch.Tensor):
    """Equal for two tensors that are exactly the same view of one storage."""
    if "sha256" not in row("", tensor):
        return id(tensor)
    return (
        tensor.untyped_storage()._cdata,
        tensor.storage_offset(),
        tensor.shape,
        tensor.stride(),
        tensor.dtype,
        tensor.is_conj(),
        tensor.is_neg(),
    )


class Walk:
    def __init__(self, value):
        self.tensors: list[tuple[str, torch.Tensor]] = []
        self.arrays: list[dict] = []
        self.versions: dict | None = None
        self.seen: set[int] = set()
        self.visit(value, ())

    def visit(self, value, path):
        name = ".".join(path)
        if isinstance(value, torch.Tensor):
            self.tensors.append((name, value))
            if not value.is_nested:  # a jagged tensor's attributes are its components
                self.visit(vars(value), path)  # a tensor's own attributes may hold tensors too
            return
        if isinstance(value, (numpy.ndarray, numpy.generic)) and value.dtype.kind in "biufc":
            little = numpy.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"))
            self.arrays.append(
                {
                    "name": name,
                    "dtype": value.dtype.name,
                    "shape": list(value.shape),
                    "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
                }
            )
            return
        if isinstance(value, (str, int, float, bytes, type(None), type)) or id(value) in self.seen:
            return
        self.seen.add(id(value))
        if isinstance(value, torch.nn.Module):
            for key, item in vars(value).items():
                if key == "_buffers":
                    item = {k: v for k, v in item.items() if k not in value._non_persistent_buffers_set}
                if key not in ("_parameters", "_buffers", "_modules"):
                    self.visit(item, (*path, key))
                    continue
                for name, part in item.items():
                    self.visit(part, (*path, name))
        elif isinstance(value, collections.abc.Mapping):
            if metadata := getattr(value, "_metadata", None):
                assert self.versions is None, "one _metadata a fixture"
                self.versions = {prefix: entry["version"] for prefix, entry in metadata.items() if "version" in entry}
            for key, item in value.items():
                self.visit(item, (*path, str(key)))
        elif isinstance(value, (list, tuple, collections.deque)):
            for index, item in enumerate(value):
                self.visit(item, (*path, str(index)))
        elif hasattr(value, "__dict__"):
            self.visit(vars(value), path)


def describe(value) -> dict:
    walk = Walk(value)
    groups: dict = {}
    for name, tensor in walk.tensors:
        groups.setdefault(same_view(tensor), []).append(name)
    names = [name for name, _ in walk.tensors]
    found = {
        "tensors": [row(name, tensor) for name, tensor in walk.tensors],
        "ties": [names for names in groups.values() if len(names) > 1],
    }
    if twice := sorted({name for name in names if names.count(name) > 1}):
        found["collisions"] = twice
    if walk.arrays:
        found["arrays"] = walk.arrays
    if walk.versions is not None:
        found["metadata_versions"] = walk.versions
    return found


def values(value, path=()) -> list[dict]:
    """The plain values of a container, for fixtures about numbers and texts: {"path", "type", "text"}."""
    if isinstance(value, dict):
        return [row for key, item in value.items() for row in values(item, (*path, str(key)))]
    if isinstance(value, (list, tuple)):
        return [row for index, item in enumerate(value) for row in values(item, (*path, str(index)))]
    if isinstance(value, (bytes, bytearray)):
        text = value.hex()
    elif isinstance(value, (str, bool, int, float, type(None))):
        text = str(value)
    else:
        return []
    return [{"path": ".".join(path), "type": type(value).__name__, "text": text}]
