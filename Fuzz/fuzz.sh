#!/usr/bin/env bash
# Builds the fuzz targets and runs them in turn: fuzz.sh SECONDS [TARGET …]. The seconds are shared by the targets. Corpora grow in
# Fuzz/.corpus, Fuzz/.corpus/runs counts the runs of each target, and what is found becomes a file in Fuzz/FailCases. Ends with 1
# if something was found. With PLAIN=1 there is no address sanitizer, which leaves time for five to eight times as many runs: Swift's own
# checks find most of what there is, and the sanitizer can go through the same corpora later.
set -euo pipefail
cd "$(dirname "$0")"
seconds=$1
shift
all="pickle zip torchscript legacy tar distributed shards ranks safetensors npy npz wrapped json registry map jpeg png differential"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || read -r -a targets <<<"$all"

if [ -n "${PLAIN:-}" ]; then
  kind=plain programs=.build-plain/targets
  build=(swift build -c release --sanitize=fuzzer --scratch-path .build-plain)
else
  kind=address programs=.build/targets
  # The last option counts: of two separate ones the compiler takes the second, and nothing is instrumented for coverage.
  build=(swift build -c release --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address)
fi
"${build[@]}" 2>&1 | { grep -E "error:" || true; }
program=$("${build[@]}" --show-bin-path)/Fuzz
[ -x "$program" ] || { echo "The fuzz targets were not built: ${build[*]}"; exit 1; }
mkdir -p "$programs" .build .corpus FailCases
python3 prepare.py .build/seeds "${targets[@]}"

each=$((seconds / ${#targets[@]}))
[ "$each" -gt 0 ] || each=1
found=0
for target in "${targets[@]}"; do
  mkdir -p ".corpus/$target"
  ln -f "$program" "$programs/$target"
  log=.build/$target.log
  # Leaks: the C libraries keep some bytes of each damaged image (CallThread.swift). Without the stacks of allocations and the weights
  # of features, a fifth more runs.
  SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:malloc_context_size=0:quarantine_size_mb=8 \
    "$programs/$target" -max_total_time="$each" -max_len=24576 -timeout=25 -entropic=0 \
    -rss_limit_mb=1536 -malloc_limit_mb=1024 -print_final_stats=1 -dict=".build/seeds/$target.dict" \
    -artifact_prefix="FailCases/$target-" ".corpus/$target" ".build/seeds/$target" >"$log" 2>&1 || {
    found=1
    echo "$target FOUND: $(grep -m1 -E 'CONTRADICTION|ERROR|Fatal' "$log" || tail -1 "$log")"
  }
  runs=$(grep -oE 'number_of_executed_units: [0-9]+' "$log" | grep -oE '[0-9]+$' || echo 0)
  echo "$target $runs $kind" >>.corpus/runs
  echo "$target: $runs runs, $(find ".corpus/$target" -type f | wc -l) in the corpus"
done
exit $found
