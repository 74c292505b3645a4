# Menus and commands
menu-file = File
menu-edit = Edit
menu-time = Time
menu-view = View
menu-run = Run
menu-learn = Learn
menu-help = Help
menu-recent = Open recent
menu-recent-none = nothing yet
cmd-open = Open …
cmd-save = Save the input as …
cmd-export-json = Export the result as JSON …
cmd-export-csv = Export the numbers as CSV …
cmd-export-table = Export the table as text …
cmd-export-png = Export the schedule as PNG …
cmd-export-svg = Export the schedule as SVG …
cmd-quit = Quit
cmd-undo = Undo
cmd-redo = Redo
cmd-fork = What if a job arrived now? …
cmd-find = Find a job
cmd-find-next = Find next
cmd-find-last = Find previous
cmd-play = Play or pause
cmd-pause = Pause
cmd-step = Step to the next event
cmd-step-back = Step back
cmd-decision = Step to the next decision
cmd-decision-back = Back to the previous decision
cmd-start = Go to the start
cmd-end = Go to the end
cmd-faster = Play faster
cmd-slower = Play slower
cmd-bookmark = Set or remove a bookmark here
cmd-next-bookmark = Go to the next bookmark
cmd-zoom-in = Zoom in
cmd-zoom-out = Zoom out
cmd-pan-left = Move left
cmd-pan-right = Move right
cmd-fit = Show everything
cmd-fit-selection = Zoom to the selection
cmd-next-stretch = Next stretch of the job
cmd-last-stretch = Previous stretch of the job
cmd-mark-a = Set marker A here
cmd-mark-b = Set marker B here
cmd-clear-marks = Remove the markers
cmd-cores = Show or hide cores
cmd-tasks = Show or hide tasks
cmd-arrows = Show or hide arrows of wake-ups
cmd-follow = Follow the time while playing
cmd-rows = Show all rows in the usual order
cmd-tone = Light or dark
cmd-projector = Projector: large and light
cmd-language = Next language
cmd-layout = Reset the layout
cmd-show-library = Show the library
cmd-show-controls = Show policies and costs
cmd-show-tasks = Show the task table
cmd-show-text = Show the text
cmd-show-network = Show the network
cmd-show-chart = Show the schedule
cmd-show-live = Show the machine
cmd-show-why = Show why
cmd-show-events = Show the events
cmd-show-metrics = Show the numbers
cmd-show-plots = Show the distributions
cmd-race = Race policies
cmd-batch = Replications
cmd-run-batch = Run the replications
cmd-run-race = Run replications of the race
cmd-cancel = Cancel
cmd-lessons = Show the lessons
cmd-next-lesson = Next lesson
cmd-last-lesson = Previous lesson
cmd-lesson-done = Mark the lesson as done, or not
cmd-palette = Command palette
cmd-shortcuts = Keyboard shortcuts
cmd-escape = Close or deselect

# Panes
pane-library = Library
pane-controls = Policy
pane-tasks = Tasks
pane-text = Text
pane-network = Network
pane-chart = Schedule
pane-live = Machine
pane-why = Why
pane-events = Events
pane-metrics = Numbers
pane-plots = Distributions
pane-race = Race
pane-batch = Replications
pane-lessons = Lessons

# States of jobs and cores
state-run = running
state-switch = switch
state-dispatch = dispatch
state-ready = ready
state-preempted = preempted
state-blocked = blocked
state-waiting = waits for a token
state-joining = waits for children
status-completed = completed
status-unfinished = unfinished
status-lost = lost
status-timed-out = timed out
deadline-met = met
deadline-missed = missed
deadline-open = open

