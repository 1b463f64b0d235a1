"""npy and npz: every numeric type, both orders, both byte orders, all header versions."""

import io

import numpy
import torch

from tools.archives import Entry, archive
from tools.rows import component

TYPES = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]


def sample(kind: str) -> numpy.ndarray:
    base = numpy.arange(6).reshape(2, 3)
    return (base % 2 == 0) if kind == "bool" else (base * 3 + (1j if kind.startswith("c") else 1)).astype(kind)


def npy(array: numpy.ndarray, version=None) -> bytes:
    buffer = io.BytesIO()
    numpy.lib.format.write_array(buffer, array, version=version, allow_pickle=array.dtype == object)
    return buffer.getvalue()


def write(book) -> None:
    def put(name: str, data: bytes, arrays: dict[str, numpy.ndarray], about: str, **note) -> None:
        """numpy reads the file back; the row says what it read."""
        book.path(name).write_bytes(data)
        loaded = numpy.load(book.path(name), allow_pickle=True)
        container = "npz" if name.endswith(".npz") else "npy"
        if container == "npy":
            loaded = {"": loaded}
        tensors = []
        for key, array in arrays.items():
            read = loaded[key]
            assert read.dtype == array.dtype and read.shape == array.shape and numpy.array_equal(read, array), (
                name,
                key,
            )
            native = numpy.ascontiguousarray(read.astype(read.dtype.newbyteorder("=")))
            row = component(key, torch.from_numpy(native.reshape(read.shape)))
            row["stride"] = [stride // read.itemsize for stride in read.strides]
            tensors.append(row)
        book.rows.append(
            {
                "file": f"{book.recipe}/{name}",
                "container": container,
                "about": about,
                "tensors": tensors,
                "ties": [],
                "torch_loads": False,
            }
            | note
        )

    grid = numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 4)
    for kind in TYPES:
        put(f"{kind}.npy", npy(sample(kind)), {"": sample(kind)}, f"numpy's {kind}")
    put("fortran.npy", npy(numpy.asfortranarray(grid)), {"": grid}, "fortran_order: the first axis runs fastest")
    put("scalar.npy", npy(numpy.array(2.5)), {"": numpy.array(2.5)}, "no axes")
    put("empty.npy", npy(numpy.empty((0, 4), "f4")), {"": numpy.empty((0, 4), "f4")}, "an axis of 0")
    put("big_endian.npy", npy(grid.astype(">f4")), {"": grid.astype(">f4")}, "big-endian")
    put(
        "big_endian_complex.npy",
        npy(sample("c8").astype(">c8")),
        {"": sample("c8").astype(">c8")},
        "big-endian complex: two numbers each",
    )
    for version in ((1, 0), (2, 0), (3, 0)):
        put(f"version_{version[0]}.npy", npy(grid[0], version), {"": grid[0]}, f"header version {version[0]}")
    put("trailing_bytes.npy", npy(grid[0]) + b"tail", {"": grid[0]}, "bytes after the array")
    put(
        "objects.npy",
        npy(numpy.array([{"a": 1}, None], object)),
        {},
        "an array of Python objects",
        refused="object arrays hold a pickle",
    )
    for name, array in (
        ("text", numpy.array(["ab", "c"])),
        ("records", numpy.array([(1, 2.0)], "i4,f8")),
        ("dates", numpy.array(["2020-01-01"], "M8[D]")),
    ):
        put(f"{name}.npy", npy(array), {}, f"an array of {name}", refused="no numeric type")

    every = {kind: sample(kind) for kind in TYPES} | {
        "fortran": numpy.asfortranarray(grid),
        "big": grid.astype(">f8"),
        "layer.0/weight": grid[0],
    }
    for name, save in (("stored.npz", numpy.savez), ("deflated.npz", numpy.savez_compressed)):
        buffer = io.BytesIO()
        save(buffer, **every)
        put(name, buffer.getvalue(), every, f"every type in one archive, {name[:-4]}; numpy writes zip64 local headers")
    buffer = io.BytesIO()
    numpy.savez(buffer, grid, grid[0])
    put("unnamed.npz", buffer.getvalue(), {"arr_0": grid, "arr_1": grid[0]}, "arrays without names")
    mixed = [
        Entry("w.npy", npy(grid[0])),
        Entry("objects.npy", npy(numpy.array([{"a": 1}], object))),
        Entry("notes.txt", b"hello"),
    ]
    put(
        "mixed.npz",
        archive(mixed),
        {"w": grid[0]},
        "an array beside one of objects and a member that is no array",
        note="objects is refused, notes.txt is no array",
    )
