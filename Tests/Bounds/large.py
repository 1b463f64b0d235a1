"""Memory of conversions that are larger than memory: large.py FOLDER COMMAND.

COMMAND is the release build of pth2swt. FOLDER needs 25 GB. The inputs are safetensors files with holes, which take no space: 20 tensors of
1 GB, and one tensor [32768, 65536] of 8 GB, in which some numbers are set. Prints peak memory of each conversion, looks for the
numbers in what was written, and ends with 1 if one is not there or a conversion takes more than 64 MiB above a conversion of
nothing.
"""
import json
import os
import random
import struct
import sys
import time

from bounds import measure

MEBIBYTES = 64
ROWS, COLUMNS = 32768, 65536


def make(path, shapes, numbers=()):
    """A file of float32 zeros, but for `numbers` of the first tensor, which are (place, value)."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 4
        for count in shape:
            size *= count
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        start = file.tell()
        file.truncate(start + end)
        for place, value in numbers:
            file.seek(start + 4 * place)
            file.write(struct.pack("<f", value))


def halves(path, places):
    """The 16-bit elements at these places of the one tensor of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell() + header["w"]["data_offsets"][0]
        found = []
        for place in places:
            file.seek(start + 2 * place)
            found.append(struct.unpack("<H", file.read(2))[0])
        return header["w"]["shape"], found


def main():
    folder, program = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    make(path("nothing.safetensors"), {"w": [1]})
    make(path("many.safetensors"), {f"layer{number}.weight": [250_000_000] for number in range(20)})
    chance = random.Random(1)
    # Values that bfloat16 has, so that what they become is their upper half.
    numbers = [(chance.randrange(ROWS * COLUMNS), float(chance.randrange(1, 256))) for _ in range(100)]
    make(path("one.safetensors"), {"w": [ROWS, COLUMNS]}, numbers)
    with open(path("map.json"), "w") as file:
        json.dump([{"permute": "w", "axes": [1, 0]}, {"cast": "w", "to": "bfloat16"}], file)
    runs = [("many.safetensors", ["many.pth"]), ("many.safetensors", ["many.swt", "--dtype", "bfloat16"]),
            ("one.safetensors", ["one.swt", "--map", path("map.json")]), ("one.safetensors", ["turned.pth", "--map", path("map.json")])]
    failed = 0

    def run(source, output, *options):
        start = time.monotonic()
        code, seconds, memory, errors = measure([program, "convert", "--force", path(source), path(output), *options], 64 << 30)
        return code, seconds, time.monotonic() - start, memory, errors

    base = run("nothing.safetensors", "nothing.swt")[3]
    print(f"a conversion of nothing: {base:.0f} MiB")
    for source, (output, *options) in runs:
        code, seconds, wall, memory, errors = run(source, output, *options)
        bad = code != 0 or memory - base > MEBIBYTES
        if output == "one.swt" and code == 0:
            shape, found = halves(path(output), [place % COLUMNS * ROWS + place // COLUMNS for place, _ in numbers])
            bad |= shape != [COLUMNS, ROWS] or found != [struct.unpack("<I", struct.pack("<f", value))[0] >> 16 for _, value in numbers]
        failed += bad
        words = " ".join(os.path.basename(option) for option in options)
        print(f"{'FAILED' if bad else 'ok    '} {source} to {output} {words}: {memory - base:.0f} MiB above that, {seconds:.1f} s of processor "
              f"time, {wall:.0f} s{errors and ': ' + errors.splitlines()[0]}", flush=True)
        if code == 0:
            os.remove(path(output))
    sys.exit(1 if failed else 0)


main()
