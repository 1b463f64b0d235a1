"""Torch 0.1.9 and before: a tar of sys_info, pickle, tensors, storages. Written byte by byte; torch reads it back."""

import io
import pickle
import struct
import tarfile

import torch
from torch import nn

from recipes.zip_tensors import floats
from tools import opcodes as op
from tools.foreign import foreign

SYS_INFO = {"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


def dump(value) -> bytes:
    return pickle.dumps(value, 2)


def storages(stored: list, views: list) -> bytes:
    """stored: (key, location, class name, count, bytes); views: (key, root, offset, count), in elements."""
    data = dump(len(stored))
    for key, location, kind, count, raw in stored:
        data += (
            op.pickle(op.tuple_of(op.integer(key), op.text(location), op.name("torch", kind)))
            + struct.pack("<q", count)
            + raw
        )
    return data + dump(views)


def tensors(listed: list) -> bytes:
    """listed: (key, storage, class name, size, stride, offset)."""
    data = dump(len(listed))
    for key, storage, kind, size, stride, offset in listed:
        data += op.pickle(op.tuple_of(op.integer(key), op.integer(storage), op.name("torch", kind)))
        data += struct.pack("<ii", len(size), 0) + struct.pack(f"<{2 * len(size) + 1}q", *size, *stride, offset)
    return data


def tar(members: dict[str, bytes], kind=tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)  # no date, no owner
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def ref(key: int) -> bytes:
    return op.text(str(key)) + b"Q"


def write(book) -> None:
    a, h, i = floats(12), floats(5).half(), torch.tensor([5, -6, 7])
    stored = [
        (93_000_001, "cpu", "FloatStorage", 12, a.numpy().tobytes()),
        (93_000_002, "cpu", "HalfStorage", 5, h.numpy().tobytes()),
        (93_000_003, "cpu", "LongStorage", 3, i.numpy().tobytes()),
    ]
    views = [(93_000_010, 93_000_001, 4, 6)]
    listed = [
        (11, 93_000_001, "FloatTensor", (3, 4), (4, 1), 0),
        (12, 93_000_001, "FloatTensor", (4, 3), (1, 4), 0),
        (13, 93_000_010, "FloatTensor", (2, 2), (3, 1), 1),
        (14, 93_000_002, "HalfTensor", (5,), (1,), 0),
        (15, 93_000_003, "LongTensor", (3,), (1,), 0),
        (16, 93_000_003, "LongTensor", (1,), (1,), 2),
    ]
    body = op.pickle(
        op.dict_of(
            {
                "w": ref(11),
                "w_t": ref(12),
                "view": ref(13),
                "half": ref(14),
                "again": ref(11),
                "steps": ref(15),
                "last": ref(16),
                "epoch": op.integer(9),
            }
        )
    )
    w = a.view(3, 4)
    expected = {
        "w": w,
        "w_t": w.t(),
        "view": a[5:].as_strided((2, 2), (3, 1)),
        "half": h,
        "again": w,
        "steps": i,
        "last": i[2:],
        "epoch": 9,
    }
    members = {
        "sys_info": dump(SYS_INFO),
        "pickle": body,
        "tensors": tensors(listed),
        "storages": storages(stored, views),
    }
    book.write(
        "state_dict.pth",
        tar(members),
        expected,
        "storages of three types, a storage view, a transposed tensor, a tie",
        "tar",
    )
    book.write(
        "members_reordered.pth", tar(dict(reversed(members.items()))), expected, "the members in another order", "tar"
    )
    book.write("ustar.pth", tar(members, tarfile.USTAR_FORMAT), expected, "plain ustar headers, no PAX", "tar")
    book.write("gnu.pth", tar(members, tarfile.GNU_FORMAT), expected, "GNU tar headers", "tar")
    extra = {"pax_global": b"", "README": b"not ours"} | members
    book.write("members_more.pth", tar(extra), expected, "foreign members beside torch's four", "tar")
    module(book)
    empty = {"sys_info": dump(SYS_INFO), "pickle": dump({"epoch": 1}), "tensors": dump(0), "storages": storages([], [])}
    book.write("no_tensors.pth", tar(empty), {"epoch": 1}, "no tensor and no storage", "tar")
    unused = storages(
        [(1, "cpu", "ByteStorage", 3, b"abc"), (2, "cuda:0", "DoubleStorage", 1, struct.pack("<d", 0.5))], []
    )
    more = {
        "sys_info": dump(SYS_INFO),
        "pickle": op.pickle(op.dict_of({"d": ref(7)})),
        "tensors": tensors([(7, 2, "DoubleTensor", (1,), (1,), 0)]),
        "storages": unused,
    }
    book.write(
        "device_and_unused.pth",
        tar(more),
        {"d": torch.tensor([0.5], dtype=torch.float64)},
        "an unused storage, then one from cuda:0",
        "tar",
        map_location="cpu",
    )


def module(book) -> None:
    """The parameter in torch 0.1.9's way: a call of `_rebuild_parameter`, then made empty and filled by BUILD."""
    for name, parameter in (
        ("module.pth", op.call(op.name("torch._utils", "_rebuild_parameter"), ref(1), op.TRUE, op.NO_HOOKS)),
        ("module_filled.pth", filled(ref(1), filled(ref(2), op.NONE, "torch.autograd.variable", "Variable"))),
    ):
        module_of(book, name, parameter)


def filled(data: bytes, gradient: bytes, module="torch.nn.parameter", cls="Parameter") -> bytes:
    """(data, gradient, hooks, requires_grad, volatile)"""
    state = op.tuple_of(data, gradient, op.NONE, op.TRUE, op.FALSE)
    return op.name(module, cls) + b")\x81" + state + b"b"


def module_of(book, file: str, parameter: bytes) -> None:
    @foreign("__main__.older")
    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(floats(2, 2))
            self.register_buffer("mean", floats(2))

    ordered = op.call(op.name("collections", "OrderedDict"))
    cls = (
        op.tuple_of(
            op.name("__main__.older", "Linear"), op.text("linear.py"), op.text("class Linear(nn.Module):\n    pass\n")
        )
        + b"Q"
    )
    body = op.pickle(
        cls
        + b")\x81"
        + op.dict_of(
            {
                "_parameters": ordered + b"(" + op.text("weight") + parameter + b"u",
                "_buffers": ordered + b"(" + op.text("mean") + ref(2) + b"u",
                "_modules": op.NO_HOOKS,
                "_backward_hooks": op.NO_HOOKS,
                "_forward_hooks": op.NO_HOOKS,
                "training": op.TRUE,
                "_non_persistent_buffers_set": b"]",
            }
        )
        + b"b"
    )
    stored = [
        (21, "cpu", "FloatStorage", 4, floats(4).numpy().tobytes()),
        (22, "cpu", "FloatStorage", 2, floats(2).numpy().tobytes()),
    ]
    listed = [(1, 21, "FloatTensor", (2, 2), (2, 1), 0), (2, 22, "FloatTensor", (2,), (1,), 0)]
    members = {"sys_info": dump(SYS_INFO), "pickle": body, "tensors": tensors(listed), "storages": storages(stored, [])}
    book.write(
        file,
        tar(members),
        Linear(),
        "a whole module with its class's source text",
        "tar",
        note={"parameters": ["weight"], "buffers": ["mean"]},
    )
