"""Runs the command on hostile files and holds each run against docs/security.md: bounds.py FOLDER COMMAND [NAME …].

COMMAND is the release build of pth2swt. Prints processor time and peak memory of each run, and ends with 1 if a run takes
more than 5 s or 256 MiB, or ends by a signal.
"""
import os
import resource
import subprocess
import sys
import tempfile

import hostile

SECONDS, MEBIBYTES = 5.0, 256
MODEL = os.environ.get("WEIGHTS")


def runs(name, path, out):
    if name.endswith(".png"):
        return [["classify", "--weights", MODEL, path]] if MODEL else []
    subcommands = [["inspect", path], ["inspect", "--json", "--hashes", path], ["scan", path], ["verify", path],
                   ["fingerprint", path]]
    for suffix in ("swt", "safetensors", "pth", "npz"):
        subcommands.append(["convert", "--force", path, f"{out}/x.{suffix}"])
    if name.endswith("00.safetensors") or name.startswith(("state-dict", "tensors-2", "tensors-made", "match")):
        subcommands += [["match", path, "--model", "resnet18"], ["convert", "--force", path, "--max-shard-size", "1MB", f"{out}/shards"]]
    if name.startswith(("views", "tensors", "state-dict")):
        subcommands += [["diff", path, path], ["verify", "--values", path], ["inspect", "--stats", path],
                        ["inspect", "--stats", "--json", path]]
    return subcommands


def measure(command, addresses=12 << 30):
    """The exit code, processor time and peak memory in MiB of a run."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writer, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
        try:
            os.execv(command[0], command)
        finally:
            os._exit(127)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as pipe:
        errors = pipe.read(4096)
        while pipe.read(1 << 16):
            pass
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, errors


def main():
    folder, program, names = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    failed = 0
    with tempfile.TemporaryDirectory() as out:
        for name in names or hostile.MAKERS:
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                hostile.MAKERS[name](path)
            for arguments in runs(name, path, out):
                code, seconds, memory, errors = measure([program] + arguments)
                bad = seconds > SECONDS or memory > MEBIBYTES or code < 0 or code == 70
                failed += bad
                words = " ".join(a for a in arguments if a != path and "/" not in a)
                first = errors.split("\n")[0][:100]
                print(f"{'FAILED' if bad else 'ok    '} {name:40} {words:28} {seconds:6.2f} s {memory:7.0f} MiB  exit {code:3}  {first}", flush=True)
                subprocess.run(["rm", "-rf"] + [os.path.join(out, entry) for entry in os.listdir(out)])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
