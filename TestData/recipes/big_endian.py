"""Files of a big-endian machine, which today's torch writes nowhere: byteorder says big, and every number is turned."""

import torch

from recipes.zip_tensors import DTYPES, sample
from tools import opcodes as op
from tools.archives import torch_archive

V2 = {
    "bool": "Bool",
    "uint8": "Byte",
    "int8": "Char",
    "int16": "Short",
    "int32": "Int",
    "int64": "Long",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "float32": "Float",
    "float64": "Double",
    "complex64": "ComplexFloat",
    "complex128": "ComplexDouble",
}


def swapped(tensor: torch.Tensor) -> bytes:
    """A complex number is two numbers: each is turned by itself."""
    width = tensor.element_size() // (2 if tensor.is_complex() else 1)
    return tensor.contiguous().flatten().view(torch.uint8).reshape(-1, width).flip(1).contiguous().numpy().tobytes()


def write(book) -> None:
    single = {name: sample(name) for name in DTYPES if sample(name).element_size() == 1}
    for title, names, reads in (
        ("v2", [name for name in V2 if name not in single], "right"),
        ("v3", [n for n in DTYPES if n not in V2 and n not in single], "wrong"),
        ("one_byte", list(single), "right"),
    ):
        body, storages, expected = {}, {}, {}
        for key, name in enumerate(names):
            t = sample(name)
            size, stride = tuple(t.shape), (t.stride(0), 1)
            if name in V2:
                source = op.storage(f"{V2[name]}Storage", str(key), t.numel())
                body |= {
                    name: op.tensor(source, size, stride),
                    f"{name}_column": op.tensor(source, (2,), (stride[0],), 1),
                }
            else:
                source = op.storage("UntypedStorage", str(key), t.numel() * t.element_size(), module="torch.storage")
                body |= {
                    name: op.tensor_v3(source, name, size, stride),
                    f"{name}_column": op.tensor_v3(source, name, (2,), (stride[0],), 1),
                }
            expected |= {name: t, f"{name}_column": t[:, 1]}
            storages[str(key)] = swapped(t)
        about = {
            "v2": "every dtype of a typed storage, big-endian",
            "one_byte": "big-endian: nothing to turn in one byte",
            "v3": "big-endian v3 dtypes: torch turns by the storage's dtype, bytes, and so not at all",
        }[title]
        book.write(
            f"big_endian_{title}.pth",
            torch_archive(op.pickle(op.dict_of(body)), storages, byteorder="big"),
            expected,
            about,
            torch_reads=reads,
            mmap="right",
        )
