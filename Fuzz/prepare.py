"""Makes the seeds and the dictionary of each fuzz target: prepare.py FOLDER [TARGET …].

Seeds are the small files of TestData; a folder of files becomes a zip archive. Dictionaries are taken from the sources that
define the formats: instructions, globals, and the names that the readers look for.
"""
import io
import os
import re
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURES = os.path.join(ROOT, "TestData", "fixtures")
SOURCES = os.path.join(ROOT, "Sources")
LARGEST = 24576

# The folders of a target's seeds, with what their names end in.
FILES = {
    "zip": ("zip_tensors zip_containers modules composite_tensors state_dicts mixed_numpy keys dtensors", (".pth", ".pt", ".bin")),
    "torchscript": ("torchscript", (".pt", ".pth")),
    "legacy": ("legacy", ()),
    "tar": ("tar", ()),
    "safetensors": ("safetensors_files packed", (".safetensors", ".swt")),
    "npy": ("numpy_files", (".npy",)),
    "npz": ("numpy_files", (".npz",)),
    "wrapped": ("packed exported", ()),
    "registry": ("registries", (".json",)),
    "jpeg": ("images", (".jpg",)),
    "png": ("images", (".png",)),
    "differential": ("zip_tensors zip_containers modules composite_tensors legacy tar torchscript safetensors_files numpy_files packed exported big_endian pickles", ()),
}
FOLDERS = {"distributed": "distributed", "shards": "shards", "ranks": "ranks zero"}
MAPS = ["""[{"keep": ["head.*", "layers.*"]}, {"drop": "*.bias"}, {"rename": ["head.*=fc.*"]}, {"cast": "*", "to": "bfloat16"}]""",
        """[{"permute": "conv.weight", "axes": [0, 2, 3, 1]}, {"reshape": "head.weight", "shape": [2, -1]}]""",
        """[{"split": "head.*", "dim": 0, "into": ["q.*", "k.*"], "sizes": [1, 3]}, {"concat": ["q.*", "k.*"], "dim": 0, "into": "qk.*"}]""",
        """[{"stack": "layers.#.weight", "dim": 0, "into": "all"}, {"unstack": "all", "dim": 0, "into": "layers.#.w"}]""",
        "head.*=fc.*\nlayers.0.*=first.*\nscale=s"]


