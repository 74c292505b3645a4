#!/usr/bin/env bash
# Prints how instructions grow where an input grows to four times its size, and fails where that is faster than n log n.
#
# Each row is a way in which queues, recordings, models or withdrawals grow. Runs are whole commands under callgrind, so that the
# load of the machine does not matter. It takes some minutes and is no part of the tests; name rows to measure only them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

need valgrind valgrind || { echo "error: valgrind is not installed and may not be; nothing was measured" >&2; exit 1; }

target=$(target_directory)
binary=${DISPATCHLAB:-$target/release/dispatchlab}
[ -n "${DISPATCHLAB:-}" ] || cargo build --release --locked -q -p dispatchlab
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# one STOP ARRIVALS SCHEDULER [OF-SOURCE] [OF-CLASS] [OF-PROCESSOR]: a scenario of one processor.
one() {
  cat <<END
name = "growth"
stop = { $1 }
warmup = "1ms"
[[class]]
name = "k"
steps = [{ work = "cpu", demand = "1ms" }]
${5:-}
[[source]]
name = "s"
class = "k"
arrivals = $2
${4:-}
[[processor]]
name = "cpu"
scheduler = "$3"
${6:-}
END
}

# farm COUNT JOBS SCHEDULER [OF-SERVER]: a scenario of equal servers.
farm() {
  cat <<END
name = "growth"
stop = { jobs = $2 }
warmup = "1ms"
[[class]]
name = "k"
steps = [{ balance = "lb" }, { work = "cpu", demand = { exponential = { mean = "1ms" } } }]
[[source]]
name = "s"
class = "k"
arrivals = { poisson = "100/s" }
[[balancer]]
name = "lb"
policy = "random"
targets = "web"
[[server]]
name = "web"
count = $1
processor.cpu = { scheduler = "$3" }
${4:-}
END
}

# region JOBS [OF-REGION] [OF-REQUEST]: a burst of requests for a tenth as many processes of a region.
region() {
  cat <<END
name = "growth"
stop = { jobs = $1 }
warmup = "1ms"
[[class]]
name = "k"
steps = [{ request = "r", transaction = "a", ${3:-} steps = [{ exec = { exponential = { mean = "1s" } } }] }]
[[source]]
name = "s"
class = "k"
arrivals = { poisson = "1000000/s" }
[[region]]
name = "r"
preset = "jes2"
seps = $(($1 / 10))
${2:-}
END
}

# The scenario of a row for a size.
scenario() {
  local n=$2 burst='{ poisson = "1000000/s" }' impatient='timeout = { uniform = { low = "100ms", high = "1s" } }'
  case $1 in
  auto-*) one "jobs = $n" "$burst" "${1#auto-}" | sed 's/^warmup.*/warmup = "auto"/' ;;
  withdraw-*) one "jobs = $n" "$burst" "${1#withdraw-}" "$impatient" ;;
  wait-*) one "jobs = $n" "$burst" "${1#wait-}" ;;
  abort) one "jobs = $n" "$burst" fcfs '' $'deadline = "100ms"\non_miss = "abort"' ;;
  interrupts) one "jobs = $n" "$burst" fcfs '' '' 'interrupts = { release = "10us" }' ;;
  pool)
    one "jobs = $n" "$burst" fcfs "$impatient" | sed 's/^steps.*/steps = [{ hold = "p", steps = [{ work = "cpu", demand = "1ms" }] }]/'
    printf '[[pool]]\nname = "p"\nsize = 1\n'
    ;;
  fork) one "jobs = $n" "$burst" fcfs "$impatient" |
    sed 's/^steps.*/steps = [{ fork = [[{ work = "cpu", demand = "1ms" }], [{ delay = "5s" }]], join = 2 }]/' ;;
  theory) farm "$n" 100 fcfs ;;
  warm-up) farm "$n" 100 lcfs ;;
  region) region "$n" ;;
  region-ageing) region "$n" $'order = "ageing"\nageing_step = "1ms"' ;;
  region-mru) region "$n" 'choice = "mru"' ;;
  region-lru) region "$n" 'choice = "lru"' ;;
  region-push) region "$n" 'pull = "push"' ;;
  region-classes) region "$n" "classes.a = { max_active = $((n / 20)) }" ;;
  region-reserved) region "$n" 'reserved.gold = [1]' 'tag = "gold",' ;;
  region-per-sep) region "$n" 'queues = "per-sep"' ;;
  region-cores) region "$n" $'cores = 4\nscheduler = "round-robin:quantum=100ms"\ncontext_switch = "50us"' ;;
  region-deaths) region "$n" $'deaths = [{ at = "500ms" }]\nprocess_restart = "1s"\norphans = "requeue"' ;;
  region-leaks) region "$n" 'health_period = "10ms"' 'lose_call = true,' ;;
  region-timeouts) region "$n" | sed 's/^arrivals/timeout = "2s"\narrivals/' ;;
  failures) farm "$n" 2000 fcfs 'failures = { after = "1s", repair = "1ms" }' ;;
  *) echo "error: there is no row $1" >&2; exit 1 ;;
  esac
}

instructions() {
  local out
  scenario "$1" "$2" >"$folder/$1.toml"
  # The program's own words tell whether it ran: some builds end badly under valgrind, after the run.
  out=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$binary" run "$folder/$1.toml" --threads 1 --quiet --format csv 2>&1 >/dev/null </dev/null) || true
  grep -q '^error' <<<"$out" && { echo "$out" >&2; return 1; }
  sed -nE 's/.*Collected : ([0-9]+).*/\1/p' <<<"$out" | grep . || { echo "$out" >&2; return 1; }
}

rows=(withdraw-fcfs withdraw-lcfs withdraw-siro withdraw-sjf withdraw-round-robin withdraw-lottery withdraw-stride
  withdraw-mlfq withdraw-feedback withdraw-priority withdraw-priority:ageing=1ms withdraw-ps withdraw-las wait-ps auto-ps wait-lottery
  wait-priority:ageing=1ms wait-hrrn wait-las abort interrupts pool fork theory warm-up failures
  region region-ageing region-mru region-lru region-push region-classes region-reserved region-per-sep region-cores region-deaths region-leaks
  region-timeouts)
(($#)) && rows=("$@")
n=${SIZE:-4000}
status=0
printf '%-28s %14s %14s %7s\n' "row" "n = $n" "n = $((4 * n))" "times"
for row in "${rows[@]}"; do
  # What a command takes for next to nothing is not counted.
  start=$(instructions "$row" 20)
  short=$(instructions "$row" "$n")
  long=$(instructions "$row" $((4 * n)))
  short=$((short - start)) long=$((long - start))
  verdict=$(awk -v a="$short" -v b="$long" -v n="$n" 'BEGIN {
    # n log n, with a fifth of room.
    most = 4 * log(4 * n) / log(n) * 1.2
    word = (b / a > most) ? "  faster than n log n" : ""
    printf "%7.2f%s", b / a, word
  }')
  [[ $verdict == *faster* ]] && status=1
  printf '%-28s %14d %14d %s\n' "$row" "$short" "$long" "$verdict"
done
exit $status
