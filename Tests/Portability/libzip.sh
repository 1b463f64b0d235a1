#!/usr/bin/env bash
# Builds the command against the libzip of Debian 13 and of Debian sid as well, and requires that every fixture is read the
# same with each: the output of `inspect --json --hashes` apart from its notes, error messages and exit codes included.
#
# The packages are unpacked into a folder; nothing is installed. Needs a Debian machine whose package mirror has both releases.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/.build-libzip
triple=$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
  awk -v release="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$2 == release {print $1; exit}')
mkdir -p "$work"

unpack() { # unpack RELEASE: its libzip5 and libzip-dev, in $work/RELEASE/root
  local folder=$work/$1
  [ -e "$folder/root/usr/include/zip.h" ] && return
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,debs,root}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$folder/sources.list"
  local options=(-qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$folder/debs" && apt-get "${options[@]}" download libzip5 libzip-dev)
  for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/root"; done
}

build() { # build RELEASE TARGET…: against its headers
  local root=$work/$1/root
  shift
  swift build --scratch-path "$work/build-$(basename "$(dirname "$root")")" -Xcc -I"$root/usr/include" \
    -Xlinker -L"$root/usr/lib/$triple" "$@" 2>&1 | { grep -E 'error:|warning: (unre|var|imm)' || true; }
}

swift build --product pth2swt >/dev/null
for release in trixie sid; do unpack "$release"; done
build trixie --product pth2swt
build sid --target TorchCheckpoints
command=$work/build-trixie/debug/pth2swt
[ -x "$command" ] || { echo "not built against Debian 13's libzip"; exit 1; }

python3 - "$work" "$triple" <<'PYTHON'
import json, os, pathlib, subprocess, sys

work, triple = pathlib.Path(sys.argv[1]), sys.argv[2]
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
    library = work / release / "root/usr/lib" / triple
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
