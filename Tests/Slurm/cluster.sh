#!/usr/bin/env bash
# A Slurm of two nodes on one machine, as root: cluster.sh DIR start, then SLURM_CONF=DIR/slurm.conf sbatch …; cluster.sh DIR stop.
# Debian's packages slurm-wlm and munge are installed if they are missing. What ends is what this started, by its pid files.
set -euo pipefail
dir=${1:?usage: cluster.sh DIR start|stop} what=${2:?usage: cluster.sh DIR start|stop}
mkdir -p "$dir"/state "$dir"/spool "$dir"/log "$dir"/munge
chmod 755 "$dir" && dir=$(cd "$dir" && pwd)
host=$(hostname -s)
export SLURM_CONF=$dir/slurm.conf

if [ "$what" = stop ]; then
  for file in "$dir"/*.pid "$dir"/munge/*.pid; do
    [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
  done
  exit 0
fi

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  echo "+ apt-get install slurm-wlm munge"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge >/dev/null
fi
# munged insists on folders that nobody else can write to, up to the root: not so below /tmp, which --force allows.
if [ ! -s "$dir/munge/key" ]; then
  (umask 077 && head -c 1024 /dev/urandom >"$dir/munge/key")
fi
munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/munged.pid" \
  --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" 2>/dev/null
cat >"$SLURM_CONF" <<CONF
ClusterName=pth2swt
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A task that is requeued begins again when its credential has expired: 120 s, if nothing else is said.
AuthInfo=socket=$dir/munge/socket,cred_expire=5
CredType=cred/munge
SlurmctldPort=16817
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=0
ReturnToService=2
MpiDefault=none
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17001 CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17002 CPUs=2 State=UNKNOWN
PartitionName=p Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
slurmctld
sleep 1
slurmd -N n1
slurmd -N n2
for _ in $(seq 30); do
  sinfo -h -o %t 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo
