"""What torch makes of numbers of each type in every other one: `Tensor.to(dtype)` on a CPU.

casts.json: the bytes of the edge values of three types; for each pair of types the CRC-32 of what they become. The other
inputs follow: all patterns of up to 16 bits, float32 from float64, unsigned integers from the same bits, complex numbers
from their parts and the parts backwards. In what is summed a NaN's bytes are all 0xFF, since it has many forms, and so
are results that C++ leaves undefined and in which torch's own loops differ: NaN as an integer, and a number beyond an
unsigned integer of 32 or 64 bits.
"""

import json
import struct
import zlib

import torch

TYPES = [
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "bfloat16", "float32",
    "float64", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
    "float8_e5m2fnuz", "float8_e8m0fnu",
]
PARTS = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}


def edges() -> list[float]:
    """Halfway between two values, a little beside, and around the ends of every floating-point type here."""
    numbers = [0.0, 1.0, 0.1, 1 / 3, 100.5, 127.5, 255.0, 256.0, 32768.0, 65535.0, 65536.0, 2.0**31, 2.0**32, 2.0**63]
    numbers += [float("inf"), float("nan"), 16777217.0, 2.0**53 + 1, 1e-320, 5e-324, 1.7e308, 3.4028235677973366e38]
    for fraction, exponents in ((10, (-24, -14, 0, 15)), (7, (-133, -126, 0, 127)), (3, (-10, -9, -7, -6, 0, 7, 8)),
                                (2, (-17, -16, -15, -14, 0, 15)), (23, (-149, -126, 0, 127)), (0, (-127, -126, 0, 127))):
        for exponent in exponents:
            for base in (0.5, 1.0, 1.5, 2 - 2.0**-fraction):
                for half in (0, 2.0 ** -(fraction + 1), -(2.0 ** -(fraction + 1))):
                    for beside in (0, 2.0**-40, -(2.0**-40), 2.0**-26):
                        numbers.append((base + half + beside) * 2.0**exponent)
    return sorted({struct.pack("<d", sign * x) for x in numbers for sign in (1, -1)})


def patterns(width: int) -> list[int]:
    """Bit patterns of integers: all of up to 16 bits, else those around each power of two."""
    if width <= 2:
        return list(range(256**width))
    numbers = {2**24 + 1, 2**53 + 1, 2**62 + 2**38 + 1, 65519, 65520}
    numbers |= {sign * (1 << bits) + near for bits in range(8 * width) for sign in (1, -1) for near in (-1, 0, 1)}
    return sorted({number % 256**width for number in numbers})


def inputs(name: str, doubles: torch.Tensor) -> torch.Tensor:
    dtype = getattr(torch, name)
    if name in PARTS:
        parts = inputs(PARTS[name], doubles)
        return torch.view_as_complex(torch.stack([parts, parts.flip(0)], 1))
    if name in ("float64", "float32"):
        return doubles.to(dtype)
    width = dtype.itemsize
    numbers = [0, 1] if name == "bool" else patterns(width)
    return torch.frombuffer(bytearray(b"".join(n.to_bytes(width, "little") for n in numbers)), dtype=dtype)


def outcome(tensor: torch.Tensor, name: str) -> bytes:
    result = tensor.to(getattr(torch, name))
    parts = torch.view_as_real(result) if result.is_complex() else result
    width = parts.element_size()
    data = parts.contiguous().view(torch.uint8).reshape(-1, width).clone()
    if parts.dtype.is_floating_point:
        data[parts.double().isnan().reshape(-1)] = 0xFF
    elif name != "bool" and (tensor.is_floating_point() or tensor.is_complex()):
        real = (tensor.to(torch.complex128).real if tensor.is_complex() else tensor.double()).trunc()
        data[real.isnan()] = 0xFF
        if name in ("uint32", "uint64"):
            data[~((real >= 0) & (real < 2.0 ** (8 * width)))] = 0xFF
    return data.numpy().tobytes()


def write(book) -> None:
    doubles = torch.frombuffer(bytearray(b"".join(edges())), dtype=torch.float64)
    tensors = {name: inputs(name, doubles) for name in TYPES}
    table = {
        "inputs": {name: tensors[name].view(torch.uint8).numpy().tobytes().hex() for name in ("float64", "int32", "int64")},
        "outcomes": {f"{name} {other}": f"{zlib.crc32(outcome(tensor, other)):08x}"
                     for name, tensor in tensors.items() for other in TYPES},
    }
    book.path("casts.json").write_text(json.dumps(table, indent=0) + "\n")