# The schedule
chart-empty = Choose a lesson, open something from the library, drop a file here, or press Ctrl+O.
chart-cores = Cores
chart-tasks = Tasks
chart-arrows = Arrows
chart-arrows-zoom = zoom in to see who woke whom
chart-arrows-thinned = { $drawn } of { $all } wake-ups have an arrow: zoom in
chart-name = Gantt chart
thinned-rows = { $jobs } jobs have no row of their own: too many of their task overlap
thinned-end = the chart shows the first { $jobs } jobs, to { $end }; the numbers are those of the whole run, of which only runs of at most { $most } jobs are drawn whole
chart-merged = { $merged } stretches are merged into columns, { $drawn } stand alone: zoom in to see all
chart-zoom-in = narrower than a pixel here: zoom in
axis-name = Time axis, cursor at { $at }
minimap-name = Overview of the whole run
minimap-help = How busy the cores are; drag to move
row-name = Row { $name }
row-help = { $name }: double click to pin, right click for more
row-pin = Pin to the top
row-unpin = Unpin
row-up = Move up
row-down = Move down
row-hide = Hide
row-reset = Show all rows as at first
find-hint = Find a job
find-nothing = no job is named like “{ $text }”

# The network of stations
network-empty = Open a scenario to see its stations and flows.
network-too-large = This input is too large to be drawn as a network.
network-add = ➕ Add
network-fit = Show all
network-tidy = Tidy up
network-classes = Classes:
network-implied = Read-only: this is what the list or log stands for
network-implied-help = A task list or a log has no stations of its own to be changed. Save a scenario to draw a network.
network-thinned = only the first { $count } steps are drawn
network-source = Source
network-class = Class
network-processor = Processor
network-device = Device
network-pool = Pool
network-balancer = Balancer
network-server = Server group
network-delay = Delay
network-join = Join
network-exit = Exit
network-missing = Missing
network-missing-note = { $word }: not there
network-tokens = { $count ->
    [one] 1 token
   *[other] { $count } tokens
}
network-cores = { $count ->
    [one] 1 core
   *[other] { $count } cores
}
network-tasks = { $count ->
    [one] 1 task
   *[other] { $count } tasks
}
network-join-note = { $join } of { $count }
network-group = { $name } × { $count }
network-busy = busy { $busy } / { $cores }
network-held = held { $held } / { $size }
network-connect = Connect { $name }
network-connect-help = Draw to a station: jobs go there next
network-connect-not = jobs cannot be sent that way: draw from a source or a station on the way of a class to a processor, a pool or a balancer
network-scenario = Scenario
network-hint = Click on a station, an arrow or a class to change it. Draw from the dot at its right edge to another station to send jobs there next. Drag a station to move it.
network-name = name
network-set = Set { $name }
network-clear = Remove { $name }
network-fixed = fixed
network-default = default
network-value-of = value of { $name }
network-duplicate = Duplicate
network-remove = Remove
network-up = ⬆ Earlier
network-down = ⬇ Later
network-before = ➕ Before
network-after = ➕ After
network-inside = ➕ Inside { $number }
network-child = ➕ Child
network-child-number = child { $number }
network-steps = Steps of the class
network-step-of = Step { $number } of { $class }: { $word }
network-processors = processors:
network-pools = pools:
network-visit = Put it into a flow
network-first = at the beginning
network-last = at the end
network-add-missing = ➕ Add the missing { $name }
network-remove-title = Remove { $name }?
network-remove-named = { $name } is named { $count ->
    [one] at one place:
   *[other] at { $count } places:
}
network-remove-mistakes = { $count ->
    [one] Without it the text has a mistake:
   *[other] Without it the text has { $count } mistakes:
}
network-remove-all = Remove it and what names it
network-remove-only = Remove it alone

# Details
details-state = state
details-span = from – to
details-waited = waited before
details-waker = woken by
details-arrival = arrival
details-status = status
details-served = processor time
details-overhead = overhead
details-blocked = blocked
details-preemptions = preemptions
details-deadline = deadline
waker-release = its own release
waker-timer = a timer: its delay was over
waker-own = its own device or child
waker-job = { $job }, which gave back what it waited for
waker-preempted = nobody: it was taken off its core

# Time
speed = Speed
bookmarks = 🔖 { $count }
bookmark-note = note
fork-button = ➕ What if …?
fork-help = A job arrives at the cursor's instant, and everything is run again
fork-title = A job arrives at { $at }
fork-text = Everything before stays as it was. Undo takes the job away again.
fork-cpu = Processor time
fork-class = Class
fork-go = Let it arrive
fork-done = a job arrives at { $at }
fork-impossible = a job can be added to task lists and scenarios only

