"""Every dtype, every rebuild function and every geometry that torch 2.13 saves into its zip format."""

import collections

import torch

from tools import opcodes as op
from tools.archives import torch_archive
from tools.foreign import foreign

BYTES = torch.arange(96, dtype=torch.uint8) * 5 + 3
DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex32",
    "complex64",
    "complex128",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float4_e2m1fn_x2",
    "bits8",
    "bits16",
    "bits1x8",
    "bits2x4",
    "bits4x2",
]


def floats(*shape: int, start: float = 1.0) -> torch.Tensor:
    """Values that count up, so that a wrong element shows which one it is."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).add(start).reshape(shape)


def sample(dtype: str) -> torch.Tensor:
    if dtype == "bool":
        return torch.tensor([True, False, True, True, False, False, True, False]).reshape(2, 4)
    if dtype.startswith(("float", "bfloat", "complex")) and not dtype.startswith(("float8", "float4")):
        plain = torch.tensor([0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf"), float("nan"), 1e-7]).reshape(2, 4)
        parts = torch.complex(plain, plain.flip(0)) if dtype.startswith("complex") else plain
        return parts.to(getattr(torch, dtype))
    return BYTES.clone().view(getattr(torch, dtype)).reshape(2, -1)


def write(book) -> None:
    book.save(
        "dtypes.pth", {name: sample(name) for name in DTYPES}, "every dtype that torch 2.13 saves, one tensor each"
    )
    for name in DTYPES:
        about = f"{name}: plain, a column, 0-dim and empty"
        t = sample(name)
        book.save(f"dtype_{name}.pth", {"plain": t, "column": t[:, 1], "scalar": t[1, 1], "empty": t[:0]}, about)
    strided(book)
    shared(book)
    rebuilds(book)


def strided(book) -> None:
    x = floats(6, 8)
    book.save(
        "strided_steps.pth",
        {"columns": x[:, ::2], "rows": x[::2], "both": x[1::2, 2::3], "whole": x},
        "every second column and row of one storage",
    )
    book.save(
        "strided_transposed.pth",
        {
            "t": floats(3, 5).t(),
            "permuted": floats(2, 3, 4).permute(2, 0, 1),
            "bf16": floats(4, 6).bfloat16().t(),
            "swapped": floats(2, 3, 4, 5).transpose(1, 3),
        },
        "transposed and permuted axes",
    )
    book.save(
        "strided_expand.pth",
        {
            "row": floats(1, 4).expand(5, 4),
            "scalar": torch.tensor(7.0).expand(3, 2),
            "middle": floats(2, 1, 3).expand(2, 4, 3),
            "bool": torch.tensor([True]).expand(9),
        },
        "expanded axes have stride 0",
    )
    book.save(
        "strided_expand_large.pth",
        {"w": torch.tensor([1.5]).expand(1 << 20), "b": floats(3)},
        "4 bytes that are a million elements: listing them must not allocate 4 MiB",
    )
    book.save(
        "strided_channels_last.pth",
        {
            "conv": floats(4, 3, 2, 2).contiguous(memory_format=torch.channels_last),
            "conv3d": floats(2, 3, 2, 2, 2).contiguous(memory_format=torch.channels_last_3d),
        },
        "channels_last weights",
    )
    book.save(
        "strided_offsets.pth",
        {
            "slice": floats(100)[10:20],
            "row": floats(5, 7)[3],
            "element": floats(9)[4],
            "inner": floats(4, 4)[1:3, 1:3],
            "half": floats(16).half()[5:7],
            "u16": torch.arange(16, dtype=torch.int16).view(torch.uint16)[3:9],
            "last": floats(6)[5:],
        },
        "views that begin inside their storage, which is saved whole; v3's offset counts elements of the dtype",
    )
    odd = floats(12).as_strided((1, 4, 1, 3), (77, 3, 999_983, 1))
    book.save(
        "strided_size_one.pth",
        {"odd": odd, "column": floats(4, 5)[:, 2:3], "one": floats(3).as_strided((1,), (1 << 40,), 2)},
        "an axis of size 1 may have any stride, even one past the storage",
    )
    book.save(
        "strided_overlapping_windows.pth",
        {"windows": floats(10).unfold(0, 4, 2), "diagonal": floats(5, 5).diagonal()},
        "windows that overlap within one tensor, and a diagonal",
    )
    book.save(
        "scalar_and_empty.pth",
        {
            "scalar": torch.tensor(3.5),
            "integer": torch.tensor(-7),
            "empty": torch.empty(0),
            "empty_matrix": torch.empty(3, 0, 2),
            "empty_strided": torch.zeros(12).as_strided((0, 3), (3, 1)),
            "empty_far": floats(4).as_strided((0, 7), (1 << 40, 1 << 40), 4),
            "empty_int": torch.empty(0, 5, dtype=torch.int64),
        },
        "0-dim and empty tensors; strides of an empty tensor mean nothing",
    )


def shared(book) -> None:
    t, x = floats(2, 3), floats(4, 6)
    book.save(
        "tied_same_object.pth",
        {"encoder.weight": t, "decoder.weight": t, "other": floats(2, 3)},
        "one tensor under two names",
    )
    book.save(
        "tied_two_views.pth",
        {"a": x.view(4, 6), "b": x[:], "flat": x.view(24), "t": x.t()},
        "views of one storage: two are the same view, two are not",
    )
    book.save(
        "tied_overlapping.pth",
        {"head": x.view(-1)[:16], "tail": x.view(-1)[8:], "left": x[:, :3], "right": x[:, 3:]},
        "slices that share and overlap one storage, none the same",
    )
    p = torch.nn.Parameter(floats(3, 2))
    book.save(
        "tied_parameter_data.pth",
        {"parameter": p, "data": p.data, "detached": p.detach()},
        "a Parameter, its .data and its detached self: one view, requires_grad told apart",
    )
    e = torch.empty(0)
    book.save(
        "tied_empty.pth",
        {"a": e, "b": e, "c": torch.empty(0)},
        "an empty tensor under two names, and another empty one",
    )
    z = torch.view_as_complex(floats(3, 2))
    book.save(
        "conj_and_neg.pth",
        {
            "z": z,
            "conj": z.conj(),
            "imag_of_conj": torch.view_as_complex(floats(3, 2)).conj().imag,
            "neg": torch._neg_view(x),
            "neg_column": torch._neg_view(x)[:, 1],
            "conj_double": torch.view_as_complex(floats(2, 2, 2).double()).conj().t(),
        },
        "the conj and neg bits: the stored bytes are not the values",
    )


def rebuilds(book) -> None:
    data = floats(2, 2)
    raw = data.numpy().tobytes()
    pickle = op.pickle(
        op.dict_of(
            {
                "v1": op.tensor_v1(op.storage(), (2, 2), (2, 1)),
                "v1_transposed": op.tensor_v1(op.storage(), (2, 2), (1, 2)),
            }
        )
    )
    book.write(
        "rebuild_v1.pth",
        torch_archive(pickle, {"0": raw}),
        {"v1": data, "v1_transposed": data.t()},
        "_rebuild_tensor, four arguments",
    )
    pickle = op.pickle(
        op.dict_of(
            {
                "float": op.tensor_v3(
                    op.storage("UntypedStorage", numel=16, module="torch.storage"), "float32", (2, 2), (2, 1)
                ),
                "alias": op.tensor_v3(op.storage("UntypedStorage", numel=16), "float32", (2,), (2,), 1),
                "u16": op.tensor_v3(
                    op.storage("UntypedStorage", numel=16, module="torch.storage"), "uint16", (3,), (2,), 2
                ),
            }
        )
    )
    book.write(
        "rebuild_v3.pth",
        torch_archive(pickle, {"0": raw}),
        {"float": data, "alias": data[:, 1], "u16": data.view(-1).view(torch.uint16)[2:8:2]},
        "_rebuild_tensor_v3 of one storage as two dtypes, under both names of UntypedStorage",
    )
    pickle = op.pickle(
        op.dict_of(
            {
                "float": op.tensor(op.storage(), (2, 2), (2, 1)),
                "bytes": op.tensor(op.storage("ByteStorage", numel=16), (16,), (1,)),
                "short": op.tensor(op.storage("ShortStorage", numel=8), (4,), (2,)),
            }
        )
    )
    flat = data.view(-1)
    book.write(
        "storage_two_classes.pth",
        torch_archive(pickle, {"0": raw}),
        {"float": data, "bytes": flat.view(torch.uint8), "short": flat.view(torch.int16)[::2]},
        "one storage key with three storage classes: each reads it as its own (torch takes the first for all)",
        torch_reads="refused",
    )
    u8 = BYTES.clone()
    book.save(
        "storage_two_classes_saved.pth",
        {
            "u8": u8,
            "u16": u8.view(torch.uint16)[5:],
            "fp8": u8.view(torch.float8_e4m3fn).reshape(2, 48),
            "u64": u8.view(torch.uint64)[::2],
        },
        "one storage as ByteStorage and UntypedStorage: uint8 beside v3 dtypes that view it",
    )
    pickle = op.pickle(
        op.dict_of(
            {
                "cuda": op.tensor(op.storage(location="cuda:0", module="torch.cuda"), (2, 2), (2, 1)),
                "mps": op.tensor(op.storage(key="1", location="mps"), (2, 2), (2, 1)),
                "foreign": op.tensor(op.storage(key="2", location="cpu", module="somewhere.else"), (2, 2), (2, 1)),
            }
        )
    )
    book.write(
        "storage_devices.pth",
        torch_archive(pickle, {k: raw for k in "012"}),
        {k: data.clone() for k in ("cuda", "mps", "foreign")},
        "device tags cuda:0 and mps; a storage class is known by its name alone",
        map_location="cpu",
    )
    book.save(
        "storage_objects.pth",
        {"typed": data.storage(), "untyped": floats(3).untyped_storage(), "w": data},
        "storages in the state dict beside a tensor over one of them",
        expected={"w": data},
    )

    frozen, trained = torch.nn.Parameter(floats(3), requires_grad=False), torch.nn.Parameter(floats(2, 2))
    noted = torch.nn.Parameter(floats(2))
    noted.note, noted.sizes = "kept", [1, 2]
    book.save(
        "rebuild_parameter.pth",
        collections.OrderedDict(frozen=frozen, trained=trained, noted=noted),
        "_rebuild_parameter, and with state for a Parameter with attributes",
    )
    grad = floats(3, 2).requires_grad_()
    book.save(
        "requires_grad.pth",
        {
            "leaf": grad,
            "plain": floats(2),
            "double": floats(2).double().requires_grad_(),
            "column": floats(2, 2).requires_grad_().detach().t().requires_grad_(),
        },
        "requires_grad on plain tensors",
    )

    attributed = floats(2, 3)
    attributed.tag, attributed.shape_note = "first", (2, 3)
    book.save(
        "tensor_attributes.pth",
        {"w": attributed, "plain": floats(2)},
        "_rebuild_from_type_v2: a tensor with attributes",
    )
    holder = floats(2)
    holder.mask = torch.tensor([True, False])
    book.save("tensor_attribute_tensor.pth", {"w": holder}, "a tensor in another one's attribute: w.mask")

    @foreign("vendor.tensors")
    class Boxes(torch.Tensor):
        pass

    boxes = floats(2, 4).as_subclass(Boxes)
    boxes.format, boxes.canvas_size = "XYXY", (10, 20)
    book.save(
        "tensor_subclass.pth",
        {"boxes": boxes, "same": boxes, "w": floats(2)},
        "_rebuild_from_type_v2: a subclass of torch.Tensor",
    )

    @foreign("vendor.tensors")
    class Scaled(torch.nn.Parameter):
        pass

    @foreign("vendor.tensors")
    class Slotted(torch.nn.Parameter):
        __slots__ = ("axis",)

    slotted = Slotted(floats(2, 2))
    slotted.axis, slotted.note = 1, "kept"
    book.save("parameter_slots.pth", {"w": slotted}, "state as a pair: the attributes and the slots")

    scaled = Scaled(floats(2, 2))
    scaled.scale = 0.5
    book.save("parameter_subclass.pth", {"w": scaled}, "a subclass of Parameter with state")
