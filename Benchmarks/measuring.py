"""Time and memory of whole processes, which all parts of bench.py measure by."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import time

root = pathlib.Path(__file__).resolve().parent.parent
tool = root / ".build/release/pth2swt"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What one run of bench.py measures with."""

    folder: pathlib.Path
    size: str
    runs: int

    def at_most(self, runs: int) -> int:
        """Fewer runs of what takes long."""
        return min(self.runs, runs)


def process(command: list) -> tuple[float, float]:
    """Seconds and peak MiB of a whole process."""
    # A child's ru_maxrss begins at its parent's resident size at fork; posix_spawn avoids that.
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


def text(command: list) -> str:
    """What a command prints."""
    run = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed")
    return run.stdout


def last_number(command: list) -> float:
    return float(text(command).strip().splitlines()[-1])