# What is run
status-empty = nothing is open
status-first = { $name }: its first run is under way
status-seed = seed { $seed }
status-assumed = assumed: each request takes { $service }, on { $servers ->
    [one] one server
   *[other] { $servers } servers
}
status-assumed-help = The log does not say it. Policy has both.
status-digest = digest { $digest }
status-digest-help = A hash of the full order of events. The command line has the same for the same input.
status-ties-help = The tie rules in effect
run-progress = Progress
run-events = { $events } events
run-cancelled = the run was cancelled; what is shown is the run before
run-cancelled-first = the run was cancelled
no-run-yet = the first run is under way
no-run = there is no run to show
run-too-long = the run takes more than { $events } events, the limit of this window: shorten it, or use the command line, which has no such limit
run-bug = this is a bug in DispatchLab: { $words }
mistakes-first = { $count ->
    [one] 1 mistake
   *[other] { $count } mistakes
}
mistakes =
    { $count ->
        [one] 1 mistake
       *[other] { $count } mistakes
    }: the run shown is the last good one

# Lessons
lessons-title = Lessons
lessons-hint = Each has a question, something to do in this window, and the reason. Start anywhere.
lessons-progress = { $done } of { $all } done
lessons-all = ☰ All lessons
lesson-is-done = done
lesson-is-begun = begun
lesson-done = I have done this lesson
lesson-next = Next: { $title }
dial-nothing = what is open has no { $name }
lesson-missing = there is no lesson “{ $name }”

# Library
library-title = Library
library-hint = Click to open. Everything can be changed and undone.
library-textbook = Textbook
library-showcase = Showcase
library-regions = Transaction regions
library-theory = Theory: closed forms
library-bench = Large runs

# Controls
controls-empty = open something to change its policy
controls-scheduler = Scheduler of { $station }
controls-balancer = Balancer { $station }
controls-policy = policy
controls-policy-of = Policy of { $station }
controls-machine = Machine and run
controls-cores = Cores
controls-context-switch = Context switch
controls-dispatch-latency = Dispatch latency
controls-cost-help = Cost of each dispatch to another job. Any unit: 5us, 0.1ms.
controls-unit = Unit of bare numbers
controls-io = I/O of tasks
controls-service = Service time
controls-servers = Servers
controls-interrupts = Interrupts
controls-scale = demand, times
controls-columns = columns
controls-set = Changes over the text
controls-set-help = As the option --set of the command line: a path and a value, such as web.count=4
controls-seed = Seed
controls-until = Run until
controls-warmup = Warm-up
controls-default = as in the input
controls-ties = Tie rules
controls-preset = Preset
param-default = Default: { $value }

# Task table
tasks-empty = open a task list to change it here
tasks-other = Only task lists have a table. This input is changed as text.
tasks-add = ➕ Task
tasks-column = Add a column
tasks-cell = { $column } of row { $row }
tasks-delete = Delete row { $row }

# Text
text-empty = open something to see its text
text-too-long = { $bytes } bytes that are not text, or too much to be changed here

# Why
why-empty = open something to see why
why-none = no decision was taken yet
why-before = no decision at this instant; the last one before, at { $at }:
why-count = decision { $number } of { $all }
why-policy = policy { $policy }
why-job = job
why-server = server
why-more = and { $count } more
why-chosen = Chosen at { $at }: show the decision
why-soon = finding out why …
why-runs = { $station } core { $core } runs { $job } until its work is done
why-runs-at-most = { $station } core { $core } runs { $job } for at most { $slice }
why-taken = { $station } core { $core } is taken for { $job }
why-sent = { $balancer } sends { $job } to { $server }
why-only-server = the only server it could have chosen
why-only-job = the only job it could have chosen
why-tie = { $rule }; keys were equal, so the tie rule decided: { $tie }
why-last = Previous decision
why-next = Next decision

# Events
events-empty = open something to see what happens
events-count = { $count } events; click to go there
events-time = time
events-job = job
events-what = what
event-release = released
event-complete = completed
event-lost = lost
event-missed = misses its deadline

