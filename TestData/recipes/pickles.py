"""What data.pkl can be: protocols, numbers, texts, keys, classes that a reader has not got."""

import argparse
import collections
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import struct
import uuid

import numpy
import torch

from recipes.zip_containers import saved
from recipes.zip_tensors import floats
from tools import opcodes as op
from tools import rows
from tools.archives import torch_archive, unpack
from tools.foreign import foreign

RAW = floats(2, 2).numpy().tobytes()


def write(book) -> None:
    protocols(book)
    numbers(book)
    texts(book)
    rare_opcodes(book)
    keys(book)
    unknown_classes(book)
    numpy_values(book)


def protocols(book) -> None:
    state = collections.OrderedDict(
        [
            ("weight", floats(2, 3)),
            ("größe", floats(2).half()),
            ("nested", {"list": [floats(1), None, 7], "tuple": (floats(2, 2).t(),)}),
        ]
    )
    state["again"] = state["weight"]
    for protocol in (1, 2, 3, 4, 5):
        extra = ": FRAME, MEMOIZE, STACK_GLOBAL" if protocol > 3 else ""
        book.save(f"protocol_{protocol}.pth", state, f"pickle protocol {protocol}{extra}", pickle_protocol=protocol)
    long = {f"layer{i}.weight": floats(1, start=i) for i in range(300)}
    book.save(
        "protocol_4_long.pth", long, "protocol 4 over 64 KB: several frames, a memo past 256 entries", pickle_protocol=4
    )
    book.save("protocol_2_long.pth", long, "protocol 2 with LONG_BINPUT and LONG_BINGET")
    torch.save(floats(2), book.path("protocol_0_text_ids.pth"), pickle_protocol=0)
    book.expect(
        "protocol_0_text_ids.pth",
        {},
        "torch.save(pickle_protocol=0): the storages' ids are the text of a tuple, lost",
        "zip",
        torch_reads="refused",
        note={"refused": "protocol 0 persistent ids"},
    )
    pid = b"(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI4\ntQ"
    body = (
        b"(dp0\nVweight\np1\nctorch._utils\n_rebuild_tensor_v2\np2\n(" + pid + b"I0\n(I2\nI2\ntp3\n(I2\nI1\ntp4\nI00\n"
        b"ccollections\nOrderedDict\np5\n(tRtRp6\nsVsame\ng6\nsVlr\nF0.125\ns."
    )
    book.write(
        "protocol_0_by_hand.pth",
        torch_archive(body, {"0": RAW}),
        {"weight": (w := floats(2, 2)), "same": w},
        "text opcodes with PUT and GET, and binary persistent ids",
    )


