//! Commands in the documentation.
//!
//! Blocks marked `console` are run and compared: `$ dispatchlab ...`, then what it prints. Blocks marked `sh` are for
//! other programs; what they say of `dispatchlab` must stand in a `console` block too.

use crate::{pages, read, root, shown};

#[test]
fn every_command_prints_what_is_shown() {
    // Commands name files from the root. The other tests of this binary use absolute paths.
    std::env::set_current_dir(root()).expect("the root exists");
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("CI", "true").env("COLUMNS", "100");
    for page in pages() {
        cases.case(page);
    }
}

/// The lines of all blocks marked `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside: Option<&str> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), inside) {
            (Some(info), None) => inside = Some(info),
            (Some(_), Some(_)) => inside = None,
            (None, Some(info)) if info == language => lines.push(line.to_owned()),
            (None, _) => {}
        }
    }
    lines
}

#[test]
fn commands_of_other_programs_lead_somewhere() {
    let run: Vec<String> = pages()
        .iter()
        .flat_map(|page| blocks(&read(page), "console"))
        .filter_map(|line| Some(line.strip_prefix("$ ")?.to_owned()))
        .collect();
    for page in pages() {
        let text = read(&page);
        for line in blocks(&text, "sh") {
            // Settings of the environment in front.
            let words = line.split(' ').skip_while(|word| word.contains('=') && !word.starts_with('-'));
            let command = words.collect::<Vec<_>>().join(" ");
            let place = format!("{}: `{command}`", shown(&page));
            if let Some(arguments) = command.strip_prefix("cargo run --release -- ") {
                let command = format!("dispatchlab {arguments}");
                assert!(run.contains(&command), "{place} is run by no console block");
            } else if let Some(script) = command.strip_prefix("bash ") {
                let script = script.split(' ').next().unwrap_or_default();
                assert!(root().join(script).is_file(), "{place}: there is no {script}");
            } else {
                let known = [
                    "cargo test ",
                    "cargo install --path cli",
                    "cargo run --release -p dispatchlab-gui",
                    "git diff ",
                ];
                assert!(known.iter().any(|start| command.starts_with(start)), "{place} is run by no test");
            }
        }
    }
}

#[test]
fn inline_commands_are_run_somewhere() {
    let mut run = String::new();
    for page in pages() {
        run.push_str(&blocks(&read(&page), "console").join("\n"));
    }
    let mut never = Vec::new();
    for page in pages() {
        for line in read(&page).lines().filter(|line| !line.starts_with("$ ")) {
            for inline in line.split('`').skip(1).step_by(2).filter(|text| text.starts_with("dispatchlab ")) {
                if !run.contains(inline) {
                    never.push(format!("{}: `{inline}`", shown(&page)));
                }
            }
        }
    }
    assert!(never.is_empty(), "commands that no console block runs:\n{}", never.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let folder = page.parent().expect("a file is in a folder");
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            // Links of lessons do things in the window.
            if file.starts_with("lab:") {
                continue;
            }
            if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
                broken.push(format!("{}: {target}", shown(&page)));
            }
        }
    }
    assert!(broken.is_empty(), "links to nothing:\n{}", broken.join("\n"));
}