# Numbers
metrics-empty = open something to see its numbers
metrics-metric = metric
metrics-value = value
metrics-change = since the last change
metrics-first-run = first run
metrics-finish = finish
quantity-response = response
quantity-waiting = waiting
quantity-first-response = first response

# Distributions
plots-empty = open something to see distributions
plots-until = of what is known at the cursor
plots-cdf = cumulative distribution
plots-histogram = histogram
plots-histogram-of = histogram of { $count } jobs
plots-waiting = jobs that wait, over time

# The machine
live-empty = open something to see the machine
live-idle = idle
live-queue = queue { $count }
live-next = next
live-tokens-held = { $held } of { $count } tokens held
live-holds = { $job } holds a token
live-delay = delays
live-join = waiting for children
live-share = one of { $count }

# Race
race-empty = open something to race policies on it
race-hint = Choose up to three other policies. All meet the same jobs.
race-add = Add a policy
race-against = against
race-remove = Remove { $policy }
race-export = Export as CSV …
race-parts = { $policy } parts at decision { $number }, t = { $at }
race-same = { $policy } decides everything the same
race-alone = all policies of the race are the same: choose another one
race-replications = Replications of each
race-common = All policies meet the same random numbers, replication by replication; differences are taken in pairs.
race-run = ▶ Run them all
race-old = the setup or the policies have changed since; run again
race-over = Over { $replications } replications of each policy: means and differences with { $level } % intervals.
race-policy = policy
race-mean = mean
race-difference = difference
race-verdict = verdict
race-tied = undecided: { $policies }
race-reference = reference
race-better = better
race-worse = worse
race-small = no practical difference
race-undecided = no difference shown

# Replications
batch-replications = Replications
batch-run = ▶ Run
batch-hint = The same setup with other random numbers each time, with confidence intervals.
batch-old = the setup has changed since; run again
batch-scope = where
batch-interval = 95 % interval
batch-n = replications
batch-export-html = Report …
batch-export-table = Table …
batch-export-csv = CSV …
batch-export-json = JSON …

# Windows over the window
palette-hint = Type a command
open-path = path, or a name of the library
open-open = Open
open-drop = A file can also be dropped on the window.
open-nothing = cannot be opened here
browse = Browse …
cancel = Cancel
close = Close
save-title = Write to a file
save-write = Write
save-done = written: { $path }
open-web = a page opens the library, and files that are picked or dropped
open-no-file = { $name }: this is no file
open-too-large = { $name }: larger than { $most } MiB; use the command line
export-too-many = the chart has too many stretches to be a picture
export-nothing = there is nothing to export yet
drop-here = Drop a scenario, a task list or an access log
help-pointer = In the schedule
help-wheel = Wheel: zoom at the pointer. Shift and wheel: move.
help-drag = Drag: measure between A and B.
help-pan = Drag with the right or middle button: move.
help-click = Click: go there and select. The axis and the overview can be dragged.
help-double = Double click: zoom to a stretch, or show everything.
help-names = Right click on a row's name: pin, move, hide.

