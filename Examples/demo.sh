#!/usr/bin/env bash
# The main job on real input: a checkpoint that torch wrote becomes a .swt file, and is what it was. Run by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.build/release:$PATH"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
checkpoint=${1:-TestData/fixtures/state_dicts/lightning.pth}

run() {
  echo
  echo "\$ $*"
  "$@"
}

run pth2swt inspect "$checkpoint"
run pth2swt "$checkpoint" "$out/model.swt"
run pth2swt diff "$checkpoint" "$out/model.swt"
echo
echo "\$ pth2swt fingerprint $checkpoint > $out/model.json"
pth2swt fingerprint "$checkpoint" > "$out/model.json"
run pth2swt verify "$out/model.swt" --expect "$out/model.json"
