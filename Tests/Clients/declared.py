"""Declarations that `pth2swt declare` writes, compiled together and held against their checkpoints.

Of every model of the catalogue, every state dict of the fixtures, and every file of ../shared/corpus where that is: the source
compiles, its registry has the checkpoint's names, shapes and dtypes, and the model loads.
"""
import json
import pathlib
import re
import struct
import subprocess

DTYPES = {"float32": "F32", "int64": "I64"}
SIZES = {"F32": 4, "I64": 8}

CHECK = """import Foundation
import ModelParameters
import StateDicts
import TorchCheckpoints

/// Checks a declaration against the checkpoint that it was written for.
func check<Model: LoadableModel>(_: Model.Type, _ path: String, _ key: String?) throws where Model.Configuration == Void {
  let weights = try loadStateDict(url: URL(fileURLWithPath: path), key: key)
  let declared = weights.filter { $0.tensor.composition == nil || $0.tensor.composition?.kind == .meta }
  let registry = ParameterRegistry(of: Model.self, ())
  var specs: [String: ParameterSpec] = [:]
  for spec in registry.held { specs[spec.name] = spec }
  precondition(registry.held.count == declared.count && specs.count == declared.count, "\\(path): \\(registry.held.count) of \\(declared.count)")
  for (name, tensor) in declared {
    let spec = specs[name]
    precondition(spec?.shape == tensor.shape && spec?.elementType == tensor.elementType, "\\(path): \\(name)")
  }
  if weights.tensors.allSatisfy({ $0.composition == nil }) {
    let match = registry.match(weights)
    precondition(match.isExact, "\\(path): \\(match)")
    _ = try Model((), loading: match)
  }
  print("ok: \\(path)\\(key.map { " \\($0)" } ?? ""): \\(declared.count) tensors\\(registry.held.map(\\.name) == declared.map(\\.name) ? "" : ", in another order")")
}

"""


def zeros(path: pathlib.Path, rows: list) -> None:
    """A safetensors file of zeros, which take no room on the disk."""
    header, end = {}, 0
    for row in rows:
        dtype = DTYPES[row["dtype"]]
        size = SIZES[dtype]
        for length in row["shape"]:
            size *= length
        header[row["name"]] = {"dtype": dtype, "shape": row["shape"], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


def inputs(root: pathlib.Path, folder: pathlib.Path, command: str) -> list:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in json.loads(subprocess.check_output([command, "registry", "--json"])):
        path = folder / f"{name}.safetensors"
        zeros(path, json.loads(subprocess.check_output([command, "registry", name, "--json"])))
        files.append(path)
    for kind in ("state_dicts", "modules", "keys", "composite_tensors"):
        files += sorted((root / "TestData/fixtures" / kind).glob("*.pth"))
    corpus = root.parent / "shared/corpus"
    if corpus.is_dir():
        files += sorted(path for path in corpus.iterdir() if path.suffix not in (".md", ".json"))
    else:
        print("skipped: declarations of ../shared/corpus, which is not here")
    return files


def declare(command: str, path: pathlib.Path, name: str, key: str | None, form: list) -> subprocess.CompletedProcess:
    key = ["--key", key] if key is not None else []
    return subprocess.run([command, "declare", str(path), "--name", name, *key, *form], capture_output=True, text=True)


def write(root: pathlib.Path, work: pathlib.Path, target: pathlib.Path, mlx: pathlib.Path, command: str) -> int:
    """Writes a source for each state dict in both forms, and a program that checks those of scopes; gives their number."""
    mlx.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    calls = []
    for path in inputs(root, work / "declared", command):
        run = declare(command, path, f"Declared{len(calls)}", None, [])
        keys = [None]
        if run.returncode == 64:
            keys = re.findall(r"[:,] ([^\s,]+) \(\d+ tensors?\)", run.stderr)
        elif run.returncode != 0:
            print(f"not declared: {path.name}: {run.stderr.splitlines()[0]}")
            continue
        for key in keys:
            name = f"Declared{len(calls)}"
            run = declare(command, path, name, key, [])
            if run.returncode != 0:
                raise SystemExit(f"FAILED: declare {path} {key}\n{run.stderr}")
            (target / f"{name}.swift").write_text(run.stdout)
            (mlx / f"{name}.swift").write_text(declare(command, path, name, key, ["--for", "mlx"]).stdout)
            calls.append(f"try check({name}.self, {json.dumps(str(path))}, {json.dumps(key) if key is not None else 'nil'})\n")
    (target / "main.swift").write_text(CHECK + "".join(calls))
    return len(calls)
