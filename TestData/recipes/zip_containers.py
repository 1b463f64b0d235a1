"""The zip archive around a state dict: roots, orders, methods, alignment, checksums, and what repacking changes."""

import io
import zipfile

import torch
from torch.utils.serialization import config

from recipes.zip_tensors import floats
from tools import opcodes as op
from tools.archives import Entry, archive, records, torch_archive, unpack


def saved(value, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def rezip(entries: dict[str, bytes], method=zipfile.ZIP_STORED, force_zip64=False) -> bytes:
    """What Python's zipfile makes of them, without today's date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with file.open(info, "w", force_zip64=force_zip64) as entry:
                entry.write(data)
    return buffer.getvalue()


def write(book) -> None:
    state = {"weight": floats(3, 4), "bias": floats(4), "half": floats(5).half()}
    plain = saved(state)
    parts = unpack(plain)
    roots(book, state, plain, parts)
    packing(book, state, plain, parts)
    order(book)
    lengths(book)


def roots(book, state, plain, parts) -> None:
    book.save("plain.pth", state, "as torch.save writes it")
    book.save("odd name (1).v2.pth.tar", state, "the root is the file's name without its last extension")
    book.save("größe.pth", state, "a file name outside ASCII: torch names the root archive")
    moved = {name.removeprefix("archive/"): data for name, data in parts.items()}
    book.write("root_none.pth", rezip(moved), state, "records at the top, no root", torch_reads="refused")
    book.write(
        "root_two_levels.pth",
        rezip({f"a/b/{k}": v for k, v in moved.items()}),
        state,
        "a root two folders down",
        torch_reads="refused",
    )
    book.write(
        "root_dotted.pth",
        rezip({f"my model.pth/{k}": v for k, v in moved.items()}),
        state,
        "a root with a space and a dot",
    )
    book.write("root_unicode.pth", rezip({f"модель/{k}": v for k, v in moved.items()}), state, "a root outside ASCII")
    foreign = {"__MACOSX/._archive": b"\0\5\26\7", ".DS_Store": b"x"} | parts
    book.write(
        "macosx_first.pth",
        rezip(foreign, zipfile.ZIP_DEFLATED),
        state,
        "repacked on a Mac: deflated, with foreign entries first",
        torch_reads="refused",
    )
    decoy = parts | {"archive/extra/data.pkl": b"\x80\x02}.", "archive/x.data.pkl": b"\x80\x02}."}
    book.write(
        "root_decoys.pth", rezip(decoy), state, "a deeper data.pkl and an x.data.pkl: the shortest path is the root"
    )
    upper = {f"archive/{name.upper()}": data for name, data in moved.items()}
    book.write("case_upper.pth", rezip(upper), state, "records in capitals: torch looks names up without regard to case")
    folders = {"archive/": b"", "archive/data/": b""} | parts
    book.write("folder_entries.pth", rezip(folders), state, "entries for folders, as zip -r makes them")


def packing(book, state, plain, parts) -> None:
    book.write(
        "deflated.pth",
        rezip(parts, zipfile.ZIP_DEFLATED),
        state,
        "repacked with deflate; torch's mmap=True reads the packed bytes as values",
        mmap="wrong",
    )
    mixed = [Entry(name, data, deflate=not name.endswith("/0")) for name, data in parts.items()]
    book.write("deflated_mixed.pth", archive(mixed), state, "stored and deflated entries side by side", mmap="wrong")
    book.write(
        "stored_unaligned.pth",
        archive([Entry(n, d) for n, d in parts.items()]),
        state,
        "repacked without padding: storages at odd offsets",
    )
    book.write("trailing_bytes.pth", plain + b"\0" * 300, state, "300 bytes after the archive")
    book.write(
        "comment.pth",
        archive([Entry(n, d) for n, d in parts.items()], comment=b"made by hand"),
        state,
        "an archive comment",
    )
    lead = archive([Entry(n, d) for n, d in parts.items()], lead=b"#!/bin/sh\nexit 0\n")
    book.write("leading_bytes.pth", lead, state, "leading bytes that the offsets count", torch_reads="refused")
    book.write(
        "zip64_entries.pth",
        archive([Entry(n, d, zip64=True) for n, d in parts.items()]),
        state,
        "small, but each size and offset in a zip64 extra field",
    )
    book.write(
        "zip64_end.pth",
        archive([Entry(n, d) for n, d in parts.items()], zip64_end=True),
        state,
        "small, but the directory's place in a zip64 end record",
    )
    book.write(
        "zip64_both.pth",
        archive([Entry(n, d, zip64=True) for n, d in parts.items()], zip64_end=True),
        state,
        "zip64 throughout",
    )
    book.write(
        "zip64_zipfile.pth",
        rezip(parts, force_zip64=True),
        state,
        "zipfile's force_zip64: zip64 in the local headers alone",
    )

    alignment = config.save.storage_alignment
    config.save.storage_alignment = 4096
    book.save(
        "alignment_4096.pth", {"a": floats(3), "b": floats(5)}, ".storage_alignment 4096: every record begins at a page"
    )
    config.save.storage_alignment = alignment
    torch.serialization.set_crc32_options(False)
    book.save("crc_off.pth", state, "set_crc32_options(False): a CRC of 0 means not computed")
    torch.serialization.set_crc32_options(True)
    zeroed = [Entry(n, d, crc=0) for n, d in parts.items()]
    book.write("crc_zero.pth", archive(zeroed), state, "every CRC 0, also in a hand-made archive")
    with torch.serialization.skip_data():
        torch.save(state, book.path("skip_data.pth"))
    zeros = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    book.expect("skip_data.pth", zeros, "skip_data(): records of zeros with CRC 0", "zip")


def order(book) -> None:
    many = {f"layer{i}": floats(2, start=10.0 * i) for i in range(13)}
    book.save("order_numeric.pth", many, "13 storages, written 0 … 12 by number")
    entries = unpack(saved(many))
    by_text = dict(sorted(entries.items(), key=lambda item: item[0]))
    by_text.pop("archive/.format_version")
    book.write(
        "order_lexicographic.pth",
        archive([Entry(n, d) for n, d in by_text.items()]),
        many,
        "data/10 before data/2, as before .format_version, which is absent",
    )
    entries = [Entry(n, d) for n, d in entries.items()]
    book.write(
        "order_directory_reversed.pth",
        archive(entries, order=list(reversed(range(len(entries))))),
        many,
        "the central directory lists the entries backwards",
    )
    back = torch_archive(
        op.pickle(op.dict_of({"b": op.tensor(op.storage(key="10")), "a": op.tensor(op.storage(key="2"))})),
        {"2": floats(4).numpy().tobytes(), "10": floats(4, start=50).numpy().tobytes()},
    )
    book.write(
        "order_keys_backwards.pth", back, {"b": floats(4, start=50), "a": floats(4)}, "keys 10 and 2, met in that order"
    )
    named = op.pickle(op.dict_of({"w": op.tensor(op.storage(key="weights-a"))}))
    book.write(
        "order_text_key.pth",
        torch_archive(named, {"weights-a": floats(4).numpy().tobytes()}),
        {"w": floats(4)},
        "a storage key that is no number",
    )


def lengths(book) -> None:
    pickle, raw = op.pickle(op.dict_of({"w": op.tensor(op.storage())})), floats(4).numpy().tobytes()
    book.write(
        "no_byteorder.pth",
        torch_archive(pickle, {"0": raw}, byteorder="", version_records=False),
        {"w": floats(4)},
        "no byteorder record, as before torch 2.1: little",
    )
    version = [Entry("archive/data.pkl", pickle), Entry("archive/data/0", raw), Entry("archive/.data/version", b"3\n")]
    book.write("version_in_data.pth", archive(version), {"w": floats(4)}, "the version record under .data/")
    for number in (4, 10):
        changed = [
            Entry(e.name, b"%d\n" % number if e.name.endswith(b"version") else e.data)
            for e in records(pickle, {"0": raw})
        ]
        book.write(f"version_{number}.pth", archive(changed), {"w": floats(4)}, f"record version {number}")
    book.write(
        "storage_longer.pth",
        torch_archive(pickle, {"0": raw + b"\xff" * 24}),
        {"w": floats(4)},
        "a storage record longer than the pickle says; torch refuses it, with mmap opens it",
        torch_reads="refused",
    )
    unused = op.pickle(op.dict_of({"w": op.tensor(op.storage(key="1"))}))
    book.write(
        "storage_unused.pth",
        torch_archive(unused, {"0": b"\xee" * 16, "1": raw}),
        {"w": floats(4)},
        "a storage record that no tensor uses",
    )
    shown = op.pickle(
        op.dict_of({"empty": op.tensor(op.storage(numel=0), (0, 3), (3, 1)), "w": op.tensor(op.storage(key="1"))})
    )
    book.write(
        "storage_empty.pth",
        torch_archive(shown, {"0": b"", "1": raw}),
        {"empty": torch.empty(0, 3), "w": floats(4)},
        "a storage of no bytes has an entry of no bytes",
    )
