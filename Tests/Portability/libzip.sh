#!/usr/bin/env bash
# Builds the command against the libzip of Debian 13 and of Debian sid as well, and requires that every fixture is read the
# same with each: the output of `inspect --json --hashes` apart from its notes, error messages and exit codes included.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portability/packages.sh
work=$PWD/.build-libzip

swift build --product pth2swt >/dev/null
for release in trixie sid; do unpack "$release" libzip libzip5 libzip-dev; done
build "$(root trixie libzip)" "$work/build-trixie" --product pth2swt
build "$(root sid libzip)" "$work/build-sid" --target TorchCheckpoints
command=$work/build-trixie/debug/pth2swt
[ -x "$command" ] || { echo "not built against Debian 13's libzip"; exit 1; }

python3 - "$work" "$packages" "$triple" <<'PYTHON'
import json, os, pathlib, subprocess, sys

work, packages, triple = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
files = sorted(str(path) for path in pathlib.Path("TestData/fixtures").rglob("*") if path.is_file())

def inspected(command, library=None):
    """What the command says of every fixture, without notes."""
    environment = dict(os.environ, **({"LD_LIBRARY_PATH": str(library)} if library else {}))
    for file in files:
        run = subprocess.run([command, "inspect", "--json", "--hashes", file], capture_output=True, env=environment)
        try:
            report = json.loads(run.stdout)
            report.pop("notes", None)
        except ValueError:
            report = run.stdout
        yield run.returncode, report, run.stderr

here = list(inspected(".build/debug/pth2swt"))
failed = False
for release in ("trixie", "sid"):
    library = packages / release / "libzip/usr/lib" / triple
    version = os.path.realpath(library / "libzip.so.5").rpartition(".so.")[2]
    different = [(file, one, other) for file, one, other in
                 zip(files, here, inspected(work / "build-trixie/debug/pth2swt", library)) if one != other]
    failed |= bool(different)
    print(f"{'FAILED' if different else 'ok'}: {len(files) - len(different)} of {len(files)} fixtures are read the same "
          f"with the libzip of {release} (libzip.so.{version})")
    for file, one, other in different[:10]:
        print(f"  {file}\n    here:  {str(one)[:300]}\n    there: {str(other)[:300]}")
sys.exit(failed)
PYTHON
