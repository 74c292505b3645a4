//! Request traces.

use crate::support::{mistakes, model_of, policies, trace};
use scenarios::{InputKind::RequestTrace, InputKind::TaskList, Options};

fn farm(service: Option<&str>, servers: u32) -> Options {
    Options { service: service.map(str::to_owned), servers: Some(servers), ..Options::default() }
}

fn mapped(pairs: &[(&str, &str)]) -> Options {
    let map = pairs.iter().map(|(role, column)| ((*role).to_owned(), (*column).to_owned())).collect();
    Options { map, ..farm(None, 1) }
}

/// `arrival-finish` in milliseconds for each job, in the order of their releases.
fn times(text: &str, options: &Options) -> Vec<String> {
    let (_, trace) = trace(&model_of(RequestTrace, text, options));
    let ms = |nanos: u64| nanos as f64 / 1e6;
    trace.jobs.iter().map(|job| format!("{}-{}", ms(job.arrival.0), ms(job.finish.unwrap().0))).collect()
}

#[test]
fn requests_are_served_as_the_table_says() {
    for (text, options, expected) in [
        ("arrival,service\n0,5\n2,4\n20,1\n", farm(None, 1), vec!["0-5", "2-9", "20-21"]),
        // Units in cells, columns in any order, others left alone.
        ("note,service,arrival\nx,5us,0\ny,0.25,1ms\n", farm(None, 1), vec!["0-0.005", "1-1.25"]),
        // Numbers are counted from zero, unless they are the readings of a clock.
        ("arrival,service\n7,5\n9,1\n", farm(None, 2), vec!["7-12", "9-10"]),
        ("arrival,service\n-7,5\n-5,1\n", farm(None, 2), vec!["0-5", "2-3"]),
        ("arrival,service\n1700000000000,5\n1700000000002,1\n", farm(None, 2), vec!["0-5", "2-3"]),
        // Times of the calendar, from the earliest, with zones and cut to the microsecond.
        (
            "timestamp,service\n2026-03-03T10:00:00.0050009+01:00,1\n2026-03-03T09:00:00Z,2\n",
            farm(None, 1),
            vec!["0-2", "5-6"],
        ),
        ("Timestamp,in,out\n1,2,3\n", farm(Some("1ms*in + 10ms*out"), 1), vec!["1-33"]),
        ("timestamp,took\n1,2\n", farm(Some("took + 1ms"), 1), vec!["1-4"]),
        ("timestamp,took\n1,2\n", mapped(&[("service", "took")]), vec!["1-3"]),
        ("when,took\n1,2\n", mapped(&[("service", "took"), ("arrival", "when")]), vec!["1-3"]),
        (
            "{\"timestamp\": 0, \"out\": 2, \"ids\": [1, 2]}\n\n{\"out\": 3, \"timestamp\": 1.5}\n",
            farm(Some("1ms*out"), 1),
            vec!["0-2", "1.5-5"],
        ),
        ("\u{feff}arrival,service\r\n0,1\r\n", farm(None, 1), vec!["0-1"]),
    ] {
        assert_eq!(times(text, &options), expected, "{text}");
    }
    // What the header does not tell, the options do.
    let loaded = model_of(TaskList, "when,took\n1,2\n", &mapped(&[("service", "took"), ("arrival", "when")]));
    assert_eq!(loaded.kind, RequestTrace);
}

#[test]
fn dirty_and_unsorted_lines_are_counted() {
    let text = "\u{feff}arrival,service,class,deadline,priority\n\
        0,5,a,10,1\n\
        5,x,a,10,1\n\
        # a remark is no line\n\
        4,5,a,10,1\n\
        3,5,b!,10,1\n\
        3,5,a,never,1\n\
        3,5,a,0,1\n\
        3,5,a,,1.5\n\
        2,5,a,,\n\
        yesterday,5,a,10,1\n\
        2026-03-03 10:00:00,5,a,10,1\n\
        1,106751d,,10,1\n\
        1,5,a,10\n";
    let loaded = model_of(RequestTrace, text, &farm(None, 1));
    assert_eq!(
        loaded.notes,
        [
            "1 of 12 lines was skipped: not as many fields as the header, or no JSON object (line 14)",
            "1 of 12 lines was skipped: without a valid arrival (line 11)",
            "1 of 12 lines was skipped: with a time of the calendar among numbers, or a number among times of the \
             calendar (line 12)",
            "1 of 12 lines was skipped: without a valid service time, or without a number that it depends on (line 3)",
            "1 of 12 lines was skipped: with a class that is no name (line 6)",
            "2 of 12 lines were skipped: with a deadline that is no duration (the first is line 7)",
            "1 of 12 lines was skipped: with a priority that is no whole number from -1000000000 to 1000000000 (line 9)",
            "2 of 12 lines were not in order of time, and sorted (the first is line 10)",
        ]
    );
}

