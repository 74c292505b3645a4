//! What a command takes note of while it works, so that its manifest can be written beside its results.
//!
//! The [`Session`] is in the arguments that every command gets. `load::read` and `load::load` tell it the inputs,
//! [`crate::output`] the results; a command adds [`Session::describe`]. When the command has ended, `main` calls
//! [`Session::finish`]. Under `--from` it holds the inputs to the manifest, under `--check` the results.

use crate::failure::Failure;
use crate::leftovers::{Temporary, rename_all};
use crate::output::{self, Folder, Place, Written};
use crate::repeat::{Repeat, places_left_out};
use experiments::RunPlan;
use experiments::report::describe_plan;
use reports::manifest::{
    Circumstances, CommandLine, InputFile, MANIFEST_SCHEMA, Manifest, ResultFile, RunFacts, Tool,
};
use scenarios::Input;
use sim_core::model::Model;
use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Inputs up to this size are kept in the manifest.
const KEPT_BYTES: usize = 64 << 10;

/// One command's work. Interior locks, so that it can be handed around by reference.
#[derive(Default)]
pub struct Session(Mutex<State>);

#[derive(Default)]
struct State {
    started: Option<(jiff::Timestamp, Instant)>,
    command: Option<CommandLine>,
    inputs: Vec<InputFile>,
    facts: RunFacts,
    threads: Option<u64>,
    results: Vec<(ResultFile, PathBuf)>,
    /// Results that are written and have no name yet, with the names that they will get.
    staged: Vec<(Temporary, PathBuf)>,
    /// Places that results will go to, as they are named.
    reserved: Vec<(PathBuf, String)>,
    folder: Option<Folder>,
    no_manifest: bool,
    repeat: Option<Repeat>,
    /// Under `--check`: where results go instead, and what each would have been called.
    scratch: Option<Temporary>,
}

impl Session {
    /// The command begins.
    pub fn begin(
        &self,
        command: CommandLine,
        no_manifest: bool,
        repeat: Option<Repeat>,
    ) -> Result<(), Failure> {
        let mut state = self.state();
        state.started = Some((jiff::Timestamp::now(), Instant::now()));
        state.command = Some(command);
        state.no_manifest = no_manifest;
        if repeat.as_ref().is_some_and(|repeat| repeat.check) {
            let scratch = Temporary::folder(&std::env::temp_dir(), 0o700);
            state.scratch = Some(scratch.map_err(|error| Failure::writing("a temporary folder", &error))?);
        }
        state.repeat = repeat;
        Ok(())
    }

    /// Whether results are only compared with those of a manifest.
    pub fn is_check(&self) -> bool {
        self.state().scratch.is_some()
    }

    /// Takes note of an input that was read, and holds it to the manifest that is repeated, if one is.
    pub fn input(&self, name: &str, found: Result<Input, Failure>) -> Result<Input, Failure> {
        let input = match &self.state().repeat {
            Some(repeat) => repeat.input(name, found),
            None => found,
        }?;
        self.not_a_result(name)?;
        self.read_input(name, &input);
        Ok(input)
    }

    /// Takes note of an input that was read, by its bytes as they were given.
    pub fn read_input(&self, name: &str, input: &Input) {
        let (bytes, blake3) = input.given();
        let text = (bytes <= KEPT_BYTES as u64)
            .then(|| std::str::from_utf8(input.as_given()).ok().map(str::to_owned))
            .flatten();
        self.add_input(InputFile { name: name.to_owned(), role: "input".to_owned(), bytes, blake3, text });
    }

    /// Takes note of a file that was read, by its content.
    pub fn read_bytes(&self, name: &str, role: &str, bytes: &[u8]) {
        let text = (role == "input" && bytes.len() <= KEPT_BYTES)
            .then(|| std::str::from_utf8(bytes).ok().map(str::to_owned))
            .flatten();
        self.add_input(InputFile {
            name: name.to_owned(),
            role: role.to_owned(),
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
            text,
        });
    }

