"""Zip archives in torch's layout and out of it. Everything is open to be odd, and no date or machine gets in."""

import io
import struct
import zlib

import torch


class Entry:
    def __init__(self, name: str | bytes, data: bytes, deflate=False, zip64=False, crc: int | None = None):
        self.name = name.encode() if isinstance(name, str) else name
        self.data, self.method, self.zip64 = data, 8 if deflate else 0, zip64
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.packed = packer.compress(data) + packer.flush() if deflate else data
        self.crc = zlib.crc32(data) if crc is None else crc


def archive(
    entries: list[Entry], lead=b"", trail=b"", comment=b"", zip64_end=False, order: list[int] | None = None
) -> bytes:
    """order: the central directory's order of the entries, where it is not the order of their bytes."""
    body, central = bytearray(lead), []
    for e in entries:
        at, sizes = len(body), (len(e.packed), len(e.data))
        extra = struct.pack("<HHQQ", 1, 16, sizes[1], sizes[0]) if e.zip64 else b""
        wide = struct.pack("<HHQQQ", 1, 24, sizes[1], sizes[0], at) if e.zip64 else b""
        shown = (0xFFFFFFFF, 0xFFFFFFFF) if e.zip64 else sizes
        need = 45 if e.zip64 else 20
        body += struct.pack(
            "<IHHHHHIIIHH", 0x04034B50, need, 0x0800, e.method, 0, 0x21, e.crc, *shown, len(e.name), len(extra)
        )
        body += e.name + extra + e.packed
        central.append(
            struct.pack(
                "<IHHHHHHIIIHHHHHII",
                0x02014B50,
                need,
                need,
                0x0800,
                e.method,
                0,
                0x21,
                e.crc,
                *shown,
                len(e.name),
                len(wide),
                0,
                0,
                0,
                0,
                0xFFFFFFFF if e.zip64 else at,
            )
            + e.name
            + wide
        )
    directory = b"".join(central[i] for i in (order or range(len(central))))
    at, count = len(body), len(entries)
    body += directory
    if zip64_end:
        end = len(body)
        body += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(directory), at)
        body += struct.pack("<IIQI", 0x07064B50, 0, end, 1)
        count, at, size = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    else:
        size = len(directory)
    body += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, size, at, len(comment)) + comment
    return bytes(body) + trail


def records(
    pickle: bytes, storages: dict[str, bytes], root="archive", byteorder: str | None = "little", **options
) -> list[Entry]:
    prefix = f"{root}/" if root else ""
    found = [Entry(f"{prefix}data.pkl", pickle, **options)]
    if byteorder is not None:
        found.append(Entry(f"{prefix}byteorder", byteorder.encode(), **options))
    found += [Entry(f"{prefix}data/{key}", data, **options) for key, data in storages.items()]
    return found + [Entry(f"{prefix}version", b"3\n", **options)]


def torch_archive(pickle: bytes, storages: dict[str, bytes], byteorder="little", version_records=True) -> bytes:
    """Any pickle through torch's own writer: its headers, padding and descriptors around bytes of ours."""
    buffer = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(buffer)
    writer.write_record("data.pkl", pickle, len(pickle))
    if version_records:
        writer.write_record(".format_version", b"1", 1)
        writer.write_record(".storage_alignment", b"64", 2)
    if byteorder:
        writer.write_record("byteorder", byteorder.encode(), len(byteorder))
    for key, data in storages.items():
        writer.write_record(f"data/{key}", data, len(data))
    writer.write_end_of_file()
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """An archive's records by name, in the directory's order."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