#[test]
fn classes_priorities_and_deadlines_count() {
    let text = "arrival,service,class,priority,deadline,client\n\
        0,10,page,2,15,10.0.0.1\n1,10,report,1,,10.0.0.1\n2,10,page,9,15,\n3,10,report,1,5,x\n";
    let options = Options {
        policies: policies(&["server.cpu=priority:order=high-first,preemptive=false"]).policies,
        ..farm(None, 1)
    };
    let loaded = model_of(RequestTrace, text, &options);
    let model = &loaded.model;
    let names: Vec<&str> = model.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["page", "report"]);
    assert_eq!(model.attributes.len(), 4, "equal ones are shared");
    let (measures, trace) = trace(&loaded);
    let finishes: Vec<u64> = trace.jobs.iter().map(|job| job.finish.unwrap().0 / 1_000_000).collect();
    assert_eq!(finishes, [10, 30, 20, 40], "the most urgent first");
    let missed: Vec<(u64, u64)> = measures.classes.iter().map(|c| (c.deadlines, c.deadline_misses)).collect();
    assert_eq!(missed, [(2, 1), (1, 1)]);
    // Two requests of one client go to one server; those without a client go anywhere.
    let hashed = Options { policies: policies(&["ip-hash"]).policies, ..farm(None, 50) };
    let (_, trace) = crate::support::trace(&model_of(RequestTrace, text, &hashed));
    assert_eq!(trace.jobs[1].finish.unwrap().0, 20_000_000, "behind the other request of its client");
}

#[test]
fn traces_scale_and_stop_like_other_inputs() {
    let text = "arrival,service\n0,5\n10,5\n20,5\n";
    let faster = Options { speedup: Some("x2".to_owned()), ..farm(None, 1) };
    assert_eq!(times(text, &faster), ["0-5", "5-10", "10-15"]);
    let scaled = Options { scale: Some("x2".to_owned()), ..farm(None, 9) };
    let more = times(text, &scaled);
    assert_eq!(more.len(), 6, "twice the requests");
    for time in ["0-5", "10-15", "20-25"] {
        assert!(more.contains(&time.to_owned()), "one copy is the trace itself: {more:?}");
    }
    let both = Options { speedup: Some("2".to_owned()), ..scaled };
    assert_eq!(times(text, &both).len(), 6);
    let until = Options { until: Some("15ms".to_owned()), ..farm(None, 1) };
    assert_eq!(times(text, &until), ["0-5", "10-15"]);
    let seconds = Options { time_unit: "s".to_owned(), ..farm(None, 1) };
    assert_eq!(times(text, &seconds)[1], "10000-15000");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    const TEXT: &str = "timestamp,in,out\n0,1,2\n";
    for (text, options, expected) in [
        (TEXT, farm(None, 1), vec!["S071 this trace does not say how long requests are served"]),
        (
            TEXT,
            Options { servers: None, ..farm(Some("5ms"), 1) },
            vec!["S071 a request trace does not say how many servers there are"],
        ),
        (
            TEXT,
            farm(Some("1ms*tokens"), 1),
            vec!["S072 service depends on `tokens`, which the trace does not have"],
        ),
        (TEXT, farm(Some("1ms*in + 5"), 1), vec!["S020 `5` has no unit"]),
        (TEXT, mapped(&[("servise", "in")]), vec!["S074 no column is for `servise`"]),
        (TEXT, mapped(&[("service", "inn")]), vec!["S074 the trace has no column `inn`"]),
        ("when,service\n0,1\n", farm(None, 1), vec!["S074 the trace has no column `arrival` or `timestamp`"]),
        ("arrival,service\n", farm(None, 1), vec!["S070 no line of this trace could be read as a request"]),
        (
            "arrival,service\nx,1\n",
            farm(None, 1),
            vec!["S070 no line of this trace could be read as a request"],
        ),
        ("", farm(Some("1ms"), 1), vec!["S074 the trace has no column `arrival` or `timestamp`"]),
        (
            "arrival,service\n2026-01-01 00:00:00,1\n1026-01-01 00:00:00,1\n",
            farm(None, 1),
            vec!["S073 the trace spans more than the 292 years that can be simulated"],
        ),
        (
            "arrival,service\n0,1\n",
            Options { set: vec![("stop.jobs".to_owned(), "5".to_owned())], ..farm(None, 1) },
            vec!["S066 `--set` is for scenarios"],
        ),
        (
            "arrival,service\n0,1\n",
            Options { time_unit: "parsec".to_owned(), ..farm(None, 1) },
            vec!["S020 unknown unit `parsec`"],
        ),
    ] {
        assert_eq!(mistakes(RequestTrace, text, &options), expected, "{text}");
    }
}
