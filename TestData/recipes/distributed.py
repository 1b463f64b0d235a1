"""torch.distributed.checkpoint: a folder of .metadata and .distcp, tensors in chunks of several ranks."""

import io
import json
import pickle
import types
import uuid
import warnings

import safetensors.torch
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import filesystem, format_utils, metadata
from torch.distributed.checkpoint.state_dict import get_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from recipes.ranks import run
from recipes.zip_tensors import floats, sample
from tools.rows import describe
from tools.safetensors_bytes import with_metadata


def write(book) -> None:
    # The id of a save is random and is part of .metadata: a fixed one makes the same bytes each time.
    filesystem.uuid = types.SimpleNamespace(uuid4=lambda: uuid.UUID(int=7))
    tied = floats(2, 2)
    state = {
        "model": {
            "conv.weight": floats(2, 3),
            "layers": [floats(2), floats(1)],
            "half": floats(4, 2).half().t(),
            "scalar": torch.tensor(2.5),
            "empty": torch.empty(0, 3),
            "slice": floats(9)[3:5],
            "tied": tied,
            "tied_again": tied,
            "parameter": torch.nn.Parameter(floats(3)),
        },
        "optimizer": {
            "state": {0: {"step": torch.tensor(4.0), "exp_avg": floats(2, 3)}},
            "param_groups": [{"lr": 0.1, "params": [0]}],
        },
        "epoch": 3,
        "note": "größe",
    }
    save(book, "plain", state, "one rank: tensors, values, an optimizer")
    save(
        book,
        "dtypes",
        {
            name: sample(name)
            for name in ("bool", "uint8", "int64", "bfloat16", "float64", "complex64", "float8_e4m3fn", "uint16")
        },
        "tensors of other types",
    )
    chunked(book)
    hugging_face(book)
    serialized_as_safetensors(book, state)
    fsdp(book)


