"""Times pth2swt and its peers side by side in one run, in turn, and prints medians and ratios.

    refpython Benchmarks/bench.py FOLDER [part …] [--size tiny] [--runs N] [--json FILE]

FOLDER keeps the inputs (about 6 GB with the large ones; inputs.py makes what is missing). Whole processes are measured by
wait4: wall clock, and ru_maxrss, where mapped pages count. Every pair runs in turn (A B A B …), so that a machine that
slows down slows both. `--size tiny` takes seconds and only shows that everything runs: its figures mean nothing.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import inputs
from inference import bench_inference
from measuring import Setting, in_turn, last_number, root, text, tool
from remote import bench_remote

loading, matching = root / ".build/release/Loading", root / ".build/release/Matching"

PYTHON_CONVERT = """
import sys, torch
from safetensors.torch import save_file
save_file(torch.load(sys.argv[1], mmap=True, weights_only=True), sys.argv[2])
"""
PYTHON_CONTIGUOUS = """
import sys, torch
from safetensors.torch import save_file
state = torch.load(sys.argv[1], mmap=True, weights_only=True)
save_file({name: tensor.contiguous() for name, tensor in state.items()}, sys.argv[2])
"""
# The time of torch.save alone, of tensors that are in memory.
PYTHON_SAVING = """
import statistics, sys, time, torch
state, times = torch.load(sys.argv[1], weights_only=True), []
for _ in range(int(sys.argv[3])):
    start = time.perf_counter()
    torch.save(state, sys.argv[2])
    times.append(time.perf_counter() - start)
print(statistics.median(times))
"""
PYTHON_LOADING = """
import statistics, sys, time, torch
times = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    state = torch.load(sys.argv[1], mmap=True, weights_only=True)
    times.append(time.perf_counter() - start)
    del state
print(statistics.median(times[1:]) * 1e3)
"""

# The figures of --stats, one after another, without the time of starting Python: argv[3] is the library that computes them.
PYTHON_STATISTICS = """
import statistics, sys, time, numpy, torch
def figures(tensor):
    if sys.argv[3] == "numpy":
        a = tensor.numpy()
        a.min(), a.max(), a.mean(dtype=float), a.std(dtype=float, ddof=1), numpy.count_nonzero(a)
        numpy.isnan(a).sum(), numpy.isinf(a).sum(), numpy.abs(a).sum(dtype=float), numpy.linalg.norm(a.ravel())
        numpy.histogram(a, bins=32)
    else:
        tensor.aminmax(), tensor.mean(), tensor.std(), tensor.count_nonzero(), tensor.isnan().sum(), tensor.isinf().sum()
        tensor.abs().sum(), tensor.norm(), torch.histc(tensor, bins=32)
times = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    for tensor in torch.load(sys.argv[1], mmap=True, weights_only=True).values():
        figures(tensor)
    times.append(time.perf_counter() - start)
