"""Tensors that are no plain bytes: quantized, sparse, nested, meta, wrapper subclasses."""

import pickle

import torch

from recipes.legacy import save as save_legacy
from recipes.zip_tensors import floats
from tools import opcodes as op
from tools.archives import torch_archive
from tools.foreign import foreign


def write(book) -> None:
    quantized(book)
    sparse(book)
    nested(book)
    wrapped(book)
    devices(book)


def quantized(book) -> None:
    x = floats(3, 4) - 6
    scales, zeros = torch.tensor([0.1, 0.2, 0.05], dtype=torch.float64), torch.tensor([0, 3, -2])
    per_tensor = {
        f"{kind}": torch.quantize_per_tensor(x, 0.25, 3, getattr(torch, kind)) for kind in ("qint8", "quint8", "qint32")
    }
    per_tensor["transposed"] = torch.quantize_per_tensor(x, 0.5, 0, torch.qint8).t()
    per_tensor["row"] = torch.quantize_per_tensor(x, 0.5, 0, torch.qint8)[1]
    channels = {
        kind: torch.quantize_per_channel(x, scales, zeros if kind != "quint8" else zeros.abs(), 0, getattr(torch, kind))
        for kind in ("qint8", "quint8", "qint32")
    }
    channels["axis1"] = torch.quantize_per_channel(
        x, torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64), torch.zeros(4, dtype=torch.int64), 1, torch.qint8
    )
    book.save("quantized_per_tensor.pth", per_tensor, "quantized per tensor, three types, a transposed one and a row")
    book.save(
        "quantized_per_channel.pth",
        channels,
        "quantized per channel on axis 0 and 1: scales are float64, zero points int64",
    )
    save_legacy(
        book,
        "quantized_legacy.pth",
        {"tensor": per_tensor["qint8"], "channel": channels["quint8"]},
        "quantized in the legacy format",
    )
    floats_zero = torch.quantize_per_channel(x, scales.float(), torch.tensor([0.5, 1.5, -0.5]), 0, torch.quint8)
    book.save(
        "quantized_float_qparams.pth",
        {"w": floats_zero},
        "per_channel_affine_float_qparams: written as per_channel_affine, known by its float scales and zero points",
    )
    packed = torch.quantize_per_channel(
        floats(2, 6) / 8, torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.0]), 0, torch.quint4x2
    )
    two_bits = torch.quantize_per_tensor(floats(2, 4) / 8, 0.5, 0, torch.quint2x4)
    book.save(
        "quantized_packed.pth",
        {"quint4x2": packed, "quint2x4": two_bits},
        "two 4-bit and four 2-bit integers a byte, the low bits first; the hash is of the packed bytes",
    )
    # torch reserves 6 bytes for 9 half bytes, and leaves the last as it was: by hand, for the same bytes each time.
    odd = torch.quantize_per_channel(
        floats(3, 3) / 8, torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.0, 0.5, 0.0]), 0, torch.quint4x2
    )
    qparams = op.tuple_of(
        op.name("torch", "per_channel_affine"),
        op.tensor(op.storage(key="1", numel=3), (3,), (1,)),
        op.tensor(op.storage(key="2", numel=3), (3,), (1,)),
        op.integer(0),
    )
    body = op.dict_of(
        {
            "odd": op.call(
                op.name("torch._utils", "_rebuild_qtensor"),
                op.storage("QUInt4x2Storage", numel=6),
                op.integer(0),
                op.tuple_of(b"K\3", b"K\3"),
                op.tuple_of(b"K\3", b"K\1"),
                qparams,
                op.FALSE,
                op.NO_HOOKS,
            )
        }
    )
    storages = {
        "0": odd.int_repr().numpy().tobytes() + b"\xee",
        "1": odd.q_per_channel_scales().numpy().tobytes(),
        "2": odd.q_per_channel_zero_points().numpy().tobytes(),
    }
    book.write(
        "quantized_packed_odd.pth",
        torch_archive(op.pickle(body), storages),
        {"odd": odd},
        "nine 4-bit integers in a storage of six bytes",
    )
    view = torch.quantize_per_tensor(floats(10), 0.5, 1, torch.quint8)
    book.save(
        "quantized_views.pth",
        {"offset": view[3:7], "step": view[::3], "tied": view, "tied_again": view},
        "views of a quantized tensor, and a tie",
    )


