//! `--from MANIFEST`: repeating the run that a manifest describes, and `--check`: telling whether the same comes out.
//!
//! The manifest says what is run, the new command line where results go. Nothing is written to the places that the
//! manifest names: who repeats somebody else's run must not have files replaced by it. The manifest's arguments are
//! therefore parsed as a command line first, whatever their spelling, and brought into the fixed form; what they name is
//! told by [`PLACES`]. Nothing is read that the manifest has no hash of.

use crate::args::Cli;
use crate::failure::Failure;
use crate::load;
use crate::manifest::hash_of;
use crate::output;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory as _};
use reports::manifest::{CommandLine, InputFile, Manifest, ResultFile, quoted};
use scenarios::Input;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Arguments of commands that can be repeated.
#[derive(Args, Default)]
pub struct RepeatArgs {
    /// Repeat the run of a manifest; an input that has changed since is refused
    #[arg(long, value_name = "MANIFEST")]
    pub from: Option<String>,
    /// Write nothing, compare with the results that the manifest names byte for byte; exit code 4 where they differ
    #[arg(long, requires = "from")]
    pub check: bool,
    /// Run the text of the input that the manifest kept, whatever the file says now
    #[arg(long, requires = "from")]
    pub kept: bool,
    /// Write no manifest beside the result
    #[arg(long)]
    pub no_manifest: bool,
}

/// Arguments that say where results go, of all commands. A repetition takes them from its own command line. A test holds
/// every argument that names a file or folder to be here or in `READ`.
const PLACES: [&str; 8] = ["output", "out_dir", "html", "trace", "charts", "welch", "csv", "out"];
/// Arguments that may stand beside `--from` besides those.
const BESIDES: [&str; 9] =
    ["from", "check", "kept", "no_manifest", "format", "threads", "quiet", "color", "max_input"];
/// Arguments that decide neither what is run nor what is written; and those by which a manifest would name another.
const NO_MATTER: [&str; 8] =
    ["threads", "no_manifest", "quiet", "color", "max_input", "from", "check", "kept"];

/// A run that is repeated.
pub struct Repeat {
    /// Whether results are only compared.
    pub check: bool,
    /// The manifest's name, for messages.
    name: String,
    /// The folder that the manifest is in.
    folder: PathBuf,
    kept: bool,
    manifest: Manifest,
}

/// What the process was asked for, in the fixed form of manifests.
pub fn command_line(matches: &ArgMatches) -> CommandLine {
    let mut root = Cli::command();
    root.build();
    let (mut command, mut matches) = (&root, matches);
    let (mut names, mut options, mut positionals) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        given(command, matches, &mut options, &mut positionals);
        let Some((name, inner)) = matches.subcommand() else { break };
        names.push(name.to_owned());
        let Some(found) = command.find_subcommand(name) else { break };
        (command, matches) = (found, inner);
    }
    let mut arguments = names.clone();
    arguments.extend(options);
    if !positionals.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend(positionals);
    }
    let line = std::env::args_os().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    let line = std::iter::once("dispatchlab".to_owned()).chain(line).collect::<Vec<_>>().join(" ");
    CommandLine { name: names.join(" "), arguments, line: Some(line) }
}

/// The arguments that were given to one command.
fn given(
    command: &clap::Command,
    matches: &ArgMatches,
    options: &mut Vec<String>,
    positionals: &mut Vec<String>,
) {
    for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
        let id = argument.get_id().as_str();
        if matches.try_contains_id(id).is_err() || matches.value_source(id) != Some(ValueSource::CommandLine)
        {
            continue;
        }
        let values = || {
            let occurrences = matches.get_raw_occurrences(id).into_iter().flatten();
            occurrences.flatten().map(|value| value.to_string_lossy().into_owned())
        };
        match (argument.get_long(), argument.get_action()) {
            (None, _) => positionals.extend(values()),
            (Some(long), ArgAction::Set | ArgAction::Append) => {
                options.extend(values().map(|value| format!("--{long}={value}")));
            }
            (Some(long), _) => options.push(format!("--{long}")),
        }
    }
}

/// Arguments of the fixed form without those that say where results go or how many threads work.
pub fn places_left_out(arguments: &[String]) -> Vec<String> {
    without(arguments, &[&PLACES[..], &NO_MATTER[..]].concat())
}