def numbers(book) -> None:
    value = {
        "small": [0, 1, -1, 255, 256, 65535, 65536, -128, -129],
        "int32": [2**31 - 1, -(2**31), 2**31, -(2**31) - 1],
        "int64": [2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, -(2**64)],
        "big": [2**70, -(2**70), 10**40, -(10**40), 2**2031 - 1, -(2**2031)],
        "floats": [0.0, -0.0, 0.1, -1e-320, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")],
        "flags": [True, False, None],
    }
    book.save(
        "numbers.pth",
        {"w": floats(2), **value},
        "integers of every size and float edges",
        note={"values": rows.values(value)},
    )
    by_hand = {
        "long1_zero": (b"\x8a\0", 0),
        "long1_255": (op.long1(3, 255), 3),
        "long1_255_negative": (op.long1(-3, 255), -3),
        "long1_one": (op.long1(-128), -128),
        "long4": (op.long4(2**2100), 2**2100),
        "long4_negative": (op.long4(-(2**2100)), -(2**2100)),
        "long4_small": (op.long4(5, 300), 5),
        "int_text": (b"I-17\n", -17),
        "int_text_big": (b"I12345678901234567890123\n", 12345678901234567890123),
        "true_text": (b"I01\n", True),
        "false_text": (b"I00\n", False),
        "long_text": (b"L-99999999999999999999L\n", -99999999999999999999),
        "binint2": (b"M\x34\x12", 0x1234),
        "float_text": (b"F-2.5e-3\n", -0.0025),
        "binfloat": (b"G" + struct.pack(">d", 1e300), 1e300),
    }
    geometry = op.call(
        op.name("torch._utils", "_rebuild_tensor_v2"),
        op.storage(),
        op.long1(1, 255),
        op.tuple_of(op.long4(3, 9)),
        op.tuple_of(b"I1\n"),
        op.FALSE,
        op.NO_HOOKS,
    )
    pickle = op.pickle(op.dict_of({key: code for key, (code, _) in by_hand.items()} | {"w": geometry}))
    value = {key: number for key, (_, number) in by_hand.items()}
    book.write(
        "numbers_by_hand.pth",
        torch_archive(pickle, {"0": RAW}),
        value | {"w": floats(2, 2).view(-1)[1:]},
        "LONG1 of 255 bytes, LONG4, text forms; a tensor whose offset, size and stride are such numbers",
        note={"values": rows.values(value)},
    )


def texts(book) -> None:
    value = {
        "": "empty key",
        "ключ": "значение",
        "emoji 🙂": "\u0000\n\t\\",
        "bytes": b"\x00\xff\x80",
        "array": bytearray(b"\x01\x02"),
        "long": "é" * 200,
        "surrogate": "a\ud800b".encode("utf-8", "surrogatepass"),
    }
    for protocol in (2, 4, 5):
        book.save(
            f"texts_protocol_{protocol}.pth",
            {"w.ключ": floats(2), **value},
            f"texts and bytes in protocol {protocol}",
            pickle_protocol=protocol,
            note={"values": rows.values(value)},
        )
    by_hand = {
        "string": (b"S'a\\x41\\n\\''\n", "aA\n'"),
        "string_double": (b'S"q"\n', "q"),
        "short_binstring": (op.short_bytes(b"plain"), "plain"),
        "binstring": (b"T\x05\0\0\0plain", "plain"),
        "unicode": (b"Vcaf\\u00e9 \\U0001F642\n", "café 🙂"),
        "unicode_latin": (b"Vcaf\xe9\n", "café"),
        "short_binunicode": (b"\x8c\x03abc", "abc"),
        "binunicode8": (b"\x8d" + struct.pack("<Q", 2) + b"hi", "hi"),
        "short_binbytes": (b"C\x02\0\xff", b"\0\xff"),
        "binbytes": (b"B\x01\0\0\0\x7f", b"\x7f"),
        "binbytes8": (b"\x8e" + struct.pack("<Q", 1) + b"\x80", b"\x80"),
        "bytearray8": (b"\x96" + struct.pack("<Q", 2) + b"\1\2", bytearray(b"\1\2")),
    }
    value = {key: text for key, (_, text) in by_hand.items()}
    pickle = op.pickle(
        op.dict_of({key: code for key, (code, _) in by_hand.items()} | {"w": op.tensor(op.storage(), (2, 2), (2, 1))}),
        5,
    )
    book.write(
        "texts_by_hand.pth",
        torch_archive(pickle, {"0": RAW}),
        value | {"w": floats(2, 2)},
        "every opcode for text and bytes, escapes included",
        note={"values": rows.values(value)},
    )


def rare_opcodes(book) -> None:
    t = op.tensor(op.storage(), (2, 2), (2, 1))
    bodies = {
        "list": (b"(" + t + b"l", [floats(2, 2)]),
        "dict": (b"(" + op.text("k") + t + b"d", {"k": floats(2, 2)}),
        "pop": (b"K\x01(K\x02K\x03" + b"1" + b"0" + t, floats(2, 2)),
        "dup": (t + b"2\x86", (x := floats(2, 2), x)),
        "tuples": (
            t + b"\x85" + t + b"\x86" + t + b"NN\x87\x86",
            (((floats(2, 2),), floats(2, 2)), (floats(2, 2), None, None)),
        ),
        "append": (b"]" + t + b"a", [floats(2, 2)]),
        "appends": (b"](" + t + t + b"e", [floats(2, 2), floats(2, 2)]),
        "setitem": (b"}" + op.text("k") + t + b"s", {"k": floats(2, 2)}),
        "memo": (t + b"r\x00\x01\x00\x000" + b"j\x00\x01\x00\x00" + b"j\x00\x01\x00\x00\x86", (y := floats(2, 2), y)),
    }
    body = b"".join(op.text(key) + code for key, (code, _) in bodies.items())
    pickle = b"\x80\x04}(" + body + b"u."
    # Every tensor above is rebuilt on one storage: give the expectation one too, so that the ties agree.
    base = floats(2, 2)
    expected = {key: replace(value, base) for key, (_, value) in bodies.items()}
    book.write(
        "opcodes.pth",
        torch_archive(pickle, {"0": RAW}),
        expected,
        "LIST, DICT, POP, POP_MARK, DUP, TUPLE1-3, APPEND, LONG_BINPUT",
    )

    @foreign("trainer.state")
    class Pair:
        def __init__(self, *items, **named):
            self.items, self.named = list(items), named

    inst = b"(" + t + b"K\x02itrainer.state\nPair\n"
    obj = b"(" + op.name("trainer.state", "Pair") + t + b"K\x02o"
    newobj_ex = op.name("trainer.state", "Pair") + b")" + b"}" + b"\x92" + op.dict_of({"weight": t}) + b"b"
    pickle = op.pickle(op.dict_of({"inst": inst, "obj": obj, "newobj_ex": newobj_ex}), 4)
    base = floats(2, 2)
    book.write(
        "opcodes_instances.pth",
        torch_archive(pickle, {"0": RAW}),
        {"inst": [base], "obj": [base], "newobj_ex": {"weight": base}},
        "INST, OBJ and NEWOBJ_EX: arguments count from 0, state by its names",
        torch_reads="wrong",
        note={"note": "torch runs the class, which puts the tensors elsewhere"},
    )
    sets = op.pickle(op.dict_of({"set": b"\x8f(K\x01K\x02\x90", "frozen": b"(K\x03K\x03\x91", "w": t}), 4)
    book.write(
        "opcodes_sets.pth", torch_archive(sets, {"0": RAW}), {"w": floats(2, 2)}, "EMPTY_SET, ADDITEMS, FROZENSET"
    )
    loop = op.pickle(b"}q\x00(" + op.text("self") + b"h\x00" + op.text("w") + t + b"u")
    book.write("cycle.pth", torch_archive(loop, {"0": RAW}), {"w": floats(2, 2)}, "a dict that holds itself")


def replace(value, base):
    if isinstance(value, torch.Tensor):
        return base
    if isinstance(value, dict):
        return {key: replace(item, base) for key, item in value.items()}
    return type(value)(replace(item, base) for item in value) if isinstance(value, (list, tuple)) else value


def keys(book) -> None:
    book.save(
        "keys.pth",
        {
            1: floats(1),
            "1": floats(2),
            (0, "a"): floats(3),
            None: floats(4),
            False: floats(5),
            -7: floats(6),
            2.5: floats(7),
            "": floats(8),
            b"raw": floats(9),
            "a.b": floats(10),
            " spaced ": floats(11),
            torch.float32: floats(12),
        },
        "keys of every type, named by Python's str; 1 and '1' are two tensors of one name",
    )
    book.save(
        "keys_not_ascii.pth",
        {"слой.вес": floats(1), "层": {"偏置": floats(2)}, "e\u0301": floats(3), "\u00e9": floats(4)},
        "names outside ASCII, two of them equal only after normalization: they stay apart",
    )
    book.save("keys_collision.pth", {"a": {"b": floats(2)}, "a.b": floats(3)}, "two paths that join to one name")
    book.save("top_level_tensor.pth", floats(2, 2), "a tensor itself: its name is empty")
    book.save(
        "top_level_list.pth", [floats(1), [floats(2), (floats(3), {"x": floats(4)})]], "a list: indices are the names"
    )
    book.save("no_tensors.pth", {"epoch": 3, "lr": [0.1, 0.2]}, "no tensor at all")
    deep = floats(1)
    for _ in range(200):
        deep = {"d": [deep]}
    book.save("nested_deep.pth", deep, "200 dicts and 200 lists deep")


def unknown_classes(book) -> None:
    book.save(
        "namespace.pth",
        {"args": argparse.Namespace(lr=0.1, layers=[1, 2], init=floats(2)), "w": floats(3)},
        "argparse.Namespace with a tensor in it",
    )

    @foreign("trainer.config")
    class Config:
        def __init__(self):
            self.name, self.stats, self.nested = "resnet", {"mean": floats(3)}, [floats(1), floats(2)]

    @foreign("trainer.config")
    class Colour(enum.Enum):
        RED = 1

    @foreign("trainer.config")
    class Settings(dict):
        pass

    @foreign("trainer.config")
    class History(list):
        pass

    Point = foreign("trainer.config")(collections.namedtuple("Point", "x y"))
    settings = Settings(lr=0.1, w=floats(2))
    settings.owner = "me"
    for protocol in (2, 4):
        book.save(
            f"own_class_protocol_{protocol}.pth",
            {
                "config": Config(),
                "colour": Colour.RED,
                "settings": settings,
                "history": History([floats(1), 3]),
                "point": Point(floats(2), 5),
                "w": floats(3),
            },
            "own classes: tensors in a __dict__, a dict's and a list's subclass, a namedtuple",
            pickle_protocol=protocol,
        )

    @foreign("trainer.config")
    class Reduced:
        def __init__(self, weight, n):
            self.weight, self.n = weight, n

        def __reduce__(self):
            return Reduced, (self.weight, self.n)

    torch.save({"r": Reduced(floats(2), 3)}, book.path("own_reduce.pth"))
    book.expect(
        "own_reduce.pth",
        {"r": [floats(2)]},
        "a class rebuilt from arguments: the tensor is argument 0",
        "zip",
        torch_reads="wrong",
        note={"note": "torch runs the class and has r.weight; inert, the arguments have only numbers"},
    )
    counts = collections.defaultdict(list, {"a": [floats(1)]})
    book.save(
        "standard_classes.pth",
        {
            "deque": collections.deque([floats(1), floats(2)], maxlen=5),
            "counter": collections.Counter("abca"),
            "defaultdict": counts,
            "path": pathlib.PurePosixPath("runs/1/best.pth"),
            "now": datetime.datetime(2020, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
            "day": datetime.date(2021, 1, 2),
            "delta": datetime.timedelta(days=1, seconds=5),
            "uuid": uuid.UUID(int=5),
            "range": range(3, 9, 2),
            "slice": slice(1, None),
            "complex": 1 + 2j,
            "decimal": decimal.Decimal("1.25"),
            "fraction": fractions.Fraction(1, 3),
            "frozen": frozenset([1]),
            "partial": functools.partial(int, base=2),
            "bytearray": bytearray(b"ab"),
            "ellipsis": ...,
            "type": int,
            "ordered": collections.OrderedDict(z=floats(3), a=floats(4)),
            "function": torch.nn.functional.relu,
        },
        "deque, Counter, defaultdict, paths, dates, range, slice, complex, functions",
    )
    book.save(
        "torch_values.pth",
        {
            "size": torch.Size([2, 3]),
            "dtype": torch.bfloat16,
            "device": torch.device("cuda:1"),
            "layout": torch.sparse_csr,
            "cpu": torch.device("cpu"),
            "scheme": torch.per_tensor_affine,
            "w": floats(2),
        },
        "torch's plain values: Size, dtype, device, layout, quantization scheme",
    )
    torch.save(
        {"g": torch.Generator().manual_seed(1).get_state()[:16].clone(), "rng": torch.arange(8, dtype=torch.uint8)},
        book.path("rng_state.pth"),
    )
    book.expect(
        "rng_state.pth",
        {"g": torch.Generator().manual_seed(1).get_state()[:16].clone(), "rng": torch.arange(8, dtype=torch.uint8)},
        "random states are byte tensors",
        "zip",
    )


def numpy_values(book) -> None:
    grid = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
    value = {
        "c": grid,
        "fortran": numpy.asfortranarray(grid),
        "column": grid[:, 1],
        "big": grid.astype(">f8"),
        "i16be": numpy.array([1, -2], ">i2"),
        "bool": numpy.array([True, False]),
        "u64": numpy.array([2**64 - 1], numpy.uint64),
        "c64": numpy.array([1 + 2j], numpy.complex64),
        "half": numpy.array([1.5], numpy.float16),
        "zero_dim": numpy.array(5),
        "empty": numpy.empty((0, 3)),
        "w": floats(2),
        "scalar": numpy.float64(0.1),
        "scalar32": numpy.float32(0.1),
        "int": numpy.int64(-9),
        "flag": numpy.bool_(True),
        "dtype": numpy.dtype("float32"),
        "text": numpy.array(["ab", "c"]),
        "when": numpy.datetime64("2020-01-01"),
    }
    for protocol in (2, 3, 4, 5):
        book.save(
            f"numpy_protocol_{protocol}.pth",
            value,
            "numpy arrays and scalars beside tensors: C, Fortran and big-endian order"
            + ("; protocol 5's _frombuffer" if protocol == 5 else ""),
            pickle_protocol=protocol,
        )
    parts = unpack(saved({key: value[key] for key in ("c", "fortran", "half", "scalar", "w")}))
    pickle = parts["archive/data.pkl"].replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    book.write(
        "numpy_core.pth",
        torch_archive(pickle, {"0": parts["archive/data/0"]}),
        {key: value[key] for key in ("c", "fortran", "half", "scalar", "w")},
        "the module's name before numpy 2: numpy.core",
    )
    book.save(
        "numpy_objects.pth",
        {
            "objects": numpy.array([{"a": 1}, None], dtype=object),
            "records": numpy.array([(1, 2.0)], "i4,f8"),
            "w": floats(2),
        },
        "an array of Python objects and one of records beside a tensor",
    )