print(statistics.median(times))
"""


def bench_loading(bench: Setting) -> list:
    rows = []
    for name, ours, theirs in (("frcnn.pth", 51, 21), ("tensors_100k.pth", 9, 3)):
        a, b = [], []
        for _ in range(bench.at_most(3)):
            a.append(last_number([loading, bench.folder / name, ours]))
            b.append(last_number([sys.executable, "-c", PYTHON_LOADING, bench.folder / name, theirs]))
        rows.append({"what": f"loadStateDict {name}, ms", "ours": min(a), "torch.load": min(b), "ratio": min(a) / min(b)})
    return rows


def bench_converting(bench: Setting) -> list:
    rows = []
    folder = bench.folder
    for name, most in (("frcnn.pth", 9), ("one_gb.pth", 5), ("over_4gb.pth", 5)):
        output = folder / "output.safetensors"
        commands = {"cp": ["cp", folder / name, output], "ours": [tool, "convert", folder / name, output]}
        if name == "frcnn.pth":
            commands["python"] = [sys.executable, "-c", PYTHON_CONVERT, folder / name, output]
        result = in_turn(commands, bench.at_most(most), output)
        output.unlink(missing_ok=True)
        row = {"what": f"convert {name}, s", "ours": result["ours"]["seconds"], "cp": result["cp"]["seconds"],
               "ratio": result["ours"]["seconds"] / result["cp"]["seconds"], "peak_mib": result["ours"]["peak_mib"]}
        if "python" in result:
            row |= {"python": result["python"]["seconds"], "python_peak_mib": result["python"]["peak_mib"]}
        rows.append(row)
    return rows


def bench_writing(bench: Setting) -> list:
    """Every format that is written, of a .pth file and of the .swt made of it, against cp and torch.save."""
    folder, runs, rows = bench.folder, bench.at_most(5), []
    source, between = folder / "one_gb.pth", folder / "between.swt"
    subprocess.run([tool, "convert", "--force", source, between], check=True, stdout=subprocess.DEVNULL)
    saved = folder / "output.pth"
    saving = last_number([sys.executable, "-c", PYTHON_SAVING, source, saved, runs])
    saved.unlink()
    for start, name in ((source, "pth"), (between, "pth"), (source, "npz"), (source, "swt")):
        output = folder / f"output.{name}"
        result = in_turn({"cp": ["cp", start, output], "ours": [tool, "convert", start, output]}, runs, output)
        output.unlink(missing_ok=True)
        seconds = result["ours"]["seconds"]
        row = {"what": f"{start.name} to .{name}, s", "ours": seconds, "cp": result["cp"]["seconds"],
               "ratio": seconds / result["cp"]["seconds"], "peak_mib": result["ours"]["peak_mib"]}
        rows.append(row | ({"torch.save": saving, "of torch.save": seconds / saving} if name == "pth" else {}))
    between.unlink()
    return rows


def bench_strided(bench: Setting) -> list:
    """Tensors that do not lie in C order: converted against cp, compared against reading both files, hashed against
    sha256sum of the file."""
    source, output, runs = bench.folder / "transposed.pth", bench.folder / "output.safetensors", bench.at_most(5)
    convert = in_turn({
        "cp": ["cp", source, output], "ours": [tool, "convert", source, output],
        "python": [sys.executable, "-c", PYTHON_CONTIGUOUS, source, output]}, runs, output)
    subprocess.run([tool, "convert", "--force", source, output], check=True, stdout=subprocess.DEVNULL)
    both = ["sh", "-c", 'cat "$0" "$1" > /dev/null', source, output]
    pairs = [
        ("convert", convert, "cp"),
        ("diff with what became of", in_turn({"cat": both, "ours": [tool, "diff", source, output]}, runs), "cat"),
        ("inspect --hashes", in_turn(
            {"sha256sum": ["sha256sum", source], "ours": [tool, "inspect", "--hashes", source]}, runs), "sha256sum"),
    ]
    output.unlink()
    rows = []
    for what, result, peer in pairs:
        row = {"what": f"{what} transposed.pth, s", "ours": result["ours"]["seconds"], peer: result[peer]["seconds"],
               "ratio": result["ours"]["seconds"] / result[peer]["seconds"], "peak_mib": result["ours"]["peak_mib"]}
        if "python" in result:
            row |= {"python": result["python"]["seconds"], "python_peak_mib": result["python"]["peak_mib"]}
        rows.append(row)
    return rows


def bench_statistics(bench: Setting) -> list:
    """Every figure of every tensor against cksum of the file, and against numpy and torch."""
    rows = []
    for name in ("one_gb.pth", "transposed.pth"):
        source, runs = bench.folder / name, bench.at_most(3)
        result = in_turn({"cksum": ["cksum", source], "ours": [tool, "inspect", "--stats", source]}, bench.at_most(5))
        peers = {"cksum": result["cksum"]["seconds"]} | {
            peer: last_number([sys.executable, "-c", PYTHON_STATISTICS, source, runs, peer]) for peer in ("numpy", "torch")}
        ours = result["ours"]["seconds"]
        rows.append({"what": f"inspect --stats {name}, s", "ours": ours, "peak_mib": result["ours"]["peak_mib"]}
                    | peers | {f"of {peer}": ours / seconds for peer, seconds in peers.items()})
    return rows


def bench_differences(bench: Setting) -> list:
    """All figures of all tensors of two files of which half of the tensors differ, against the statistics of both."""
    source, other, steps = bench.folder / "one_gb.pth", bench.folder / "other.safetensors", bench.folder / "map.json"
    names = [tensor["name"] for tensor in json.loads(text([tool, "inspect", "--json", source]))["tensors"]]
    steps.write_text(json.dumps([{"cast": names[::2], "to": "float16"}, {"cast": names[::2], "to": "float32"}]))
    subprocess.run([tool, "convert", "--force", "--map", steps, source, other], check=True, stdout=subprocess.DEVNULL)
    # diff ends with 1 where files differ.
    result = in_turn({
        "cat": ["sh", "-c", 'cat "$0" "$1" > /dev/null', source, other],
        "statistics": ["sh", "-c", '"$0" inspect --stats "$1" && "$0" inspect --stats "$2"', tool, source, other],
        "ours": ["sh", "-c", '"$0" diff "$1" "$2"; [ $? = 1 ]', tool, source, other]}, bench.at_most(5))
    other.unlink()
    ours, statistics, cat = (result[who]["seconds"] for who in ("ours", "statistics", "cat"))
    return [{"what": "diff of 1 GB, half of it changed, s", "ours": ours, "statistics of both": statistics, "of statistics": ours / statistics,
             "cat": cat, "ratio": ours / cat, "peak_mib": result["ours"]["peak_mib"]}]


PYTHON_MAPPING = """
import sys, torch
from safetensors.torch import save_file
state = torch.load(sys.argv[1], mmap=True, weights_only=True)
change = {"bfloat16": lambda t: t.bfloat16(), "float16": lambda t: t.half(),
          "convs": lambda t: t.permute(0, 2, 3, 1).contiguous(), "matrices": lambda t: t.t().contiguous(),
          "both": lambda t: t.t().bfloat16().contiguous()}[sys.argv[3]]