fn without(arguments: &[String], ids: &[&str]) -> Vec<String> {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let stays = |argument: &String| {
        let name = argument.strip_prefix("--").map(|rest| rest.split('=').next().unwrap_or(rest));
        name.is_none_or(|name| !ids.contains(&name.replace('-', "_").as_str()))
    };
    let (options, positionals) = arguments.split_at(end);
    options.iter().filter(|argument| stays(argument)).chain(positionals).cloned().collect()
}

/// The matches of what is to be run: those of the command line, or under `--from` those of the manifest.
pub fn resolved(matches: ArgMatches) -> Result<(ArgMatches, Option<Repeat>), Failure> {
    let now = command_line(&matches);
    let inner = innermost(&matches);
    let Some(name) = inner.try_get_one::<String>("from").ok().flatten().cloned() else {
        return Ok((matches, None));
    };
    let (mut manifest, folder) = read(&name)?;
    manifest.command = in_fixed_form(&name, &manifest.command)?;
    if manifest.command.name != now.name {
        let command = &manifest.command.name;
        return Err(Failure::Usage(format!(
            "`{name}` is of `dispatchlab {command}`: repeat it by `dispatchlab {command} --from {name}`"
        )));
    }
    let allowed = [&PLACES[..], &BESIDES[..]].concat();
    let more = without(&now.arguments, &allowed);
    if let Some(extra) = more.iter().skip(now.name.split(' ').count()).find(|extra| *extra != "--") {
        return Err(Failure::Usage(format!(
            "`{}` cannot go with --from: the manifest says what is run",
            extra.split('=').next().unwrap_or(extra)
        )));
    }
    let flag = |id: &str| inner.get_flag(id);
    let repeat = Repeat { check: flag("check"), kept: flag("kept"), name, folder, manifest };
    let had_folder = repeat.manifest.command.arguments.iter().any(|old| old.starts_with("--out-dir="));
    if had_folder && !repeat.check && !now.arguments.iter().any(|own| own.starts_with("--out-dir=")) {
        return Err(Failure::Usage(format!(
            "`{}` is of a folder: say where the new one goes with --out-dir, or compare with --check",
            repeat.name
        )));
    }
    repeat.hold_files()?;
    let again = parsed(&repeat.name, &repeat.arguments(&now.arguments))?;
    Ok((again, Some(repeat)))
}

/// Arguments of a manifest, as the command line reads them.
fn parsed(manifest: &str, arguments: &[String]) -> Result<ArgMatches, Failure> {
    let line = std::iter::once("dispatchlab").chain(arguments.iter().map(String::as_str));
    Cli::command().try_get_matches_from(line).map_err(|error| {
        let error = error.to_string();
        let first = error.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Failure::Usage(format!("`{manifest}` cannot be repeated by this version: {first}"))
    })
}

/// What a manifest says was run, with its arguments in the fixed form however they are spelled there. They must be those
/// of the command that the manifest is of.
fn in_fixed_form(name: &str, command: &CommandLine) -> Result<CommandLine, Failure> {
    let read = command_line(&parsed(name, &command.arguments)?);
    if read.name != command.name {
        return Err(Failure::Usage(format!(
            "`{name}` says that it is of `dispatchlab {}`, and its arguments are those of `dispatchlab {}`: it has been changed",
            command.name, read.name
        )));
    }
    Ok(CommandLine { line: command.line.clone(), ..read })
}

