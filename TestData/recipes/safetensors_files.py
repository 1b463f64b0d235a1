"""safetensors: what the library writes, and what its format allows besides."""

import struct

import safetensors.torch
import torch
from safetensors import safe_open
from safetensors.torch import save_file, save_model

from recipes.state_dicts import tiny
from recipes.zip_tensors import floats, sample
from tools.rows import describe
from tools.safetensors_bytes import with_metadata

TYPES = [
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
    "complex64",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float4_e2m1fn_x2",
]


def write(book) -> None:
    def expect(name: str, tensors: dict[str, torch.Tensor], about: str, library=True, **note) -> None:
        """In the header's order; safetensors reads the file back where library says so."""
        found = describe(tensors)
        if library:
            with safe_open(book.path(name), "pt") as file:
                read = {key: file.get_tensor(key) for key in file.keys()}
            assert sorted(read) == sorted(tensors), name
            assert describe({key: read[key] for key in tensors})["tensors"] == found["tensors"], name
        book.rows.append(
            {
                "file": f"{book.recipe}/{name}",
                "container": "safetensors",
                "about": about,
                **found,
                "ties": [],
                "torch_loads": False,
            }
            | note
        )

    def save(name: str, tensors: dict[str, torch.Tensor], about: str, metadata=None, **note) -> None:
        save_file(tensors, book.path(name), metadata)
        expect(name, tensors, about, **note)

    def by_hand(name: str, header: str, data: bytes, tensors, about: str, **note) -> None:
        raw = header.encode()
        book.path(name).write_bytes(struct.pack("<Q", len(raw)) + raw + data)
        expect(name, tensors, about, **note)

    typed = {name: sample(name).contiguous() for name in TYPES}
    save(
        "dtypes.safetensors",
        typed,
        "every dtype that the library writes; F4's shape counts 4-bit numbers, torch's pairs of them",
    )
    data = safetensors.torch.save(dict(tiny().state_dict()))
    book.path("state_dict.safetensors").write_bytes(with_metadata(data, {"format": "pt", "note": "größe"}))
    expect(
        "state_dict.safetensors",
        dict(tiny().state_dict()),
        "a state dict with metadata",
        metadata={"format": "pt", "note": "größe"},
    )
    save(
        "empty_and_scalar.safetensors",
        {"scalar": torch.tensor(2.5), "empty": torch.empty(0, 3), "byte": torch.tensor([7], dtype=torch.uint8)},
        "0-dim, empty, and a size that leaves the next tensor unaligned",
    )
    save("no_tensors.safetensors", {}, "no tensor at all")
    save(
        "names.safetensors",
        {"größe": floats(1), "层.偏置": floats(2), 'quote"back\\slash': floats(3), "emoji 🙂": floats(4)},
        "names outside ASCII, quotes",
    )
    tied = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False))
    tied[0].weight = tied[1].weight = torch.nn.Parameter(floats(2, 2))
    save_model(tied, str(book.path("tied_save_model.safetensors")))
    path = book.path("tied_save_model.safetensors")
    path.write_bytes(with_metadata(path.read_bytes()))
    with safe_open(book.path("tied_save_model.safetensors"), "pt") as file:
        metadata = file.metadata()
    expect(
        "tied_save_model.safetensors",
        {"0.weight": floats(2, 2)},
        "save_model: one of two tied names is kept, the metadata names the other",
        metadata=metadata,
    )

    raw = floats(4).numpy().tobytes()
    by_hand(
        "header_unpadded.safetensors",
        '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
        raw,
        {"w": floats(4)},
        "a header whose end is not aligned",
    )
    by_hand(
        "header_spaces.safetensors",
        '{"w": {"shape": [2, 2],\n "data_offsets": [0, 16], "dtype": "F32"}}' + " " * 50,
        raw,
        {"w": floats(2, 2)},
        "white space in and after the header, keys in another order",
    )
    escapes = (
        r'{"\u0433\ud83d\ude42\/\t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"__metadata__":{"\u00e9":"\""}}'
    )
    by_hand(
        "header_escapes.safetensors",
        escapes,
        raw,
        {"г🙂/\t": floats(4)},
        "escapes in names, also a surrogate pair",
        metadata={"é": '"'},
    )
    order = '{"second":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},'
    order += '"first":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    by_hand(
        "header_order.safetensors",
        order,
        raw,
        {"second": floats(4)[2:].clone(), "first": floats(2)},
        "names in another order than the bytes",
    )
    mixed = (
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[3],"data_offsets":[1,13]}}'
    )
    by_hand(
        "unaligned.safetensors",
        mixed,
        b"\x07" + raw[:12],
        {"a": torch.tensor([7], dtype=torch.uint8), "b": floats(3)},
        "floats that begin at an odd offset",
    )
    book.path("named.pth").write_bytes(book.path("state_dict.safetensors").read_bytes())
    expect(
        "named.pth",
        dict(tiny().state_dict()),
        "a safetensors file named .pth: it is read by its content",
        metadata={"format": "pt", "note": "größe"},
    )
    six = '{"w":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]},'
    six += '"x":{"dtype":"F32","shape":[4],"data_offsets":[3,19]}}'
    by_hand(
        "f6.safetensors",
        six,
        b"\x01\x02\x03" + raw,
        {"x": floats(4)},
        "F6_E2M3, which torch has not, beside F32",
        library=False,
        note="w is F6_E2M3 [4], 3 bytes 010203",
    )
