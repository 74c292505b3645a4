//! Logs that are longer than what is held of them: read line by line, as often as needed, with the same result from a file, an
//! archive and standard input.

use super::{Folder, gzip};
use crate::{Ended, dispatchlab, end};
use std::fmt::Write as _;

/// A log of some five mebibytes: more than the beginning that is held.
fn log() -> String {
    let mut text = String::new();
    let agent = "agent ".repeat(60);
    for nth in 0..12_000 {
        let (second, client) = (nth / 10, nth % 200);
        let _ = writeln!(
            text,
            "192.0.2.{client} - - [12/Mar/2026:10:{:02}:{:02} +0000] \"GET /page/{} HTTP/1.1\" 200 512 \"-\" \"{agent}\" 0.{:03}",
            second / 60 % 60,
            second % 60,
            nth % 40,
            5 + nth * 7919 % 30
        );
    }
    text
}

fn csv(file: &str, more: &[&str]) -> Ended {
    end(&[&["run", file, "--service", "field", "--servers", "2", "--format", "csv"], more].concat())
}

#[test]
fn a_long_log_is_the_same_from_file_archive_and_pipe() {
    let folder = Folder::new();
    let text = log();
    assert!(text.len() > 9 << 19, "longer than the beginning that is held: {}", text.len());
    let gz = gzip(text.as_bytes());
    let zst = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let rows = |ended: &Ended| {
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let rows =
            ended.stdout.lines().filter_map(|row| row.split_once(',')).map(|(_, rest)| rest.to_owned());
        (rows.collect::<Vec<_>>(), ended.stderr.clone())
    };
    let (expected, notes) = rows(&csv(&folder.file("a.log", &text), &[]));
    assert!(
        expected.len() > 10 && notes.contains("combined + request time in seconds at the end"),
        "{notes}"
    );
    for (name, bytes) in [("a.log.gz", &gz), ("a.log.zst", &zst)] {
        assert_eq!(rows(&csv(&folder.file(name, bytes), &[])).0, expected, "{name}");
    }
    for bytes in [text.as_bytes(), &gz] {
        let piped = dispatchlab(&["run", "-", "--service", "field", "--servers", "2", "--format", "csv"])
            .write_stdin(bytes)
            .output()
            .expect("the command starts");
        let stdout = String::from_utf8_lossy(&piped.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&piped.stderr).into_owned();
        let piped = rows(&Ended { code: piped.status.code().unwrap_or(-1), stdout, stderr });
        assert_eq!(piped.0, expected, "standard input");
    }
    // What is wrong behind the beginning is found while the lines are read.
    let ended = csv(&folder.file("cut.log.gz", &gz[..gz.len() - 100]), &[]);
    assert!(ended.code == 2 && ended.stderr.contains("S007"), "{}", ended.stderr);
    let ended = csv(&folder.file("b.log.gz", &gz), &["--max-input", "4MiB"]);
    assert!(ended.code == 2 && ended.stderr.contains("larger than 4 MiB"), "{}", ended.stderr);
}

/// The hash is that of the file as it lies there, so that `b3sum` of it tells the same.
#[test]
fn manifests_hash_the_bytes_as_they_were_given() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("short.log.gz", gzip(&log().as_bytes()[..9000])),
        ("long.log.gz", gzip(log().as_bytes())),
        ("long.log", log().into_bytes()),
    ] {
        let (file, out) = (folder.file(name, &bytes), folder.file("out.csv", ""));
        let args = ["run", &file, "--service", "field", "--servers", "2", "-o", &out, "--quiet"];
        let ended = end(&args);
        assert_eq!(ended.code, 0, "{name}: {}", ended.stderr);
        let manifest = format!("{out}.manifest.json");
        let text = std::fs::read_to_string(&manifest).expect("a manifest is written");
        let hash = blake3::hash(&bytes).to_hex().to_string();
        assert!(
            text.contains(&hash) && text.contains(&format!("\"bytes\": {}", bytes.len())),
            "{name}: {text}"
        );
        let ended = end(&["run", "--from", &manifest, "--check"]);
        assert_eq!(ended.code, 0, "{name}: {}{}", ended.stdout, ended.stderr);
        std::fs::write(&file, gzip(b"another log, which is not the one that was run\n"))
            .expect("it is replaced");
        let ended = end(&["run", "--from", &manifest, "--check"]);
        assert!(ended.code == 2 && ended.stderr.contains("has changed since"), "{name}: {}", ended.stderr);
    }
}

/// JSON objects may have a column that none of the first ten thousand has.
#[test]
fn columns_far_behind_the_beginning_are_columns() {
    let folder = Folder::new();
    let mut text = String::new();
    for nth in 0..14_000 {
        let class = if nth == 13_500 { ",\"class\":\"late\"" } else { "" };
        let filler = "x".repeat(300);
        let _ = writeln!(text, "{{\"arrival\":{nth},\"service\":0.5,\"filler\":\"{filler}\"{class}}}");
    }
    let file = folder.file("a.jsonl", &text);
    let ended = end(&["run", &file, "--servers", "1", "--format", "csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains(",late,"), "the class of line 13 501 has rows");
    let mapped = ["run", &file, "--servers", "1", "--map", "client=class", "--quiet"];
    let ended = end(&mapped);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let ended = end(&["run", &file, "--servers", "1", "--map", "client=nobody"]);
    assert!(ended.code == 2 && ended.stderr.contains("S074"), "{}", ended.stderr);
    // The same as one array on one line.
    let array = format!("[{}]", text.trim_end().replace('\n', ","));
    let again = end(&["run", &folder.file("b.json", array), "--servers", "1", "--format", "csv"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(
        again.stdout.replace("\nb,", "\na,"),
        end(&["run", &file, "--servers", "1", "--format", "csv"]).stdout
    );
}

/// Directives of the W3C change the fields far behind the beginning.
#[test]
fn directives_are_followed_through_a_long_log() {
    let folder = Folder::new();
    let line = |nth: usize, rest: &str| {
        format!("10:{:02}:{:02} 192.0.2.1 GET /{} {rest}\n", nth / 60 % 60, nth % 60, "p".repeat(450))
    };
    let mut text = "#Date: 2026-03-12 10:00:00\n#Fields: time c-ip cs-method cs-uri-stem sc-status sc-win32-status time-taken\n".to_owned();
    for nth in 0..10_000 {
        text += &line(nth / 5, "200 0 5");
    }
    text += "#Date: 2026-03-12 10:40:00\n#Fields: time c-ip cs-method cs-uri-stem time-taken sc-status sc-win32-status\n";
    for nth in 0..10 {
        text += &line(2400 + nth, "9 200 0");
    }
    assert!(text.len() > 9 << 19, "{}", text.len());
    let ended = csv(&folder.file("u_ex.log", &text), &["--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let of = |statistic: &str| {
        let row = ended.stdout.lines().find(|row| row.contains(&format!(",response,{statistic},all,all,")));
        row.and_then(|row| row.split(',').nth(7)?.parse::<f64>().ok()).expect("a row")
    };
    assert!(
        (of("max") / 1e6 - 9.0).abs() < 1e-6 && (of("mean") / 1e6 - 5.004).abs() < 1e-3,
        "{}",
        ended.stdout
    );
}
