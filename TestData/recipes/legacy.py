"""Torch 0.1.10 to 1.5: five pickles, then the storages by the stored list. Torch still writes it on request."""

import inspect
import pickle
import struct

import torch
from torch import nn

from recipes.big_endian import V2
from recipes.state_dicts import tiny
from recipes.zip_tensors import DTYPES, floats, sample
from tools import opcodes as op
from tools.foreign import foreign

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
HEAD = (
    MAGIC
    + pickle.dumps(1001, 2)
    + pickle.dumps(
        {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2
    )
)


def write_legacy(path, value, keys: list[int] | None = None, pickle_protocol=2) -> None:
    """torch's own legacy writer, with storage keys that are no memory addresses, for the same bytes each time.
    keys: the keys in the order in which the pickle meets the storages."""
    given: dict[int, int] = {}

    def key(storage) -> int:
        number = len(given)
        return given.setdefault(
            storage._cdata, keys[number] if keys and number < len(keys) else 94_000_000_000_000 + 64 * number
        )

    source = inspect.getsource(torch.serialization._legacy_save)
    assert "storage_key = str(storage._cdata)" in source
    scope = dict(vars(torch.serialization), fixed_key=key)
    exec(source.replace("storage_key = str(storage._cdata)", "storage_key = str(fixed_key(storage))"), scope)
    with open(path, "wb") as file:
        scope["_legacy_save"](value, file, pickle, pickle_protocol)


def save(book, name: str, value, about: str, *, keys: list[int] | None = None, pickle_protocol=2, **checks) -> None:
    write_legacy(book.path(name), value, keys, pickle_protocol)
    book.expect(name, value, about, "legacy", **checks)


def pid(
    kind: str, key: bytes, numel: int, view=op.NONE, location=op.text("cpu"), tag=op.text("storage"), module="torch"
) -> bytes:
    return op.tuple_of(tag, op.name(module, kind), key, location, op.integer(numel), view) + b"Q"


def by_hand(
    body: bytes,
    keys: list[str],
    storages: dict[str, tuple[int, bytes]],
    head=HEAD,
    protocol=2,
    listed: bytes | None = None,
) -> bytes:
    data = head + op.pickle(body, protocol) + (pickle.dumps(keys, 2) if listed is None else listed)
    return data + b"".join(struct.pack("<q", storages[key][0]) + storages[key][1] for key in keys)


def write(book) -> None:
    save(book, "state_dict.pth", tiny().state_dict(), "a state dict in the legacy format")
    typed = [name for name in DTYPES if name in V2]
    save(
        book,
        "dtypes_v2.pth",
        {name: sample(name) for name in typed},
        "every dtype that has a storage class, in the legacy format",
    )
    save(
        book,
        "dtypes_v3.pth",
        {name: sample(name) for name in DTYPES if name not in V2},
        "v3 dtypes in the legacy format: torch writes them and cannot read them (UntypedStorage has no dtype)",
        torch_reads="refused",
    )
    x, t = floats(4, 6), floats(2, 3)
    save(
        book,
        "shared_storages.pth",
        {
            "columns": x[:, ::2],
            "row": x[2],
            "t": x.t(),
            "expand": floats(1, 3).expand(4, 3),
            "tied": t,
            "tied_again": t,
            "flat": t.view(6),
            "scalar": torch.tensor(2.5),
            "empty": torch.empty(0, 3),
            "half": floats(7).half()[2:5],
        },
        "views, ties and several storages",
    )
    mixed = {f"t{i}": floats(i + 1, start=100.0 * i) for i in range(4)}
    save(
        book,
        "keys_of_two_lengths.pth",
        mixed,
        "keys of 10 and 11 digits, listed in the order of texts: 10000000064 before 9999999936",
        keys=[9_999_999_936, 10_000_000_064, 9_999_999_872, 10_000_000_128],
    )
    save(
        book,
        "keys_backwards.pth",
        mixed,
        "the stored list is not the order in which the pickle meets the storages",
        keys=[400, 300, 200, 100],
    )
    for protocol in (1, 3, 4, 5):
        save(
            book,
            f"protocol_{protocol}.pth",
            {"w": floats(3), "i": torch.arange(3), "note": "é"},
            f"the legacy format in protocol {protocol}",
            pickle_protocol=protocol,
        )
    save(
        book,
        "requires_grad.pth",
        {
            "p": nn.Parameter(floats(2)),
            "g": floats(2).requires_grad_(),
            "z": torch.view_as_complex(floats(2, 2)).conj(),
        },
        "parameters and a conj bit in the legacy format",
    )
    modules(book)
    views(book)
    python2(book)
    odd(book)


def modules(book) -> None:
    # Classes of torch itself would put their whole source text into the fixture: these have none that Python can find.
    save(
        book,
        "module_without_source.pth",
        {"model": Plain(), "w": floats(2)},
        "module persistent ids without source text",
    )
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()  # Übung: x.data.pkl PK\\x03\\x04\n"
    )

    @foreign("__main__.old")
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(floats(2, 2))
            self.register_buffer("steps", torch.tensor([3, 4]))

    body = (
        op.tuple_of(op.text("module"), op.name("__main__.old", "Net"), op.text("train.py"), op.text(source))
        + b"Q)\x81"
        + op.dict_of(
            {
                "training": op.FALSE,
                "_parameters": op.call(op.name("collections", "OrderedDict"))
                + b"("
                + op.text("weight")
                + op.call(
                    op.name("torch._utils", "_rebuild_parameter"),
                    op.tensor(pid("FloatStorage", op.text("50"), 4), (2, 2), (2, 1)),
                    op.TRUE,
                    op.NO_HOOKS,
                )
                + b"u",
                "_buffers": op.call(op.name("collections", "OrderedDict"))
                + b"("
                + op.text("steps")
                + op.tensor(pid("LongStorage", op.text("7"), 2), (2,), (1,))
                + b"u",
                "_modules": op.NO_HOOKS,
                "_non_persistent_buffers_set": b"]",
                "_backward_hooks": op.NO_HOOKS,
            }
        )
        + b"b"
    )
    data = by_hand(body, ["50", "7"], {"50": (4, floats(4).numpy().tobytes()), "7": (2, struct.pack("<2q", 3, 4))})
    book.write(
        "module_with_source.pth",
        data,
        Net(),
        "a module persistent id with its class's source text, as torch wrote it to 1.5",
        "legacy",
        note={"parameters": ["weight"], "buffers": ["steps"]},
    )


