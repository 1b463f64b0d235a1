"""Pickles written opcode by opcode, for what pickle.dumps never writes. Each returns the bytes of one value."""

import struct


def text(s: str) -> bytes:
    return b"X" + struct.pack("<I", len(s.encode())) + s.encode()


def short_bytes(b: bytes) -> bytes:
    """SHORT_BINSTRING: Python 2's str, which Python 3 must be told how to decode."""
    return b"U" + bytes([len(b)]) + b


def integer(n: int) -> bytes:
    if 0 <= n < 256:
        return b"K" + bytes([n])
    if -(2**31) <= n < 2**31:
        return b"J" + struct.pack("<i", n)
    return long1(n)


def long1(n: int, size: int = 0) -> bytes:
    b = n.to_bytes(max(size, n.bit_length() // 8 + 1), "little", signed=True)
    return b"\x8a" + bytes([len(b)]) + b


def long4(n: int, size: int = 0) -> bytes:
    b = n.to_bytes(max(size, n.bit_length() // 8 + 1), "little", signed=True)
    return b"\x8b" + struct.pack("<i", len(b)) + b


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def tuple_of(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def dict_of(items: dict) -> bytes:
    """Keys are texts, or bytes that are opcodes already."""
    body = b"".join((key if isinstance(key, bytes) else text(key)) + value for key, value in items.items())
    return b"}(" + body + b"u"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + tuple_of(*arguments) + b"R"


TRUE, FALSE, NONE = b"\x88", b"\x89", b"N"
NO_HOOKS = name("collections", "OrderedDict") + b")R"


def storage(kind="FloatStorage", key="0", numel=4, location="cpu", module="torch", *more: bytes) -> bytes:
    """A persistent id; legacy files have a sixth item, the view metadata."""
    return tuple_of(text("storage"), name(module, kind), text(key), text(location), integer(numel), *more) + b"Q"


def geometry(offset, size, stride) -> tuple[bytes, bytes, bytes]:
    return integer(offset), tuple_of(*map(integer, size)), tuple_of(*map(integer, stride))


def tensor(source: bytes, size=(4,), stride=(1,), offset=0, requires_grad=False) -> bytes:
    grad = TRUE if requires_grad else FALSE
    return call(name("torch._utils", "_rebuild_tensor_v2"), source, *geometry(offset, size, stride), grad, NO_HOOKS)


def tensor_v1(source: bytes, size=(4,), stride=(1,), offset=0) -> bytes:
    return call(name("torch._utils", "_rebuild_tensor"), source, *geometry(offset, size, stride))


def tensor_v3(source: bytes, dtype: str, size=(4,), stride=(1,), offset=0) -> bytes:
    return call(
        name("torch._utils", "_rebuild_tensor_v3"),
        source,
        *geometry(offset, size, stride),
        FALSE,
        NO_HOOKS,
        name("torch", dtype),
    )


def pickle(body: bytes, protocol=2) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."