save_file({name: change(tensor) for name, tensor in state.items()}, sys.argv[2])
"""


def bench_mapping(bench: Setting) -> list:
    """What maps change: dtypes, channels last, transposed matrices, against cp of the input."""
    folder, output, runs, rows = bench.folder, bench.folder / "output.safetensors", bench.at_most(5), []
    maps = {
        "bfloat16": ("one_gb.pth", [{"cast": "*", "to": "bfloat16"}]), "float16": ("one_gb.pth", [{"cast": "*", "to": "float16"}]),
        "convs": ("convs.pth", [{"permute": "*", "axes": [0, 2, 3, 1]}]),
        "matrices": ("matrices.pth", [{"permute": "*", "axes": [1, 0]}]),
        "both": ("matrices.pth", [{"permute": "*", "axes": [1, 0]}, {"cast": "*", "to": "bfloat16"}]),
    }
    for what, (name, steps) in maps.items():
        source, file = folder / name, folder / "map.json"
        file.write_text(json.dumps(steps))
        result = in_turn({
            "cp": ["cp", source, output], "ours": [tool, "convert", "--map", file, source, output],
            "python": [sys.executable, "-c", PYTHON_MAPPING, source, output, what]}, runs, output)
        output.unlink()
        ours, cp, python = (result[who]["seconds"] for who in ("ours", "cp", "python"))
        rows.append({"what": f"{what} of {name}, s", "ours": ours, "cp": cp, "ratio": ours / cp, "peak_mib": result["ours"]["peak_mib"],
                     "python": python, "of python": ours / python, "python_peak_mib": result["python"]["peak_mib"]})
    return rows


PYTHON_MERGING = """
import sys
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
dcp_to_torch_save(*sys.argv[1:])
"""


def bench_merging(bench: Setting) -> list:
    """Folders of several ranks to one safetensors file, against reading and writing as many bytes; FSDP's also against torch's converter, which
    writes a .pth."""
    output, runs, rows = bench.folder / "output.safetensors", bench.at_most(5), []
    for name in ("fsdp_8", "zero_4"):
        folder = bench.folder / name
        commands = {"cat": ["sh", "-c", 'find "$0" -type f -exec cat {} + > "$1"', folder, output], "ours": [tool, "convert", folder, output]}
        if name == "fsdp_8":
            commands["torch"] = [sys.executable, "-c", PYTHON_MERGING, folder, output]
        result = in_turn(commands, runs, output)
        output.unlink()
        ours, cat = result["ours"]["seconds"], result["cat"]["seconds"]
        row = {"what": f"{name} to safetensors, s", "ours": ours, "cat": cat, "ratio": ours / cat, "peak_mib": result["ours"]["peak_mib"]}
        if "torch" in result:
            row |= {"torch": result["torch"]["seconds"], "of torch": ours / result["torch"]["seconds"],
                    "torch_peak_mib": result["torch"]["peak_mib"]}
        rows.append(row)
    return rows


def bench_matching(bench: Setting) -> list:
    lines = text([matching, bench.folder / "frcnn.pth", 10 * bench.runs, inputs.SIZES[bench.size].resnet]).splitlines()
    figures = dict(line.split() for line in lines)
    return [{"what": f"{what} of Faster R-CNN, ms", "ours": float(figures[what])} for what in ("registry", "match")]


def bench_inspecting(bench: Setting) -> list:
    rows = []
    for name in ("frcnn.pth", "over_4gb.pth"):
        result = in_turn({"ours": [tool, "inspect", bench.folder / name]}, bench.runs)["ours"]
        rows.append({"what": f"inspect {name}, s", "ours": result["seconds"], "peak_mib": result["peak_mib"]})
    empty = in_turn({"ours": [tool, "--version"]}, bench.runs)["ours"]
    rows.append({"what": "--version (an empty process), s", "ours": empty["seconds"], "peak_mib": empty["peak_mib"]})
    return rows


PARTS = {"loading": bench_loading, "matching": bench_matching, "converting": bench_converting, "writing": bench_writing,
         "strided": bench_strided, "mapping": bench_mapping, "merging": bench_merging, "statistics": bench_statistics, "differences": bench_differences,
         "inspecting": bench_inspecting, "remote": bench_remote, "inference": bench_inference}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    # Not by `choices`: with those, Python 3.11 refuses a default that is a list.
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--size", choices=inputs.SIZES, default="full")
    parser.add_argument("--runs", type=int, help="of each pair; 9, and 1 of tiny inputs, unless given")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_intermixed_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    bench = Setting(options.folder, options.size, options.runs or (9 if options.size == "full" else 1))
    # In a process of its own, as torch is large: see inputs.py.
    subprocess.run([sys.executable, inputs.__file__, bench.folder, "--size", bench.size], check=True)
    commit = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True)
    print(f"commit {commit.stdout.strip()}, {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    results = {}
    for part in options.parts or PARTS:
        results[part] = PARTS[part](bench)
        for row in results[part]:
            print("  ".join(f"{key} {value:.4g}" if isinstance(value, float) else str(value) for key, value in row.items()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