    /// Takes note of files that an input names.
    pub fn read_files(&self, files: &[PathBuf]) -> Result<(), Failure> {
        for path in files {
            let name = path.display().to_string();
            self.not_a_result(&name)?;
            // A sweep loads a scenario many times.
            if self.state().inputs.iter().any(|known| known.name == name) {
                continue;
            }
            let (bytes, hash) =
                hash_of(path).map_err(|error| Failure::Usage(format!("cannot read `{name}`: {error}")))?;
            let hash = hash.to_hex().to_string();
            if let Some(repeat) = &self.state().repeat {
                repeat.hold_file(&name, &hash)?;
            }
            self.add_input(InputFile { name, role: "file".to_owned(), bytes, blake3: hash, text: None });
        }
        Ok(())
    }

    /// Takes note of what was read once and copied.
    pub fn read_stream(&self, name: &str, bytes: u64, hash: blake3::Hash) {
        let blake3 = hash.to_hex().to_string();
        self.add_input(InputFile {
            name: name.to_owned(),
            role: "file".to_owned(),
            bytes,
            blake3,
            text: None,
        });
    }

    fn add_input(&self, input: InputFile) {
        let mut state = self.state();
        if !state.inputs.iter().any(|known| known.name == input.name && known.blake3 == input.blake3) {
            state.inputs.push(input);
        }
    }

    /// Adds to what is said of the run.
    pub fn describe(&self, add: impl FnOnce(&mut RunFacts)) {
        add(&mut self.state().facts);
    }

    /// Adds a model with its policies: scenario, seed, and the options that it was compiled with.
    pub fn describe_model(&self, model: &Model, policy: &str) {
        self.describe(|facts| facts.describe_model(model, policy));
    }

    /// Adds how a model is run.
    pub fn describe_plan(&self, plan: &RunPlan, cells: usize) {
        self.describe(|facts| describe_plan(facts, plan, cells));
        let threads = match plan.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        self.state().threads = Some(threads as u64);
    }

    /// Checks a place that a result will go to, before anything is run: each has one of its own.
    pub fn reserve(&self, file: &str) -> Result<(), Failure> {
        // Nothing is written to the places of a manifest.
        if self.is_check() {
            return Ok(());
        }
        let Place::File(path) = output::checked_place(file)? else { return Ok(()) };
        let mut state = self.state();
        if let Some((_, other)) = state.reserved.iter().find(|(reserved, _)| *reserved == path) {
            return Err(Failure::Usage(format!(
                "`{other}` and `{file}` are the same file: one result would replace the other"
            )));
        }
        state.reserved.push((path, file.to_owned()));
        Ok(())
    }

    /// A result must not replace what it was made from.
    pub fn not_a_result(&self, input: &str) -> Result<(), Failure> {
        let Ok(path) = fs::canonicalize(input) else { return Ok(()) };
        match self.state().reserved.iter().find(|(reserved, _)| *reserved == path) {
            Some((_, file)) => Err(Failure::Usage(format!(
                "`{file}` is what `{input}` is read from: the result would replace it; name another file"
            ))),
            None => Ok(()),
        }
    }

    /// Where a result file is to be written: what was asked for, or a place of its own under `--check`.
    pub fn place(&self, file: &str) -> Result<Place, Failure> {
        let state = self.state();
        if let Some(scratch) = &state.scratch {
            return Ok(Place::File(scratch.path().join(format!("{}.result", state.results.len()))));
        }
        let place = output::checked_place_of_new(file)?;
        let is_taken = |path: &PathBuf| state.staged.iter().any(|(_, staged)| staged == path);
        match &place {
            Place::File(path) if is_taken(path) => Err(Failure::Usage(format!(
                "cannot write `{file}`: another result of this command has that name"
            ))),
            _ => Ok(place),
        }
    }

    /// Takes note of a result, which gets its name when the command ends.
    pub fn wrote(
        &self,
        name: &str,
        path: PathBuf,
        temporary: Temporary,
        written: Written,
    ) -> Result<(), Failure> {
        let result = ResultFile {
            name: name.to_owned(),
            bytes: written.bytes,
            blake3: written.hash.to_hex().to_string(),
        };
        let mut state = self.state();
        if state.scratch.is_some() {
            temporary.rename(&path).map_err(|error| Failure::writing("a temporary file", &error))?;
        } else {
            state.staged.push((temporary, path.clone()));
        }
        state.results.push((result, path));
        Ok(())
    }

