#!/usr/bin/env bash
# A sweep of 2000 cells on a real Slurm with two nodes, all on the loopback of this machine: submitted, a worker killed on
# the way, submitted again, merged, and compared byte for byte with one thread. Takes some 20 seconds. Needs no root once
# slurmctld, slurmd and the client commands are installed. The daemons end with the script, and after two minutes in any
# case. Exit code 0: the bytes are the same; 77: Slurm cannot be run here, and why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

need slurmctld slurmctld slurmd slurm-client && need slurmd slurmd && need sbatch slurm-client ||
  { echo "Slurm is not installed" >&2; exit 77; }
host=$(hostname -s)
getent hosts "$host" >/dev/null || { echo "the name of this machine, $host, has no address" >&2; exit 77; }
cargo build --release --locked -q -p dispatchlab
dispatchlab=$(target_directory)/release/dispatchlab

place=$(mktemp -d)
chmod 755 "$place"
daemons=()
stop() {
  local status=$?
  ((status == 0)) || tail -n 5 "$place"/*.log >&2 2>/dev/null || true
  ((${#daemons[@]})) && kill "${daemons[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$place"
  exit "$status"
}
trap stop EXIT

fail() { echo "error: $*" >&2; exit 1; }

# waited SECONDS WHAT COMMAND...: until the command succeeds.
waited() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || fail "waited too long for $what"
    sleep 0.05
  done
}

# A port of the loopback on which nobody listens.
port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    [[ " ${ports:-} " != *" $port "* ]] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  done
  ports="${ports:-} $port"
  REPLY=$port
}

port; controller=$REPLY
port; first=$REPLY
port; second=$REPLY
mkdir -p "$place"/{state,spool/n1,spool/n2}
cat >"$place/slurm.conf" <<END
ClusterName=t
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,bf_interval=1
ReturnToService=2
SlurmdTimeout=5
KillWait=2
MaxArraySize=5001
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool/%n
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd-%n.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd-%n.log
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$first CPUs=1
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$second CPUs=1
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$place/slurm.conf
unset SBATCH_PARTITION SBATCH_ACCOUNT SLURM_CLUSTERS || true

timeout -k 5 120 slurmctld -D -c -f "$SLURM_CONF" >"$place/start-ctld.log" 2>&1 &
daemons+=($!)
for node in n1 n2; do
  timeout -k 5 120 slurmd -D -N "$node" -f "$SLURM_CONF" >"$place/start-$node.log" 2>&1 &
  daemons+=($!)
done

cat >"$place/plan.toml" <<'END'
scenario = "mm1"
replications = 50
policies = ["fcfs", "round-robin:quantum=4ms"]
metrics = ["response/mean", "response/p99"]
[set]
"stop.jobs" = 6_000
[grid]
"jobs.arrivals.poisson" = { from = "50/s", to = "95/s", step = "5/s" }
"cpu.cores" = [1, 2]
END
"$dispatchlab" -q sweep "$place/plan.toml" --out "$place/alone" --threads 1 -o "$place/alone.csv"

two_idle() { [[ $(sinfo -h -t idle -o %D 2>/dev/null || true) == 2 ]]; }
waited 20 "two idle nodes" two_idle

"$dispatchlab" -q sweep new "$place/plan.toml" --out "$place/out"
"$dispatchlab" -q sweep submit "$place/out" --engine slurm --shards 4 >"$place/job"
# Kills the worker of a shard that is on its way, as its lock names it; false while there is none.
killed_one() {
  local part worker
  for part in "$place"/out/cells/*.part; do
    [[ -e $part ]] && (($(stat -c %s "$part" 2>/dev/null || echo 0) > 4000)) || continue
    worker=$(sed -nE 's/.*process ([0-9]+).*/\1/p' "${part%.part}.lock")
    [[ $(readlink "/proc/${worker:-none}/exe" || true) == "$(readlink -f "$dispatchlab")" ]] || continue
    kill -KILL "$worker" 2>/dev/null || continue
    while readlink "/proc/$worker/exe" >/dev/null; do sleep 0.01; done
    # It may have been done a moment before.
    [[ -e $part ]] && return 0
  done
  return 1
}
waited 30 "a shard on its way" killed_one

ended() { [[ -z $(squeue -h 2>/dev/null || echo busy) ]]; }
waited 40 "the end of the array" ended
nodes=$(grep -ohE '(NodeList=| on )n[12]\b' "$place/slurmctld.log" | grep -oE 'n[12]' | sort -u | tr '\n' ' ')
[[ $nodes == "n1 n2 " ]] || fail "only the nodes '$nodes' were used"
missing=$("$dispatchlab" sweep status "$place/out" --json | tr -d ' \n' | sed -nE 's/.*"missing_shards":\[([0-9,]*)\].*/\1/p')
[[ $missing =~ ^[0-9]+$ ]] || fail "one shard should be missing, not '$missing'"
status=0
"$dispatchlab" -q sweep merge "$place/out" -o "$place/out.csv" 2>/dev/null || status=$?
((status == 3)) || fail "merging without shard $missing ended with $status"

"$dispatchlab" -q sweep submit "$place/out" --engine slurm >"$place/job"
grep -q "^#SBATCH --array=$missing\$" "$place/out/slurm/sweep.sbatch" || fail "more than shard $missing was submitted"
waited 40 "the end of the second array" ended
"$dispatchlab" -q sweep merge "$place/out" -o "$place/out.csv"
cmp "$place/alone.csv" "$place/out.csv"
cmp "$place/alone.summary.csv" "$place/out.summary.csv"
echo "2000 cells on two nodes of Slurm, shard $missing killed and submitted again: the bytes of one thread ($SECONDS s)"
