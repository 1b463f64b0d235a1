"""Makes files that ask for as much memory or time as their format lets them: hostile.py FOLDER [NAME …].

Each generator below is one way of asking. Nothing here is ever unpickled, and only Python's own library is used.
"""
import io
import json
import os
import struct
import sys
import tarfile
import zipfile
import zlib

LIMIT = 100_000_000
MAKERS = {}


def maker(name):
    def add(function):
        MAKERS[name] = function
        return function
    return add


# Pickles, instruction by instruction.

def text(value):
    value = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(value)) + value


def glob(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def put(number):
    return b"r" + struct.pack("<I", number)


def get(number):
    return b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<I", number)


def tensor(key="0", count=2):
    storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text(key) + text("cpu") + b"K" + bytes([count]) + b"tQ"
    return (glob("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + b"K\0K" + bytes([count]) + b"\x85K\1\x85\x89"
            + glob("collections", "OrderedDict") + b")R" + b"tR")


def torch_zip(path, pickle, keys=("0",), root="archive"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{root}/data.pkl", pickle)
        for key in keys:
            archive.writestr(f"{root}/data/{key}", struct.pack("<2f", 1, 2))
        archive.writestr(f"{root}/version", "3\n")


def bare(path, pickle):
    with open(path, "wb") as file:
        file.write(pickle)


def fill(head, unit, tail, limit=LIMIT):
    return head + unit * ((limit - len(head) - len(tail)) // len(unit)) + tail


P = b"\x80\x02"


@maker("names-list.pth")
def _(path):
    torch_zip(path, P + b"}" + text("k" * 100000) + b"](" + tensor() + put(1) + get(1) * 4000 + b"es.")


@maker("names-list-large.pth")
def _(path):
    torch_zip(path, P + b"}" + text("k" * 10_000_000) + b"](" + tensor() + put(1) + get(1) * 20_000_000 + b"es.")


@maker("names-nested.pth")
def _(path):
    keys = b"".join(b"}" + text("k" * 100000) for _ in range(100))
    torch_zip(path, P + keys + b"](" + tensor() + put(1) + get(1) * 10000 + b"e" + b"s" * 100 + b".")


@maker("names-containers.pth")
def _(path):
    torch_zip(path, fill(P + b"}" + text("k" * 100000) + b"](", b"]", b"es.", 8_000_000))


@maker("names-dicts.pth")
def _(path):
    torch_zip(path, fill(P + text("k" * 1_000_000) + put(1) + b"0}" + text("a") + b"](", b"}h\1}s", b"es.", 20_000_000))


@maker("names-tuple-keys.pth")
def _(path):
    head = P + text("k" * 60000) + b"0" + b"(" + text("k" * 1000) * 60 + b"t" + put(1) + b"0" + tensor() + put(2) + b"0"
    torch_zip(path, fill(head + b"](", b"}h\1h\2s", b"e.", 10_000_000))


@maker("tensors-one.pth")
def _(path):
    torch_zip(path, fill(P + b"](" + tensor() + put(1), b"h\1", b"e.", 50_000_000))


@maker("tensors-200000.pth")
def _(path):
    head = P + tensor() + put(1) + b"0}("
    body = b"".join(text(f"layer{n}.weight") + get(1) for n in range(200_000))
    torch_zip(path, head + body + b"u.")


@maker("tensors-made.pth")
def _(path):
    # Each tensor is a call of its own, of one storage.
    storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + b"K\2tQ" + put(1) + b"0"
    head = P + storage + glob("torch._utils", "_rebuild_tensor_v2") + put(2) + b"0" + b"K\2\x85" + put(3) + b"0K\1\x85" + put(4) + b"0" + glob("collections", "OrderedDict") + b")R" + put(5) + b"0}("
    body = b"".join(text(f"l{n}") + b"h\2(h\1K\0h\3h\4\x89h\5tR" for n in range(250_000))
    torch_zip(path, head + body + b"u.")


@maker("tensors-ranks.pth")
def _(path):
    ones = b"(" + b"K\1" * 64 + b"t"
    storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + b"K\2tQ" + put(1) + b"0"
    head = P + storage + glob("torch._utils", "_rebuild_tensor_v2") + put(2) + b"0" + ones + put(3) + b"0" + glob("collections", "OrderedDict") + b")R" + put(5) + b"0}("
    body = b"".join(text(f"l{n}") + b"h\2(h\1K\0h\3h\3\x89h\5tR" for n in range(200_000))
    torch_zip(path, head + body + b"u.")


def views(path, count, floats, size, stride):
    """Views of one storage."""
    storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + b"J" + struct.pack("<i", floats) + b"tQ" + put(1) + b"0"
    head = P + storage + glob("torch._utils", "_rebuild_tensor_v2") + put(2) + b"0J" + struct.pack("<i", size) + b"\x85" + put(3) + b"0K" + bytes([stride]) + b"\x85" + put(4) + b"0" + glob("collections", "OrderedDict") + b")R" + put(5) + b"0}("
    body = b"".join(text(f"l{n}") + b"h\2(h\1K\0h\3h\4\x89h\5tR" for n in range(count))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", head + body + b"u.")
        archive.writestr("archive/data/0", bytes(4 * floats))
        archive.writestr("archive/version", "3\n")


@maker("views-expanded.pth")
def _(path):
    views(path, 20_000, 2, 50 << 20, 0)


@maker("views-overlapping.pth")
def _(path):
    views(path, 200_000, 20_000_000, 20_000_000, 1)


@maker("storages-100000.pth")
def _(path):
    body = b"".join(text(f"l{n}") + tensor(str(n)) for n in range(100_000))
    torch_zip(path, P + b"}(" + body + b"u.", keys=[str(n) for n in range(100_000)])


@maker("pickle-values.pkl")
def _(path):
    bare(path, fill(P + b"](", b"K\1", b"e."))


@maker("pickle-empty-lists.pkl")
def _(path):
    bare(path, fill(P + b"](", b"]", b"e."))


@maker("pickle-lists-of-one.pkl")
def _(path):
    bare(path, fill(P + b"](", b"]Na", b"e."))


@maker("pickle-objects.pkl")
def _(path):
    bare(path, fill(P + glob("m", "C") + put(1) + b"0)" + put(2) + b"0](", b"h\1h\2R", b"e."))


@maker("pickle-stack.pkl")
def _(path):
    bare(path, fill(P + b"N" + put(1), b"h\1", b"."))


@maker("pickle-marks.pkl")
def _(path):
    bare(path, fill(P, b"(", b"N."))


@maker("pickle-mark-pop.pkl")
def _(path):
    bare(path, fill(P, b"(0", b"N."))


@maker("pickle-memo.pkl")
def _(path):
    with open(path, "wb") as file:
        file.write(P + b"N" + b"".join(put(3 * n + 7) for n in range(19_000_000)) + b".")


@maker("pickle-globals.pkl")
def _(path):
    bare(path, P + b"](" + b"".join(glob("m%d" % n, "c") for n in range(8_000_000))[:LIMIT] + b"\ne.")


@maker("pickle-long-globals.pkl")
def _(path):
    bare(path, P + b"](" + b"".join(glob(f"m{n}" + "x" * 1_000_000, "c") for n in range(90)) + b"e.")


@maker("pickle-global-texts.pkl")
def _(path):
    bare(path, fill(P + text("m" * 1_000_000) + put(1) + text("c") + put(2) + b"00](", b"h\1h\2\x93", b"e.", 20_000_000))


@maker("pickle-long-text.pkl")
def _(path):
    bare(path, P + b"}" + text("a") + text("\u00e9" * 49_000_000) + b"s.")


@maker("pickle-protocol-0.pkl")
def _(path):
    bare(path, b"(dVa\nV" + b"\\u00e9" * 16_000_000 + b"\ns.")


@maker("pickle-errors.pkl")
def _(path):
    bare(path, fill(P, b"R", b"."))


@maker("pickle-one-mapping.pkl")
def _(path):
    # A large mapping under very many keys.
    large = b"}" + put(1) + b"(" + b"".join(text(f"k{n}") + b"N" for n in range(200_000)) + b"u0"
    body = b"".join(text(f"a{n}") + b"h\1" for n in range(500_000))
    bare(path, P + large + b"}(" + body + b"u.")


@maker("pickle-one-list-values.pkl")
def _(path):
    large = b"]" + put(1) + b"(" + b"K\1" * 90_000 + b"e0"
    body = b"".join(text(f"a{n}") + b"h\1" for n in range(500_000))
    bare(path, P + large + b"}(" + body + b"u.")


@maker("state-dict-shared.pth")
def _(path):
    # One mapping of tensors under two keys, which are the state dict and something else.
    inner = b"}" + put(2) + b"(" + b"".join(text(f"l{n}.weight") + get(1) for n in range(100_000)) + b"u0"
    torch_zip(path, P + tensor() + put(1) + b"0" + inner + b"}(" + text("aux") + get(2) + text("state_dict") + get(2) + b"u.")


@maker("state-dict-others.pth")
def _(path):
    # As many parts beside the state dict as it has tensors.
    parts = b"".join(text(f"lr_scheduler{n}") + b"}" + text("w") + get(1) + b"s" for n in range(100_000))
    state = b"}(" + b"".join(text(f"l{n}.weight") + get(1) for n in range(100_000)) + b"u"
    torch_zip(path, P + tensor() + put(1) + b"0}(" + text("state_dict") + state + parts + b"u.")


@maker("state-dict-dots.pth")
def _(path):
    # Keys with dots in a mapping that holds itself: very many ways to split a path.
    keys = b"".join(text(".".join("a" * n)) + get(2) for n in range(1, 30))
    torch_zip(path, P + tensor() + put(1) + b"0}" + put(2) + b"(" + keys + text("x" + ".a" * 60) + get(1)
              + text("state_dict") + b"}" + text("w") + get(1) + b"su.")


@maker("state-dict-keys.pth")
def _(path):
    # A mapping whose key is a mapping whose key is one …
    head = glob("collections", "OrderedDict") + put(1) + b"0}(" + text("state_dict") + b"}" + text("w") + tensor() + b"s" + text("x")
    torch_zip(path, P + head + (get(1) + b")R") * 100_001 + b"K\1s" * 100_000 + b"u.")


@maker("state-dict-tuple-keys.pth")
def _(path):
    head = b"}(" + text("state_dict") + b"}" + text("w") + tensor() + b"s" + text("x")
    torch_zip(path, P + head + b"}(((" * 200_000 + b"N" + b"tttK\1s" * 200_000 + b"u.")


@maker("state-dict-repeated.pth")
def _(path):
    head = b"K\7" + put(1) + b"0}(" + text("state_dict") + b"}" + text("w") + tensor() + b"s" + text("x")
    torch_zip(path, P + head + b"](" + get(1) * 20_000_000 + b"eu.")


@maker("state-dict-numbers.pth")
def _(path):
    head = b"}(" + text("state_dict") + b"}" + text("w") + tensor() + b"s" + text("x")
    torch_zip(path, P + head + b"](" + b"K\7" * 1_900_000 + b"eu.")


@maker("modules-shared.pth")
def _(path):
    empty = b"}(" + text("_parameters") + b"}" + text("_buffers") + b"}" + text("_modules")
    tail = b"u"
    leaf = glob("m", "M") + b")\x81" + empty + b"}" + tail + b"b"
    many = b"}(" + b"".join(text(f"m{n}") + leaf for n in range(10_000)) + b"u" + put(3) + b"0"
    outer = b"".join(glob("m", "M") + b")\x81" + empty + get(3) + tail + b"b" for _ in range(10_000))
    torch_zip(path, P + many + b"](" + outer + b"e.")


@maker("embedded-bytes.pth")
def _(path):
    inner = P + b"}" + text("w") + b"Ns."
    unit = b"C" + bytes([len(inner)]) + inner
    torch_zip(path, fill(P + b"](", unit, b"e.", 90_000_000))


@maker("embedded-legacy.pth")
def _(path):
    # As pickle.dump writes storages.
    magic = P + b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + b"K\2N" + b"tQ"
    inner = magic + P + b"M\xe9\x03." + P + b"}." + P + storage + b"." + P + b"](" + text("0") + b"e." + struct.pack("<q", 2) + b"\0" * 8
    call = glob("torch.storage", "_load_from_bytes")
    body = b"".join(text(f"l{n}") + call + b"B" + struct.pack("<I", len(inner)) + inner + b"\x85R" for n in range(100_000))
    bare(path, P + b"}(" + body + b"u.")


@maker("encoded-bytes.pth")
def _(path):
    call = glob("_codecs", "encode") + text("\u00ff" * 1_000_000) + text("latin1") + b"\x86R" + put(1) + b"0"
    torch_zip(path, fill(P + call + b"}(", b"", b"") if False else P + call + b"}" + text("a") + b"](" + get(1) * 5_000_000 + b"es.")


@maker("legacy-storages.pth")
def _(path):
    magic = P + b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    keys = [str(n) for n in range(150_000)]
    body = b"".join(text(f"l{key}") + tensor(key).replace(b"tQ", b"NtQ") for key in keys)
    value = P + b"}(" + body + b"u."
    names = P + b"](" + b"".join(text(key) for key in keys) + b"e."
    storages = b"".join(struct.pack("<q2f", 2, 1, 2) for key in keys)
    bare(path, magic + P + b"M\xe9\x03." + P + b"}." + value + names + storages)


# Archives.

@maker("zip-entries.pth")
def _(path):
    # Written by hand: Python's own module takes long for a million entries.
    local, directory = io.BytesIO(), io.BytesIO()
    count = 0
    while local.tell() + directory.tell() < LIMIT - 1000:
        name = b"%x" % count
        offset = local.tell()
        local.write(struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name)
        directory.write(struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, offset) + name)
        count += 1
    start = local.tell()
    with open(path, "wb") as file:
        file.write(local.getvalue() + directory.getvalue())
        end = file.tell()
        file.write(struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, end - start, start))
        file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        file.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


@maker("npz-members.npz")
def _(path):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".ljust(117) + "\n"
    array = b"\x93NUMPY\1\0" + struct.pack("<H", 118) + head.encode() + struct.pack("<2f", 1, 2)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(150_000):
            archive.writestr(f"a{number}.npy", array)


@maker("tar-members.tar")
def _(path):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number in range(190_000):
            archive.addfile(tarfile.TarInfo(f"m{number}.pkl"))


@maker("zip-of-pickles.zip")
def _(path):
    inner = P + b"}" + text("w") + b"Ns."
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"m{number}.pkl", inner)


@maker("model-json.pth")
def _(path):
    rows = [{"name": f"p{n}", "tensorId": "0"} for n in range(400_000)]
    model = {"mainModule": {"submodules": [{"name": "k" * 100_000, "parameters": rows}]},
             "tensors": [{"dims": ["2"], "strides": ["1"], "dataType": "FLOAT", "data": {"key": "tensors/0"}}]}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/model.json", json.dumps(model))
        archive.writestr("net/tensors/0", struct.pack("<2f", 1, 2))


# Safetensors, JSON.

def safetensors(path, header, data=b""):
    header = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + data)


@maker("tensors-million.safetensors")
def _(path):
    rows = {f"layer.{n}.weight": {"dtype": "F32", "shape": [1], "data_offsets": [4 * n, 4 * n + 4]} for n in range(1_000_000)}
    safetensors(path, rows, b"\0" * 4_000_000)


@maker("tensors-250000.safetensors")
def _(path):
    rows = {f"layer.{n}.weight": {"dtype": "F32", "shape": [1, 1, 1, 1], "data_offsets": [4 * n, 4 * n + 4]} for n in range(250_000)}
    safetensors(path, rows, b"\0" * 1_000_000)


@maker("tensors-100000.safetensors")
def _(path):
    rows = {f"layer.{n}.weight": {"dtype": "F32", "shape": [1, 1, 1, 1], "data_offsets": [4 * n, 4 * n + 4]} for n in range(100_000)}
    safetensors(path, rows, b"\0" * 400_000)


@maker("tensors-packed.safetensors")
def _(path):
    rows = {f"t{n}": {"dtype": "F4", "shape": [2], "data_offsets": [n, n + 1]} for n in range(250_000)}
    safetensors(path, rows, b"\x01\x02" * 125_000)


@maker("json-arrays.safetensors")
def _(path):
    safetensors(path, b'{"w":{"x":[' + b"[]," * 33_000_000 + b'[]],"dtype":"F32","shape":[0],"data_offsets":[0,0]}}')


@maker("json-shape.safetensors")
def _(path):
    safetensors(path, b'{"w":{"shape":[' + b"1," * 49_000_000 + b'1],"dtype":"F32","data_offsets":[0,4]}}', b"\0" * 4)


@maker("json-metadata.safetensors")
def _(path):
    safetensors(path, b'{"__metadata__":{"x":[' + b"[]," * 33_000_000 + b"[]]}}")


@maker("json-swt-values.safetensors")
def _(path):
    values = json.dumps({"a": "X"}).replace('"X"', "[" + "[]," * 30_000_000 + "[]]")
    safetensors(path, b'{"__metadata__":{"swt.version":"1","swt.other_values":' + json.dumps(values).encode() + b"}}")


@maker("json-deep.safetensors")
def _(path):
    values = '{"a":' + "[" * 240 + ",".join(["[" + ",".join("0" * 60_000) + "]"] * 33) + "]" * 240 + "}"
    safetensors(path, json.dumps({"__metadata__": {"swt.version": "1", "swt.other_values": values}}).encode())


@maker("json-aliases.safetensors")
def _(path):
    names = {f"a{n}": "w" for n in range(1_500_000)}
    safetensors(path, {"__metadata__": names, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4)


@maker("model.safetensors.index.json")
def _(path):
    bare(path, b'{"weight_map":{"w":"x.safetensors"},"metadata":[' + b"[]," * 33_000_000 + b"[]]}")


@maker("index-names/model.safetensors.index.json")
def _(path):
    folder = os.path.dirname(path)
    safetensors(os.path.join(folder, "x.safetensors"), {})
    bare(path, json.dumps({"weight_map": {f"layers.{n}.weight": "x.safetensors" for n in range(2_000_000)}}).encode())


@maker("many-pickles.pkl")
def _(path):
    bare(path, (P + b"N.") * (LIMIT // 4))


@maker("many-beginnings.bin")
def _(path):
    bare(path, P * (LIMIT // 2))


@maker("many-beginnings-behind.pkl")
def _(path):
    bare(path, fill(P + b"N." + b"\0" * 8, b"\x80\x02(0(0(0(0", b""))


# Pictures.

def png(path, width, height, kind=0, interlaced=False):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    row = b"\0" * (1 + (width * {0: 1, 2: 3}[kind]))
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, kind, 0, 0, interlaced)))
        file.write(chunk(b"IDAT", data) + chunk(b"IEND", b""))


@maker("tall.png")
def _(path):
    png(path, 1, 1_000_000)


@maker("wide.png")
def _(path):
    png(path, 1_000_000, 1)


@maker("square.png")
def _(path):
    png(path, 16384, 16384)


@maker("square-colors.png")
def _(path):
    png(path, 16384, 16384, 2)


@maker("strip.png")
def _(path):
    png(path, 1_000_000, 268, 2)


@maker("column.png")
def _(path):
    png(path, 268, 1_000_000, 2)


@maker("match-dots.pth")
def _(path):
    torch_zip(path, P + b"}" + text("a." * 100_000 + "weight") + tensor() + b"s.")


@maker("match-names.pth")
def _(path):
    body = b"".join(text((f"b{n}." + "a." * 400)[:800] + "weight") + get(1) for n in range(20_000))
    torch_zip(path, P + tensor() + put(1) + b"0}(" + body + b"u.")


if __name__ == "__main__":
    folder, names = sys.argv[1], sys.argv[2:]
    for name in names or MAKERS:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        MAKERS[name](path)