@foreign("vendor.models")
class Child(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", floats(2))


@foreign("vendor.models")
class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(floats(3))
        self.first, self.second = Child(), Child()


def views(book) -> None:
    raw = floats(10).numpy().tobytes()
    base = floats(10)
    view = lambda key, offset, size: op.tuple_of(op.text(key), op.integer(offset), op.integer(size))
    body = op.dict_of(
        {
            "whole": op.tensor(pid("FloatStorage", op.text("100"), 10), (10,), (1,)),
            "view": op.tensor(pid("FloatStorage", op.text("100"), 10, view("200", 2, 6)), (2, 2), (3, 1)),
            "same_view": op.tensor(pid("FloatStorage", op.text("100"), 10, view("200", 2, 6)), (2,), (1,), 1),
            "other_view": op.tensor(pid("FloatStorage", op.text("100"), 10, view("300", 7, 3)), (3,), (1,)),
        }
    )
    expected = {
        "whole": base,
        "view": base[2:8].as_strided((2, 2), (3, 1)),
        "same_view": base[3:5],
        "other_view": base[7:],
    }
    book.write(
        "view_metadata.pth",
        by_hand(body, ["100"], {"100": (10, raw)}),
        expected,
        "storage views: key, offset and size in elements",
        "legacy",
    )
    body = op.dict_of({"view": op.tensor(pid("FloatStorage", op.text("100"), 10, view("200", 4, 3)), (3,), (1,))})
    book.write(
        "view_metadata_alone.pth",
        by_hand(body, ["100"], {"100": (10, raw)}),
        {"view": floats(10)[4:7]},
        "a view of a storage that no tensor has whole",
        "legacy",
    )


def python2(book) -> None:
    """Python 2's pickles: str is SHORT_BINSTRING; the names come as bytes or text, as the reader decodes them."""
    s = op.short_bytes
    body = (
        b"}("
        + s(b"conv.weight")
        + op.tensor(pid("FloatStorage", s(b"31"), 4, location=s(b"cpu"), tag=s(b"storage")), (2, 2), (2, 1))
    )
    body += s(b"epoch") + op.integer(7) + s(b"arch") + s(b"alexnet") + b"u"
    listed = b"\x80\x02]U\x0231a."
    book.write(
        "python2.pth",
        by_hand(body, ["31"], {"31": (4, floats(4).numpy().tobytes())}, listed=listed),
        {"conv.weight": floats(2, 2), "epoch": 7, "arch": "alexnet"},
        "a Python 2 pickle: keys, tags and locations are byte strings",
        "legacy",
    )
    latin = (
        b"}("
        + s("größe".encode("latin1"))
        + op.tensor(pid("FloatStorage", s(b"31"), 4, location=s(b"cpu"), tag=s(b"storage")), (4,), (1,))
        + b"u"
    )
    book.write(
        "python2_latin1.pth",
        by_hand(latin, ["31"], {"31": (4, floats(4).numpy().tobytes())}, listed=listed),
        {"größe": floats(4)},
        "a byte-string key that is no UTF-8: latin-1, as every byte has a meaning there",
        "legacy",
        torch_reads="refused",
    )


def odd(book) -> None:
    raw = floats(4).numpy().tobytes()
    for place in ("cuda:3", "mps", "xla:0"):
        body = op.dict_of(
            {
                "w": op.tensor(
                    pid(
                        "FloatStorage",
                        op.text("1"),
                        4,
                        location=op.text(place),
                        module="torch.cuda" if "cuda" in place else "torch",
                    )
                )
            }
        )
        book.write(
            f"device_{place.split(':')[0]}.pth",
            by_hand(body, ["1"], {"1": (4, raw)}),
            {"w": floats(4)},
            f"saved from {place}",
            "legacy",
            map_location="cpu",
        )
    body = op.dict_of(
        {"w": op.tensor(pid("FloatStorage", op.text("2"), 4)), "storage": pid("LongStorage", op.text("1"), 2)}
    )
    book.write(
        "storage_unused.pth",
        by_hand(body, ["1", "2"], {"1": (2, struct.pack("<2q", -1, -1)), "2": (4, raw)}),
        {"w": floats(4)},
        "a storage that the pickle names and no tensor uses lies before the one in use",
        "legacy",
    )
    body = op.dict_of({"w": op.tensor(pid("FloatStorage", op.text("2"), 4), (2,), (1,))})
    book.write(
        "storage_longer_than_used.pth",
        by_hand(body, ["2"], {"2": (4, raw)}),
        {"w": floats(4)[:2]},
        "a slice: the stored count, not the shape, says how long the storage is",
        "legacy",
    )
    head = (
        MAGIC
        + pickle.dumps(1001, 2)
        + pickle.dumps(
            {"protocol_version": 1001, "little_endian": False, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2
        )
    )
    book.write(
        "sys_info_big_endian.pth",
        by_hand(op.dict_of({"w": op.tensor(pid("FloatStorage", op.text("2"), 4))}), ["2"], {"2": (4, raw)}, head=head),
        {"w": floats(4)},
        "sys_info says big-endian: the storages are little all the same, nobody reads it",
        "legacy",
    )
    data = by_hand(op.dict_of({"w": op.tensor(pid("FloatStorage", op.text("2"), 4))}), ["2"], {"2": (4, raw)})
    book.write("trailing_bytes.pth", data + b"tail", {"w": floats(4)}, "bytes after the last storage", "legacy")
    two = by_hand(
        op.dict_of({"second": op.tensor(pid("FloatStorage", op.text("5"), 4))}),
        ["5"],
        {"5": (4, floats(4, start=60).numpy().tobytes())},
    )
    book.write(
        "two_objects.pth",
        data + two,
        {"w": floats(4)},
        "two torch.save calls into one file: torch.load gives the first",
        "legacy",
        note={"note": "a second object follows: {'second': …}"},
    )
    numbers = op.dict_of({"w": op.tensor(pid("IntStorage", op.text("2"), 4))})
    book.write(
        "no_storages.pth",
        HEAD + op.pickle(op.dict_of({"epoch": op.integer(3)})) + pickle.dumps([], 2),
        {"epoch": 3},
        "no storage at all",
        "legacy",
    )
    book.write(
        "int_storage.pth",
        by_hand(numbers, ["2"], {"2": (4, struct.pack("<4i", 1, -2, 3, -4))}),
        {"w": torch.tensor([1, -2, 3, -4], dtype=torch.int32)},
        "an IntStorage, counted in elements",
        "legacy",
    )
    body = op.dict_of(
        {
            "u8": op.tensor(pid("ByteStorage", op.text("2"), 16), (16,), (1,)),
            "more": op.tensor(pid("ByteStorage", op.text("2"), 16), (2,), (1,), 3),
        }
    )
    book.write(
        "byte_storage.pth",
        by_hand(body, ["2"], {"2": (16, raw)}),
        {"u8": (u8 := floats(4).view(torch.uint8)), "more": u8[3:5]},
        "two views of a ByteStorage",
        "legacy",
    )
