"""Keeps a recipe's fixtures: writes the file, holds the expectation against torch, keeps the row of expected.json."""

import pathlib
import shutil

import torch

from tools import rows


class Book:
    def __init__(self, fixtures: pathlib.Path, recipe: str):
        self.recipe, self.folder, self.rows, self.reason = recipe, fixtures / recipe, [], ""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        torch.manual_seed(0)

    def path(self, name: str) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def save(self, name: str, value, about: str, expected=None, torch_reads="right", note: dict | None = None, **options) -> None:
        """A file that torch.save writes. The expectation is what went in, unless given."""
        torch.save(value, self.path(name), **options)
        container = "zip" if options.get("_use_new_zipfile_serialization", True) else "legacy"
        self.expect(name, value if expected is None else expected, about, container, torch_reads, note)

    def write(self, name: str, data: bytes, expected, about: str, container="zip", torch_reads="right", note=None) -> None:
        """A file written byte by byte."""
        self.path(name).write_bytes(data)
        self.expect(name, expected, about, container, torch_reads, note)

    def expect(self, name: str, expected, about: str, container: str, torch_reads="right", note=None) -> None:
        """torch_reads: 'right' (torch must give the expectation), 'wrong' (it opens the file and gives other values),
        'refused' (it raises), 'not its own' (no file of torch.load's). In every case the expectation is what is right."""
        found, path = rows.describe(expected), self.path(name)
        loads = False
        if torch_reads != "not its own":
            outcome = self.outcome(path, found, weights_only=False)
            assert outcome == torch_reads, f"{path.name}: torch reads it {outcome}, not {torch_reads}: {self.reason}"
            # mmap=True checks less and reads storages elsewhere: it must agree wherever plain reading is right.
            if container == "zip" and torch_reads == "right" and "no_mmap" not in (note or {}):
                outcome = self.outcome(path, found, weights_only=False, mmap=True)
                assert outcome == "right", f"{path.name}: with mmap torch reads it {outcome}: {self.reason}"
            loads = self.outcome(path, found, weights_only=True) != "refused"
        row = {"file": f"{self.recipe}/{name}", "container": container, "about": about, **found, "torch_loads": loads}
        if torch_reads == "wrong":
            row["torch_wrong"] = True
        self.rows.append(row | {key: value for key, value in (note or {}).items() if key != "no_mmap"})

    def outcome(self, path: pathlib.Path, found: dict, **options) -> str:
        try:
            value = torch.load(path, **options)
        except Exception as error:
            self.reason = str(error)
            return "refused"
        read = rows.describe(value)
        for key in ("tensors", "ties", "arrays", "metadata_versions"):
            if read.get(key) != found.get(key):
                self.reason = f"{key}\nread {read.get(key)}\nput  {found.get(key)}"
                return "wrong"
        return "right"
