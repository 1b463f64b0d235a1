"""What pth2swt, picklescan and fickling say about the same files: scanners.py FOLDER COMMAND [CASES].

Makes the cases of the folder CASES (scan_*.py, each called with a folder to write to) in FOLDER, beside sound files of TestData. The
two peers are installed from PyPI into an environment of FOLDER. No file is unpickled: each program only scans. Prints a table for
docs/security.md, and lists in FOLDER/verdicts.json what each said about each file.
"""
import collections
import glob
import json
import os
import subprocess
import sys
import venv

PEERS = {"picklescan": "1.0.5", "fickling": "0.1.12"}
HERE = os.path.dirname(os.path.abspath(__file__))
SOUND = ["state_dicts", "zip_tensors", "legacy", "safetensors_files"]
KINDS = {
    "scan_case": "hidden: by case, behind a file, broken afterwards, in npz, tar, gzip",
    "scan_dotted": "dotted names",
    "scan_globals": "globals of public bypass reports",
    "scan_compat": "Python 2's names and their new ones",
}

# Run by the environment's Python: the verdict of both peers on each file of standard input, as each decides for itself how to open it.
ASK = """
import json, sys, zipfile, logging, warnings
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
# fickling prints.
answers, sys.stdout = sys.stdout, sys.stderr
from picklescan.scanner import scan_file_path
from fickling.loader import scan_file, scan_zip_archive

def picklescan(path, strict):
    try:
        result = scan_file_path(path, strict=strict)
    except Exception as error:
        return "error"
    if result.issues_count: return "found"
    return "error" if result.scan_err else "passed"

def fickling(path):
    try:
        results = scan_zip_archive(path, graceful=True).values() if zipfile.is_zipfile(path) else [scan_file(path, graceful=True)]
    except BaseException as error:
        return "error"
    if any(result.results and not result.is_safe for result in results): return "found"
    return "error" if any(result.errors for result in results) else "passed"

for line in sys.stdin:
    path = line.rstrip("\\n")
    print(json.dumps([picklescan(path, False), picklescan(path, True), fickling(path)]), file=answers, flush=True)
"""


def environment(folder):
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
                       + [f"{name}=={version}" for name, version in PEERS.items()]
                       # fickling needs it below Python 3.12, and does not say so.
                       + ["typing_extensions"], check=True)
    return python


def ours(command, path, *options):
    code = subprocess.run([command, "scan", *options, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    return {0: "passed", 1: "found"}.get(code, "error")


def files(folder, cases):
    """The files of each kind."""
    kinds = collections.OrderedDict()
    for script in sorted(glob.glob(os.path.join(cases, "scan_*.py"))):
        kind = os.path.splitext(os.path.basename(script))[0]
        out = os.path.join(folder, kind)
        if not os.path.isdir(out):
            subprocess.run([sys.executable, "-B", script, out], check=True, stdout=subprocess.DEVNULL)
        kinds[kind] = sorted(glob.glob(os.path.join(out, "*")))
    fixtures = os.path.join(HERE, "..", "TestData", "fixtures")
    kinds["sound"] = [path for name in SOUND for path in sorted(glob.glob(os.path.join(fixtures, name, "*"))) if os.path.isfile(path)]
    return kinds


def main():
    folder, command = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    cases = sys.argv[3] if len(sys.argv) > 3 else os.path.join(HERE, "..", "..", "shared", "cases")
    if not glob.glob(os.path.join(cases, "scan_*.py")):
        sys.exit(f"There are no cases (scan_*.py) in {cases}: give their folder, CASES=…")
    os.makedirs(folder, exist_ok=True)
    kinds = files(folder, cases)
    python = environment(os.path.join(folder, "peers"))
    verdicts = {}
    with subprocess.Popen([python, "-B", "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder) as peers:
        for kind, paths in kinds.items():
            for path in paths:
                peers.stdin.write(path + "\n")
                peers.stdin.flush()
                verdicts[f"{kind}/{os.path.basename(path)}"] = dict(zip(
                    ["pth2swt", "pth2swt --strict", "picklescan", "picklescan --strict", "fickling"],
                    [ours(command, path), ours(command, path, "--strict")] + json.loads(peers.stdout.readline())))
        peers.stdin.close()
    with open(os.path.join(folder, "verdicts.json"), "w") as file:
        json.dump(verdicts, file, indent=1)
    columns = list(next(iter(verdicts.values())))
    version = subprocess.run([command, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, " + ", ".join(f"{name} {version}" for name, version in PEERS.items()))
    print("found something (could not read, and found nothing) of all files")
    print("| files | of | " + " | ".join(f"`{name}`" for name in columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    for kind, paths in kinds.items():
        cells = []
        for column in columns:
            said = collections.Counter(v[column] for name, v in verdicts.items() if name.startswith(kind + "/"))
            cells.append(f"{said['found']}" + (f" ({said['error']})" if said["error"] else ""))
        print(f"| {KINDS.get(kind, 'sound files of TestData')} | {len(paths)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