/// Whether no manifest is to be written.
pub fn no_manifest(matches: &ArgMatches) -> bool {
    matches!(innermost(matches).try_get_one::<bool>("no_manifest"), Ok(Some(true)))
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

fn read(name: &str) -> Result<(Manifest, PathBuf), Failure> {
    let text = crate::reading::bytes(name, crate::reading::MANIFEST)?;
    let manifest = Manifest::read(&text)
        .map_err(|why| Failure::Usage(format!("`{name}` is no manifest of DispatchLab: {why}")))?;
    Ok((manifest, output::folder_of(Path::new(name)).to_owned()))
}

impl Repeat {
    /// What is to be run, with places of its own.
    fn arguments(&self, now: &[String]) -> Vec<String> {
        if self.check {
            return without(&self.manifest.command.arguments, &NO_MATTER);
        }
        let stays = without(&self.manifest.command.arguments, &[&PLACES[..], &NO_MATTER[..]].concat());
        let (own, old) = (own_options(now), own_options(&self.manifest.command.arguments));
        let has = |options: &[String], name: &str| {
            options.iter().find_map(|option| option.strip_prefix(name).map(str::to_owned))
        };
        let formed = has(&own, "--format=").is_some() || has(&own, "--output=").is_some();
        let stays = if formed { without(&stays, &["format"]) } else { stays };
        let end = stays.iter().position(|argument| argument == "--").unwrap_or(stays.len());
        let (options, positionals) = stays.split_at(end);
        let mut arguments = options.to_vec();
        arguments.extend(own);
        // A result that went to a file by its suffix has the same form on standard output.
        if !formed
            && has(&arguments, "--format=").is_none()
            && let Some(format) = has(&old, "--output=").and_then(|file| output::format_of(&file))
        {
            arguments.push(format!("--format={}", format.word()));
        }
        arguments.extend(positionals.iter().cloned());
        arguments
    }

    /// The input of this name, if it is what it was.
    pub fn input(&self, name: &str, found: Result<Input, Failure>) -> Result<Input, Failure> {
        let was = self.manifest.inputs.iter().find(|input| input.name == name && input.role == "input");
        let Some(was) = was else { return Err(self.without_hash(name)) };
        let beside = self.folder.join(name);
        let found = match found {
            Err(_) if name != "-" && beside.is_file() => load::stream(&beside.display().to_string(), &|_| ())
                .map(|input| Input { name: name.to_owned(), ..input }),
            other => other,
        };
        match (found, &was.text) {
            (_, Some(text)) if self.kept => kept(was, text),
            (Ok(input), _) if input.given().1 == was.blake3 => Ok(input),
            (Ok(input), text) if !(name == "-" && input.text.is_empty()) => {
                Err(Failure::Usage(self.changed(was, &input, text.as_deref())))
            }
            (_, Some(text)) => kept(was, text),
            (Err(failure), None) => Err(failure),
            (Ok(_), None) => Err(Failure::Usage(format!(
                "`{}` read its input from standard input and did not keep it, since it is long: pipe it in again",
                self.name
            ))),
        }
    }

    fn changed(&self, was: &InputFile, now: &Input, text: Option<&str>) -> String {
        let name = &was.name;
        let what = match text {
            Some(text) => first_difference(text.as_bytes(), now.as_given()).unwrap_or_default(),
            None => format!("it had {} bytes and has {}", was.bytes, now.given().0),
        };
        let cure = match text {
            Some(_) => "restore it, or run the text that the manifest kept by --kept",
            None => "restore it",
        };
        format!("`{name}` has changed since `{}` was written: {what}; {cure}", self.name)
    }

    fn without_hash(&self, name: &str) -> Failure {
        Failure::Usage(format!(
            "`{}` has no hash of `{name}`, which its run reads: it has been changed, and is not repeated",
            self.name
        ))
    }

    /// Holds a file that an input names to be what it was.
    pub fn hold_file(&self, name: &str, hash: &str) -> Result<(), Failure> {
        let Some(was) = self.manifest.inputs.iter().find(|input| input.name == name) else {
            return Err(self.without_hash(name));
        };
        if was.blake3 == hash {
            return Ok(());
        }
        Err(Failure::Usage(format!(
            "`{name}` has changed since `{}` was written: its content is another; restore it",
            self.name
        )))
    }

    /// Before anything is read as what it claims to be: all files that inputs name are what they were.
    fn hold_files(&self) -> Result<(), Failure> {
        for was in self.manifest.inputs.iter().filter(|input| input.role == "file") {
            let path = Path::new(&was.name);
            // What has another length is not read at all.
            let same_length = fs::metadata(path).map(|about| about.is_file() && about.len() == was.bytes);
            let hash = match same_length {
                Ok(true) => hash_of(path).map(|(_, hash)| hash.to_hex().to_string()),
                Ok(false) => Ok(String::new()),
                Err(error) => Err(error),
            };
            let hash =
                hash.map_err(|error| Failure::Usage(format!("cannot read `{}`: {error}", was.name)))?;
            self.hold_file(&was.name, &hash)?;
        }
        Ok(())
    }

    /// Compares what was written now with what the manifest says, prints it, and fails where they differ.
    pub fn compare(&self, results: &[(ResultFile, PathBuf)]) -> Result<(), Failure> {
        let mut text = String::new();
        let mut different = 0;
        let recorded = &self.manifest.results;
        for was in recorded {
            let now = results.iter().find(|(result, _)| result.name == was.name);
            let verdict = match now {
                Some((now, _)) if now.blake3 == was.blake3 => self.edited(was),
                Some((_, path)) => Some(self.difference(was, path)),
                None => Some("it was not written again".to_owned()),
            };
            let word = if verdict.is_some() { "different" } else { "same" };
            different += usize::from(verdict.is_some());
            let colon = if verdict.is_some() { ": " } else { "" };
            let _ = writeln!(text, "{word:<9}  {}{colon}{}", was.name, verdict.unwrap_or_default());
        }
        for (now, _) in results.iter().filter(|(now, _)| !recorded.iter().any(|was| was.name == now.name)) {
            different += 1;
            let _ = writeln!(text, "different  {}: the manifest does not name it", now.name);
        }
        let files = if recorded.len() == 1 { "file" } else { "files" };
        let _ = writeln!(text, "{} {files} compared, {different} different", recorded.len());
        output::stdout(|out| out.write_all(text.as_bytes()))?;
        if different == 0 {
            return Ok(());
        }
        let mine = option_env!("DISPATCHLAB_COMMIT").map(|commit| commit.trim_end_matches("-dirty"));
        let tool = &self.manifest.tool;
        let other = tool.version != env!("CARGO_PKG_VERSION") || tool.commit.as_deref() != mine;
        let hint = if other { " (the manifest is of another version of DispatchLab)" } else { "" };
        Err(Failure::Verdict(format!("the results are not those of `{}`{hint}", self.name)))
    }

    /// Where the result of a manifest is now.
    fn result_place(&self, name: &str) -> Option<PathBuf> {
        let path = Path::new(name);
        let beside = path.file_name().map(|file| self.folder.join(file));
        [Some(self.folder.join(name)), beside, Some(path.to_owned())]
            .into_iter()
            .flatten()
            .find(|p| p.is_file())
    }

    /// Whether the file itself is no longer what was written.
    fn edited(&self, was: &ResultFile) -> Option<String> {
        let (_, hash) = hash_of(&self.result_place(&was.name)?).ok()?;
        (hash.to_hex().as_str() != was.blake3)
            .then(|| "the run gives what it gave, but the file has been changed since".to_owned())
    }

    fn difference(&self, was: &ResultFile, now: &Path) -> String {
        let old = self
            .result_place(&was.name)
            .filter(|path| hash_of(path).is_ok_and(|(_, hash)| hash.to_hex().as_str() == was.blake3));
        old.and_then(|old| first_file_difference(&old, now).ok().flatten()).unwrap_or_else(|| {
            "its content is another; the file that was written then is not there".to_owned()
        })
    }
}

/// Options of the fixed form that say where and in which form results go.
fn own_options(arguments: &[String]) -> Vec<String> {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let wanted = |argument: &&String| {
        let name = argument.trim_start_matches("--").split('=').next().unwrap_or_default().replace('-', "_");
        let own = ["format", "threads", "no_manifest"];
        argument.starts_with("--") && (PLACES.contains(&name.as_str()) || own.contains(&name.as_str()))
    };
    arguments[..end].iter().filter(wanted).cloned().collect()
}

fn kept(was: &InputFile, text: &str) -> Result<Input, Failure> {
    let folder = output::folder_of(Path::new(&was.name)).to_owned();
    // Standard input is called as it was; its kind is told by the text.
    let name = if was.name == "-" { "<stdin>" } else { &was.name };
    match Input::library(name) {
        Some(library) => Ok(Input { text: text.as_bytes().to_vec(), ..library }),
        None => load::of(name, text.as_bytes().to_vec(), folder),
    }
}

/// The first line at which two texts part.
fn first_difference(was: &[u8], now: &[u8]) -> Option<String> {
    lines_difference(&mut &was[..], &mut &now[..]).ok().flatten()
}

fn first_file_difference(was: &Path, now: &Path) -> std::io::Result<Option<String>> {
    lines_difference(&mut BufReader::new(File::open(was)?), &mut BufReader::new(File::open(now)?))
}

/// Reads two texts side by side; lines longer than the limit are compared piece by piece.
fn lines_difference(
    was: &mut dyn std::io::BufRead,
    now: &mut dyn std::io::BufRead,
) -> std::io::Result<Option<String>> {
    const PIECE: u64 = 1 << 16;
    let mut number = 1u64;
    loop {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        was.take(PIECE).read_until(b'\n', &mut before)?;
        now.take(PIECE).read_until(b'\n', &mut after)?;
        if before != after {
            return Ok(Some(format!("line {number} was {} and is {}", shown(&before), shown(&after))));
        }
        if before.is_empty() {
            return Ok(None);
        }
        number += u64::from(before.ends_with(b"\n"));
    }
}

fn shown(line: &[u8]) -> String {
    /// Characters of a line that a message shows.
    const SHOWN: usize = 60;
    if line.is_empty() {
        return "not there".to_owned();
    }
    let Ok(text) = std::str::from_utf8(line) else { return "not text".to_owned() };
    let text = text.trim_end_matches(['\n', '\r']);
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("`{short}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn places_are_told_from_what_is_run() {
        for (line, rest) in [
            ("run --policy=fcfs --output=a.csv -- web.toml", "run --policy=fcfs -- web.toml"),
            ("run --out-dir=d --threads=2 -- --output=a", "run -- --output=a"),
            ("run --digest -- a", "run --digest -- a"),
        ] {
            assert_eq!(places_left_out(&words(line)), words(rest), "{line}");
        }
    }

    /// Arguments that name something to be read, or no file at all though it looks so.
    const READ: [&str; 12] =
        ["input", "plan", "dir", "answer", "lesson", "from", "set", "vary", "with", "of", "map", "what"];

    /// An option that is added to any command is told to be a place, or not to be one.
    #[test]
    fn every_argument_that_names_a_file_is_known() {
        fn walk(command: &clap::Command, found: &mut Vec<String>) {
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let names = argument.get_value_names().unwrap_or_default();
                let takes_value = argument.get_action().takes_values();
                let looks = ["FILE", "DIR", "FOLDER", "PATH", "MANIFEST"];
                let is_path = takes_value
                    && (argument.is_positional()
                        || names.iter().any(|name| looks.iter().any(|look| name.contains(look))));
                let others = ["name", "template", "shell", "subcommand"];
                if is_path && !PLACES.contains(&id) && !READ.contains(&id) && !others.contains(&id) {
                    found.push(format!("{} {id}", command.get_name()));
                }
            }
            command.get_subcommands().for_each(|inner| walk(inner, found));
        }
        let mut found = Vec::new();
        let mut root = Cli::command();
        root.build();
        walk(&root, &mut found);
        assert!(found.is_empty(), "add each to PLACES, where it is written to, or to READ: {found:?}");
    }

    /// Whatever the spelling, the same places are found.
    #[test]
    fn places_are_told_by_what_they_are() {
        for line in [
            "run -oa.csv -- convoy",
            "run -o a.csv convoy",
            "run -qoa.csv convoy",
            "run -qo a.csv convoy",
            "run --output a.csv convoy",
            "run convoy --output=a.csv --trace t.json --welch=w.csv --charts c --html h.html",
            "run --out-dir d --check --from x --kept convoy",
            "-q run convoy -o=a.csv",
        ] {
            let command =
                CommandLine { name: "run".to_owned(), arguments: words(line), line: Some(line.to_owned()) };
            let fixed = in_fixed_form("m", &command).unwrap();
            assert_eq!(places_left_out(&fixed.arguments), words("run -- convoy"), "{line}");
        }
        let command = CommandLine { name: "run".to_owned(), arguments: words("new farm"), line: None };
        let refused = in_fixed_form("m", &command).unwrap_err();
        assert!(matches!(refused, Failure::Usage(why) if why.contains("are those of `dispatchlab new`")));
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        for (word, text) in
            [("a.toml", "a.toml"), ("p99 < 5ms", "'p99 < 5ms'"), ("", "''"), ("it's", r"'it'\''s'")]
        {
            assert_eq!(quoted(word), text);
        }
    }

    #[test]
    fn the_first_different_line_is_shown() {
        for (was, now, text) in [
            ("a\nb\n", "a\nc\n", Some("line 2 was `b` and is `c`")),
            ("a\n", "a\nc\n", Some("line 2 was not there and is `c`")),
            ("a", "a\n", Some("line 1 was `a` and is `a`")),
            ("a\nb", "a\nb", None),
        ] {
            assert_eq!(first_difference(was.as_bytes(), now.as_bytes()).as_deref(), text, "{was:?} {now:?}");
        }
    }
}
