//! `dispatchlab sweep run`: the only worker, on one machine or on many.

use super::folder::Folder;
use super::journal::{self, Lock, Refused, Writer};
use crate::args::GlobalArgs;
use crate::failure::{Failure, is_full};
use crate::progress::Meter;
use crate::{load, signals};
use experiments::sweep::{self, Outcome, Prepared, line};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Which cells a worker computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// From 0.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parse = || {
            let (index, of) = text.split_once('/')?;
            Some(Shard { index: index.trim().parse().ok()?, of: of.trim().parse().ok()? })
        };
        match parse() {
            Some(shard)
                if shard.index < shard.of && shard.of <= u64::from(scenarios::sweep_plan::SHARDS_MAX) =>
            {
                Ok(shard)
            }
            Some(Shard { of, .. }) if of == 0 || of > u64::from(scenarios::sweep_plan::SHARDS_MAX) => {
                Err(format!("there are 1 to {} shards", scenarios::sweep_plan::SHARDS_MAX))
            }
            Some(Shard { of, .. }) => Err(format!("the shards of {of} are 0 to {}", of - 1)),
            None => Err("a shard is written i/n, such as 0/8".to_owned()),
        }
    }
}

/// One bit a cell.
pub struct Bits(Vec<u64>);

impl Bits {
    /// None of `count` cells.
    pub fn new(count: u64) -> Bits {
        Bits(vec![0; count.div_ceil(64) as usize])
    }

    /// Whether a cell is in.
    pub fn has(&self, cell: u64) -> bool {
        self.0.get((cell / 64) as usize).is_some_and(|word| word >> (cell % 64) & 1 == 1)
    }

    /// Puts a cell in; a number beyond the count is none of ours.
    pub fn insert(&mut self, cell: u64) -> bool {
        let Some(word) = self.0.get_mut((cell / 64) as usize) else { return false };
        let new = *word >> (cell % 64) & 1 == 0;
        *word |= 1 << (cell % 64);
        new
    }
}

/// What is being worked on.
struct State<'f> {
    folder: &'f Folder,
    /// Shards that have not been looked at.
    shards: Box<dyn Iterator<Item = u64> + Send + 'f>,
    of: u64,
    /// Cells of journals that are cut otherwise.
    elsewhere: Option<Bits>,
    /// Cells of the shard at hand that are to be computed, the next one last.
    pending: Vec<u64>,
    open: BTreeMap<u64, Open>,
    damaged: u64,
    failed: Vec<(u64, String)>,
    busy: Vec<(u64, String)>,
    /// How many shards were busy when they were looked at before.
    busy_before: usize,
    done: u64,
    computed: u64,
    error: Option<Failure>,
}

struct Open {
    writer: Writer,
    /// Cells that are still to be written.
    left: u64,
}

/// Computes what is missing of a shard, or of all shards.
pub fn run(
    folder: &Folder,
    shard: Option<Shard>,
    threads: usize,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    signals::set(signals::Effect::Asks(Arc::clone(&stop)));
    let of = shard.map_or(folder.shards, |shard| shard.of);
    let shards: Box<dyn Iterator<Item = u64> + Send> = match shard {
        Some(shard) => Box::new(std::iter::once(shard.index)),
        None => Box::new(0..of),
    };
    let total = match shard {
        Some(shard) => folder.cells.of_shard(shard.index, shard.of).size_hint().0 as u64,
        None => folder.cells.count(),
    };
    let state = Mutex::new(State {
        folder,
        shards,
        of,
        elsewhere: elsewhere(folder, of)?,
        pending: Vec::new(),
        open: BTreeMap::new(),
        damaged: 0,
        failed: Vec::new(),
        busy: Vec::new(),
        busy_before: usize::MAX,
        done: 0,
        computed: 0,
        error: None,
    });
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let meter = Meter::new(global);
        let next = || {
            let mut state = lock();
            if stop.load(Ordering::Relaxed) || state.error.is_some() {
                return None;
            }
            state.next()
        };
        let prepare = |model: u64| match folder.prepare(model) {
            Ok(prepared) => prepared,
            // Every model was compiled when the folder was made.
            Err(failure) => Prepared::broken(format!("{failure:?}")),
        };
        let done = |index: u64, shape: u32, outcome: Outcome| {
            let text = line::encode(index, shape, &outcome, folder.key);
            let mut state = lock();
            state.write(index, &text, outcome);
            meter.count(state.done, total, state.computed, "cells");
        };
        let watch = |_: experiments::Progress| {
            // Long cells: what is shown stays fresh.
            if let Ok(state) = state.try_lock() {
                meter.count(state.done, total, state.computed, "cells");
            }
            true
        };
        sweep::execute(folder.cells, threads, &next, &prepare, &done, &watch);
        // What others had may be free by now, done or given up. All cells of this worker are written, and no shard is held:
        // of several workers the last one finds everything.
        while lock().looks_again() && !stop.load(Ordering::Relaxed) {
            sweep::execute(folder.cells, threads, &next, &prepare, &done, &watch);
        }
    }
    signals::set(signals::Effect::Resumable);
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    finish(state, total, stop.load(Ordering::Relaxed), global)
}

