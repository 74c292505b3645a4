//! The schedule drawn by hand: a grid of cores and units of time, each cell empty or a task's.

use super::Act;
use crate::model::snapshot::Snapshot;
use experiments::exercise::{Answer, Away, ExerciseError, Grade, Part, Pick, Problem, Stretch, away, grade};
use sim_core::units::Time;
use std::collections::BTreeSet;

/// Units of time of a drawing, at most.
pub const MAX_COLUMNS: usize = 200;
/// Tasks of a drawing, at most.
const MAX_TASKS: usize = 20;
/// Cores of a drawing, at most.
const MAX_CORES: u32 = 8;
/// Milliseconds in a nanosecond.
const MS: f64 = 1e-6;

/// One cell: the place of a task in [`Draw::tasks`].
pub type Cell = Option<usize>;

/// What can be done to a drawing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stroke {
    /// Draw with the chosen task on a core from one unit to another, the last one included. Strokes of one drag are one step
    /// of undo.
    Line {
        /// The core.
        core: u32,
        /// From.
        from: usize,
        /// To.
        to: usize,
        /// Whether it belongs to the stroke before.
        same: bool,
    },
    /// Draw with this task at the keyboard's cell and go on by one.
    Type(Cell),
    /// Take the unit before the keyboard's cell away.
    Back,
    /// The keyboard's cell, moved by cores and units.
    Move(i32, i32),
    /// The keyboard's cell.
    To(u32, usize),
    /// Empty all cells.
    Clear,
    /// Take the last stroke back.
    Undo,
    /// Draw it again.
    Redo,
}

/// A drawing.
#[derive(Clone, PartialEq, Debug)]
pub struct Draw {
    /// Indices of the tasks among the model's.
    pub tasks: Vec<u32>,
    /// Length of a unit of time, in nanoseconds.
    pub unit: u64,
    /// The cells of each core.
    pub cells: Vec<Vec<Cell>>,
    /// The places of the tasks that leave for I/O.
    pub leave: Vec<usize>,
    /// The task that is drawn with; `None`: the eraser.
    pub brush: Cell,
    /// The keyboard's cell: core and unit.
    pub cell: (u32, usize),
    /// What the drawing is worth, when it was graded.
    pub grade: Option<Grade>,
    /// Whether the right schedule is shown.
    pub shown: bool,
    /// Whether a stroke is being drawn that changed something.
    open: bool,
    undone: Vec<Vec<Vec<Cell>>>,
    done: Vec<Vec<Vec<Cell>>>,
}

impl Draw {
    /// An empty grid for a problem.
    ///
    /// # Errors
    /// [`ExerciseError::TooLarge`] where it would not fit.
    pub fn new(problem: &Problem<'_>) -> Result<Draw, ExerciseError> {
        let trace = problem.trace;
        let parts = problem.parts();
        let lengths = parts.iter().flatten().map(|(Part::Cpu(length) | Part::Io(length))| *length);
        let segments = trace.segments.iter().filter(|segment| segment.processor == problem.processor);
        let times = segments.flat_map(|segment| [segment.start.0, segment.end.0]).chain(lengths);
        let unit = times.chain(trace.jobs.iter().map(|job| job.arrival.0)).fold(0, gcd).max(1);
        let columns = (room(problem, &parts) / unit + 1).next_multiple_of(5) as usize;
        let tasks: BTreeSet<u32> = trace.jobs.iter().map(|job| job.task).collect();
        let tasks: Vec<u32> = tasks.into_iter().collect();
        if columns > MAX_COLUMNS || tasks.len() > MAX_TASKS || problem.cores > MAX_CORES {
            return Err(ExerciseError::TooLarge { units: MAX_COLUMNS, tasks: MAX_TASKS, cores: MAX_CORES });
        }
        let leaves = |task: &u32| {
            let mut jobs = trace.jobs.iter().zip(&parts).filter(|(job, _)| job.task == *task);
            jobs.any(|(_, parts)| parts.iter().any(|part| matches!(part, Part::Io(_))))
        };
        let leave =
            tasks.iter().enumerate().filter(|(_, task)| leaves(task)).map(|(place, _)| place).collect();
        Ok(Draw {
            tasks,
            unit,
            cells: vec![vec![None; columns]; problem.cores as usize],
            leave,
            brush: Some(0),
            cell: (0, 0),
            grade: None,
            shown: false,
            open: false,
            undone: Vec::new(),
            done: Vec::new(),
        })
    }

    /// Units of time.
    pub fn columns(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().flatten().all(Option::is_none)
    }

    /// Whether a stroke can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether one was taken back.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// The unit at which the drawing first departs from the right schedule.
    pub fn first_wrong(&self) -> Option<u64> {
        self.grade.as_ref().and_then(|grade| grade.first_wrong_ns)
    }

    /// How many units of each task are drawn.
    pub fn drawn(&self, task: usize) -> usize {
        self.cells.iter().flatten().filter(|cell| **cell == Some(task)).count()
    }

    /// When tasks are away, as follows from what is drawn.
    pub fn away(&self, whole: &Snapshot, problem: &Problem<'_>) -> Vec<Away> {
        if self.leave.is_empty() { Vec::new() } else { away(problem, &self.stretches(whole)) }
    }

