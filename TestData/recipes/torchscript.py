"""TorchScript archives: a scripted and a traced module of today, and the model.json form of torch 1.0 to 1.2."""

import io
import json
import linecache
import pickle
import struct

import torch
from torch import nn

from recipes.zip_containers import rezip
from recipes.zip_tensors import floats
from tools import opcodes as op
from tools import rows
from tools.archives import unpack

# Compiled under a name of its own, so that the debug records of the archive name no folder of this machine.
SOURCE = """
import torch
from torch import nn
from typing import Dict, List, Optional

def floats(*shape):
    return torch.arange(1, torch.Size(shape).numel() + 1).float().reshape(shape)

class Scale(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("mean", floats(width))
        self.factor = nn.Parameter(floats(width) * 2)

    def forward(self, x):
        return (x - self.mean) * self.factor

class Net(nn.Module):
    table: Dict[str, torch.Tensor]
    names: List[str]

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(floats(3, 2).half().t())
        self.register_buffer("steps", torch.tensor([4, 5]))
        self.register_buffer("cache", floats(2), persistent=False)
        self.plain = floats(4)
        self.table = {"a": floats(1), "b": floats(2)}
        self.names, self.sizes, self.rate = ["x", "y"], [1, 2, 3], 0.5
        self.flags = [True, False]
        self.unset: Optional[torch.Tensor] = None
        self.layers = nn.ModuleList([Scale(2), Scale(2)])
        self.tied = self.layers[0]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        if self.unset is None:
            x = x + self.plain.sum() + self.table["a"] + self.cache + self.rate
        return x

class Traced(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(floats(2, 2))
        self.register_buffer("shift", floats(2))

    def forward(self, x):
        return x @ self.weight + self.shift + torch.tensor([10.0, 20.0]) + torch.tensor([[5], [6]])
"""


def write(book) -> None:
    linecache.cache["model.py"] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), "model.py")
    scope = {"__name__": "model"}
    exec(compile(SOURCE, "model.py", "exec"), scope)

    def save(name, module, about, constants=(), others=None):
        torch.jit.save(module, book.path(name))
        held = {"others": [rows.row(key, floats(count)) for key, count in others.items()]} if others else {}
        check(book, name, constants, about, **held)

    save(
        "scripted.pt",
        torch.jit.script(scope["Net"]()),
        "scripted: parameters, buffers, a plain tensor, a dict of tensors, typed lists, "
        "a shared submodule; what only code/*.py tells from a buffer is under others",
        others={"plain": 4, "table.a": 1, "table.b": 2},
    )
    save(
        "traced.pt",
        torch.jit.trace(scope["Traced"](), torch.ones(1, 2)),
        "traced: two constant tensors in constants.pkl",
        (torch.tensor([10.0, 20.0]), torch.tensor([[5], [6]])),
    )
    save(
        "frozen.pt",
        torch.jit.freeze(torch.jit.script(scope["Scale"](3).eval())),
        "frozen: every tensor has become a constant",
        (floats(3), floats(3) * 2),
    )
    parts = unpack(book.path("traced.pt").read_bytes())
    book.path("deflated.pt").write_bytes(rezip(parts, 8))
    check(
        book,
        "deflated.pt",
        (torch.tensor([10.0, 20.0]), torch.tensor([[5], [6]])),
        "a traced module, repacked with deflate",
    )
    model_json(book)


def check(book, name: str, constants: tuple, about: str, **note) -> None:
    """Held against torch.jit.load: torch.load refuses an archive with constants.pkl, and says so."""
    module = torch.jit.load(book.path(name))
    state = module.state_dict(keep_vars=True)
    roles = {
        "parameters": [key for key, _ in module.named_parameters(remove_duplicate=False)],
        "buffers": [key for key, _ in module.named_buffers(remove_duplicate=False)],
    }
    order = stored_constants(book.path(name))
    assert sorted(map(str, order)) == sorted(map(str, constants)), (order, constants)
    expected = dict(state) | {f"constants.{index}": constant for index, constant in enumerate(order)}
    book.expect(name, expected, about, "torchscript", torch_reads="not its own", note=roles | note)


def stored_constants(path) -> list[torch.Tensor]:
    reader = torch._C.PyTorchFileReader(str(path))
    if not reader.has_record("constants.pkl"):
        return []

    class Constants(pickle.Unpickler):
        def persistent_load(self, pid):
            raw = reader.get_record(f"constants/{pid[2]}")
            return torch.storage.TypedStorage(
                wrap_storage=torch.frombuffer(bytearray(raw), dtype=torch.uint8).untyped_storage(),
                dtype=pid[1]._dtype,
                _internal=True,
            )

    return list(Constants(io.BytesIO(reader.get_record("constants.pkl"))).load())


