//! The manifest of a result: what was run, from which inputs, by which program, and what came out.
//!
//! It is the only document with a time of day or the name of a machine, all of it under `circumstances`; the rest depends
//! on the inputs and the program alone. It is enough to repeat the run, and to tell whether the same comes out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sim_core::model::Model;
use std::io::{self, Write};

/// The version of the manifest. Keys are only ever added; a change that could break a reader changes the number.
pub const MANIFEST_SCHEMA: &str = "dispatchlab.manifest/1";

/// A manifest. What is not known is null.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The program.
    pub tool: Tool,
    /// The command.
    pub command: CommandLine,
    /// Everything that was read, in the order in which it was first read.
    pub inputs: Vec<InputFile>,
    /// What was run.
    pub run: RunFacts,
    /// Everything that was written, in the order in which it was finished.
    pub results: Vec<ResultFile>,
    /// When and where; null where a manifest stands inside a result.
    pub circumstances: Option<Circumstances>,
}

/// Which program it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tool {
    /// `dispatchlab`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The commit that it was built from.
    pub commit: Option<String>,
    /// Whether files differed from that commit.
    pub dirty: Option<bool>,
    /// What it was built for: `x86_64-unknown-linux-gnu`; null where a manifest stands inside a result, which is the same
    /// on every machine.
    pub target: Option<String>,
}

/// What it was told to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommandLine {
    /// The command: `run`, `sweep run`.
    pub name: String,
    /// Its arguments in a fixed form, long names and `=`: what `--from` repeats.
    pub arguments: Vec<String>,
    /// The line as it was typed, in the shell's quotes where they are needed; null inside a result.
    pub line: Option<String>,
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InputFile {
    /// As it was named: a path, a library scenario, or `-`.
    pub name: String,
    /// What for: `input`, or `file` for one that an input names.
    pub role: String,
    /// Its length.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes, 64 hexadecimal digits.
    pub blake3: String,
    /// Its text, where that is short.
    pub text: Option<String>,
}

/// What was run, as far as it is one thing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RunFacts {
    /// Names of scenarios.
    pub scenarios: Vec<String>,
    /// Policies in effect.
    pub policies: Vec<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// Replications of each cell.
    pub replications: Option<u64>,
    /// Cells: scenarios times policies times parameter points.
    pub cells: Option<u64>,
    /// Every option in effect, given or not.
    pub options: Map<String, Value>,
}

/// A file that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultFile {
    /// Its path as it was given, or its name within the folder of the manifest.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes.
    pub blake3: String,
}

/// When and where. None of it reaches a result.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Circumstances {
    /// When the command began, UTC: `2026-01-31T12:00:00Z`.
    pub started: String,
    /// The name of the machine.
    pub host: Option<String>,
    /// Threads that it was allowed to use.
    pub threads: Option<u64>,
    /// Time from beginning to end, in seconds.
    pub wall_s: f64,
    /// Time of all processors, in seconds.
    pub cpu_s: Option<f64>,
}

impl RunFacts {
    /// Adds a model with its policies: scenario, seed, and the options that it was compiled with.
    pub fn describe_model(&mut self, model: &Model, policy: &str) {
        if !self.scenarios.contains(&model.name) {
            self.scenarios.push(model.name.clone());
        }
        if !self.policies.iter().any(|known| known == policy) {
            self.policies.push(policy.to_owned());
        }
        self.seed = Some(model.seed);
        let ties = model.ties.entries().map(|(rule, value)| (rule.to_owned(), value.into()));
        self.option("ties", Value::Object(ties.into_iter().collect()));
        self.option("stop_after_ns", model.stop.after.map(|after| after.0));
        self.option("stop_jobs", model.stop.jobs);
        self.option("warmup_ns", model.warmup.0);
    }

    /// Adds an option in effect.
    pub fn option(&mut self, name: &str, value: impl Into<Value>) {
        self.options.insert(name.to_owned(), value.into());
    }
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl Manifest {
    /// The part that depends on the inputs and the program alone, to stand inside a result. `arguments` are the command's
    /// without those that say where results go or how many threads work on them.
    pub fn within(&self, arguments: Vec<String>) -> Manifest {
        let inputs = self.inputs.iter().map(|input| InputFile { text: None, ..input.clone() }).collect();
        Manifest {
            tool: Tool { target: None, ..self.tool.clone() },
            command: CommandLine { arguments, line: None, ..self.command.clone() },
            inputs,
            results: Vec::new(),
            circumstances: None,
            ..self.clone()
        }
    }

    /// Writes it as JSON that people can read.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self).map_err(io::Error::from)?;
        out.write_all(b"\n")
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with the text, with line and column.
    pub fn read(text: &[u8]) -> Result<Manifest, String> {
        let value: Value =
            serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
        match value.get("schema").and_then(Value::as_str) {
            Some(MANIFEST_SCHEMA) => {}
            Some(other) => return Err(format!("its schema is `{other}`, not `{MANIFEST_SCHEMA}`")),
            None => return Err(format!("it has no key `schema` with the value `{MANIFEST_SCHEMA}`")),
        }
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            tool: Tool {
                name: "dispatchlab".into(),
                version: "1.0.0".into(),
                commit: None,
                dirty: None,
                target: Some("none".into()),
            },
            command: CommandLine {
                name: "run".into(),
                arguments: vec!["run".into(), "--".into(), "a.toml".into()],
                line: Some("dispatchlab run a.toml".into()),
            },
            inputs: vec![InputFile {
                name: "a.toml".into(),
                role: "input".into(),
                bytes: 1,
                blake3: "00".into(),
                text: Some("x".into()),
            }],
            run: RunFacts::default(),
            results: vec![ResultFile { name: "out.csv".into(), bytes: 2, blake3: "11".into() }],
            circumstances: Some(Circumstances {
                started: "then".into(),
                wall_s: 1.5,
                ..Circumstances::default()
            }),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut text = Vec::new();
        manifest().write(&mut text).unwrap();
        assert_eq!(Manifest::read(&text), Ok(manifest()));
    }

    #[test]
    fn what_is_no_manifest_says_why() {
        for (text, why) in [
            ("", "it is not JSON"),
            ("{}", "it has no key `schema`"),
            ("[1]", "it has no key `schema`"),
            ("{\"schema\":\"dispatchlab.run/1\"}", "its schema is `dispatchlab.run/1`"),
            ("{\"schema\":\"dispatchlab.manifest/1\"}", "missing field `tool`"),
        ] {
            let error = Manifest::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn inside_a_result_stands_no_time_and_no_path_of_a_result() {
        let within = manifest().within(vec!["run".into()]);
        assert_eq!((within.tool.target, within.command.line), (None, None));
        assert!(within.circumstances.is_none() && within.results.is_empty());
        assert_eq!(within.inputs[0].text, None);
    }
}
