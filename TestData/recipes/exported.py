"""Programs that torch.export.save wrote, and the layouts of earlier versions."""

import io
import warnings

import torch
from torch import nn
from torch.export.pt2_archive._package import package_pt2

from recipes.packed import saved, zipped
from recipes.zip_tensors import floats


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.tied = nn.Linear(3, 4)
        self.tied.weight = self.first.weight
        self.across = nn.Parameter(floats(3, 4).t())
        base = floats(6, 2).bfloat16()
        self.top = nn.Parameter(base[:2])
        self.bottom = nn.Parameter(base[3:, 1])
        self.register_buffer("mean", floats(4))
        self.register_buffer("count", torch.tensor(7))
        self.register_buffer("passing", floats(4), persistent=False)
        for name, dtype in KINDS.items():
            self.register_buffer(f"as_{name}", floats(2, 2).to(dtype))
        self.register_buffer("nothing", torch.zeros(0, 3))
        self.fixed = floats(4).double()

    def forward(self, x):
        y = self.first(x) + self.tied(x) + x @ self.across.t() + self.mean + self.passing + self.count
        return y + self.fixed + self.top.sum() + self.bottom.sum()


KINDS = {
    "half": torch.float16,
    "int8": torch.int8,
    "uint16": torch.uint16,
    "bool": torch.bool,
    "complex64": torch.complex64,
    "float8": torch.float8_e4m3fn,
}


def program(module: nn.Module, *inputs) -> torch.export.ExportedProgram:
    made = torch.export.export(module.eval(), inputs)
    for node in made.graph.nodes:
        node.meta.pop("stack_trace", None)  # it has the paths of this machine
    return made


def tensors(made) -> dict:
    constants = {f"constants.{k}": v for k, v in made.constants.items() if isinstance(v, torch.Tensor)}
    return {**made.state_dict, **constants}


def write(book) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = program(Net(), torch.ones(1, 3))
        plain = program(nn.Linear(2, 3), torch.ones(1, 2))
        bare = program(Scaled(), torch.ones(3))

        def put(name: str, data: bytes, expected: dict, about: str, **note) -> None:
            book.write(name, data, expected, about, "exported", torch_reads="not its own", note=note)

        for name, made, about in (
            ("current", net, "torch 2.8 and later: ties, views, types, buffers and constants"),
            ("linear", plain, "the smallest"),
            ("constants_only", bare, "a program that has constants and no weights"),
        ):
            buffer = io.BytesIO()
            torch.export.save(made, buffer)
            # What torch reads back is what a reader must find.
            put(f"{name}.pt2", buffer.getvalue(), tensors(torch.export.load(io.BytesIO(buffer.getvalue()))), about)
        buffer = io.BytesIO()
        package_pt2(buffer, exported_programs={"small": plain, "large": net})
        put("two_programs.pt2", buffer.getvalue(), {}, "a package of two programs", refused="one must be chosen")
        for name, suffix in (("before_2_8", "pt"), ("before_2_2", "json")):
            records = [
                ("serialized_exported_program.json", b"{}"),
                (f"serialized_state_dict.{suffix}", saved(net.state_dict)),
                (f"serialized_constants.{suffix}", saved(net.constants)),
                ("serialized_example_inputs.pt", saved(((torch.ones(1, 3),), {}))),
                ("version", b"8.2"),
            ]
            put(f"{name}.pt2", zipped(*records), tensors(net), f"torch {name.replace('_', ' ')}: files of torch.save")


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = floats(3)

    def forward(self, x):
        return x * self.scale