def model_json(book) -> None:
    """int64 is a text in protobuf's JSON, false and empty fields are absent, names of submodules may hold dots."""

    def tensor(key, kind, dims, strides, offset=0, grad=False):
        entry = {
            "dims": [str(d) for d in dims],
            "offset": str(offset),
            "strides": [str(s) for s in strides],
            "requiresGrad": grad,
            "dataType": kind,
            "data": {"key": f"tensors/{key}"},
            "device": "cpu",
        }
        return {k: v for k, v in entry.items() if v not in ([], False)}

    raw = {
        "0": floats(6).numpy().tobytes(),
        "1": floats(3).numpy().tobytes(),
        "2": struct.pack("<q", 7),
        "3": floats(4).half().numpy().tobytes(),
    }
    model = {
        "protoVersion": "1",
        "mainModule": {
            "torchscriptArena": {"key": "code/net.py"},
            "name": "net",
            "optimize": True,
            "submodules": [
                {
                    "torchscriptArena": {"key": "code/net_conv.py"},
                    "name": "conv",
                    "optimize": True,
                    "parameters": [
                        {"isBuffer": False, "tensorId": "0", "name": "weight"},
                        {"isBuffer": False, "tensorId": "1", "name": "bias"},
                    ],
                },
                {
                    "name": "bn",
                    "optimize": True,
                    "parameters": [
                        {"isBuffer": True, "tensorId": "2", "name": "num_batches_tracked"},
                        {"isBuffer": True, "tensorId": "3", "name": "running_mean"},
                    ],
                },
            ],
            "parameters": [{"tensorId": "4", "name": "tail"}, {"tensorId": "5", "name": "turned"}],
        },
        "producerName": "pytorch",
        "producerVersion": "1.0",
        "tensors": [
            tensor("0", "FLOAT", (2, 3), (3, 1), grad=True),
            tensor("1", "FLOAT", (3,), (1,), grad=True),
            tensor("2", "INT64", (), ()),
            tensor("3", "FLOAT16", (4,), (1,)),
            tensor("0", "FLOAT", (2,), (1,), offset=4),
            tensor("0", "FLOAT", (3, 2), (1, 3)),
        ],
    }
    method = b"op_version_set = 0\n"
    records = {"net/version": b"1\n", "net/code/net.py": method, "net/code/net_conv.py": method}
    records |= {f"net/tensors/{key}": data for key, data in raw.items()}
    records["net/model.json"] = json.dumps(model, indent=1).encode()
    book.path("model_json.pt").write_bytes(rezip(records))
    whole = floats(6)
    w = whole.view(2, 3)
    expected = {
        "conv.weight": w,
        "conv.bias": floats(3),
        "bn.num_batches_tracked": torch.tensor(7),
        "bn.running_mean": floats(4).half(),
        "tail": whole[4:],
        "turned": w.t(),
    }
    grads = {key: nn.Parameter(value) if key.startswith("conv") else value for key, value in expected.items()}
    grads["tail"], grads["turned"] = grads["conv.weight"].detach().view(-1)[4:], grads["conv.weight"].detach().t()
    roles = {
        "parameters": ["conv.weight", "conv.bias", "tail", "turned"],
        "buffers": ["bn.num_batches_tracked", "bn.running_mean"],
    }
    try:
        torch.jit.load(book.path("model_json.pt"))
    except RuntimeError as error:
        assert "Legacy model format is not supported" in str(error)  # the layout is from torch 1.2's import_legacy.cpp
    else:
        raise AssertionError("torch reads model.json again: hold the fixture against it")
    book.expect(
        "model_json.pt",
        grads,
        "torch 1.0's form: model.json and tensors/, views of one record",
        "torchscript",
        torch_reads="not its own",
        note=roles,
    )
    version2 = dict(model, protoVersion="2")
    version2["mainModule"] = dict(
        model["mainModule"],
        attributes=[{"type": "Tensor", "name": "extra", "id": "0"}, {"type": "int", "name": "n", "id": "1"}],
    )
    attributes = op.pickle(
        b"](" + op.call(op.name("torch.jit._pickle", "build_tensor_from_id"), op.integer(1)) + op.integer(5) + b"e"
    )
    records["net/model.json"], records["net/attributes.pkl"] = json.dumps(version2).encode(), attributes
    book.path("model_json_attributes.pt").write_bytes(rezip(records))
    book.expect(
        "model_json_attributes.pt",
        grads | {"extra": grads["conv.bias"]},
        "torch 1.1's form: attributes.pkl, where a tensor is its number in the table",
        "torchscript",
        torch_reads="not its own",
        note=roles,
    )
