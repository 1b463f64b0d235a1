#!/bin/bash -eu
# Builds the fuzz targets for OSS-Fuzz, whose Swift image has the compiler: one program under the name of each target, with its
# seeds and its dictionary.
. precompile_swift
cd "$SRC/pth2swt/Fuzz"
swift build -c release $SWIFTFLAGS
program=$(swift build -c release --show-bin-path)/Fuzz
python3 prepare.py "$WORK/seeds"
for dictionary in "$WORK"/seeds/*.dict; do
  target=$(basename "$dictionary" .dict)
  cp "$program" "$OUT/$target"
  cp "$dictionary" "$OUT/"
  (cd "$WORK/seeds/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
done
