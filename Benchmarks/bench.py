"""Times pth2swt and its peers side by side in one run, in turn, and prints medians and ratios.

    refpython Benchmarks/bench.py FOLDER [loading] [converting] [strided] [inspecting] [--runs N] [--json FILE]

FOLDER keeps the inputs (about 6 GB with the large ones; TestData/big_inputs.py makes what is missing). Whole processes are
measured by wait4: wall clock, and ru_maxrss, where mapped pages count. Every pair runs in turn (A B A B …), so that a
machine that slows down slows both.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parent
tool = root / ".build/release/pth2swt"
loading = root / ".build/release/Loading"

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


def process(command: list) -> tuple[float, float]:
    """Seconds and peak MiB of a whole process."""
    # A child's ru_maxrss begins at its parent's resident size at fork: posix_spawn through a small shell avoids that.
    start = time.perf_counter()
    pid = os.posix_spawnp(str(command[0]), [str(part) for part in command], os.environ,
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed")
    return seconds, usage.ru_maxrss / 1024


def in_turn(commands: dict, runs: int, output: pathlib.Path | None = None) -> dict:
    """Medians of each command, run in turn; `output` is removed before each run, as each creates it."""
    figures = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if output is not None:
                # What a run before left to be written would slow the next one's writing.
                output.unlink(missing_ok=True)
                os.sync()
            figure = process(command)
            if turn > 0:
                figures[name].append(figure)
    return {name: {"seconds": statistics.median(f[0] for f in rows), "peak_mib": max(f[1] for f in rows)}
            for name, rows in figures.items()}


def last_number(command: list) -> float:
    return float(subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
                 .stdout.strip().splitlines()[-1])


def bench_loading(folder: pathlib.Path, runs: int) -> list:
    rows = []
    for name, ours, theirs in (("frcnn.pth", 51, 21), ("tensors_100k.pth", 9, 3)):
        a, b = [], []
        for _ in range(3):
            a.append(last_number([loading, folder / name, ours]))
            b.append(last_number([sys.executable, "-c", PYTHON_LOADING, folder / name, theirs]))
        rows.append({"what": f"loadStateDict {name}, ms", "ours": min(a), "torch.load": min(b), "ratio": min(a) / min(b)})
    return rows


def bench_converting(folder: pathlib.Path, runs: int) -> list:
    rows = []
    for name, count in (("frcnn.pth", runs), ("one_gb.pth", max(3, runs // 2)), ("over_4gb.pth", 5)):
        output = folder / "output.safetensors"
        commands = {"cp": ["cp", folder / name, output], "ours": [tool, "convert", folder / name, output]}
        if name == "frcnn.pth":
            commands["python"] = [sys.executable, "-c", PYTHON_CONVERT, folder / name, output]
        result = in_turn(commands, count, output)
        output.unlink(missing_ok=True)
        row = {"what": f"convert {name}, s", "ours": result["ours"]["seconds"], "cp": result["cp"]["seconds"],
               "ratio": result["ours"]["seconds"] / result["cp"]["seconds"], "peak_mib": result["ours"]["peak_mib"]}
        if "python" in result:
            row |= {"python": result["python"]["seconds"], "python_peak_mib": result["python"]["peak_mib"]}
        rows.append(row)
    return rows


def bench_strided(folder: pathlib.Path, runs: int) -> list:
    """Tensors that do not lie in C order: converted against cp, compared against reading both files, hashed against
    sha256sum of the file."""
    source, output = folder / "transposed.pth", folder / "output.safetensors"
    count = max(3, runs // 2)
    convert = in_turn({
        "cp": ["cp", source, output], "ours": [tool, "convert", source, output],
        "python": [sys.executable, "-c", PYTHON_CONTIGUOUS, source, output]}, count, output)
    subprocess.run([tool, "convert", "--force", source, output], check=True, stdout=subprocess.DEVNULL)
    pairs = [
        ("convert transposed.pth", convert, "cp"),
        ("diff transposed.pth with what it became", in_turn({
            "cat": ["sh", "-c", f"cat '{source}' '{output}' > /dev/null"], "ours": [tool, "diff", source, output]}, count), "cat"),
        ("inspect --hashes transposed.pth", in_turn({
            "sha256sum": ["sha256sum", source], "ours": [tool, "inspect", "--hashes", source]}, count), "sha256sum"),
    ]
    output.unlink()
    rows = []
    for what, result, peer in pairs:
        row = {"what": f"{what}, s", "ours": result["ours"]["seconds"], peer: result[peer]["seconds"],
               "ratio": result["ours"]["seconds"] / result[peer]["seconds"], "peak_mib": result["ours"]["peak_mib"]}
        if "python" in result:
            row |= {"python": result["python"]["seconds"], "python_peak_mib": result["python"]["peak_mib"]}
        rows.append(row)
    return rows


def bench_inspecting(folder: pathlib.Path, runs: int) -> list:
    rows = []
    for name in ("frcnn.pth", "over_4gb.pth"):
        result = in_turn({"ours": [tool, "inspect", folder / name]}, runs)["ours"]
        rows.append({"what": f"inspect {name}, s", "ours": result["seconds"], "peak_mib": result["peak_mib"]})
    empty = in_turn({"ours": [tool, "--version"]}, runs)["ours"]
    rows.append({"what": "--version (an empty process), s", "ours": empty["seconds"], "peak_mib": empty["peak_mib"]})
    return rows


def main() -> None:
    parts = {"loading": bench_loading, "converting": bench_converting, "strided": bench_strided, "inspecting": bench_inspecting}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=list(parts))
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, root / "TestData/big_inputs.py", options.folder], check=True)
    commit = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True)
    print(f"commit {commit.stdout.strip()}, {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    results = {}
    for part in options.parts:
        results[part] = parts[part](options.folder, options.runs)
        for row in results[part]:
            print("  ".join(f"{key} {value:.4g}" if isinstance(value, float) else str(value) for key, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