    /// Opens a new folder for results; it gets its name when the command has ended.
    pub fn open_folder(&self, name: &str) -> Result<(), Failure> {
        let mut state = self.state();
        if state.scratch.is_none() {
            state.folder = Some(Folder::create(name)?);
        }
        Ok(())
    }

    /// Writes a file of the folder.
    pub fn write_in_folder(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let path = {
            let state = self.state();
            match (&state.scratch, &state.folder) {
                (Some(scratch), _) => scratch.path().join(format!("{}.result", state.results.len())),
                (None, Some(folder)) => folder.path().join(name),
                (None, None) => PathBuf::from(name),
            }
        };
        let written = output::replace(&path, write).map_err(|error| {
            let folder = self.state().folder.as_ref().map(Folder::target);
            let shown = folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
            Failure::writing(&shown.display().to_string(), &error)
        })?;
        let result = ResultFile {
            name: name.to_owned(),
            bytes: written.bytes,
            blake3: written.hash.to_hex().to_string(),
        };
        self.state().results.push((result, path));
        Ok(())
    }

    /// The manifest as things stand.
    pub fn manifest(&self) -> Manifest {
        let state = self.state();
        let commit = option_env!("DISPATCHLAB_COMMIT");
        let circumstances = state.started.map(|(started, clock)| Circumstances {
            started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            host: host(),
            threads: state.threads,
            wall_s: clock.elapsed().as_secs_f64(),
            cpu_s: cpu_seconds(),
        });
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            tool: Tool {
                name: "dispatchlab".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                commit: commit.map(|commit| commit.trim_end_matches("-dirty").to_owned()),
                dirty: commit.map(|commit| commit.ends_with("-dirty")),
                target: option_env!("DISPATCHLAB_TARGET").map(str::to_owned),
            },
            command: state.command.clone().unwrap_or_else(|| CommandLine {
                name: String::new(),
                arguments: Vec::new(),
                line: None,
            }),
            inputs: state.inputs.clone(),
            run: state.facts.clone(),
            results: state.results.iter().map(|(result, _)| result.clone()).collect(),
            circumstances,
        }
    }

    /// The part of the manifest that may stand inside a result: the same on every machine, at any time, for any number of
    /// threads, wherever results are written.
    pub fn manifest_within(&self) -> Manifest {
        let manifest = self.manifest();
        let arguments = places_left_out(&manifest.command.arguments);
        manifest.within(arguments)
    }

    /// The command has ended and its results are written: writes the manifest, or compares.
    pub fn finish(&self) -> Result<(), Failure> {
        let manifest = self.manifest();
        let mut state = self.state();
        if state.scratch.is_some() {
            let repeat = state.repeat.take();
            return repeat.map_or(Ok(()), |repeat| repeat.compare(&state.results));
        }
        let mut files = std::mem::take(&mut state.staged);
        if let Some(folder) = state.folder.take() {
            let path = folder.path().join("manifest.json");
            output::replace(&path, |out| manifest.write(out))
                .map_err(|error| Failure::writing("manifest.json", &error))?;
            files.push(folder.into_parts());
        } else if let Some((_, first)) = state.results.first()
            && !state.no_manifest
        {
            let mut name = first.as_os_str().to_owned();
            name.push(".manifest.json");
            let path = PathBuf::from(name);
            let failed = |error: io::Error| Failure::writing(&path.display().to_string(), &error);
            if files.iter().any(|(_, target)| *target == path) {
                return Err(Failure::Usage(format!(
                    "cannot write the manifest: a result has its name, `{}`",
                    path.display()
                )));
            }
            let (temporary, _) = output::stage(&path, |out| manifest.write(out)).map_err(failed)?;
            // The last of all: what it says is so.
            files.push((temporary, path));
        }
        rename_all(files).map_err(|(target, error)| Failure::writing(&target.display().to_string(), &error))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Length and hash of a file.
pub fn hash_of(path: &Path) -> io::Result<(u64, blake3::Hash)> {
    let mut file = fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hasher.finalize()));
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems may not tell")]
fn host() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn cpu_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

#[cfg(not(unix))]
fn cpu_seconds() -> Option<f64> {
    None
}