def walk(folder):
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(path, name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def archive(folder):
    """The files below a folder as a zip archive without compression."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as target:
        for path in walk(folder):
            target.write(path, os.path.relpath(path, folder))
    return result.getvalue()


def pickles():
    """Bare pickles, and those of archives."""
    for path in walk(FIXTURES):
        if os.path.basename(os.path.dirname(path)) == "plain_pickles":
            yield read(path)
        elif zipfile.is_zipfile(path) and not path.endswith(".npz"):
            with zipfile.ZipFile(path) as source:
                for name in source.namelist():
                    try:
                        if name.endswith(".pkl"):
                            yield source.read(name)
                    except zipfile.BadZipFile:  # Some fixtures are damaged.
                        pass


def json_texts():
    for path in walk(FIXTURES):
        if path.endswith(".json"):
            yield read(path)
        elif path.endswith((".safetensors", ".swt")):
            data = read(path)
            yield data[8:8 + int.from_bytes(data[:8], "little")]


def seeds(target):
    if target == "pickle":
        return pickles()
    if target == "json":
        return json_texts()
    if target == "map":
        return [text.encode() for text in MAPS]
    if target in FOLDERS:
        return [archive(os.path.join(FIXTURES, kind, name)) for kind in FOLDERS[target].split()
                for name in sorted(os.listdir(os.path.join(FIXTURES, kind))) if os.path.isdir(os.path.join(FIXTURES, kind, name))]
    kinds, ends = FILES[target]
    return [read(path) for kind in kinds.split() for path in walk(os.path.join(FIXTURES, kind))
            if (path.endswith(ends) if ends else not path.endswith(".json"))]


def literals(*folders):
    """The names that readers look for: short texts in the sources."""
    found = set()
    for folder in folders:
        for path in walk(os.path.join(SOURCES, folder)):
            if path.endswith(".swift"):
                found.update(re.findall(r'"([A-Za-z_.$][A-Za-z0-9_.$/-]{1,40})"', read(path).decode()))
    return sorted(found)


def pickle_words():
    text = read(os.path.join(SOURCES, "TorchCheckpoints/Pickle/Opcode.swift")).decode()
    for code in re.findall(r"case \w+ = 0x([0-9A-F]{2})", text):
        yield bytes([int(code, 16)])
    known = read(os.path.join(SOURCES, "TorchCheckpoints/Globals/GlobalMeaning.swift")).decode()
    inert = read(os.path.join(SOURCES, "TorchCheckpoints/Globals/InertGlobals.swift")).decode()
    storages = [f"torch.{name}Storage" for name in re.findall(r'"(\w+)": \.\w+[,\]]', known)]
    names = set(re.findall(r'"([a-z_]+\.[\w.]+)":', known)) | set(storages) | set(re.findall(r"\b(?:torch|numpy|collections|builtins)\.[\w.]+", inert))
    for name in sorted(names | {"os.system", "builtins.eval", "builtins.getattr"}):
        module, _, name = name.rpartition(".")
        yield f"c{module}\n{name}\n".encode()
    for name in literals("TorchCheckpoints/Containers", "TorchCheckpoints/Torch"):
        yield name.encode()


def json_words():
    dtypes = re.findall(r'"([A-Z][A-Z0-9_]{1,8})"', "".join(
        read(path).decode() for path in walk(os.path.join(SOURCES, "StateDicts"))))
    names = literals("StateDicts/Safetensors", "StateDicts/StateDict", "StateDicts/Writing", "StateDicts/JSON", "StateDicts/Mapping",
                     "ModelParameters/Registry", "TorchCheckpoints/Containers/Folders")
    for name in sorted(set(dtypes) | set(names)):
        yield f'"{name}"'.encode()
    for word in ("null", "true", "false", "-0", "1e999", "0.1", "9223372036854775807", "18446744073709551616", "\\u0000", "\\ud800", "[-1]", "*", "#"):
        yield word.encode()


def words(target):
    if target in ("json", "registry", "map", "safetensors"):
        return json_words()
    if target == "jpeg":
        return [bytes([0xFF, code]) for code in range(0xC0, 0xFF)] + [b"Exif\0\0", b"Adobe", b"JFIF\0"]
    if target == "png":
        return [name.encode() for name in "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP eXIf bKGD sBIT acTL fcTL fdAT".split()]
    if target in ("npy", "npz"):
        return [b"\x93NUMPY", b"'descr'", b"'fortran_order'", b"'shape'", b"True", b"False"] + [
            f"'{order}{kind}'".encode() for order in "<>|" for kind in "f2 f4 f8 c8 c16 i1 i2 i4 i8 u1 u2 u4 u8 b1 V2 O U3 S3 M8 m8".split()]
    if target in FOLDERS:
        return list(pickle_words()) + list(json_words())
    return pickle_words()


def quoted(word):
    return '"' + "".join(chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\x{b:02x}" for b in word) + '"'


def main():
    out = sys.argv[1]
    for target in sys.argv[2:] or sorted(set(FILES) | set(FOLDERS) | {"pickle", "json", "map"}):
        folder = os.path.join(out, target)
        os.makedirs(folder, exist_ok=True)
        for number, seed in enumerate(seeds(target)):
            if 0 < len(seed) <= LARGEST:
                with open(os.path.join(folder, f"seed-{number}"), "wb") as file:
                    file.write(seed)
        with open(folder + ".dict", "w") as file:
            file.write("\n".join(quoted(word) for word in dict.fromkeys(words(target)) if len(word) < 100) + "\n")


main()