def save(book, name: str, state, about: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = f"fixtures/{book.recipe}/{name}"  # relative, since .metadata keeps it
        dcp.save(state, storage_writer=dcp.FileSystemWriter(folder), no_dist=True)
    check(book, name, about)


def check(book, name: str, about: str, **note) -> None:
    """torch's own loader fills zeros of the stored sizes; names and order are .metadata's."""
    folder = book.folder / name
    stored = pickle.loads((folder / ".metadata").read_bytes())
    blank = {
        fqn: torch.zeros(entry.size, dtype=entry.properties.dtype)
        for fqn, entry in stored.state_dict_metadata.items()
        if isinstance(entry, metadata.TensorStorageMetadata)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.load(blank, storage_reader=dcp.FileSystemReader(folder), no_dist=True)
    for fqn, tensor in blank.items():
        entry = stored.state_dict_metadata[fqn]
        blank[fqn] = tensor.requires_grad_(entry.properties.requires_grad)
    values = [
        fqn for fqn, entry in stored.state_dict_metadata.items() if isinstance(entry, metadata.BytesStorageMetadata)
    ]
    book.rows.append(
        {"file": f"{book.recipe}/{name}", "container": "dcp", "about": about, **describe(blank), "torch_loads": False}
        | ({"bytes_items": values} if values else {})
        | note
    )


def serialized_as_safetensors(book, state) -> None:
    """SerializationFormat.SAFETENSORS, which torch's own reader cannot read back: all tensors of a rank in one file
    behind its other items, where each tensor's place is the start of that file and the tensor's own length."""
    kept = {key: tensor for key, tensor in state["model"].items() if key not in ("layers", "tied_again")}
    kept["half"] = kept["half"].contiguous()
    writer = filesystem.FileSystemWriter(
        f"fixtures/{book.recipe}/safetensors_items",
        serialization_format=filesystem.SerializationFormat.SAFETENSORS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save({"model": kept, "epoch": 3}, storage_writer=writer, no_dist=True)
    found = describe({f"model.{key}": tensor for key, tensor in kept.items()})
    about = "SerializationFormat.SAFETENSORS: one safetensors file of all tensors behind the other items"
    book.rows.append(
        {"file": f"{book.recipe}/safetensors_items", "container": "dcp", "about": about, **found, "torch_loads": False}
        | {"bytes_items": ["epoch"]}
    )


def fsdp(book) -> None:
    """What FSDP saves on two ranks, and the same state as one .pth file, by torch's own converter."""
    torch.set_num_threads(1)  # before processes are forked
    run(2, save_fsdp, book)
    check(book, "fsdp", "a model and its optimizer of FSDP on two ranks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        format_utils.dcp_to_torch_save(book.folder / "fsdp", book.path("fsdp.pth"))
    whole = torch.load(book.folder / "fsdp.pth")
    book.expect("fsdp.pth", whole, "what dcp_to_torch_save makes of fsdp", "zip")


def save_fsdp(rank: int, book) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5))
    with torch.no_grad():
        net[0].weight.copy_(floats(5, 3))
        net[0].bias.copy_(floats(5))
    fully_shard(net, mesh=init_device_mesh("cpu", (2,)))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.5)
    net(floats(4, 3)).sum().backward()
    optimizer.step()
    model, state = get_state_dict(net, optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = f"fixtures/{book.recipe}/fsdp"  # relative, since .metadata keeps it
        dcp.save({"model": model, "optim": state, "step": 7}, storage_writer=dcp.FileSystemWriter(folder))


def chunked(book) -> None:
    """Two ranks' files, written with torch's own classes: rows, columns, a grid of blocks, chunks out of order."""
    tensors = {
        "rows": floats(5, 3),
        "columns": floats(3, 4).half(),
        "grid": floats(4, 4),
        "whole": torch.tensor([7, 8]),
    }
    cuts = {
        "rows": [(0, (0, 0), (3, 3)), (1, (3, 0), (2, 3))],
        "columns": [(0, (0, 0), (3, 2)), (1, (0, 2), (3, 2))],
        "grid": [(1, (2, 2), (2, 2)), (0, (0, 0), (2, 2)), (1, (2, 0), (2, 2)), (0, (0, 2), (2, 2))],
        "whole": [(1, (0,), (2,))],
    }
    files, places, entries = {0: bytearray(), 1: bytearray()}, {}, {}
    for fqn, tensor in tensors.items():
        chunks = []
        for index, (rank, offsets, sizes) in enumerate(cuts[fqn]):
            part = tensor[tuple(slice(o, o + s) for o, s in zip(offsets, sizes))].contiguous()
            buffer = io.BytesIO()
            torch.save(part, buffer)
            place = filesystem._StorageInfo(f"__{rank}_0.distcp", len(files[rank]), len(buffer.getvalue()))
            places[metadata.MetadataIndex(fqn, torch.Size(offsets), index)] = place
            files[rank] += buffer.getvalue()
            chunks.append(metadata.ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)))
        entries[fqn] = metadata.TensorStorageMetadata(
            metadata.TensorProperties(dtype=tensor.dtype), tensor.size(), chunks
        )
    whole = metadata.Metadata(
        entries, {fqn: (fqn,) for fqn in tensors}, places, metadata.StorageMeta("chunked", save_id="7")
    )
    for name, protocol in (("chunked", 4), ("chunked_protocol_2", 2)):
        for rank, data in files.items():
            book.path(f"{name}/__{rank}_0.distcp").write_bytes(bytes(data))
        book.path(f"{name}/.metadata").write_bytes(pickle.dumps(whole, protocol))
        check(
            book,
            name,
            "two ranks: chunks of rows, of columns and of a grid, out of order"
            + ("" if protocol == 4 else "; .metadata in protocol 2"),
        )
        read = {row["name"]: row["sha256"] for row in book.rows[-1]["tensors"]}
        assert read == {row["name"]: row["sha256"] for row in describe(tensors)["tensors"]}

    # What each rank writes for itself, when no rank gathers: the union of these is the checkpoint.
    for rank, data in files.items():
        book.path(f"rank_local/__{rank}_0.distcp").write_bytes(bytes(data))
        held, mine = {}, {}
        for fqn, entry in entries.items():
            chunks = [c for i, c in enumerate(entry.chunks) if cuts[fqn][i][0] == rank]
            for index, chunk in enumerate(chunks):  # each rank counts its own; the offsets are what names a chunk
                mine[metadata.MetadataIndex(fqn, chunk.offsets, index)] = places[
                    metadata.MetadataIndex(fqn, chunk.offsets)
                ]
            if chunks:
                held[fqn] = metadata.TensorStorageMetadata(entry.properties, entry.size, chunks)
        local = metadata.Metadata(
            held, {fqn: (fqn,) for fqn in held}, mine, metadata.StorageMeta("rank_local", save_id="7")
        )
        book.path(f"rank_local/__{rank}.metadata").write_bytes(pickle.dumps(local, 4))
    book.rows.append(
        book.rows[-1]
        | {"file": f"{book.recipe}/rank_local", "about": "no .metadata: each rank's own, __0.metadata and __1.metadata"}
    )

    gone = metadata.Metadata(
        {
            fqn: entry
            if fqn != "rows"
            else metadata.TensorStorageMetadata(entry.properties, entry.size, entry.chunks[:1])
            for fqn, entry in entries.items()
        },
        whole.planner_data,
        {index: place for index, place in places.items() if index.fqn != "rows" or index.index == 0},
        whole.storage_meta,
    )
    for rank, data in files.items():
        book.path(f"chunk_missing/__{rank}_0.distcp").write_bytes(bytes(data))
    book.path("chunk_missing/.metadata").write_bytes(pickle.dumps(gone, 4))
    left = describe({fqn: tensor for fqn, tensor in tensors.items() if fqn != "rows"})
    book.rows.append(
        {
            "file": f"{book.recipe}/chunk_missing",
            "container": "dcp",
            "about": "the chunks of one tensor do not cover it: no zeros for the rest",
            **left,
            "torch_loads": False,
            "missing": ["rows"],
            "refused": "a tensor with a hole",
        }
    )
    book.path("file_missing/__0_0.distcp").write_bytes(bytes(files[0]))
    book.path("file_missing/.metadata").write_bytes(pickle.dumps(whole, 4))
    book.rows.append(
        {
            "file": f"{book.recipe}/file_missing",
            "container": "dcp",
            "about": "a .distcp file is not there",
            "tensors": [],
            "ties": [],
            "torch_loads": False,
            "missing": ["__1_0.distcp"],
            "refused": "a missing file",
        }
    )


