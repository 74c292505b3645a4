//! `dispatchlab sweep status`: what is there, what is missing, and how to go on.

use super::folder::Folder;
use super::journal;
use super::submit;
use super::worker::Bits;
use crate::commands::run::print;
use crate::failure::Failure;
use experiments::sweep::Outcome;
use serde_json::json;
use std::fmt::Write as _;

/// Failed cells that are listed.
const LISTED: usize = 5;

/// How many cells each shard lacks.
pub struct Count(Vec<u64>);

impl Count {
    /// None yet.
    pub fn new(shards: u64) -> Count {
        Count(vec![0; shards as usize])
    }

    /// A cell is missing.
    pub fn add(&mut self, cell: u64) {
        let shards = self.0.len() as u64;
        self.0[(cell % shards) as usize] += 1;
    }

    /// The shards that lack cells.
    pub fn shards(&self) -> Vec<u64> {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, missing)| **missing > 0)
            .map(|(shard, _)| shard as u64)
            .collect()
    }
}

/// `0-3,7`: as job arrays are written.
pub fn ranges(shards: &[u64]) -> String {
    let mut text = String::new();
    let mut rest = shards;
    while let Some(first) = rest.first() {
        let run = rest.iter().zip(*first..).take_while(|(shard, expected)| **shard == *expected).count();
        let comma = if text.is_empty() { "" } else { "," };
        let _ = match run {
            1 => write!(text, "{comma}{first}"),
            _ => write!(text, "{comma}{first}-{}", rest[run - 1]),
        };
        rest = &rest[run..];
    }
    text
}

/// `shards 0-3,7 of 16`.
pub fn shards_in_words(shards: &[u64], of: u64) -> String {
    let list = ranges(shards);
    let list = if list.len() > 200 {
        format!("{}, ...", &list[..list[..200].rfind(',').unwrap_or(200)])
    } else {
        list
    };
    match shards {
        [_] => format!("shard {list} of {of}"),
        _ => format!("shards {list} of {of}"),
    }
}

/// What a folder has.
pub struct State {
    /// Shards that lack cells.
    pub missing_shards: Vec<u64>,
    /// Cells that are missing.
    pub missing: u64,
    /// Cells with a result, failed ones too.
    pub done: u64,
    /// Cells that could not be finished, and why.
    pub failed: Vec<(u64, String)>,
    /// Lines that are damaged.
    pub damaged: u64,
}

impl State {
    /// Reads all journals.
    pub fn read(folder: &Folder) -> Result<State, Failure> {
        let failed = |error: &std::io::Error| {
            Failure::Run(format!("cannot read `{}`: {error}", folder.journals().display()))
        };
        let mut bits = Bits::new(folder.cells.count());
        let mut state =
            State { missing_shards: Vec::new(), missing: 0, done: 0, failed: Vec::new(), damaged: 0 };
        for journal in journal::list(&folder.journals()).map_err(|error| failed(&error))? {
            state.damaged += journal::scan(&journal.path, folder.key, |line, _| {
                if line.cell < folder.cells.count() && bits.insert(line.cell) {
                    state.done += 1;
                    if let Outcome::Failed(why) = line.outcome {
                        state.failed.push((line.cell, why));
                    }
                }
            })
            .map_err(|error| failed(&error))?;
        }
        let mut count = Count::new(folder.shards);
        (0..folder.cells.count()).filter(|cell| !bits.has(*cell)).for_each(|cell| count.add(cell));
        state.missing = folder.cells.count() - state.done;
        state.missing_shards = count.shards();
        state.failed.sort_unstable();
        Ok(state)
    }
}

/// Prints the state of a folder.
pub fn run(folder: &Folder, as_json: bool) -> Result<(), Failure> {
    let state = State::read(folder)?;
    let jobs = submit::active(folder);
    if as_json {
        return print(&json_document(folder, &state, &jobs));
    }
    let (total, shown) = (folder.cells.count(), folder.path.display());
    let complete = folder.shards - state.missing_shards.len() as u64;
    let mut text = String::new();
    let _ = writeln!(text, "{}/{total} cells, {complete}/{} shards complete", state.done, folder.shards);
    let points = folder.cells.points;
    let _ = writeln!(
        text,
        "  {} policies x {points} points x {} replications, sweep {}",
        folder.cells.policies,
        folder.cells.replications,
        &folder.hash[..folder.hash.len().min(12)]
    );
    if state.missing > 0 {
        let _ = writeln!(
            text,
            "  missing  {} cells in {}",
            state.missing,
            shards_in_words(&state.missing_shards, folder.shards)
        );
    }
    if state.damaged > 0 {
        let _ = writeln!(text, "  damaged  {} lines, which do not count", state.damaged);
    }
    for (cell, why) in state.failed.iter().take(LISTED) {
        let _ = writeln!(text, "  failed   cell {cell} ({}): {why}", folder.describe(*cell));
    }
    if state.failed.len() > LISTED {
        let _ = writeln!(text, "  failed   {} more", state.failed.len() - LISTED);
    }
    for changed in &folder.changed {
        let _ = writeln!(text, "  changed  {changed}; the sweep is that of the copies");
    }
    if !jobs.is_empty() {
        let _ = writeln!(text, "  queued   {} shards wait or run at Slurm: {}", jobs.len(), ranges(&jobs));
    }
    if state.missing > 0 {
        let _ = writeln!(text, "go on with: dispatchlab sweep run {shown}");
        let _ = writeln!(text, "        or: dispatchlab sweep submit {shown} --engine slurm");
    } else {
        let _ = writeln!(text, "go on with: dispatchlab sweep merge {shown} -o results.csv");
    }
    print(&text)
}

fn json_document(folder: &Folder, state: &State, jobs: &[u64]) -> String {
    let document = json!({
        "schema": "dispatchlab.sweep-status/1",
        "sweep": folder.hash,
        "cells": folder.cells.count(),
        "done": state.done,
        "missing": state.missing,
        "failed": state.failed.iter().map(|(cell, why)| json!({ "cell": cell, "id": folder.describe(*cell), "why": why })).collect::<Vec<_>>(),
        "damaged_lines": state.damaged,
        "shards": folder.shards,
        "missing_shards": state.missing_shards,
        "queued_shards": jobs,
        "changed": folder.changed,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_listed_as_ranges() {
        for (shards, expected) in
            [(&[][..], ""), (&[3], "3"), (&[0, 1, 2], "0-2"), (&[0, 2, 3, 7], "0,2-3,7"), (&[5, 9], "5,9")]
        {
            assert_eq!(ranges(shards), expected);
        }
        assert_eq!(shards_in_words(&[3], 8), "shard 3 of 8");
        assert_eq!(shards_in_words(&[3, 4], 8), "shards 3-4 of 8");
    }
}
