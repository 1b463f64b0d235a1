"""Checkpoints one wrapping deeper: in zip, tar and gzip, as frameworks pack them. torch reads none of them itself."""

import collections
import gzip
import io
import json
import tarfile
import zipfile

import torch

from recipes.legacy import write_legacy
from recipes.zip_tensors import floats

NAMES = ("body.weight", "body.bias", "head.weight")


def weights(shift: int = 0) -> collections.OrderedDict:
    body, head = floats(4, 3) + shift, floats(2, 4).half()
    return collections.OrderedDict(zip(NAMES, (body, body[0], head)))


def saved(value, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def optimizer() -> bytes:
    net = torch.nn.Linear(2, 3)
    adam = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    adam.step()
    return saved(adam.state_dict())


def zipped(*members: tuple[str, bytes], deflate=False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members:
            method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return buffer.getvalue()


def tarred(*members: tuple[str, bytes], form=tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def write(book) -> None:
    sd, file = weights(), saved(weights())

    def put(name: str, data: bytes, about: str, expected=sd, **note) -> None:
        book.write(name, data, expected, about, "wrapped", torch_reads="not its own", note=note)

    def refuse(name: str, data: bytes, about: str, reason: str) -> None:
        put(name, data, about, {}, refused=reason)

    beside = [("data", b"{}"), ("_stable_baselines3_version", b"2.3.2")]
    put(
        "stable_baselines3.zip",
        zipped(
            *beside,
            ("policy.pth", file),
            ("policy.optimizer.pth", optimizer()),
            ("pytorch_variables.pth", saved(None)),
        ),
        "Stable-Baselines3: the policy is the only file of weights",
    )
    put(
        "soft_actor_critic.zip",
        zipped(
            *beside,
            ("actor.optimizer.pth", optimizer()),
            ("policy.pth", file),
            ("pytorch_variables.pth", saved({"log_ent_coef": torch.nn.Parameter(torch.tensor([0.5]))})),
        ),
        "a temperature beside the policy, which is one number",
    )
    refuse(
        "two_files_of_weights.zip",
        zipped(*beside, ("policy.pth", file), ("pytorch_variables.pth", saved(weights(1)))),
        "two files of weights",
        "one must be chosen",
    )
    manifest = json.dumps({"runtime": "python", "model": {"serializedFile": "model.pth"}}).encode()
    put(
        "torchserve.mar",
        zipped(("MAR-INF/MANIFEST.json", manifest), ("model.pth", file), ("handler.py", b"import os\n"), deflate=True),
        "TorchServe: deflated, with a handler and a manifest",
    )
    legacy = book.path("net.pth")
    write_legacy(legacy, sd)
    put("legacy.zip", zipped(("net.pth", legacy.read_bytes())), "a legacy file in a zip")
    legacy.unlink()
    put("nemo.nemo", tarred(("./model_config.yaml", b"a: 1\nb: 2\n"), ("./model_weights.ckpt", file)), "NeMo: tar")
    put("nemo_gzip.nemo", gzipped(tarred(("model_config.yaml", b"a: 1\n"), ("model_weights.ckpt", file))), "tar in gzip")
    put(
        "allennlp.tar.gz",
        gzipped(tarred(("config.json", b"{}"), ("vocabulary/tokens.txt", b"the\n"), ("weights.th", file))),
        "AllenNLP: weights.th",
    )
    long = "a folder with a name/" * 8 + "weights.th"
    for form, name in ((tarfile.PAX_FORMAT, "pax"), (tarfile.GNU_FORMAT, "gnu"), (tarfile.USTAR_FORMAT, "ustar")):
        data = tarred((long[:90] + "/" + long[-60:], file), form=form)
        put(f"long_name_{name}.tar", data, f"a name of 150 characters, {name}")
    put("checkpoint.pth.gz", gzipped(file), "gzip around a checkpoint")
    half = len(file) // 2
    put("two_streams.pth.gz", gzipped(file[:half]) + gzipped(file[half:]) + bytes(100), "two gzip streams, then zeros")
    put(
        "zip_in_tar.tar.gz", gzipped(tarred(("out/agent.zip", zipped(*beside, ("policy.pth", file))))), "a zip in a tar.gz"
    )
    keras = zipped(("metadata.json", b"{}"), ("config.json", b"{}"), ("model.weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(60)))
    refuse("model.keras", keras, "Keras 3: weights in HDF5", "no checkpoint in it")
    refuse("cut.pth.gz", gzipped(file)[:-200], "gzip, cut short", "its end is missing")
    damaged = bytearray(gzipped(file))
    damaged[-8] ^= 1
    refuse("damaged.pth.gz", bytes(damaged), "gzip whose CRC-32 is wrong", "CRC-32")
    # 96 MB of zeros behind the beginning of a checkpoint, in 500 bytes.
    refuse("bomb.pth.gz", gzipped(gzipped(file[:1024] + bytes(96 << 20))), "a gzip bomb in gzip", "inflates to too much")
    refuse("bomb.zip", gzipped(zipped(("a.pth", file[:1024] + bytes(96 << 20)), deflate=True)), "a zip bomb", "the same")
