//! Numbers without noise, in every form, over the whole library.

use crate::end;
use std::fs;
use std::path::Path;

/// A zero with a sign, powers of ten far below anything measured, and the tails of binary fractions: more digits than the fifteen
/// that a computed number holds.
fn noise(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+_".contains(c)));
    words.filter(|word| !word.contains('_') && !word.contains("..")).find(|word| {
        let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let Ok(value) = number.parse::<f64>() else { return false };
        let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let has_tail = mantissa.contains('.') && digits.trim_start_matches('0').len() > 15;
        let is_tiny =
            power.parse::<i32>().is_ok_and(|power| power <= -12) || value != 0.0 && value.abs() < 1e-12;
        has_tail || is_tiny || value == 0.0 && number.starts_with('-')
    })
}

#[test]
fn noise_is_told_from_numbers() {
    for (text, found) in [
        ("a -0.0 % b", Some("-0.0")),
        ("x,-0,y", Some("-0")),
        ("-1.29e-15 %", Some("-1.29e-15")),
        ("within 1.7000000000000002 %", Some("1.7000000000000002")),
        ("{\"a\":166.66666666666666}", Some("166.66666666666666")),
        ("166.666666666667 -0.5 1.25e-7 10-0 2026-07-01 9223372036854775807", None),
    ] {
        assert_eq!(noise(text), found, "{text}");
    }
}

/// Scenarios and lists that come with the program, with what keeps the large ones short.
fn library() -> Vec<(String, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/library");
    let mut found = Vec::new();
    for folder in ["textbook", "capacity", "regions", "showcase", "theory", "bench", "template"] {
        let Ok(files) = fs::read_dir(root.join(folder)) else { continue };
        for file in files {
            let path = file.expect("a file").path();
            let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_owned();
            if ["toml", "csv"].contains(&suffix.as_str()) {
                found.push((path.to_str().expect("text").to_owned(), suffix == "toml"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn no_output_of_any_library_scenario_has_noise_in_its_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    let html = format!("--html={}", page.display());
    let library = library();
    assert!(library.len() > 20, "{}", library.len());
    for (input, is_scenario) in &library {
        let short: &[&str] = if *is_scenario { &["--set", "stop.jobs=300"] } else { &[] };
        let mut seen = 0;
        for format in ["table", "json", "csv", "md"] {
            let args = [&["run", input, "--format", format, "--quiet"], short].concat();
            let ended = end(&if format == "table" { [&args[..], &[html.as_str()]].concat() } else { args });
            if ended.code != 0 {
                continue;
            }
            seen += 1;
            assert_eq!(noise(&ended.stdout), None, "{input} {format}");
        }
        if seen == 0 {
            continue;
        }
        assert_eq!(seen, 4, "{input}");
        let text = fs::read_to_string(&page).expect("the page was written");
        // Drawings have coordinates; the numbers behind the page are those of CSV.
        let words: String = text
            .split('<')
            .filter_map(|part| part.split_once('>'))
            .map(|(_, words)| words)
            .collect::<Vec<_>>()
            .join(" ");
        let body = words.find("All numbers").map_or(words.as_str(), |at| &words[at..]);
        assert_eq!(noise(body), None, "{input} html");
    }
}
