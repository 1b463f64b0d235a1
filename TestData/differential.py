"""Holds what pth2swt reads against what torch's safe loader reads, of random checkpoints and of broken ones.

    refpython TestData/differential.py COMMAND COUNT [SEED]

Makes COUNT checkpoints with torch; two thirds are changed afterwards: opcodes and numbers of the pickle, storages, records, single
bytes. Each is read by `torch.load(weights_only=True)` and by `COMMAND inspect --json --hashes`. Where torch gives tensors, ours must be
the same by name, dtype, shape and SHA-256, or the file must be refused. (Where torch refuses a file, we may read it.)

Prints each difference with its seed, then how many files came out how, with the reasons of refusals; exits 1 if anything differs.
"""

import collections
import hashlib
import json
import os
import pathlib
import pickletools
import random
import resource
import signal
import subprocess
import sys
import tempfile
import warnings
import zipfile

import torch
from tools.archives import torch_archive
from tools.made import random_checkpoint, save
from tools.rows import Walk, row

BATCH = 100
warnings.filterwarnings("ignore")


# Broken checkpoints


def changed_pickle(data: bytes, numbers: random.Random) -> bytes:
    kind = numbers.randrange(5)
    if kind < 2:
        changed = bytearray(data)
        for _ in range(numbers.randint(1, 3)):
            changed[numbers.randrange(len(changed))] = numbers.randrange(256)
        return bytes(changed)
    operations = list(pickletools.genops(data))
    ends = [position for _, _, position in operations[1:]] + [len(data)]
    parts = [(opcode, data[start:end]) for (opcode, _, start), end in zip(operations, ends)]
    place = numbers.randrange(len(parts) - 1)
    if kind == 2:
        whole = [i for i, (opcode, _) in enumerate(parts) if opcode.name in ("BININT", "BININT1", "BININT2", "BINGET", "BINPUT", "LONG1")]
        place = numbers.choice(whole or [place])
        opcode, part = parts[place]
        number = numbers.choice([0, 1, 2, 3, 5, 8, 255, numbers.randrange(256)])
        size = len(part) - 1
        parts[place] = (opcode, part[:1] + number.to_bytes(max(size, 1), "little")[:size])
    elif kind == 3:
        other = numbers.randrange(len(parts) - 1)
        parts[place], parts[other] = parts[other], parts[place]
    elif numbers.random() < 0.5:
        del parts[place]
    else:
        parts.insert(place, parts[place])
    return b"".join(part for _, part in parts)


