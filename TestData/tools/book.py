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

    def save(
        self,
        name: str,
        value,
        about: str,
        expected=None,
        *,
        note: dict | None = None,
        torch_reads="right",
        mmap="right",
        map_location=None,
        **options,
    ) -> None:
        """A file that torch.save writes. The expectation is what went in, unless given."""
        torch.save(value, self.path(name), **options)
        container = "zip" if options.get("_use_new_zipfile_serialization", True) else "legacy"
        self.expect(
            name,
            value if expected is None else expected,
            about,
            container,
            note=note,
            torch_reads=torch_reads,
            mmap=mmap,
            map_location=map_location,
        )

    def write(self, name: str, data: bytes, expected, about: str, container="zip", **checks) -> None:
        """A file written byte by byte."""
        self.path(name).write_bytes(data)
        self.expect(name, expected, about, container, **checks)

    def expect(
        self,
        name: str,
        expected,
        about: str,
        container: str,
        *,
        note: dict | None = None,
        torch_reads="right",
        mmap="right",
        map_location=None,
    ) -> None:
        """torch_reads: "right" (torch must give the expectation), "wrong" (it opens the file and gives other values),
        "refused" (it raises), "not its own" (no file for torch.load). In every case the expectation is what is right.
        mmap: the same for mmap=True, asked where plain reading is right and the container has it.
        note: more keys of the row."""
        found, path, loads = rows.describe(expected), self.path(name), False
        if torch_reads != "not its own":
            self.hold(path, found, torch_reads, weights_only=False, map_location=map_location)
            if container == "zip" and torch_reads == "right":
                self.hold(path, found, mmap, weights_only=False, map_location=map_location, mmap=True)
            loads = self.outcome(path, found, weights_only=True, map_location=map_location) != "refused"
        row = {"file": f"{self.recipe}/{name}", "container": container, "about": about, **found, "torch_loads": loads}
        if torch_reads == "wrong":
            row["torch_wrong"] = True
        self.rows.append(row | (note or {}))

    def hold(self, path: pathlib.Path, found: dict, wanted: str, **options) -> None:
        outcome = self.outcome(path, found, **options)
        assert outcome == wanted, f"{path.name} with {options}: torch reads it {outcome}, not {wanted}: {self.reason}"

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
