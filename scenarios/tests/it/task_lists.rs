//! Task lists.

use crate::support::{finishes, mistakes, model_of, policies, trace};
use scenarios::{InputKind::TaskList, Options};

const STALLINGS: &str = "task,arrival,cpu\nA,0,3\nB,2,6\nC,4,4\nD,6,5\nE,8,2\n";

/// Stallings, Operating Systems, tables 9.4 and 9.5: finish times.
#[test]
fn a_textbook_list_gives_the_textbook_answers() {
    for (policy, expected) in [
        ("fcfs", [3, 9, 13, 18, 20]),
        ("round-robin:quantum=1ms", [4, 18, 17, 20, 15]),
        ("round-robin:quantum=4ms", [3, 17, 11, 20, 19]),
        ("srtf", [3, 15, 8, 20, 10]),
    ] {
        let loaded = model_of(TaskList, STALLINGS, &policies(&[policy]));
        let (_, trace) = trace(&loaded);
        let ends: Vec<u64> = trace.jobs.iter().map(|job| job.finish.unwrap().0 / 1_000_000).collect();
        assert_eq!(ends, expected, "{policy}");
        assert_eq!(loaded.policy, policy);
    }
}

#[test]
fn bare_numbers_are_exact_in_the_time_unit() {
    let options = Options { time_unit: "us".to_owned(), ..Options::default() };
    let loaded = model_of(TaskList, "task,arrival,cpu\na,0.4,0.001\nb,1ms,2\n", &options);
    let (_, trace) = trace(&loaded);
    assert_eq!(trace.jobs.iter().map(|job| job.finish.unwrap().0).collect::<Vec<_>>(), [401, 1_002_000]);
}

#[test]
fn rows_of_one_name_are_jobs_of_one_task() {
    let loaded = model_of(TaskList, "task,arrival,cpu\nb,5,1\na,0,2\nb,1,1\n", &Options::default());
    assert_eq!(finishes(&loaded), ["a1 0-2", "b1 1-3", "b2 5-6"]);
    assert_eq!(loaded.model.tasks, ["b", "a"]);
}

#[test]
fn io_is_parallel_or_one_queue() {
    let list = "task,arrival,program\na,0,cpu 1; io 5; cpu 1\nb,0,\"cpu 1; io 5; cpu 1\"\n";
    let loaded = model_of(TaskList, list, &Options::default());
    assert_eq!(finishes(&loaded), ["a1 0-7", "b1 0-8"]);
    let (_, parallel) = trace(&loaded);
    assert_eq!(parallel.jobs[0].blocked.0, 5_000_000);
    let options = Options { io_device: Some("fcfs".to_owned()), ..Options::default() };
    let loaded = model_of(TaskList, list, &options);
    assert_eq!(finishes(&loaded), ["a1 0-7", "b1 0-12"]);
    let (_, queued) = trace(&loaded);
    assert_eq!(queued.jobs[1].blocked.0, 9_000_000, "the wait for the device is blocked time");
}

/// Silberschatz, Galvin, Gagne, Operating System Concepts, real-time scheduling: two tasks (25, 50) and (35, 80).
#[test]
fn periodic_tasks_run_to_the_hyperperiod() {
    let list = "task,cpu,period\nP1,25,50\nP2,35,80\n";
    let loaded = model_of(TaskList, list, &policies(&["rm"]));
    assert_eq!(loaded.model.stop.after.unwrap().0, 400_000_000);
    let (_, by_rate) = trace(&loaded);
    assert_eq!(by_rate.jobs.len(), 8 + 5);
    let second = by_rate.jobs.iter().find(|job| job.task == 1 && job.job == 1).unwrap();
    assert_eq!((second.finish.unwrap().0, second.missed), (85_000_000, Some(true)));
    let loaded = model_of(TaskList, list, &Options { until: Some("160ms".to_owned()), ..policies(&["edf"]) });
    let (_, by_deadline) = trace(&loaded);
    assert!(by_deadline.jobs.iter().all(|job| job.missed != Some(true)));
    let first = by_deadline.jobs.iter().find(|job| job.task == 1).unwrap();
    assert_eq!(first.finish.unwrap().0, 60_000_000);
}

#[test]
fn jobs_of_a_periodic_task_wait_for_each_other() {
    // Two cores: the second job of `slow` could run beside the first, but a task is one thread.
    let list = "task,arrival,cpu,period,count\nslow,0,15,10,2\n";
    let loaded = model_of(TaskList, list, &Options { cores: Some(2), ..Options::default() });
    assert_eq!(loaded.model.stop.after, None, "a counted task runs dry");
    assert_eq!(finishes(&loaded), ["slow1 0-15", "slow2 10-30"]);
}

