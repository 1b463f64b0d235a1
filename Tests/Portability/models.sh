# The tests of the models with another library: sourced by the scripts of this folder.
export PTH2SWT_TESTS=VisionInferenceTests
failed=0

build_models() { # build_models WORK INCLUDE LIBRARIES: their program, optimized, in WORK/build
  # One folder for all versions of a library: links lead to the version, so that only what calls it is compiled anew.
  ln -sfn "$2" "$1/include"
  ln -sfn "$3" "$1/libraries"
  # What the build was planned with stays.
  rm -rf "$1/build/release/ModuleCache"
  [ ! -e "$1/build/release/VisionInference.build" ] ||
    find "$1/build/release/VisionInference.build" -type f ! -name '*.json' ! -name sources -delete
  # Else the machine's own folder, which these files name, comes before that of the library.
  mkdir -p "$1/pkgconfig"
  local name
  for name in libzip libjpeg libpng libpng16; do
    sed 's/-L[^ ]*//' "$(pkg-config --variable=pcfiledir "$name")/$name.pc" >"$1/pkgconfig/$name.pc"
  done
  # Such a library may want a newer C library than the machine has, which is then missed when it is linked.
  swift build --product pth2swtPackageTests -c release -Xswiftc -enable-testing --scratch-path "$1/build" \
    --pkg-config-path "$1/pkgconfig" -Xcc -I"$1/include" -Xlinker -L"$1/libraries" -Xlinker --allow-shlib-undefined 2>&1 |
    { grep -E 'error:|warning:' || true; }
}

run_models() { # run_models WHAT FILTER COMMAND…: prints the result, and keeps a failure in $failed
  local what=$1 filter=${2:-$PTH2SWT_TESTS} output
  shift 2
  if output=$("$@" --testing-library swift-testing --filter "$filter" 2>&1); then
    echo "ok: $what: $(tail -1 <<<"$output")"
  else
    failed=1
    echo "FAILED: $what"
    grep -aE '✘|error:' <<<"$output" | head -20 || tail -5 <<<"$output"
  fi
}
