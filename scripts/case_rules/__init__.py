"""Cases with known answers, run from outside.

A file of cases has inputs, conventions and right answers. Each case is translated by rule, never by its id, into a
task list, a scenario or a trace; the built program runs it; its answer is read from what the program writes and held
against the case's own. Nothing is simulated here, and no right answer stands here.

    scripts/cases [--quick] [--time] BINARY FILE.json [ID ...]

A line a case:

    exact           everything that the case answers came out exactly
    within          estimates are within four standard errors, and a twin that is moved would have been refused
    wrong           with the first difference; also where the program fails on a case that it should run
    not expressible with what is missing: a key, a policy, a mechanism

The last line counts them. Exit code 0, 4 where something is wrong, 2 where a file or an id cannot be read.

| file | what it has |
|---|---|
| `main.py` | arguments, the loop, the lines |
| `form.py` | reading of cases: a key that no rule reads is an end, never overlooked |
| `program.py` | the built program, under limits of time and memory |
| `verdict.py` | what was found, and the two rules of comparing |
| `cpu.py`, `cpu_answers.py` | task lists: inputs and answers |
| `queueing.py`, `laws.py` | scenarios, replications, estimates; laws |
| `stations.py`, `farms.py`, `networks.py` | models of queueing theory, by the words of the case |
| `regions.py`, `region_text.py` | transaction regions: which rule reads a case; the scenario |
| `region_course.py`, `region_means.py` | what happened request by request; estimates |
| `picks.py` | which server each request gets |
| `described.py` | forms that are recognized and wait for mechanisms |
"""
