"""Tensors that Python's own pickle wrote, without torch.save: each storage is a file of its own within the pickle."""

import collections
import io
import pickle
import re

import numpy
import torch

from recipes.zip_tensors import floats
from tools import rows


def write(book) -> None:
    shared = floats(2, 3)
    state = collections.OrderedDict(
        [
            ("weight", shared),
            ("half", floats(4).half()),
            ("view", floats(3, 4).t()[1:]),
            ("scalar", torch.tensor(7)),
            ("again", shared),
            ("parameter", torch.nn.Parameter(floats(2))),
            ("epoch", 3),
        ]
    )
    for protocol in (2, 3, 4, 5):
        plain(book, f"protocol_{protocol}.pkl", state, protocol, f"pickle.dump of a dict of tensors, protocol {protocol}")
    plain(book, "tensor.pkl", floats(2, 2), 4, "pickle.dump of one tensor")
    plain(book, "storage_list.pkl", [floats(2), [floats(3)]], 4, "tensors in lists")
    arrays = {"w": numpy.arange(6, dtype="f4").reshape(2, 3), "epoch": 3, "list": [numpy.arange(3), 1.5, None, True]}
    for protocol in (0, 1):
        about = f"numpy arrays in protocol {protocol}, which has no mark in front"
        plain(book, f"numpy_protocol_{protocol}.pkl", arrays, protocol, about)
    ordered = collections.OrderedDict(w=numpy.arange(2.0))
    plain(book, "ordered_protocol_0.pkl", ordered, 0, "an OrderedDict in protocol 0: the first instruction is GLOBAL")
    paddle(book)
    files(book)


class Named:
    """What Paddle 2.1 and later write for a tensor: a call of tuple."""

    def __init__(self, name, array):
        self.pair = (name, array)

    def __reduce__(self):
        return (tuple, (self.pair,))


def paddle(book) -> None:
    arrays = {"fc.weight": numpy.arange(6, dtype="f4").reshape(2, 3), "fc.bias": numpy.zeros(3, "f4")}
    named = {key: Named(f"linear_0.{key[3]}_0", array) for key, array in arrays.items()}
    data = pickle.dumps({**named, "steps": Named("list", [1])}, 4)
    book.write("paddle.pdparams", data, arrays, "Paddle's (name, array)", "pickle", torch_reads="not its own")
    flat = {**arrays, "StructuredToParameterName@@": {key: key for key in arrays}}
    plain(book, "paddle_flat.pdparams", flat, 2, "Paddle 2.0's arrays, with the table of names beside them")


def files(book) -> None:
    buffer = io.BytesIO()
    state = {"l0.weight": floats(2, 3), "l0.bias": floats(2)}
    torch.save(state, buffer)
    saved, inner = buffer.getvalue(), {"a": floats(2)}
    another = bytes(bytearray(saved))  # the same bytes, as a value of their own
    nested = io.BytesIO()
    torch.save({"saved": saved, **inner}, nested)
    value = {
        "history": [1],
        "module_": saved,
        "stream": io.BytesIO(another),
        "nested": bytearray(nested.getvalue()),
        "cut": saved[:-40],
        "array": numpy.frombuffer(saved[:600], "u1"),
        "legacy": legacy(inner),
    }
    expected = value | {
        "module_": fresh(state),
        "stream": fresh(state),
        "nested": {"saved": fresh(state), **fresh(inner)},
        "cut": None,
        "legacy": fresh(inner),
    }
    for protocol in (2, 5):
        about = f"what torch.save wrote as values of a pickle of protocol {protocol}, as skorch keeps them"
        data = pickle.dumps(value, protocol)
        book.write(f"bytes_{protocol}.pkl", data, expected, about, "pickle", torch_reads="not its own")


def fresh(state: dict) -> dict:
    return {name: tensor.clone() for name, tensor in state.items()}


def legacy(value) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=False)
    return with_fixed_keys(buffer.getvalue())


def plain(book, name: str, value, protocol: int, about: str) -> None:
    data = with_fixed_keys(pickle.dumps(value, protocol=protocol))
    # Torch gives each tensor a storage of its own when it reads them back, but for one that is there twice.
    read = rows.describe(pickle.loads(data))
    assert read["tensors"] == rows.describe(value)["tensors"], name
    book.write(name, data, pickle.loads(data), about, "pickle", torch_reads="not its own")


def with_fixed_keys(data: bytes) -> bytes:
    """Torch names each storage by its address: another one in each run, of as many digits."""
    found: dict[bytes, bytes] = {}
    return re.sub(
        rb"(?<=X\x0e\0\0\0)\d{14}",
        lambda match: found.setdefault(match[0], str(94_000_000_000_000 + 64 * len(found)).encode()),
        data,
    )
