//! Charts: well-formed, the same every time, readable, and safe whatever the data. All of them are left as files in the
//! build's folder for temporary files, to be looked at.

use reports::chart::{
    At, Axis, Chart, Gantt, Histogram, IntervalRow, Intervals, Kind, Lane, Lines, Look, Mark, Point, Scale,
    Series, Strip, Strips, Tail, Theme, Verdict, description, png, rows, svg,
};
use reports::rows::GanttRow;

const MS: f64 = 1e6;

/// Values as of a made-up service: Knuth's MMIX generator, squared for a tail.
fn values(seed: u64, count: usize, scale: f64) -> Vec<u64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let uniform = (state >> 11) as f64 / 9_007_199_254_740_992.0;
            (-libm::log(1.0 - uniform) * (1.0 + 3.0 * uniform) * scale) as u64 + 200_000
        })
        .collect()
}

fn chart(name: &str, title: &str, kind: Kind) -> Chart {
    Chart {
        name: name.to_owned(),
        title: title.to_owned(),
        subtitle: "web shop, seed 1, 30 replications".to_owned(),
        note: "Bands: 95 % intervals of the mean over replications.".to_owned(),
        kind,
    }
}

fn series(name: &str, points: impl IntoIterator<Item = (f64, f64)>, width: f64) -> Series {
    let points = points.into_iter().map(|(x, y)| Point {
        x,
        y,
        low: (width > 0.0).then_some(y * (1.0 - width)),
        high: (width > 0.0).then_some(y * (1.0 + width)),
    });
    Series { name: name.to_owned(), points: points.collect(), faint: false }
}

fn lines(x: Axis, y: Axis, series: Vec<Series>, marks: Vec<Mark>) -> Kind {
    Kind::Lines(Lines { x, y, series, marks, steps: false })
}

fn mark(at: At, label: &str) -> Mark {
    Mark { at, label: label.to_owned() }
}

/// Response under load of a processor-sharing queue, in nanoseconds.
fn load_curve(service: f64) -> impl Iterator<Item = (f64, f64)> {
    (1..=19).map(move |step| {
        let load = f64::from(step) / 20.0;
        (load, service / (1.0 - load))
    })
}

fn interval(name: &str, value: f64, width: f64, verdict: Verdict) -> IntervalRow {
    IntervalRow {
        name: name.to_owned(),
        value: Some(value * MS),
        low: Some((value - width) * MS),
        high: Some((value + width) * MS),
        verdict,
        remark: format!("{value} ms  {:+.1} %", value - 146.0),
    }
}