impl State<'_> {
    /// The next cell to compute.
    fn next(&mut self) -> Option<u64> {
        while self.pending.is_empty() {
            let shard = self.shards.next()?;
            match self.begin(shard) {
                Ok(()) => {}
                Err(Refused::Busy(holder)) => self.busy.push((shard, holder)),
                Err(Refused::Io(error)) => {
                    let path = self.folder.journals().display().to_string();
                    self.stopped(&path, &error);
                    return None;
                }
            }
        }
        self.pending.pop()
    }

    /// Turns to the shards that others had, unless that brought nothing the last time.
    fn looks_again(&mut self) -> bool {
        let busy = std::mem::take(&mut self.busy);
        if busy.is_empty() || self.error.is_some() || busy.len() >= self.busy_before {
            self.busy = busy;
            return false;
        }
        self.busy_before = busy.len();
        self.shards = Box::new(busy.into_iter().map(|(shard, _)| shard));
        true
    }

    /// Takes the next shard: its lock, what it has, what it lacks.
    fn begin(&mut self, shard: u64) -> Result<(), Refused> {
        let (folder, of) = (self.folder, self.of);
        let cells = folder.cells;
        let journals = folder.journals();
        let lock = Lock::take(&journals, shard, of)?;
        let mut have = vec![false; cells.of_shard(shard, of).size_hint().0];
        for suffix in ["tsv", "part"] {
            let path = journals.join(format!("{shard}-of-{of}.{suffix}"));
            let failed = &mut self.failed;
            let found = journal::scan(&path, folder.key, |line, _| {
                let place = (line.cell / of) as usize;
                if line.cell % of == shard && place < have.len() && !have[place] {
                    have[place] = true;
                    if let Outcome::Failed(why) = line.outcome {
                        failed.push((line.cell, why));
                    }
                }
            });
            match found {
                Ok(damaged) => self.damaged += damaged,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        let elsewhere = self.elsewhere.as_ref();
        let missing = |(place, cell): (usize, u64)| {
            (!have[place] && !elsewhere.is_some_and(|bits| bits.has(cell))).then_some(cell)
        };
        let mut pending: Vec<u64> = cells.of_shard(shard, of).enumerate().filter_map(missing).collect();
        self.done += (have.len() - pending.len()) as u64;
        let unfinished = journals.join(format!("{shard}-of-{of}.part")).exists();
        if pending.is_empty() {
            if unfinished {
                // Everything was written, but not the last word.
                Writer::open(&journals, shard, of, lock)?.finish()?;
            }
            return Ok(());
        }
        let writer = Writer::open(&journals, shard, of, lock)?;
        self.open.insert(shard, Open { writer, left: pending.len() as u64 });
        pending.reverse();
        self.pending = pending;
        Ok(())
    }

    /// Writes the line of a cell.
    fn write(&mut self, index: u64, text: &str, outcome: Outcome) {
        let shard = index % self.of;
        let Some(open) = self.open.get_mut(&shard) else { return };
        let path = open.writer.path().display().to_string();
        if let Err(error) = open.writer.append(text) {
            return self.stopped(&path, &error);
        }
        self.done += 1;
        self.computed += 1;
        if let Outcome::Failed(why) = outcome {
            self.failed.push((index, why));
        }
        open.left -= 1;
        if open.left == 0
            && let Some(open) = self.open.remove(&shard)
            && let Err(error) = open.writer.finish()
        {
            self.stopped(&path, &error);
        }
    }

    /// A journal cannot be written: nobody starts another cell.
    fn stopped(&mut self, path: &str, error: &io::Error) {
        let what = if is_full(error) {
            "make room and run the same command again: it goes on where this one stopped"
        } else {
            "when that is mended, the same command goes on where this one stopped"
        };
        self.error.get_or_insert(Failure::Interrupted(format!(
            "cannot write `{path}`: {error}; {} cells are kept; {what}",
            self.done
        )));
    }
}

/// What is said at the end.
fn finish(mut state: State<'_>, total: u64, stopped: bool, global: &GlobalArgs) -> Result<(), Failure> {
    if state.damaged > 0 {
        let lines = if state.damaged == 1 { "line was" } else { "lines were" };
        load::notes(&[format!("{} {lines} damaged; the cells were computed again", state.damaged)], global);
    }
    // Whatever was computed is on the disk before anything is said.
    for open in state.open.values_mut() {
        let path = open.writer.path().display().to_string();
        if let Err(error) = open.writer.sync()
            && state.error.is_none()
        {
            state.error = Some(Failure::Interrupted(format!("cannot write `{path}`: {error}")));
        }
    }
    if let Some(error) = state.error {
        return Err(error);
    }
    let left = total.saturating_sub(state.done);
    if stopped && left > 0 {
        return Err(Failure::Interrupted(format!(
            "by a signal: {} of {total} cells are done, {left} are left; the same command goes on",
            state.done
        )));
    }
    if let Some((index, why)) = state.failed.first() {
        let (what, cells) = (state.folder.describe(*index), state.failed.len());
        let message = if cells == 1 {
            format!("cell {index} failed ({what}): {why}")
        } else {
            format!("{cells} cells failed, the first is cell {index} ({what}): {why}")
        };
        return Err(Failure::Run(format!("{message}; all others are done")));
    }
    if let Some((shard, holder)) = state.busy.first() {
        let who = if holder.is_empty() { String::new() } else { format!(" ({holder})") };
        let more =
            if state.busy.len() > 1 { format!(" and {} more", state.busy.len() - 1) } else { String::new() };
        return Err(Failure::Interrupted(format!(
            "shard {shard}/{}{more} is being computed by another worker{who}; everything else is done",
            state.of
        )));
    }
    Ok(())
}

/// Cells in journals that are cut into another number of shards.
fn elsewhere(folder: &Folder, of: u64) -> Result<Option<Bits>, Failure> {
    let journals = folder.journals();
    let failed = |error: &io::Error| Failure::Run(format!("cannot read `{}`: {error}", journals.display()));
    let others = journal::list(&journals).map_err(|error| failed(&error))?;
    let mut others = others.into_iter().filter(|journal| journal.shards != of).peekable();
    if others.peek().is_none() {
        return Ok(None);
    }
    let mut bits = Bits::new(folder.cells.count());
    for journal in others {
        journal::scan(&journal.path, folder.key, |line, _| {
            bits.insert(line.cell);
        })
        .map_err(|error| failed(&error))?;
    }
    Ok(Some(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_written_i_of_n() {
        for (text, expected) in [
            ("0/1", Ok(Shard { index: 0, of: 1 })),
            ("7/8", Ok(Shard { index: 7, of: 8 })),
            ("8/8", Err("the shards of 8 are 0 to 7")),
            ("0/0", Err("there are 1 to 100000 shards")),
            ("1/100001", Err("there are 1 to 100000 shards")),
            ("1", Err("a shard is written i/n, such as 0/8")),
            ("-1/8", Err("a shard is written i/n, such as 0/8")),
        ] {
            assert_eq!(text.parse::<Shard>(), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn bits_hold_what_was_put_in() {
        let mut bits = Bits::new(65);
        assert!(bits.insert(64) && !bits.insert(64) && !bits.insert(128));
        assert!(bits.has(64) && !bits.has(63) && !bits.has(1000));
    }
}
