"""safetensors files with a header of ours: the library writes the metadata in a random order."""

import json
import struct


def with_metadata(data: bytes, metadata: dict[str, str] | None = None) -> bytes:
    """The same tensors, with these metadata or its own in the order of its keys."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kept = dict(sorted(header.pop("__metadata__", {}).items())) if metadata is None else metadata
    text = json.dumps({"__metadata__": kept} | header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + length :]
