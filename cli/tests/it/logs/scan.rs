//! What hostile logs may not do: reach a terminal or a file with control characters, end otherwise than is documented, or leave
//! half of a result.

use super::{Folder, gzip};
use crate::end;

const GOOD: &str =
    "192.0.2.7 - - [12/Mar/2026:10:00:10 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"t\" 0.012\n";

/// No control character but line ends, and nothing that turns the direction of text.
fn is_clean(text: &str) -> bool {
    let turns = [
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
        '\u{2069}',
    ];
    !text.chars().any(|c| (c.is_control() && c != '\n') || turns.contains(&c))
}

#[test]
fn hostile_logs_reach_nothing() {
    let line = |inner: &str| GOOD.replace("/a", inner);
    let escapes = "\u{1b}]0;title\u{7}\u{1b}[31mred\u{1b}[2J\u{8}\u{9b}31m";
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("escapes", line(&format!("/{escapes}")).into_bytes()),
        ("bidi", line("/\u{202e}gpj.exe\u{2066}").into_bytes()),
        ("nul", line("/\0\0").into_bytes()),
        ("bytes", [GOOD.as_bytes(), b"\xff\xfe\x80 - - [\x1b[31m] \"\n"].concat()),
        ("long", line(&"a".repeat(1_000_000)).into_bytes()),
        ("empty lines", b"\n\r\n \n\t\n".to_vec()),
        ("windows", GOOD.replace('\n', "\r\n").into_bytes()),
        ("mark", format!("\u{feff}{GOOD}").into_bytes()),
        (
            "mixed",
            format!("{GOOD}{{\"ts\":1,\"a\":\"\u{1b}[1m\"}}\nts=1 level=\u{1b}[1minfo msg=\"x\"\n{GOOD}")
                .into_bytes(),
        ),
        ("user", GOOD.replace("- -", &format!("- {escapes}")).into_bytes()),
        ("words", format!("hello {escapes} world {escapes}\n").into_bytes()),
        ("two numbers", GOOD.replace("0.012", &format!("\"{escapes}\" 0.1 0.2")).into_bytes()),
        ("pairs", format!("ts=2026-03-12T10:00:10Z msg=\"{escapes}\" took=5ms\n").into_bytes()),
        (
            "keys",
            format!("{{\"{}\":\"2026-03-12T10:00:10Z\",\"service\":5}}\n", "arrival\\u001b[31m").into_bytes(),
        ),
        ("table", format!("arrival,service,class\n0,5,\"{escapes}\"\n1,5,b\n").into_bytes()),
        ("header", format!("arrival,service,{escapes}\n0,5,a\n").into_bytes()),
        ("damaged", gzip(GOOD.as_bytes())[..30].to_vec()),
    ];
    for (what, text) in texts {
        for (service, class) in [("field", "all=*"), ("2ms", "api=/a*"), ("field:-1:s", "all=*")] {
            let folder = Folder::new();
            let file = folder.file("a.log", &text);
            let place = |name: &str| folder.0.path().join(name).display().to_string();
            let (csv, html) = (place("out.csv"), place("out.html"));
            let args = ["run", &file, "--servers", "2", "--service", service, "--class", class];
            for more in [&[][..], &["--format", "json"], &["--format", "csv"], &["-o", &csv, "--html", &html]]
            {
                let ended = end(&[&args[..], more].concat());
                assert!(matches!(ended.code, 0 | 2), "{what} {service}: {} {}", ended.code, ended.stderr);
                assert!(
                    is_clean(&ended.stdout) && is_clean(&ended.stderr),
                    "{what} {service}: {:?}",
                    ended.stderr
                );
                assert!(
                    ended.stderr.len() < 20_000 && !ended.stderr.contains("panicked"),
                    "{what}: {}",
                    ended.stderr
                );
                for result in [&csv, &html] {
                    let written = std::fs::read_to_string(result).ok();
                    let expected = ended.code == 0 && more.contains(&"-o");
                    assert_eq!(written.is_some(), expected, "{what} {service}: {result}");
                    let whole = written.is_none_or(|text| is_clean(&text) && text.ends_with('\n'));
                    assert!(whole, "{what} {service}: {result}");
                }
            }
            // The log, and no more than what was asked for: no temporary file is left.
            let left = std::fs::read_dir(folder.0.path()).expect("the folder is there").count();
            assert!(matches!(left, 1 | 3 | 4 | 5), "{what} {service}: {left} files");
        }
    }
}

/// Clients behind a proxy are told apart by what it says of them.
#[test]
fn clients_behind_a_proxy_are_those_that_it_forwards() {
    let log: Vec<String> = (0..40)
        .map(|nth| {
            format!(
                "10.0.0.1 - - [12/Mar/2026:10:00:{:02} +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"t\" \"198.51.{}.7, 10.0.0.9\"\n",
                nth % 60,
                nth % 20
            )
        })
        .collect();
    let format = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
                  \"$http_user_agent\" \"$http_x_forwarded_for\"";
    let folder = Folder::new();
    let file = folder.file("a.log", log.concat());
    let busy = |more: &[&str]| {
        let args =
            ["run", &file, "--service", "1ms", "--servers", "4", "--policy", "ip-hash", "--format", "csv"];
        let ended = end(&[&args[..], &["--log-format", format], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let picks = ended.stdout.lines().filter(|row| row.contains(",picks,count,lb:server-"));
        picks
            .filter_map(|row| row.split(',').nth(7)?.parse::<f64>().ok())
            .filter(|count| *count > 0.0)
            .count()
    };
    assert_eq!(busy(&[]), 1, "one proxy is one client");
    assert_eq!(busy(&["--client", "remote"]), 1);
    let several = busy(&["--client", "forwarded-for"]);
    assert!(several > 1, "twenty clients on {several} servers");
    let args = ["run", &file, "--service", "1ms", "--servers", "4", "--client", "forwarded-for"];
    let ended = end(&args);
    assert!(ended.code == 2 && ended.stderr.contains("S074"), "{}", ended.stderr);
}

/// `key=value` pairs are columns, as the keys of JSON lines are.
#[test]
fn pairs_of_keys_and_values_are_read() {
    let log = "ts=2026-03-12T10:00:00.100Z level=info msg=\"GET \\\"/a\\\"\" status=200 took=12ms from=192.0.2.7\n\
               ts=2026-03-12T10:00:01.100Z level=info msg=\"GET /b\" status=404 took=1m2.5s from=192.0.2.8\n\
               ts=2026-03-12T10:00:01.200Z level=warn msg=\"no end\n";
    let map = ["--map", "arrival=ts,service=took,client=from"];
    assert_eq!(super::times("a.log", log, &map), [(0.0, 12.0), (1000.0, 62_500.0)]);
    let named = ["--map", "arrival=ts", "--service", "field:took"];
    assert_eq!(super::services("a.log", log, &named), [12.0, 62_500.0]);
    let ended = super::run("a.log", log, &[]);
    assert!(ended.code == 2 && ended.stderr.contains("its columns: ts, level, msg"), "{}", ended.stderr);
}

/// A trace ends: nothing about it grows with the length of a run.
#[test]
fn an_overloaded_trace_says_over_which_time() {
    let rows: Vec<String> = (0..50).map(|nth| format!("{nth},2\n")).collect();
    let folder = Folder::new();
    let file = folder.file("a.csv", format!("arrival,service\n{}", rows.concat()));
    let ended = end(&["run", &file, "--servers", "1"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(all.contains("of what it can serve over the span of the trace"), "{all}");
    assert!(!all.contains("grow with the length"), "{all}");
}
