#!/usr/bin/env bash
# Drives the real window on a virtual display, with the pointer and the keyboard, in a fresh home: opens an input, steps and steps
# back, predicts and draws, zooms, changes the quantum, opens the palette, races, forks, exports, quits, and starts again with
# all kept.
# scripts/window-test.sh [FOLDER FOR PICTURES [PROGRAM]]. Not among the tests of scripts/test.sh: it draws without a
# graphics card. Nothing here waits for a time: a step is over when the picture has changed and stands still.
# Exit code 77: something is not here; the last line says what.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
exec </dev/null

missing() { echo "$*" >&2; exit 77; }
need Xvfb xvfb || missing "no virtual display: Xvfb"
need xdotool xdotool || missing "nobody moves the pointer: xdotool"
need import imagemagick || missing "nobody takes pictures: ImageMagick"
need xprop x11-utils || true

built=$(target_directory)
pictures=${1:-$built/window-test}
program=${2:-$built/debug/dispatchlab-gui}
[[ -n ${2:-} ]] || cargo build --locked -q -p dispatchlab-gui
mkdir -p "$pictures"
rm -f "$pictures"/*.png
place=$(mktemp -d)
mkdir "$place/home" "$place/run"
chmod 700 "$place/run"

running=()
stop() {
  local status=$?
  ((status == 0)) || { tail -n 20 "$place/window.log" >&2 2>/dev/null || true; import -window root "$pictures/failed.png" 2>/dev/null || true; }
  ((${#running[@]})) && kill "${running[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$place"
  exit "$status"
}
trap stop EXIT
fail() { echo "failed: $*" >&2; exit 1; }
ok() { echo "ok: $*"; }

# The display chooses its own number.
exec 3<>"$place/display"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset >"$place/xvfb.log" 2>&1 &
running+=($!)
for _ in $(seq 100); do [[ -s $place/display ]] && break; sleep 0.1; done
[[ -s $place/display ]] || missing "Xvfb does not start: $(tail -n 1 "$place/xvfb.log")"
export DISPLAY=:$(<"$place/display")
export HOME=$place/home XDG_RUNTIME_DIR=$place/run LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY XDG_DATA_HOME XDG_CONFIG_HOME XDG_STATE_HOME DBUS_SESSION_BUS_ADDRESS

look() { import -window root rgb:- | cksum; }

# Waits until the picture stands still, and prints what identifies it.
still() {
  local last now
  last=$(look)
  for _ in $(seq 200); do
    sleep 0.15
    now=$(look)
    [[ $now == "$last" ]] && { echo "$now"; return; }
    last=$now
  done
  echo "$last"
}

# changed BEFORE WHAT: waits until the picture is another, and stands still.
changed() {
  local now
  for _ in $(seq 300); do
    now=$(look)
    [[ $now != "$1" ]] && { seen=$(still); ok "$2"; return; }
    sleep 0.1
  done
  fail "$2: the picture did not change"
}

shots=0
shot() {
  shots=$((shots + 1))
  import -window root "$pictures/$(printf %02d "$shots")-$1.png"
}

# start WORD...: the window with these arguments, in front and with the focus.
start() {
  local black
  black=$(look)
  "$program" "$@" >"$place/window.log" 2>&1 &
  app=$!
  running+=("$app")
  for _ in $(seq 600); do
    kill -0 "$app" 2>/dev/null || fail "the program ended: $(tail -n 3 "$place/window.log")"
    window=$(xdotool search --onlyvisible --pid "$app" 2>/dev/null | tail -n 1 || true)
    [[ -n $window ]] || window=$(xdotool search --onlyvisible --name DispatchLab 2>/dev/null | tail -n 1 || true)
    [[ -n $window ]] && break
    sleep 0.1
  done
  [[ -n $window ]] || fail "no window"
  xdotool windowmove "$window" 0 0 windowsize "$window" 1280 800 2>/dev/null || true
  changed "$black" "a window: $*"
  xdotool windowfocus --sync "$window"
  xdotool mousemove 640 790
  seen=$(still)
}

key() { xdotool key --delay 60 "$@"; }
type() { xdotool type --delay 30 "$1"; }

# press NAME [WORD...]: clicks what is called so in a window that was started with these words.
press() {
  local where
  where=$("$program" "${@:2}" --size 1280x800 --where "$1") || fail "there is no $1"
  read -r left top width height <<<"$where"
  xdotool mousemove $((left + width / 2)) $((top + height / 2)) click 1
}

# colored RED GREEN BLUE WHAT: fails where the card of the exercise, at the left, has nothing in this color.
colored() {
  local color
  color=$(printf '#%02X%02X%02X' "$1" "$2" "$3")
  import -window root -crop 370x640+0+84 -depth 8 txt:- | grep "$color" >/dev/null || fail "$4: nothing is $color"
  ok "$4"
}
good() { colored 0 115 80 "$1"; }
bad() { colored 190 30 20 "$1"; }

start
shot started

# On a fresh desktop there is a list of lessons.
press "1. The convoy"
changed "$seen" "a lesson opens from the list"
shot lesson
key Right
changed "$seen" "and its schedule steps"

# What comes is hidden, and somebody says how it goes on: first with the pointer and right, then with a key and wrong.
words=(--lesson convoy --predict next --look light)
key p
changed "$seen" "P hides what comes and asks who is next"
shot question
press "Choose P1" "${words[@]}"
changed "$seen" "an answer"
good "it is right"
shot right
key Return
changed "$seen" "Enter asks the next question"
key 2
changed "$seen" "another answer"
bad "it is wrong, and the mistake has a name"
shot wrong
key Return
changed "$seen" "Enter shows the result"
shot result
key q
changed "$seen" "Q shows everything again"

# The whole schedule: typed and right, then drawn with the pointer and wrong.
words=(--lesson convoy --predict draw --look light)
key shift+p
changed "$seen" "Shift+P gives a grid to draw on"
key 1 1 1 1 1 1 1 1 2 3
changed "$seen" "keys draw"
key Return
changed "$seen" "Enter checks"
good "the drawing is right"
shot drawn
press Clear "${words[@]}"
changed "$seen" "the grid is empty again"
press "Draw with P2" "${words[@]}"
changed "$seen" "P2 is drawn with"
read -r left top width height < <("$program" "${words[@]}" --size 1280x800 --where "Drawing. core 0: ")
xdotool mousemove $((left + 80)) $((top + 60)) mousedown 1
xdotool mousemove $((left + 200)) $((top + 60))
changed "$seen" "a drag draws"
xdotool mousemove $((left + 340)) $((top + 60))
changed "$seen" "and goes on"
xdotool mouseup 1
seen=$(still)
key Return
changed "$seen" "Enter checks, also after a drag"
bad "the drawing is wrong, and the mistakes have names"
shot drawn-wrong
key ctrl+z
changed "$seen" "undo takes the drag back"
key q
changed "$seen" "Q shows everything again"

key ctrl+o
changed "$seen" "Ctrl+O asks for a path"
type stallings
key Return
changed "$seen" "an input of the library opens by its name"
shot opened
opened=$seen

for n in 1 2 3; do
  before=$seen
  key Right
  changed "$before" "step $n"
  ((n == 2)) && second=$seen
done
shot stepped
before=$seen
key Left
changed "$before" "a step back"
[[ $seen == "$second" ]] || fail "a step back does not show what was shown before"
ok "the picture is the one of step 2, to the pixel"

before=$seen
xdotool mousemove 800 260
seen=$(still)
before=$seen
xdotool click --repeat 4 --delay 60 4
changed "$before" "the wheel zooms"
shot zoomed
key 0
changed "$seen" "0 shows all again"

before=$seen
key ctrl+k
changed "$before" "Ctrl+K opens the palette"
shot palette
type dark
changed "$seen" "the palette looks for what is typed"
key Return
changed "$seen" "and does it"
shot dark

before=$seen
key j
changed "$before" "J asks what a new job is like"
shot asked
key Return
changed "$seen" "the job arrives, and the run is another"
shot forked
key ctrl+z
changed "$seen" "undo takes it away"

before=$seen
key ctrl+e
changed "$before" "Ctrl+E asks where to write"
key ctrl+a
type "$HOME/run.csv"
key Return
for _ in $(seq 100); do [[ -s $HOME/run.csv ]] && break; sleep 0.1; done
head -n 1 "$HOME/run.csv" 2>/dev/null | grep -q '^scenario,policy,' || fail "no file was written"
ok "the numbers are in a file"
seen=$(still)
shot exported

key ctrl+q
for _ in $(seq 100); do kill -0 "$app" 2>/dev/null || break; sleep 0.1; done
kill -0 "$app" 2>/dev/null && fail "Ctrl+Q does not end it"
wait "$app" || fail "it ended with $?"
ok "Ctrl+Q ends it"

start
shot again
dark=$(import -window root -colorspace Gray -resize 1x1 txt:- | grep -o 'gray([0-9.]*' | grep -o '[0-9.]*$')
awk -v value="$dark" 'BEGIN { exit !(value < 80) }' || fail "it is not dark any more: $dark"
ok "it is dark again"
key ctrl+o
changed "$seen" "what was open last is offered"
shot recent
key Escape
changed "$seen" "Escape closes"
key ctrl+q
wait "$app" || true

words=(stallings --policy round-robin:quantum=1ms --look light --show controls)
start "${words[@]}"
shot quantum
before=$seen
read -r left top width height < <("$program" "${words[@]}" --size 1280x800 --where quantum)
xdotool mousemove $((left + width * 4 / 10)) $((top + height / 2)) mousedown 1
changed "$before" "the quantum is taken"
xdotool mousemove $((left + width * 6 / 10)) $((top + height / 2))
changed "$seen" "it is drawn along its slider, and the schedule is another"
xdotool mouseup 1
seen=$(still)
shot quantum-drawn
key ctrl+z
changed "$seen" "one undo takes it all back"

before=$seen
key ctrl+r
changed "$before" "the race"
press "Add a policy" "${words[@]}" --show race
changed "$seen" "policies to add are listed"
shot race-list
xdotool mousemove_relative 0 60 click 1
changed "$seen" "one races"
shot raced
key ctrl+q
wait "$app" || true
echo "pictures: $pictures"