def sparse(book) -> None:
    dense = torch.tensor([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [3.0, 0.0, 4.0, 5.0], [0.0, 6.0, 0.0, 0.0]])
    book.save(
        "sparse_coo.pth",
        {
            "coalesced": dense.to_sparse(),
            "uncoalesced": torch.sparse_coo_tensor([[0, 0, 2], [1, 1, 3]], [1.0, 2.0, 3.0], (3, 4), is_coalesced=False),
            "hybrid": torch.sparse_coo_tensor([[0, 2]], floats(2, 3), (4, 3), is_coalesced=True),
            "empty": torch.zeros(3, 3).to_sparse(),
            "int": torch.tensor([[0, 7]]).to_sparse(),
            "plain": floats(2),
        },
        "COO: coalesced or not, hybrid, empty",
    )
    for layout, call in (("csr", "to_sparse_csr"), ("csc", "to_sparse_csc")):
        book.save(
            f"sparse_{layout}.pth",
            {"w": getattr(dense, call)(), "half": getattr(dense.half(), call)()},
            f"{layout.upper()}: compressed and plain indices, values",
        )
    for layout, call in (("bsr", "to_sparse_bsr"), ("bsc", "to_sparse_bsc")):
        book.save(
            f"sparse_{layout}.pth", {"w": getattr(dense, call)((2, 2))}, f"{layout.upper()} with blocks of 2 by 2"
        )
    store = torch.tensor([9, 9, 0, 1, 3, 4, 9])
    columns = torch.tensor([7, 1, 0, 2, 3, 7])
    values = floats(8)
    csr = torch.sparse_csr_tensor(store[2:6], columns[1:5], values[3:7], (3, 4))
    indices = torch.tensor([[0, 9, 1, 9, 2, 9], [3, 9, 0, 9, 1, 9]])[:, ::2]
    coo = torch.sparse_coo_tensor(indices, values[::2][:3], (3, 4), is_coalesced=True)
    book.save("sparse_offset_views.pth", {"csr": csr, "coo": coo}, "sparse parts that are views with offsets and steps")
    save_legacy(
        book,
        "sparse_legacy.pth",
        {"coo": dense.to_sparse(), "csr": dense.to_sparse_csr()},
        "sparse tensors in the legacy format",
    )
    w = torch.nn.Parameter(dense.to_sparse())
    book.save("sparse_tied.pth", {"a": w, "b": w}, "a sparse Parameter under two names")


def nested(book) -> None:
    book.save(
        "nested_strided.pth",
        {
            "w": torch.nested.nested_tensor([floats(2, 3), floats(1, 3)]),
            "mixed": torch.nested.nested_tensor([floats(3, 2), floats(2, 4)]),
        },
        "nested tensors: one buffer, sizes, strides and offsets",
    )
    jagged = torch.nested.nested_tensor([floats(2, 3), floats(4, 3)], layout=torch.jagged)
    book.save("nested_jagged.pth", {"w": jagged}, "a jagged nested tensor: values and offsets")
    values, offsets = floats(8, 2), torch.tensor([0, 3, 5, 8])
    holes = torch.nested.nested_tensor_from_jagged(values, offsets, lengths=torch.tensor([2, 1, 3]))
    book.save("nested_jagged_lengths.pth", {"w": holes}, "a jagged nested tensor with lengths, so with holes")


def wrapped(book) -> None:
    book.save(
        "meta.pth",
        {
            "w": torch.empty(3, 4, device="meta"),
            "t": torch.empty(2, 5, device="meta", dtype=torch.float16).t(),
            "b": floats(2),
        },
        "meta tensors have a shape and no bytes",
    )
    book.save(
        "meta_strided.pth",
        {"w": torch.empty(6, device="meta", requires_grad=True)},
        "a meta tensor that requires a gradient",
    )
    w = Wrapped(floats(2, 3), torch.tensor([0.5, 2.0]))
    book.save(
        "wrapper_subclass.pth",
        {"w": w, "plain": floats(2)},
        "a wrapper subclass: no storage of its own, its tensors in attributes",
    )


def devices(book) -> None:
    """XLA and its like save a numpy array of a type that numpy has, and the dtype to turn it into."""
    array = floats(2, 3)
    data = pickle.dumps(array.numpy(), 2)[2:-1]  # without PROTO and STOP: a value among others
    from_numpy = op.name("torch._utils", "_rebuild_device_tensor_from_numpy")
    from_tensor = op.name("torch._utils", "_rebuild_device_tensor_from_cpu_tensor")
    bfloat16 = op.name("torch", "bfloat16")
    for device, reads in (("cpu", "right"), ("xla:0", "refused")):
        rebuilt = {
            "float": op.call(from_numpy, data, op.name("torch", "float32"), op.text(device), op.FALSE),
            "bf16": op.call(from_numpy, data, bfloat16, op.text(device), op.TRUE),
            "copied": op.call(
                from_tensor, op.tensor(op.storage(numel=6), (2, 3), (3, 1)), bfloat16, op.text(device), op.FALSE
            ),
        }
        if device == "xla:0":
            alias = op.name("torch._utils", "_rebuild_xla_tensor")
            rebuilt["alias"] = op.call(alias, data, op.name("torch", "float32"), op.text(device), op.FALSE)
        expected = {
            "float": array.clone(),
            "bf16": array.bfloat16().requires_grad_(),
            "copied": array.bfloat16(),
            "alias": array.clone(),
        }
        book.write(
            f"rebuilt_on_{device.split(':')[0]}.pth",
            torch_archive(op.pickle(op.dict_of(rebuilt)), {"0": array.numpy().tobytes()}),
            {key: expected[key] for key in rebuilt},
            f"_rebuild_device_tensor_from_numpy and _from_cpu_tensor for {device}: float32 data turned into bfloat16",
            torch_reads=reads,
        )


@foreign("vendor.tensors")
class Wrapped(torch.Tensor):
    """As torchao's quantized weights are: inner tensors under a face of another shape and type."""

    @staticmethod
    def __new__(cls, inner, scale):
        return torch.Tensor._make_wrapper_subclass(cls, (2, 6), dtype=torch.bfloat16)

    def __init__(self, inner, scale):
        self.inner, self.scale, self.bits = inner, scale, 4

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise NotImplementedError(function)