    /// The drawing as an answer.
    pub fn answer(&self, whole: &Snapshot) -> Answer {
        Answer::Schedule(self.stretches(whole))
    }

    fn stretches(&self, whole: &Snapshot) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for (core, cells) in self.cells.iter().enumerate() {
            let mut from = 0;
            for group in cells.chunk_by(|a, b| a == b) {
                let to = from + group.len();
                if let Some(task) = group[0] {
                    stretches.push(Stretch {
                        core: Some(core as u32),
                        start: self.time(from).0 as f64 * MS,
                        end: self.time(to).0 as f64 * MS,
                        task: whole.model().tasks[self.tasks[task] as usize].clone(),
                    });
                }
                from = to;
            }
        }
        stretches
    }

    /// The instant at which a unit begins.
    pub fn time(&self, column: usize) -> Time {
        Time(column as u64 * self.unit)
    }

    /// Carries out what is wanted.
    pub(super) fn apply(&mut self, act: &Act, whole: &Snapshot) {
        match *act {
            Act::Choose(place) if place < self.tasks.len() => self.brush = Some(place),
            Act::Answer(Pick::Nobody) => self.brush = None,
            Act::Reveal => self.shown = !self.shown,
            Act::Go => {
                let Ok(problem) = super::problem(whole) else { return };
                self.grade = Some(grade(&problem, &self.answer(whole)));
            }
            Act::Draw(stroke) => self.stroke(stroke),
            _ => {}
        }
    }

    fn stroke(&mut self, stroke: Stroke) {
        match stroke {
            Stroke::Line { core, from, to, same } => {
                let (from, to) = (from.min(to), from.max(to).min(self.columns().saturating_sub(1)));
                if core as usize >= self.cells.len() || from > to {
                    return;
                }
                let brush = self.brush;
                self.change(same, |cells| cells[core as usize][from..=to].fill(brush));
                self.cell = (core, to);
            }
            Stroke::Type(cell) => {
                let (core, column) = self.cell;
                if cell.is_some_and(|task| task >= self.tasks.len()) {
                    return;
                }
                self.change(false, |cells| cells[core as usize][column] = cell);
                self.brush = cell.or(self.brush);
                self.stroke(Stroke::Move(0, 1));
            }
            Stroke::Back => {
                self.stroke(Stroke::Move(0, -1));
                let (core, column) = self.cell;
                self.change(false, |cells| cells[core as usize][column] = None);
            }
            Stroke::Move(cores, units) => {
                let (core, column) = self.cell;
                let moved = |at: usize, by: i32, most: usize| {
                    at.saturating_add_signed(by as isize).min(most.saturating_sub(1))
                };
                let core = moved(core as usize, cores, self.cells.len());
                self.cell = (core as u32, moved(column, units, self.columns()));
            }
            Stroke::To(core, column) => {
                let core = (core as usize).min(self.cells.len().saturating_sub(1));
                self.cell = (core as u32, column.min(self.columns().saturating_sub(1)));
            }
            Stroke::Clear => self.change(false, |cells| {
                cells.iter_mut().flatten().for_each(|cell| *cell = None);
            }),
            Stroke::Undo => {
                if let Some(cells) = self.done.pop() {
                    self.undone.push(std::mem::replace(&mut self.cells, cells));
                    self.grade = None;
                }
            }
            Stroke::Redo => {
                if let Some(cells) = self.undone.pop() {
                    self.done.push(std::mem::replace(&mut self.cells, cells));
                    self.grade = None;
                }
            }
        }
    }

    /// Changes cells as one step, or as a part of the last one.
    fn change(&mut self, same: bool, change: impl FnOnce(&mut Vec<Vec<Cell>>)) {
        self.open &= same;
        let before = self.cells.clone();
        change(&mut self.cells);
        if self.cells == before {
            return;
        }
        if !std::mem::replace(&mut self.open, true) {
            self.done.push(before);
        }
        self.undone.clear();
        self.grade = None;
    }
}

/// How much time a drawing has room for, in ns: from what is given alone, as where the schedule ends is part of the question.
/// A schedule in which no core is idle while a task waits is never longer.
fn room(problem: &Problem<'_>, parts: &[Vec<Part>]) -> u64 {
    let trace = problem.trace;
    let last = trace.jobs.iter().map(|job| job.arrival.0).max().unwrap_or(0);
    let work: u64 = trace.jobs.iter().map(|job| job.served.0 + job.overhead.0).sum();
    let io = |parts: &Vec<Part>| {
        parts.iter().map(|part| if let Part::Io(length) = part { *length } else { 0 }).sum()
    };
    let io: Vec<u64> = parts.iter().map(io).collect();
    let cores = u64::from(problem.cores);
    if cores == 1 && io.iter().all(|io| *io == 0) {
        return last + work;
    }
    // Devices that all use may be what everybody waits for.
    let shared = problem.model.processors.iter().any(|processor| processor.device);
    let devices = if shared { io.iter().sum() } else { 0 };
    let alone = trace.jobs.iter().zip(&io).map(|(job, io)| job.served.0 + job.overhead.0 + io).max();
    let end = trace.segments.iter().map(|segment| segment.end.0).max().unwrap_or(0);
    (last + work / cores + devices + alone.unwrap_or(0)).min(last + work + io.iter().sum::<u64>()).max(end)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
