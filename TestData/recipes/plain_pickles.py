"""Tensors that Python's own pickle wrote, without torch.save: each storage is a file of its own within the pickle."""

import collections
import pickle
import re

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