fn gantt_rows(tasks: &[&'static str]) -> Vec<GanttRow<'static>> {
    let mut rows = Vec::new();
    for core in 0..3u32 {
        let mut at = u64::from(core) * 700_000;
        for turn in 0..12usize {
            let task = Some(tasks[(turn * 2 + core as usize) % tasks.len()]);
            for (kind, length) in
                [("dispatch", 90_000), ("switch", 250_000), ("run", 1_500_000 + 400_000 * (turn as u64 % 4))]
            {
                let (start_ns, end_ns) = (at, at + length);
                rows.push(GanttRow {
                    station: "cpu",
                    core,
                    task,
                    job: Some(1),
                    start_ns,
                    end_ns,
                    kind,
                    share: None,
                    level: None,
                });
                at = end_ns;
            }
            if turn % 5 == 4 {
                let (start_ns, end_ns) = (at, at + 900_000);
                rows.push(GanttRow {
                    station: "cpu",
                    core,
                    task: None,
                    job: None,
                    start_ns,
                    end_ns,
                    kind: "idle",
                    share: None,
                    level: None,
                });
                at = end_ns;
            }
        }
    }
    rows
}

fn shared_rows() -> Vec<GanttRow<'static>> {
    let row = |task, start: u64, end: u64, share| GanttRow {
        station: "cpu",
        core: 0,
        task: Some(task),
        job: Some(1),
        start_ns: start * 1_000_000,
        end_ns: end * 1_000_000,
        kind: "run",
        share: Some(share),
        level: None,
    };
    vec![row("A", 0, 2, 1.0), row("A", 2, 6, 0.5), row("B", 2, 6, 0.5), row("B", 6, 8, 1.0)]
}

fn strips(servers: usize) -> Kind {
    let row = |server: usize| Strip {
        name: format!("web-{}", server + 1),
        cells: (0..60)
            .map(|slot| {
                let load = 0.5 + 0.45 * libm::sin(slot as f64 / 9.0 + server as f64 / 3.0);
                (server != 2 || !(20..32).contains(&slot)).then_some(load)
            })
            .collect(),
    };
    Kind::Strips(Strips {
        level: Axis::new("utilization", "ratio"),
        from_ns: 60e9,
        step_ns: 10e9,
        rows: (0..servers).map(row).collect(),
    })
}

/// Charts as people meet them.
fn usual() -> Vec<Chart> {
    let policies = ["round-robin", "random", "least-connections", "power-of-d:d=2"];
    let response = || Axis::new("response/p99", "ns");
    let counts = |seed, scale| rows::counted_values(values(seed, 20_000, scale));
    let tails: Vec<Series> = policies
        .iter()
        .enumerate()
        .map(|(i, name)| rows::tail(name, &counts(i as u64 + 1, 9e6 * (1.0 + i as f64 / 3.0))))
        .collect();
    let loads = policies
        .iter()
        .enumerate()
        .map(|(i, name)| series(name, load_curve(4.0 * MS * (1.0 + i as f64 / 4.0)), 0.08))
        .collect();
    let fleet = |spare: f64| {
        (8..=30).map(move |n| (f64::from(n), 40.0 * MS + 400.0 * MS / (f64::from(n) - 7.0 + spare)))
    };
    let day = (0..288).map(|slot| {
        (f64::from(slot) * 300e9, 40.0 + 30.0 * libm::sin(f64::from(slot) / 46.0) + f64::from(slot % 7))
    });
    let queue = (0..200).map(|slot| (f64::from(slot) * 1e8, f64::from((slot * 37) % 11)));
    let welch = |window: f64| {
        (0..400).map(move |i| (f64::from(i), 10.0 * MS * (1.0 - libm::exp(-f64::from(i) / window))))
    };
    vec![
        Chart {
            note: String::new(),
            ..chart(
                "response-tail",
                "How long do requests take?",
                Kind::Tail(Tail {
                    x: Axis::new("response time", "ns").scaled(Scale::Auto),
                    of: "requests".to_owned(),
                    series: vec![rows::tail("", &counts(1, 9e6))],
                    marks: vec![mark(At::X(250.0 * MS), "target p99 < 250 ms")],
                }),
            )
        },
        chart(
            "response-tails",
            "Response time by policy",
            Kind::Tail(Tail {
                x: Axis::new("response time", "ns").scaled(Scale::Auto),
                of: "requests".to_owned(),
                series: tails,
                marks: vec![],
            }),
        ),
        chart(
            "response-load",
            "Response against load",
            lines(
                Axis::new("load", "ratio"),
                response(),
                loads,
                vec![mark(At::X(0.8), "knee R = 2 S at 0.8")],
            ),
        ),
        chart(
            "servers-p99",
            "How many servers keep p99 below 250 ms?",
            lines(
                Axis::counts("servers"),
                response().scaled(Scale::Auto),
                vec![series("all up", fleet(0.0), 0.06), series("one server down (N-1)", fleet(-0.8), 0.09)],
                vec![mark(At::Y(250.0 * MS), "target p99 < 250 ms"), mark(At::X(12.0), "12 servers")],
            ),
        ),
        chart(
            "cost",
            "Cost by demand",
            lines(
                Axis::new("demand", "x"),
                Axis::new("cost", "EUR/h"),
                vec![
                    series("least-connections", [(1.0, 4.08), (1.5, 5.78), (2.0, 7.48), (3.0, 10.9)], 0.0),
                    series("random", [(1.0, 5.1), (1.5, 8.1), (2.0, 11.0), (3.0, 17.2)], 0.0),
                ],
                vec![],
            ),
        ),
        chart(
            "compare",
            "response/p99",
            Kind::Intervals(Intervals {
                x: response(),
                rows: vec![
                    interval("lb=round-robin", 145.97, 4.2, Verdict::Reference),
                    interval("lb=random", 158.48, 5.0, Verdict::Worse),
                    interval("lb=least-connections", 127.91, 3.9, Verdict::Better),
                    interval("lb=power-of-d:d=2", 144.1, 4.4, Verdict::NoDifference),
                ],
            }),
        ),
        chart(
            "time-series",
            "Jobs in the system over a day",
            lines(
                Axis::new("time", "ns"),
                Axis::new("jobs in the system", "jobs"),
                vec![series("", day, 0.1)],
                vec![],
            ),
        ),
        chart(
            "queue",
            "Queue length",
            Kind::Lines(Lines {
                x: Axis::new("time", "ns"),
                y: Axis::new("queue_length", "jobs"),
                series: vec![series("", queue, 0.0)],
                marks: vec![],
                steps: true,
            }),
        ),
        chart(
            "welch",
            "Welch plot of the warm-up",
            lines(
                Axis::counts("job"),
                Axis::new("response, moving average", "ns"),
                vec![series("window 5", welch(60.0), 0.0), series("window 50", welch(75.0), 0.0)],
                vec![mark(At::X(215.0), "MSER-5 cuts here")],
            ),
        ),
        chart("strip", "Utilization of each server", strips(8)),
        rows::histogram("Response times", "web shop", "response", &counts(5, 9e6)).expect("there are values"),
        rows::gantt(&gantt_rows(&["A", "B", "C", "worker-1", "D"]), "stallings, round-robin:quantum=4ms")
            .expect("there are rows"),
        Chart {
            name: "gantt-shared".to_owned(),
            ..rows::gantt(&shared_rows(), "two jobs under ps").expect("there are rows")
        },
    ]
}

/// Charts as nobody hopes to meet them.
fn unusual() -> Vec<Chart> {
    let long = "a policy whose name somebody composed of many parameters:quantum=4ms,boost=1s,levels=8ms/16ms/32ms/64ms/128ms,weights=1/2/3/4/5";
    let hostile = "<script>alert('x')</script>\"&amp;\u{1}\u{202E}]]>";
    let response = || Axis::new("response/p99", "ns");
    let ten: Vec<IntervalRow> = (0..10)
        .map(|i| {
            let verdict = [Verdict::Reference, Verdict::Better, Verdict::Worse, Verdict::NoDifference][i % 4];
            interval(
                &format!("policy-number-{i}:with-a-parameter={i}ms"),
                100.0 + 9.0 * i as f64,
                6.0,
                verdict,
            )
        })
        .collect();
    let many: Vec<Series> = (0..10)
        .map(|i| {
            series(
                &format!("policy-{i}:quantum={i}ms,boost=1s"),
                load_curve(MS * (1.0 + f64::from(i) / 5.0)),
                0.03,
            )
        })
        .collect();
    let counts = rows::counted_values(vec![5_000_000; 100]);
    let single = |y: f64| {
        lines(Axis::new("load", "ratio"), response(), vec![series("one point", [(0.5, y)], 0.2)], vec![])
    };
    let wide = Axis::new("response/max", "ns").scaled(Scale::Auto);
    let narrow = (0..20_000u64).flat_map(|i| {
        let row = move |kind, start_ns, end_ns| GanttRow {
            station: "web-1.cpu",
            core: 0,
            task: Some(if i % 2 == 0 { "A" } else { "B" }),
            job: Some(i + 1),
            start_ns,
            end_ns,
            kind,
            share: None,
            level: None,
        };
        [row("switch", i * 100, i * 100 + 10), row("run", i * 100 + 10, i * 100 + 100)]
    });
    let names: Vec<&str> = vec!["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", hostile];
    vec![
        chart("ten-policies", "Ten policies", Kind::Intervals(Intervals { x: response(), rows: ten })),
        chart(
            "ten-lines",
            "Ten policies against load",
            lines(Axis::new("load", "ratio"), response(), many, vec![]),
        ),
        chart(
            "long-names",
            &format!("A title that is as long as {long} and goes on"),
            lines(
                Axis::new("load", "ratio"),
                response(),
                vec![
                    series(long, load_curve(MS), 0.1),
                    series(&format!("another {long}"), load_curve(2.0 * MS), 0.1),
                ],
                vec![mark(At::Y(9.0 * MS), long)],
            ),
        ),
        chart(
            "hostile",
            hostile,
            lines(
                Axis::new(hostile, hostile),
                Axis::new(hostile, hostile),
                vec![series(hostile, load_curve(MS), 0.1), series("b", load_curve(MS * 2.0), 0.1)],
                vec![mark(At::X(0.3), hostile)],
            ),
        ),
        chart("one-point", "One point", single(4.0 * MS)),
        chart("one-zero", "One point at zero", single(0.0)),
        chart("no-points", "Nothing", lines(Axis::new("load", "ratio"), response(), vec![], vec![])),
        chart(
            "no-number",
            "Numbers that are none",
            lines(
                Axis::new("load", "ratio"),
                response(),
                vec![series(
                    "x",
                    [
                        (f64::NAN, 1.0),
                        (0.5, f64::INFINITY),
                        (0.5, f64::MAX),
                        (0.6, 3.0 * MS),
                        (0.7, f64::NAN),
                        (0.8, 4.0 * MS),
                    ],
                    0.0,
                )],
                vec![mark(At::Y(f64::NAN), "x")],
            ),
        ),
        chart(
            "huge",
            "From nanoseconds to ages",
            lines(
                Axis::counts("servers"),
                wide,
                vec![series("x", [(1.0, 1e25), (2.0, 1e15), (3.0, 3.0), (4.0, 1e-7)], 0.1)],
                vec![],
            ),
        ),
        chart(
            "huge-linear",
            "Huge, linear",
            lines(
                Axis::counts("servers"),
                Axis::new("jobs/lost", "jobs"),
                vec![series("x", [(1.0, 1e280), (2e9, 4e280)], 0.1)],
                vec![],
            ),
        ),
        chart(
            "negative",
            "Differences",
            lines(
                Axis::new("load", "ratio"),
                Axis::new("difference", "ns"),
                vec![series("x", [(0.1, -3.0 * MS), (0.5, 2.0 * MS), (0.9, -MS)], 0.0)],
                vec![],
            ),
        ),
        chart(
            "all-equal",
            "All values equal",
            lines(
                Axis::new("load", "ratio"),
                response(),
                vec![series("x", (0..9).map(|i| (f64::from(i), 5.0 * MS)), 0.0)],
                vec![],
            ),
        ),
        chart(
            "equal-tail",
            "All jobs alike",
            Kind::Tail(Tail {
                x: Axis::new("response time", "ns"),
                of: "jobs".to_owned(),
                series: vec![rows::tail("", &counts)],
                marks: vec![],
            }),
        ),
        chart(
            "empty-tail",
            "No jobs",
            Kind::Tail(Tail {
                x: Axis::new("response time", "ns"),
                of: "jobs".to_owned(),
                series: vec![],
                marks: vec![],
            }),
        ),
        chart(
            "empty-histogram",
            "No jobs",
            Kind::Histogram(Histogram { x: response(), of: "jobs".to_owned(), bins: vec![], marks: vec![] }),
        ),
        chart(
            "no-intervals",
            "Values without intervals",
            Kind::Intervals(Intervals {
                x: response(),
                rows: vec![
                    IntervalRow { low: None, high: None, ..interval("a", 5.0, 0.0, Verdict::None) },
                    IntervalRow {
                        value: None,
                        low: None,
                        high: None,
                        remark: String::new(),
                        ..interval("nothing", 5.0, 0.0, Verdict::None)
                    },
                ],
            }),
        ),
        chart("no-rows", "Nothing", Kind::Intervals(Intervals { x: response(), rows: vec![] })),
        chart("many-servers", "Utilization of each server", strips(90)),
        chart("no-strips", "Nothing", strips(0)),
        Chart {
            name: "gantt-many".to_owned(),
            ..rows::gantt(&narrow.collect::<Vec<_>>(), "40 000 stretches of time").expect("there are rows")
        },
        Chart {
            name: "gantt-tasks".to_owned(),
            ..rows::gantt(&gantt_rows(&names), "twelve tasks").expect("there are rows")
        },
        chart(
            "gantt-none",
            "Nothing",
            Kind::Gantt(Gantt { lanes: vec![Lane { name: "cpu".to_owned(), bars: vec![] }], until_ns: 0 }),
        ),
    ]
}

fn folder() -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

#[test]
fn every_chart_is_well_formed_and_says_its_units() {
    for chart in usual().iter().chain(&unusual()) {
        for theme in [Theme::Auto, Theme::Dark] {
            let look = Look { theme, ..Look::default() };
            let text = svg(chart, look);
            let suffix = if theme == Theme::Dark { "-dark" } else { "" };
            std::fs::write(folder().join(format!("{}{suffix}.svg", chart.name)), &text)
                .expect("a file is written");
            let document =
                roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", chart.name));
            assert!(!text.contains("NaN") && !text.contains("inf\""), "{}", chart.name);
            assert!(!text.contains("<script"), "{}", chart.name);
            assert_eq!(text, svg(chart, look), "{} is drawn alike twice", chart.name);
            let root = document.root_element();
            assert_eq!(root.attribute("role"), Some("img"), "{}", chart.name);
            assert!(root.attribute("aria-label").is_some_and(|label| label.len() > 10), "{}", chart.name);
        }
    }
    let units = [
        ("response-tail", "(ms)"),
        ("response-load", "response/p99 (ms)"),
        ("time-series", "(jobs)"),
        ("gantt", "time (ms)"),
        ("cost", "cost (EUR/h)"),
        ("strip", "utilization (ratio)"),
    ];
    for (name, unit) in units {
        let all = usual();
        let chart = all.iter().find(|chart| chart.name == name).expect("it is one of them");
        assert!(svg(chart, Look::default()).contains(unit), "{name}");
    }
}

#[test]
fn pictures_are_the_same_every_time() {
    let all = usual();
    for name in ["gantt", "response-tails"] {
        let chart = all.iter().find(|chart| chart.name == name).expect("it is one of them");
        let look = Look { width: 400, ..Look::default() };
        let bytes = png(chart, look);
        std::fs::write(folder().join(format!("{name}.png")), &bytes).expect("a file is written");
        assert_eq!(bytes, png(chart, look), "{name}");
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
        let info = reader.next_frame(&mut pixels).expect("whole");
        assert_eq!(info.width, look.width * 3, "{name}");
        let colors: std::collections::BTreeSet<&[u8]> = pixels.chunks(3).collect();
        assert!(colors.len() > 20, "{name} has {} colors", colors.len());
    }
}

#[test]
fn tails_keep_the_percentiles_of_nearest_rank() {
    let mut values = values(7, 30_000, 3e6);
    let series = rows::tail("x", &rows::counted_values(values.iter().copied()));
    assert!(series.points.len() < 600, "{} points", series.points.len());
    values.sort_unstable();
    for (above, rank) in [(0.5, 15_000), (0.1, 27_000), (0.01, 29_700), (0.001, 29_970)] {
        let point = series.points.iter().find(|point| point.y <= above).expect("the tail ends at zero");
        assert_eq!(point.x as u64, values[rank - 1], "{above}");
    }
    assert_eq!(series.points.last().map(|point| point.y), Some(0.0));
}

/// Long runs are shown from their beginning, as far as bars can be told apart.
#[test]
fn long_schedules_are_cut() {
    let slices = (0..20_000u64).map(|i| GanttRow {
        station: "cpu",
        core: 0,
        task: Some(if i % 2 == 0 { "A" } else { "B" }),
        job: Some(1),
        start_ns: i * 1_000_000,
        end_ns: (i + 1) * 1_000_000,
        kind: "run",
        share: None,
        level: None,
    });
    let slices: Vec<_> = slices.collect();
    let bars = |chart: &Chart| match &chart.kind {
        Kind::Gantt(gantt) => (gantt.until_ns, gantt.lanes[0].bars.len()),
        _ => (0, 0),
    };
    let cut = rows::gantt_begin(&slices, "").expect("there are rows");
    assert_eq!((bars(&cut), cut.title.as_str()), ((51_000_000, 51), "What each core did, the first 51 ms"));
    let whole = rows::gantt_begin(&slices[..100], "").expect("there are rows");
    assert_eq!((bars(&whole), whole.title.as_str()), ((100_000_000, 100), "What each core did"));
}

#[test]
fn charts_are_said_in_words() {
    let all = usual();
    let chart = all.iter().find(|chart| chart.name == "servers-p99").expect("it is one of them");
    assert_eq!(
        description(chart),
        "How many servers keep p99 below 250 ms? web shop, seed 1, 30 replications. Lines: response/p99 against servers, \
         for all up, one server down (N-1); from 57.39 ms to 2.04 s."
    );
}