#[test]
fn offsets_and_deadlines_are_read() {
    let list = "task,cpu,period,offset,deadline\na,1,10,3,5\nb,1,20,,\n";
    let loaded = model_of(TaskList, list, &policies(&["dm"]));
    assert_eq!(loaded.model.stop.after.unwrap().0, 23_000_000, "hyperperiod 20 after offset 3");
    assert_eq!(loaded.model.attributes[0].deadline.unwrap().0, 5_000_000);
    assert_eq!(loaded.model.attributes[1].deadline.unwrap().0, 20_000_000, "the period by default");
    let (_, trace) = trace(&loaded);
    assert_eq!(trace.jobs.iter().map(|job| job.arrival.0 / 1_000_000).collect::<Vec<_>>(), [0, 3, 13, 20]);
}

#[test]
fn same_arrival_can_be_decided_by_priority() {
    let list = "task,arrival,cpu,priority\nlow,0,1,5\nhigh,0,1,1\n";
    let plain = model_of(TaskList, list, &Options::default());
    assert_eq!(finishes(&plain), ["low1 0-1", "high1 0-2"]);
    let options = Options { ties: Some("same_arrival=priority".to_owned()), ..Options::default() };
    assert_eq!(finishes(&model_of(TaskList, list, &options)), ["high1 0-1", "low1 0-2"]);
    let options = Options { ties: options.ties, ..policies(&["priority:order=high-first"]) };
    assert_eq!(finishes(&model_of(TaskList, list, &options)), ["low1 0-1", "high1 0-2"]);
}

#[test]
fn mistakes_are_named_all_at_once() {
    for (list, expected) in [
        ("", vec!["S050 a task list needs a header and at least one task"]),
        ("task,arrival,cpu\n", vec!["S050 a task list without tasks"]),
        (
            "task,arival,cpu\na,0,1\n",
            vec!["S053 a task list needs the column `arrival`", "S053 unknown column `arival`"],
        ),
        ("task,arrival,cpu\na,0\n", vec!["S051 2 fields where the header has 3"]),
        (
            "task,arrival,cpu\na,nan,-1\nb,0,1e30\nc,,1\n",
            vec![
                "S020 `nan` is not a number with a unit",
                "S020 `-1` is negative",
                "S020 `1e30` is longer than the 292 years that can be simulated",
                "S052 a task without a period needs an arrival",
            ],
        ),
        (
            "task,arrival,cpu,nice\na,0,1,20\n",
            vec!["S021 `nice` is `20`; it must be a whole number from -20 to 19"],
        ),
        ("task,arrival,cpu,affinity\na,0,1,0\n", vec!["S054 affinity is not built yet"]),
        (
            "task,arrival,program\na,0,cpu 1; lock m; dance 3\n",
            vec!["S054 `lock` is not built yet", "S052 unknown step `dance`"],
        ),
        (
            "task,arrival,cpu,program\na,0,1,cpu 1\n",
            vec!["S052 a task has either `cpu` or `program`, not both"],
        ),
        (
            "task,arrival,cpu,offset\na,0,1,3\n",
            vec!["S052 `offset` is for periodic tasks, and this one has no period"],
        ),
        (
            "task,cpu,period\na,1,9000000000000000007ns\nb,1,9000000000000000011ns\n",
            vec!["S055 the hyperperiod of the tasks is longer than the 292 years that can be simulated"],
        ),
        (
            "task,arrival,cpu,period\na,,1,10\nb,10,1,\n",
            vec!["S055 `b` arrives at 10ms, after the hyperperiod ends at 10ms"],
        ),
    ] {
        assert_eq!(mistakes(TaskList, list, &Options::default()), expected, "{list}");
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let list = "task,arrival,cpu\na,0,1\n";
    for (options, expected) in [
        (
            Options { cores: Some(0), ..Options::default() },
            "S021 `--cores` is 0; it must be from 1 to 1048576",
        ),
        (Options { time_unit: "sec".to_owned(), ..Options::default() }, "S020 unknown unit `sec`"),
        (
            Options { servers: Some(2), ..Options::default() },
            "S066 `--servers` is for access logs and request traces",
        ),
        (
            Options { io_device: Some("disk".to_owned()), ..Options::default() },
            "S022 `--io-device` cannot be `disk`",
        ),
        (
            Options { context_switch: Some("1us".to_owned()), ..policies(&["ps"]) },
            "S065 `ps` shares the cores among all jobs and never switches: a cost has no meaning",
        ),
        (policies(&["fcfs", "srtf"]), "S062 `cpu` is given a second policy"),
        (policies(&["disk=fcfs"]), "S062 no station or balancer `disk` has a policy"),
        (
            policies(&["least-connections"]),
            "S062 `least-connections` is a balancer, and there is no balancer to choose here",
        ),
        (
            Options { until: Some("1e18s".to_owned()), ..Options::default() },
            "S020 `1e18s` is longer than the 292 years that can be simulated",
        ),
        (
            Options { ties: Some("preset".to_owned()), ..Options::default() },
            "S025 there is no preset of tie rules `preset`",
        ),
    ] {
        assert_eq!(mistakes(TaskList, list, &options), [expected]);
    }
}