def hugging_face(book) -> None:
    """The safetensors variant: no .metadata, each file tells its chunks' offsets; a size is as far as chunks reach."""
    tensors = {"rows": floats(5, 3), "grid": floats(4, 4).half(), "whole": torch.tensor([7, 8])}
    files = [
        {"rows": ((0, 0), tensors["rows"][:3]), "grid": ((0, 0), tensors["grid"][:, :2])},
        {
            "rows": ((3, 0), tensors["rows"][3:]),
            "grid": ((0, 2), tensors["grid"][:, 2:]),
            "whole": ((0,), tensors["whole"]),
        },
    ]
    for rank, held in enumerate(files):
        offsets = {name: {"saved_offsets": list(at)} for name, (at, _) in held.items()}
        data = safetensors.torch.save({name: part.contiguous() for name, (_, part) in held.items()})
        info = {"DCP_SHARDING_INFO": json.dumps(offsets), "DCP_VERSION": "1.0", "format": "pt"}
        path = book.path(f"safetensors/shard-{rank + 1:05}-model-00001-of-00001.safetensors")
        path.write_bytes(with_metadata(data, info))
    blank = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.load(blank, storage_reader=dcp.HuggingFaceStorageReader(book.folder / "safetensors"), no_dist=True)
    found = describe(tensors)
    assert describe(blank)["tensors"] == found["tensors"]
    about = "the safetensors variant: chunks of two ranks, their offsets in DCP_SHARDING_INFO"
    book.rows.append(
        {"file": f"{book.recipe}/safetensors", "container": "dcp", "about": about, **found, "torch_loads": False}
    )
