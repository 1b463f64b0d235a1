#!/usr/bin/env bash
# Compiles the reader with the libzip headers of Debian 13 and of Debian sid, and requires that every fixture is read the same
# with the libzip of each: the output of `inspect --json --hashes` apart from its notes, error messages and exit codes included.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portability/packages.sh

check() { # check RELEASE: the reader against its headers, beside the modules of the debug build
  local package
  package=$(grep -e '"-module-name","StateDicts"' .build/debug.yaml | grep -oE '"-package-name","[^"]+"' | head -1 | cut -d'"' -f4)
  # shellcheck disable=SC2046
  swiftc -typecheck -swift-version 6 -module-name TorchCheckpoints -package-name "$package" -strict-memory-safety \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -enable-experimental-feature Lifetimes -I .build/debug/Modules \
    -Xcc -I"$(root "$1" libzip)/usr/include" $(printf -- '-Xcc -fmodule-map-file=%s ' Sources/CLibraries/*{Linux,Zip,Zlib}/module.modulemap) \
    $(find Sources/TorchCheckpoints -name '*.swift')
  echo "ok: compiles with the libzip headers of $1"
}

swift build --product pth2swt >/dev/null
# Debian 12 calls the library libzip.so.4; its interface is that of libzip.so.5.
name=$(readelf -d .build/debug/pth2swt | grep -oE 'libzip\.so\.[0-9]+')
for release in trixie sid; do
  unpack "$release" libzip libzip5 libzip-dev
  check "$release"
  folder=$(root "$release" libzip)/usr/lib/$triple
  [ -e "$folder/$name" ] || ln -s libzip.so.5 "$folder/$name"
  # Not through a pipe: grep stops reading at the first match, and ldd may fail for that.
  libraries=$(LD_LIBRARY_PATH=$folder ldd .build/debug/pth2swt)
  grep -q "$name => $folder" <<<"$libraries" || { echo "$folder is not used"; exit 1; }
done

python3 - "$packages" "$triple" <<'PYTHON'
import json, os, pathlib, subprocess, sys

packages, triple = pathlib.Path(sys.argv[1]), sys.argv[2]
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
                 zip(files, here, inspected(".build/debug/pth2swt", library)) if one != other]
    failed |= bool(different)
    print(f"{'FAILED' if different else 'ok'}: {len(files) - len(different)} of {len(files)} fixtures are read the same "
          f"with the libzip of {release} (libzip.so.{version})")
    for file, one, other in different[:10]:
        print(f"  {file}\n    here:  {str(one)[:300]}\n    there: {str(other)[:300]}")
sys.exit(failed)
PYTHON
