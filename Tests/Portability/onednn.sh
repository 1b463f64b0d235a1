#!/usr/bin/env bash
# Runs the models with oneDNN 3 as Debian 13 and Debian sid have it, and with the machine's own: every stage of every model, every
# layer, and overflow, against the same expected values (VisionInferenceTests, optimized).
#
# With an argument, such as 'StageReference', only the tests that it matches are run.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portability/packages.sh
. Tests/Portability/models.sh
work=$PWD/.build-onednn
mkdir -p "$work/own"

for release in own trixie sid; do
  loader=()
  if [ "$release" = own ]; then
    root=$work/own include=/usr/include
  else
    # A newer library wants newer C and C++ libraries, which are there beside it, and the loader that fits them.
    unpack "$release" onednn libdnnl-dev libdnnl3.6 libc6 libgcc-s1 libstdc++6 libgomp1
    root=$(root "$release" onednn) include=$(root "$release" onednn)/usr/include
    loader=("$(ls "$root"/usr/lib64/ld-linux-*)" --library-path "$root/usr/lib/$triple")
  fi
  version=$(awk '/define DNNL_VERSION_(MAJOR|MINOR|PATCH)/ {v = v (v ? "." : "") $3} END {print v}' \
    "$include/oneapi/dnnl/dnnl_version.h")
  build_models "$work" "$root/usr/include" "$root/usr/lib/$triple"
  run_models "oneDNN $version ($release)" "${1:-}" "${loader[@]}" "$work/build/release/pth2swtPackageTests.xctest"
done
exit "$failed"
