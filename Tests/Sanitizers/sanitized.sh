#!/usr/bin/env bash
# The tests of the libraries that read files, built with the address and with the thread sanitizer, each in a folder of its own; then
# the commands under valgrind, once for each C library: sanitized.sh BINARIES [address] [thread] [valgrind]. BINARIES is the folder of a
# debug build: where an enum is copied, optimized code tests bits of a payload that the case at hand does not set, which changes nothing
# but is reported. Ends with 1 if anything is reported.
set -uo pipefail
cd "$(dirname "$0")/../.."
binaries=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- address thread valgrind
log=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$log"' EXIT
failed=0

report() { # report STATUS WHAT LOG: the log is shown if the status is not 0
  if [ "$1" = 0 ]; then
    echo "ok: $2"
  else
    failed=1
    echo "FAILED: $2"
    grep -aE '✘|error:|ERROR: |WARNING: ThreadSanitizer|SUMMARY|==[0-9]+==' "$3" | head -40
  fi
}

sanitize() { # sanitize KIND
  local tests=StateDictsTests,TorchCheckpointsTests,ModelParametersTests options=(--sanitize="$1" --scratch-path ".build-$1")
  if ! PTH2SWT_TESTS=$tests swift build --product pth2swtPackageTests "${options[@]}" >"$log/build" 2>&1; then
    report 1 "the build with the $1 sanitizer" "$log/build"
    return
  fi
  # A fault ends the tests; a race is counted, and gives the code 66 at the end.
  # LeakTests counts what loads leave behind; XCTest keeps some allocations of its own at the end.
  ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no PTH2SWT_TESTS=$tests \
    swift test --skip-build --no-parallel "${options[@]}" >"$log/$1" 2>&1
  local status=$?
  # The reports of processes that tests start are there too.
  grep -aqE 'WARNING: ThreadSanitizer|ERROR: (Address|Leak)Sanitizer' "$log/$1" && status=1
  report "$status" "$1 sanitizer: $(grep -aE 'Test run with' "$log/$1" | tail -1 | sed 's/^[^T]*//')" "$log/$1"
}

check() { # check LIBRARY CODE COMMAND…: the command ends with the code, and valgrind finds no fault and no lost memory
  local library=$1 code=$2 status
  shift 2
  valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    --suppressions=Tests/Sanitizers/valgrind.supp "$@" >"$log/output" 2>"$log/valgrind"
  status=$?
  [ "$status" = "$code" ] && ! grep -q '^==' "$log/valgrind"
  report $? "valgrind, $library: $(basename "$1") $2" "$log/valgrind"
}

check_all() {
  command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed (apt-get install valgrind)"; return; }
  local fixtures=TestData/fixtures pth2swt=$binaries/pth2swt
  check "libzip and zlib" 0 "$pth2swt" inspect --json "$fixtures/numpy_files/deflated.npz"
  check "libzip and zlib, damaged" 65 "$pth2swt" verify "$fixtures/packed/damaged.pth.gz"
  check "zlib (gzip)" 0 "$pth2swt" convert "$fixtures/packed/checkpoint.pth.gz" "$log/x.swt"
  check "libdeflate" 0 "$pth2swt" convert "$fixtures/state_dicts/lightning.pth" "$log/x.pth"
  check "libcrypto" 0 "$pth2swt" inspect --json --hashes "$fixtures/state_dicts/lightning.pth"
  local runnable=$fixtures/runnable
  check "libpng and oneDNN" 0 "$binaries/pth2swt-vision" classify --weights "$runnable/classifier.pth" --model mobilenet_v2 "$runnable/first.png"
  check "libjpeg" 0 "$binaries/pth2swt-vision" classify --weights "$runnable/classifier.pth" --model mobilenet_v2 "$fixtures/images/jpeg_progressive.jpg"
  python3 -u -m http.server --bind 127.0.0.1 --directory "$fixtures" 0 >"$log/server" 2>/dev/null &
  server=$!
  local port=
  for _ in $(seq 50); do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$log/server")
    [ -n "$port" ] && break
    sleep 0.1
  done
  # Valgrind changes the signal mask that Dispatch passes, which lies in memory that cannot be written: it gets a copy.
  clang -shared -fPIC -x c -o "$log/sigsuspend.so" - <<'C'
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) { sigset_t copy = *mask; return syscall(SYS_rt_sigsuspend, &copy, 8); }
C
  LD_PRELOAD=$log/sigsuspend.so TORCH_HOME=$log/hub check "libcurl" 0 "$binaries/pth2swt-fetch" "http://127.0.0.1:$port/state_dicts/lightning.pth" --allow-http
}

for what; do
  if [ "$what" = valgrind ]; then check_all; else sanitize "$what"; fi
done
exit $failed
