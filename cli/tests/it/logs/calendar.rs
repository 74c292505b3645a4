//! What stamps say of each other: a line far away, disorder, leap seconds, years that are not there. Each is read in one way,
//! and a note says so.

use super::{run, times, times_of};

/// A line of Combined Log Format with a request time of 100 ms.
fn line(stamp: &str) -> String {
    format!("192.0.2.1 - - [{stamp} +0000] \"GET / HTTP/1.1\" 200 10 \"-\" \"t\" 0.100\n")
}

fn log(stamps: &[&str]) -> String {
    stamps.iter().map(|stamp| line(stamp)).collect()
}

/// The notes of a log whose stamps are arrivals, kept in their seconds.
fn notes(text: &str) -> String {
    let ended = run("a.log", text, &["--service", "field", "--stamp", "start", "--within-second", "keep"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_line_centuries_away_is_named() {
    let near =
        ["12/Mar/2026:10:00:00", "12/Mar/2026:10:00:01", "12/Mar/2026:10:00:02", "12/Mar/2026:10:00:03"];
    assert!(!notes(&log(&near)).contains("that of line"), "nothing to say");
    for (far, words) in [
        ("12/Mar/2226:10:00:02", "the time of line 3 is 200 years after that of line 2"),
        ("12/Mar/1826:10:00:02", "the time of line 3 is 200 years before that of line 2"),
        ("11/Apr/2026:10:00:02", "the time of line 3 is 30 days after that of line 2"),
    ] {
        let found = notes(&log(&[near[0], near[1], far, near[3]]));
        assert!(found.contains(words) && found.contains("take a line out whose time is wrong"), "{found}");
        // One line far ahead does not put all that follow out of order.
        assert_eq!(found.contains("not in order of time"), words.contains("before"), "{found}");
    }
    // A day without a request that is longer than all the rest; a quiet night is nothing.
    let found = notes(&log(&[near[0], near[1], "14/Mar/2026:10:00:00"]));
    assert!(found.contains("the time of line 3 is 2 days after that of line 2"), "{found}");
    assert!(!notes(&log(&[near[0], near[1], "13/Mar/2026:06:00:00"])).contains("that of line"));
    // Beyond what can be simulated the line is named too.
    let text = log(&[near[0], "12/Mar/2426:10:00:00"]);
    let ended = run("a.log", text, &["--service", "field"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("the time of line 2 is 400 years after that of line 1"),
        "{}",
        ended.stderr
    );
    // Traces of numbers alike: 12 is in milliseconds, and so is 4e9.
    let ended = run("t.csv", "arrival,service\n10,5\n4000000000,5\n20,5\n", &[]);
    assert!(ended.stderr.contains("the time of line 3 is 46 days after that of line 2"), "{}", ended.stderr);
}

#[test]
fn disorder_is_counted() {
    let stamps =
        ["12/Mar/2026:10:00:05", "12/Mar/2026:10:00:03", "12/Mar/2026:10:00:06", "12/Mar/2026:10:00:04"];
    let found = notes(&log(&stamps));
    assert!(
        found.contains("2 of 4 lines were not in order of time, and sorted (the first is line 2)"),
        "{found}"
    );
    let args = ["--service", "field", "--stamp", "start"];
    let arrivals: Vec<f64> = times("a.log", log(&stamps), &args).into_iter().map(|(at, _)| at).collect();
    assert_eq!(arrivals, [0.0, 1000.0, 2000.0, 3000.0]);
}

/// 23:59:60 is the second after 23:59:59, and so is 00:00:00 here: POSIX has no other.
#[test]
fn a_leap_second_is_said() {
    let text = log(&["31/Dec/2016:23:59:59", "31/Dec/2016:23:59:60", "01/Jan/2017:00:00:01"]);
    let args = ["--service", "field", "--stamp", "start"];
    let arrivals: Vec<f64> = times("a.log", &text, &args).into_iter().map(|(at, _)| at).collect();
    assert_eq!(arrivals, [0.0, 1000.0, 2000.0]);
    let found = notes(&text);
    assert!(
        found.contains("1 stamp has the second 60, a leap second") && found.contains("(line 2)"),
        "{found}"
    );
    let own = [
        "--log-format",
        "%h %l %u [%{%d/%b/%Y:%H:%M:%S %z}t] \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" %T",
    ];
    let ended = run("a.log", &text, &[&args[..], &own].concat());
    let arrivals: Vec<f64> = times_of(&ended).into_iter().map(|(at, _)| at).collect();
    assert_eq!(arrivals, [0.0, 1000.0, 2000.0], "{}", ended.stderr);
    assert!(ended.stderr.contains("the second 60"), "{}", ended.stderr);
}

#[test]
fn years_that_are_not_there_roll_over() {
    const DAY: f64 = 86_400_000.0;
    let csv = |stamps: &[&str]| -> String {
        let rows = stamps.iter().map(|stamp| format!("{stamp},5\n"));
        std::iter::once("arrival,service\n".to_owned()).chain(rows).collect()
    };
    let args = ["--within-second", "keep"];
    for (stamps, expected, words) in [
        (&["Dec 31 23:59:59", "Jan  1 00:00:01"][..], &[0.0, 2000.0][..], "first at line 3"),
        (
            &["Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  1 00:00:02"],
            &[0.0, 2000.0, 3000.0],
            "first at line 3",
        ),
        (&["Feb 28 23:59:59", "Mar  1 00:00:01"], &[0.0, 2000.0], "a year of 365 days is assumed"),
        (
            &["Feb 28 23:59:59", "Feb 29 23:59:59", "Mar  1 00:00:01"],
            &[0.0, DAY, DAY + 2000.0],
            "with the 29 February that lines have",
        ),
    ] {
        let ended = run("a.csv", csv(stamps), &args);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let arrivals: Vec<f64> = times_of(&ended).into_iter().map(|(at, _)| at).collect();
        assert_eq!(arrivals, expected, "{stamps:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("stamps have no year") && ended.stderr.contains(words),
            "{}",
            ended.stderr
        );
    }
    let mixed = csv(&["2026-03-12 10:00:00", "Mar 12 10:00:01", "2026-03-12 10:00:02"]);
    let ended = run("a.csv", mixed, &args);
    assert!(
        ended.stderr.contains("1 of 3 lines was skipped: without a year where others have one"),
        "{}",
        ended.stderr
    );
    // The same in a log of the user's own format.
    let text = "192.0.2.1 [Dec 31 23:59:59] 200 0.100\n192.0.2.1 [Jan 01 00:00:01] 200 0.100\n";
    let format =
        ["--log-format", "%h [%{%b %d %H:%M:%S}t] %>s %T", "--service", "field:-1:s", "--stamp", "start"];
    let ended = run("a.log", text, &[&format[..], &args].concat());
    let arrivals: Vec<f64> = times_of(&ended).into_iter().map(|(at, _)| at).collect();
    assert_eq!(arrivals, [0.0, 2000.0], "{}", ended.stderr);
    assert!(ended.stderr.contains("first at line 2"), "{}", ended.stderr);
}
