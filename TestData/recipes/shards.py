"""Hugging Face shards: one checkpoint in several files and an index, of both kinds."""

import json

import torch
from safetensors.torch import save_file

from recipes.zip_tensors import floats
from tools.rows import describe

STATE = {
    "embed.weight": (5, 3),
    "layers.0.weight": (3, 3),
    "layers.0.bias": (3,),
    "layers.1.weight": (3, 3),
    "layers.1.bias": (3,),
    "head.weight": (2, 3),
}


def write(book) -> None:
    state = {name: floats(*shape, start=100.0 * i) for i, (name, shape) in enumerate(STATE.items())}
    names = list(state)
    halves = [names[:3], names[3:]]

    def put(
        folder, kind, about, files=halves, index=None, skip=(), extra=None, expected=None, legacy=False, **note
    ) -> None:
        """files: the names in each shard; index: the weight map, where it is not simply that."""
        stem, suffix = ("model", "safetensors") if kind == "safetensors" else ("pytorch_model", "bin")
        shards = [f"{stem}-{i + 1:05}-of-{len(files):05}.{suffix}" for i in range(len(files))]
        for shard, held in zip(shards, files):
            if shard in skip:
                continue
            tensors = {name: state[name] for name in held}
            write_shard(book.path(f"{folder}/{shard}"), kind, tensors, legacy)
        for shard, tensors in (extra or {}).items():
            write_shard(book.path(f"{folder}/{shard}"), kind, tensors, legacy)
        weight_map = {name: shard for shard, held in zip(shards, files) for name in held} if index is None else index
        size = sum(t.numel() * t.element_size() for t in state.values())
        text = json.dumps({"metadata": {"total_size": size}, "weight_map": weight_map}, indent=2) + "\n"
        book.path(f"{folder}/{stem}.{suffix}.index.json").write_text(text)
        found = describe(state if expected is None else expected)
        book.rows.append(
            {"file": f"{book.recipe}/{folder}", "container": "shards", "about": about, **found, "torch_loads": False}
            | note
        )

    put("bin", "bin", "pytorch_model.bin.index.json and two shards")
    put("bin_legacy", "bin", "shards in the legacy format", legacy=True)
    put("safetensors", "safetensors", "model.safetensors.index.json and two shards")
    put("one_shard", "safetensors", "an index over a single shard", files=[names])
    put(
        "index_sorted",
        "safetensors",
        "an index in the order of names, not of the shards",
        index={name: f"model-0000{1 if name in halves[0] else 2}-of-00002.safetensors" for name in sorted(names)},
    )
    kept = {name: state[name] for name in halves[0]}
    put(
        "missing_shard",
        "bin",
        "the index names a shard that is not there",
        skip=("pytorch_model-00002-of-00002.bin",),
        expected=kept,
        missing=["pytorch_model-00002-of-00002.bin"],
        refused="a missing shard",
    )
    put(
        "missing_shard_safetensors",
        "safetensors",
        "the index names a shard that is not there",
        skip=("model-00001-of-00002.safetensors",),
        expected={name: state[name] for name in halves[1]},
        missing=["model-00001-of-00002.safetensors"],
        refused="a missing shard",
    )
    put(
        "stale_shard",
        "safetensors",
        "a shard of an earlier save that the index does not name: left out, and said",
        extra={"model-00003-of-00003.safetensors": {"old.weight": floats(2), "head.weight": floats(2, 3)}},
        stale=["model-00003-of-00003.safetensors"],
    )
    put(
        "stale_bin",
        "bin",
        "a .bin shard that the index does not name",
        extra={"pytorch_model-00001-of-00001.bin": {"old": floats(2)}},
        stale=["pytorch_model-00001-of-00001.bin"],
    )
    whole = {name: f"model-0000{1 if name in halves[0] else 2}-of-00002.safetensors" for name in names}
    put(
        "missing_tensor",
        "safetensors",
        "the index names a tensor that its shard has not",
        index=whole | {"gone.weight": "model-00001-of-00002.safetensors"},
        missing=["gone.weight"],
        refused="a missing tensor",
    )
    put(
        "unlisted_tensor",
        "safetensors",
        "a shard has a tensor that the index does not name: left out, and said",
        index={name: shard for name, shard in whole.items() if name != "head.weight"},
        expected={n: t for n, t in state.items() if n != "head.weight"},
        stale=["head.weight"],
    )
    put(
        "climbing",
        "safetensors",
        "the index names a file outside the folder",
        index={names[0]: "../safetensors/model-00001-of-00002.safetensors"},
        expected={},
        refused="a shard outside the folder",
    )


def write_shard(path, kind: str, tensors: dict, legacy: bool) -> None:
    if kind == "safetensors":
        return save_file(tensors, path, {"format": "pt"})
    if not legacy:
        return torch.save(tensors, path)
    from recipes.legacy import write_legacy

    write_legacy(path, tensors)
