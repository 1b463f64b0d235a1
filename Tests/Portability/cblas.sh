#!/usr/bin/env bash
# Runs the models on the engine over CBLAS, with the machine's release's OpenBLAS: every stage of every model, every layer, and
# overflow, against the same expected values as with oneDNN (VisionInferenceTests, optimized).
#
# With an argument, such as 'StageReference', only the tests that it matches are run.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portability/packages.sh
. Tests/Portability/models.sh
work=$PWD/.build-cblas
export PTH2SWT_ENGINE=cblas

unpack "$codename" openblas libopenblas0-pthread libopenblas-pthread-dev libgfortran5 libquadmath0
root=$(root "$codename" openblas)
libraries=$root/usr/lib/$triple
version=$(basename "$root"/debs/libopenblas0-pthread_* | cut -d_ -f2)
mkdir -p "$work"
build_models "$work" "$root/usr/include" "$libraries/openblas-pthread"
run_models "OpenBLAS $version" "${1:-}" env LD_LIBRARY_PATH="$libraries/openblas-pthread:$libraries" \
  "$work/build/release/pth2swtPackageTests.xctest"
exit "$failed"