# Predicting
pane-exercise = Exercise
cmd-exercise = Show the exercise
cmd-predict-next = Predict: which task next?
cmd-predict-draw = Predict: draw the schedule
cmd-predict-go = Go on, or check the drawing
cmd-predict-hint = Hint
cmd-predict-reveal = Show the answer
cmd-predict-skip = Skip
cmd-predict-1 = Answer 1
cmd-predict-2 = Answer 2
cmd-predict-3 = Answer 3
cmd-predict-4 = Answer 4
cmd-predict-5 = Answer 5
cmd-predict-6 = Answer 6
cmd-predict-7 = Answer 7
cmd-predict-8 = Answer 8
cmd-predict-9 = Answer 9
cmd-predict-nobody = Answer: the core stays idle
cmd-predict-restart = Start again
cmd-predict-leave = End and show everything
cmd-sheet-html = Write the problem sheet as HTML …
cmd-sheet-csv = Write the problem sheet as CSV …
predict-title = Predict
predict-about = The future is hidden, in every pane. You say how it goes on.
predict-empty = Open something first, or take a problem sheet.
predict-hidden = Not while you predict: it would show what is still to come. End the exercise first.
predict-begin-next = Which task next?
predict-begin-draw = Draw the schedule
predict-ask-arrivals = Ask when a task comes and nobody has to go
predict-ask-single = Ask where only one task is ready
predict-question = t = { $at }: who runs now?
predict-question-station = t = { $at }: who runs now on { $station }?
predict-question-core = t = { $at }: who runs now on core { $core } of { $station }?
predict-progress = question { $number } of { $all }
predict-score = { $right } of { $asked } right
predict-streak = { $streak } in a row, at most { $most }
predict-option = Choose { $task }
predict-running = (running)
predict-nobody = Nobody: idle
predict-other = Another task
predict-arrival = arrived
predict-since = since
predict-served = had
predict-left = left
predict-burst = burst
predict-right = ✔ Right: { $task }
predict-wrong = ✖ { $name }. Right is { $task }.
predict-shown = It is { $task }.
predict-on = Next question (Enter)
predict-last = Result (Enter)
predict-stays = { $task } stays on the core: nobody who waits goes before it by the rule “{ $rule }”.
predict-stays-always = { $task } stays on the core: a task that comes does not interrupt here.
predict-over = { $percent } % right
predict-over-see = Everything is shown again. A mark above leads to its instant.
predict-outcome-right = right
predict-outcome-shown = shown
predict-outcome-skipped = skipped
mistake-unknown-task = No such task
mistake-unknown-core = No such core
mistake-overlap = Two at once
mistake-before-arrival = Before its arrival
mistake-while-blocked = Runs during its I/O
mistake-not-ready = Not in the ready queue
mistake-wrong-length = Too long or too short
mistake-interrupted = Interrupted
mistake-migrated = Changes its core
mistake-idle = Idle while a task waits
mistake-tie-rule = Tie rule ignored
mistake-other-policy = Another policy
mistake-wrong-task = Wrong task
mistake-wrong-number = Wrong number
mistake-missing = Missing
draw-title = Draw the schedule
draw-about = Who runs when? Choose a task and draw.
draw-about-cores = The cores are alike: any free one will do. A task that goes on running stays on its core.
draw-about-io = You draw the cores. When a task is away for I/O follows from that, and is shown below them.
draw-name = Drawing
draw-of = { $what }: drawing
draw-core = core { $core }
draw-away = { $task } away
draw-io = I/O
draw-queued = waits
draw-cell = core { $core }, { $from } to { $to }: { $task }
draw-needs = needs
draw-drawn = drawn
draw-brush = Draw with { $task }
draw-eraser = Eraser
draw-check = Check (Enter)
draw-clear = Clear
draw-show = Show the answer
draw-hide = Hide the answer
draw-answer = The right schedule
draw-score = { $percent } % right
draw-right = ✔ All right
draw-first-wrong = wrong from { $at }
draw-why = Why, at { $at }
draw-help-pointer = Click or drag in the grid to draw.
draw-help-keys = Keyboard, in the grid: arrows move, 1 to 9 draw a task, Space draws the chosen one, 0 or Delete erases, Enter checks.
sheet-title = Problem sheet
sheet-about = The same policy and seed give the same problem everywhere.
sheet-policy = Policy
sheet-seed = Seed
sheet-tasks = Tasks
sheet-cores = Cores
sheet-io = I/O
sheet-io-none = none
sheet-io-parallel = a device for each task
sheet-io-fcfs = one device for all
sheet-solve = Solve it here:
sheet-solve-as = Solve the sheet: { $way }
sheet-key = Key
sheet-html = HTML …
sheet-csv = CSV …
sheet-text = Text …
sheet-same = The same on the command line:
sheet-heading = { $title } ({ $policy }) on { $cores ->
    [one] one core
   *[other] { $cores } cores
}{ $io }, problem { $seed }
sheet-means = response { $response } ms, waiting { $waiting } ms
sheet-with-io = {" "}with I/O