def change(path: pathlib.Path, numbers: random.Random) -> None:
    data = path.read_bytes()
    if not zipfile.is_zipfile(path) or numbers.random() < 0.1:
        changed = bytearray(data)
        for _ in range(numbers.randint(1, 3)):
            changed[numbers.randrange(len(changed))] = numbers.randrange(256)
        path.write_bytes(changed)
        return
    with zipfile.ZipFile(path) as archive:
        records = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    storages = {name.removeprefix("data/"): part for name, part in records.items() if name.startswith("data/")}
    pickle, byteorder = records["data.pkl"], "little"
    kind = numbers.randrange(8)
    if kind < 5 or not storages:
        pickle = changed_pickle(pickle, numbers)
    elif kind == 5:
        key = numbers.choice(list(storages))
        part = storages[key]
        storages[key] = numbers.choice([part[:-1], part[: len(part) // 2], part + b"\0", b"", part[::-1]])
    elif kind == 6:
        key = numbers.choice(list(storages))
        part = storages.pop(key)
        if numbers.random() < 0.5:
            storages[numbers.choice(["0", "99", key + "0"])] = part
    else:
        byteorder = "big"
    path.write_bytes(torch_archive(pickle, storages, byteorder))


# Readers


def flipped_digest(tensor: torch.Tensor) -> str:
    """The SHA-256 of a view with a neg bit in which only signs are flipped: torch computes some of them by float32, and so makes
    signalling NaNs quiet."""
    plain = torch._neg_view(tensor).detach().contiguous()
    size = plain.element_size() // (2 if plain.is_complex() else 1)
    raw = bytearray(torch.empty(plain.numel(), dtype=plain.dtype).copy_(plain.reshape(-1)).view(torch.uint8).numpy().tobytes())
    for last in range(size - 1, len(raw), size):
        raw[last] ^= 0x80
    return hashlib.sha256(raw).hexdigest()


# Of the halves torch makes some signalling NaNs quiet, of complex64 it leaves the sign of some NaNs.
NEGATED = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64)
# What torch reads wrongly of big-endian files: it does not swap these (TestData/recipes/big_endian.py has the right values).
NOT_SWAPPED = {torch.uint16, torch.uint32, torch.uint64, torch.complex32}


def rows_of(path: str) -> list:
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            is_big = any(name.endswith("byteorder") and archive.read(name) == b"big" for name in archive.namelist())
    except zipfile.BadZipFile:
        is_big = False
    for name, tensor in Walk(torch.load(path, weights_only=True)).tensors:
        one = row(name, tensor)
        hashes = [one.get("sha256")]
        if tensor.is_neg() and (tensor.is_floating_point() or tensor.is_complex()) and tensor.numel():
            hashes.append(flipped_digest(tensor))
        if is_big and tensor.dtype in NOT_SWAPPED:
            hashes.append(None)
        found.append([name, one["dtype"], one.get("shape"), hashes])
    return found


def by_torch(paths: list) -> list:
    """Of each file the rows that torch reads, or why there are none: text. A file that ends the process, or takes 20 s, is one."""
    results = []
    while len(results) < len(paths):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            with os.fdopen(writer, "w") as pipe:
                for path in paths[len(results):]:
                    signal.alarm(20)
                    try:
                        answer = rows_of(path)
                    except BaseException as error:
                        answer = type(error).__name__
                    pipe.write(json.dumps(answer) + "\n")
                    pipe.flush()
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            results += [json.loads(line) for line in pipe if line.endswith("\n")]
        os.waitpid(child, 0)
        if len(results) < len(paths):
            results.append("the process ended")
    return results


def by_ours(command: str, paths: list) -> list:
    """Of each file the rows that we read, or the error's code and message."""
    run = subprocess.run([command, "inspect", "--json", "--hashes", *paths], capture_output=True, text=True)
    if run.returncode < 0:
        raise SystemExit(f"{command} ended by signal {-run.returncode}")
    results = {}
    for line in run.stdout.splitlines():
        report = json.loads(line)
        if "error" in report:
            results[report["error"]["file"]] = (report["error"]["code"], report["error"]["message"])
        else:
            results[report["file"]] = [[t["name"], t["dtype"], t.get("shape"), t.get("sha256")] for t in report["tensors"]]
    return [results[path] for path in paths]


def differences(theirs: list, ours: list) -> list[str]:
    lines = []
    found = {}
    for name, *rest in ours:
        found.setdefault(name, []).append(rest)
    for name, dtype, shape, hashes in theirs:
        rest = found[name].pop(0) if found.get(name) else None
        if rest is None:
            lines.append(f"{name!r} is lost")
        elif rest[0] != dtype or rest[1] != shape or (None not in hashes and rest[2] not in hashes):
            lines.append(f"{name!r}: {rest} is not {[dtype, shape, *hashes]}")
    return lines + [f"{name!r} is not there" for name, more in found.items() if more]


def main() -> None:
    command, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    outcomes, reasons, failed = collections.Counter(), collections.Counter(), 0
    for first in range(seed, seed + count, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number in range(first, min(first + BATCH, seed + count)):
                numbers = random.Random(number)
                path = pathlib.Path(folder) / f"{number}.pth"
                save(random_checkpoint(numbers, NEGATED), path, numbers)
                if number % 3:
                    change(path, numbers)
                paths.append(str(path))
            for path, theirs, ours in zip(paths, by_torch(paths), by_ours(command, paths)):
                if isinstance(theirs, str):
                    outcomes["refused by torch, " + ("refused here too" if isinstance(ours, tuple) else "read here")] += 1
                elif isinstance(ours, tuple):
                    outcomes["read by torch, refused here"] += 1
                    reasons[ours[0]] += 1
                    if int(pathlib.Path(path).stem) % 3 == 0 or reasons[ours[0]] <= 2:
                        print(f"seed {pathlib.Path(path).stem}: refused: {ours[0]}: {ours[1]}", flush=True)
                elif lines := differences(theirs, ours):
                    failed += 1
                    outcomes["different"] += 1
                    for line in lines[:3]:
                        print(f"seed {pathlib.Path(path).stem}: {line}", flush=True)
                else:
                    outcomes["the same"] += 1
    for outcome, number in sorted(outcomes.items()):
        print(f"{number:7}  {outcome}")
    for code, number in reasons.most_common():
        print(f"{number:7}  of the refused: {code}")
    sys.exit(1 if failed else 0)


main()
