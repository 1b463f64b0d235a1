#!/usr/bin/env bash
# An array of four tasks of Examples/slurm/convert.sbatch on the two nodes of cluster.sh, over a sharded checkpoint of SIZE bytes (2 GB)
# and a folder of torch.distributed.checkpoint: one task is killed with SIGKILL while it converts, and requeued. What they write is
# compared, byte by byte, with what one process writes. run.sh PROGRAM DIR [SIZE]; as root.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD program=$(realpath "${1:?usage: run.sh PROGRAM DIR [SIZE]}") dir=${2:?usage: run.sh PROGRAM DIR [SIZE]} size=${3:-2000000000}
mkdir -p "$dir" && dir=$(cd "$dir" && pwd)
rm -rf "$dir"/out "$dir"/serial "$dir"/*.log "$dir"/*.json
trap 'bash Tests/Slurm/cluster.sh "$dir/slurm" stop' EXIT
bash Tests/Slurm/cluster.sh "$dir/slurm" start
export SLURM_CONF=$dir/slurm/slurm.conf

if [ ! -d "$dir/input" ]; then
  python3 Tests/Slurm/input.py "$dir/whole.safetensors" "$size"
  "$program" convert --max-shard-size $((size / 7)) "$dir/whole.safetensors" "$dir/input"
  rm "$dir/whole.safetensors"
fi

# Task 2 kills its process at its first start, and asks for another.
cat >"$dir/program" <<PROGRAM
#!/bin/bash
echo "task \${SLURM_ARRAY_TASK_ID} on \$SLURMD_NODENAME, start \${SLURM_RESTART_COUNT:-0}"
if [ "\${SLURM_ARRAY_TASK_ID}" = 2 ] && [ "\${SLURM_RESTART_COUNT:-0}" = 0 ]; then
  "$program" "\$@" &
  sleep 0.\$((RANDOM % 4))
  kill -9 \$! 2>/dev/null && echo "killed"
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_2"
  sleep 60
fi
exec "$program" "\$@"
PROGRAM
chmod +x "$dir/program"

check() { # check NAME INPUT OPTIONS…
  local name=$1 input=$2 job left
  shift 2
  mkdir -p "$dir/serial" "$dir/out"
  "$program" convert "$@" --audit "$dir/$name.json" "$input" "$dir/serial/$name" >/dev/null
  # The card has paths: that of the tasks is compared without those.
  job=$(cd "$dir" && PTH2SWT="$dir/program" sbatch --parsable --array=0-3 --mem=0 "$root/Examples/slurm/convert.sbatch" "$input" \
    "$dir/out/$name" "$@" --audit "$dir/out-$name.json")
  for _ in $(seq 300); do
    left=$(squeue -h -j "$job" 2>/dev/null || true)
    [ -n "$left" ] || break
    sleep 1
  done
  [ -z "$left" ] || { echo "the tasks did not end: $left"; exit 1; }
  cat "$dir"/pth2swt-"$job"_*.log
  grep -q 'start 1' "$dir/pth2swt-${job}_2.log" || { echo "task 2 was not requeued"; exit 1; }
  diff -r "$dir/serial/$name" "$dir/out/$name"
  diff <(sed "s#$dir/serial#$dir/out#" "$dir/$name.json") "$dir/out-$name.json"
  "$program" verify --audit "$dir/out-$name.json" "$dir/out/$name"
  echo "ok: $name: $(find "$dir/out/$name" -type f | wc -l) files, the bytes of one process"
}

check shards "$dir/input" --dtype bfloat16 --max-shard-size $((size / 31))
check distributed "$root/TestData/fixtures/distributed/fsdp" --max-shard-size 40
nodes=$(grep -ho 'on n[12]' "$dir"/pth2swt-*.log | sort -u | wc -l)
[ "$nodes" = 2 ] || { echo "the tasks ran on one node"; exit 1; }
echo "ok: the tasks ran on two nodes"
