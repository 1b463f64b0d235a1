"""Writes a safetensors file of float32 tensors of different sizes: input.py FILE BYTES."""
import json
import os
import sys

path, total = sys.argv[1], int(sys.argv[2])
header, end, sizes = {}, 0, []
while end < total:
    size = min((1 + len(sizes) * 7919 % 64) * 1_000_000, total - end) // 4 * 4
    if size == 0:
        break
    header[f"layer.{len(sizes)}.weight"] = {"dtype": "F32", "shape": [size // 4], "data_offsets": [end, end + size]}
    sizes.append(size)
    end += size
text = json.dumps(header).encode()
# Finite numbers: of random bytes, with a small exponent.
block = bytearray(os.urandom(1 << 20))
block[3::4] = bytes(0x3C | byte & 0x83 for byte in block[3::4])
with open(path, "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text)
    for number, size in enumerate(sizes):
        shift = number * 4 % len(block)
        data = block[shift:] + block[:shift]
        for start in range(0, size, len(data)):
            file.write(data[: min(len(data), size - start)])
