//! Text Gantt charts.
//!
//! One line a core (under processor sharing: one a task), one column a fixed stretch of time, tasks by two-letter names.
//! The column is as long as the greatest stretch that divides every boundary, where that fits; the chart is exact then.
//! Else columns are longer, each shows what took most of it, and a caret below marks every column in which more
//! happened than it shows.
//!
//! ```text
//! one column is 1 ms, a number stands at the left edge of its column
//! ms    0         5         10
//! cpu   P1------P2----P1----..
//! ```

use crate::number::TimeUnit;
use crate::rows::GanttRow;
use sim_core::units::{Span, gcd};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Blocks that an exact chart may wrap to; longer ones get longer columns.
const MAX_EXACT_BLOCKS: u64 = 6;
/// Blocks that a chart with merged columns is made to fit.
const MAX_MERGED_BLOCKS: u64 = 2;
/// Longest lane label before it is cut.
const MAX_LABEL: usize = 24;

/// How to draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChartOptions {
    /// Characters a line.
    pub width: usize,
    /// Lanes that are drawn; the chart says how many were left out.
    pub max_lanes: usize,
}

impl Default for ChartOptions {
    fn default() -> Self {
        ChartOptions { width: 80, max_lanes: 32 }
    }
}

/// Draws the rows of [`crate::rows::gantt_rows`]. Empty where there is nothing to draw.
pub fn chart(rows: &[GanttRow<'_>], options: &ChartOptions) -> String {
    let end = rows.iter().map(|row| row.end_ns).max().unwrap_or(0);
    if end == 0 {
        return String::new();
    }
    let names = short_names(rows.iter().filter_map(|row| row.task));
    let mut lanes = lanes(rows, &names);
    let left_out = lanes.len().saturating_sub(options.max_lanes);
    lanes.truncate(options.max_lanes.max(1));

    let label_width = lanes.iter().map(|lane| lane.label.chars().count()).max().unwrap_or(0).max(4) + 2;
    let room = options.width.saturating_sub(label_width).max(8);
    let scale = Scale::fit(&lanes, end, room);
    let drawn: Vec<Vec<Cell>> = lanes.iter().map(|lane| lane.cells(&scale)).collect();

    let mut out = String::new();
    let _ =
        writeln!(out, "one column is {}, a number stands at the left edge of its column", Span(scale.step));
    let mut first = 0;
    while first < scale.columns {
        let last = (first + scale.per_line).min(scale.columns);
        let _ =
            writeln!(out, "{}", pad(scale.unit.name, label_width) + scale.axis(first, last, room).trim_end());
        for (lane, cells) in lanes.iter().zip(&drawn) {
            let cells = &cells[first as usize..last as usize];
            let _ = writeln!(out, "{}", pad(&lane.label, label_width) + draw(cells, scale.cell).trim_end());
            if cells.iter().any(|cell| cell.merged) {
                let _ = writeln!(out, "{}", pad("", label_width) + marks(cells, scale.cell).trim_end());
            }
        }
        first = last;
        if first < scale.columns {
            out.push('\n');
        }
    }
    legend(&mut out, rows, &names, &drawn, left_out);
    out
}

fn legend(
    out: &mut String,
    rows: &[GanttRow<'_>],
    names: &BTreeMap<&str, String>,
    drawn: &[Vec<Cell>],
    left_out: usize,
) {
    let has = |kind: &str| rows.iter().any(|row| row.kind == kind);
    let mut words = Vec::new();
    for (kind, word) in [("idle", ".. idle"), ("switch", "%% context switch"), ("dispatch", ":: dispatch")] {
        if has(kind) {
            words.push(word.to_owned());
        }
    }
    if rows.iter().any(|row| row.share.is_some()) {
        words.push("a number is the percentage of a core, ## all of one".to_owned());
    }
    if drawn.iter().flatten().any(|cell| cell.merged) {
        words.push("^ more happened in this column; what took most of it is shown".to_owned());
    }
    if left_out > 0 {
        words.push(format!("{left_out} more lanes are not drawn"));
    }
    if !words.is_empty() {
        let _ = writeln!(out, "{}", words.join("; "));
    }
    let renamed: Vec<String> = names
        .iter()
        .filter(|(name, short)| **name != short.as_str())
        .map(|(name, short)| format!("{short} = {name}"))
        .collect();
    if !renamed.is_empty() {
        let _ = writeln!(out, "{}", renamed.join(", "));
    }
}

fn pad(text: &str, width: usize) -> String {
    let mut text = text.to_owned();
    let missing = width.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// A stretch of a lane.
struct Bar {
    start: u64,
    end: u64,
    label: String,
    fill: char,
}

struct Lane {
    label: String,
    /// By start; no two overlap.
    bars: Vec<Bar>,
}

/// What one column of a lane shows.
#[derive(Clone, Default)]
struct Cell {
    label: String,
    fill: char,
    /// Whether a stretch begins here.
    starts: bool,
    /// Whether more happened than is shown.
    merged: bool,
}

fn lanes(rows: &[GanttRow<'_>], names: &BTreeMap<&str, String>) -> Vec<Lane> {
    let shared: BTreeSet<&str> =
        rows.iter().filter(|row| row.share.is_some()).map(|row| row.station).collect();
    // Lanes in the order of their first row.
    let mut order: Vec<(&str, u32, Option<&str>)> = Vec::new();
    let mut index: BTreeMap<(&str, u32, Option<&str>), usize> = BTreeMap::new();
    let mut cores: BTreeMap<&str, u32> = BTreeMap::new();
    let mut bars: Vec<Vec<Bar>> = Vec::new();
    for row in rows {
        let by_task = shared.contains(row.station);
        if by_task && row.task.is_none() {
            continue;
        }
        let key = (row.station, row.core, row.task.filter(|_| by_task));
        let top = cores.entry(row.station).or_default();
        *top = (*top).max(row.core);
        let lane = *index.entry(key).or_insert_with(|| {
            order.push(key);
            bars.push(Vec::new());
            bars.len() - 1
        });
        bars[lane].push(bar(row, names));
    }
    order
        .into_iter()
        .zip(bars)
        .map(|((station, core, task), bars)| {
            let label = match task {
                Some(task) => format!("{station} {task}"),
                None if cores[station] == 0 => station.to_owned(),
                None => format!("{station} {core}"),
            };
            Lane { label: label.chars().take(MAX_LABEL).collect(), bars: disjoint(bars) }
        })
        .collect()
}

/// Two jobs of one task can share a core at once; their lane shows one after the other.
fn disjoint(mut bars: Vec<Bar>) -> Vec<Bar> {
    bars.sort_by_key(|bar| bar.start);
    let mut covered = 0;
    bars.retain_mut(|bar| {
        bar.start = bar.start.max(covered);
        covered = covered.max(bar.end);
        bar.start < bar.end
    });
    bars
}

fn bar(row: &GanttRow<'_>, names: &BTreeMap<&str, String>) -> Bar {
    let (label, fill) = match (row.kind, row.share) {
        ("idle", _) => ("..".to_owned(), '.'),
        ("switch", _) => ("%%".to_owned(), '%'),
        ("dispatch", _) => ("::".to_owned(), ':'),
        (_, Some(share)) if share >= 1.0 => ("##".to_owned(), '#'),
        (_, Some(share)) => (format!("{:02}", (share * 100.0).floor() as u32), '-'),
        _ => (row.task.map(|task| names[task].clone()).unwrap_or_default(), '-'),
    };
    Bar { start: row.start_ns, end: row.end_ns, label, fill }
}

/// Columns and what they stand for.
struct Scale {
    /// Nanoseconds a column.
    step: u64,
    /// Columns in total.
    columns: u64,
    /// Columns a line.
    per_line: u64,
    /// Characters a column.
    cell: usize,
    /// Unit of the axis.
    unit: TimeUnit,
}

impl Scale {
    fn fit(lanes: &[Lane], end: u64, room: usize) -> Scale {
        let bounds = lanes.iter().flat_map(|lane| &lane.bars).flat_map(|bar| [bar.start, bar.end]);
        let exact = bounds.fold(end, gcd).max(1);
        let narrow = (room / 2) as u64;
        let step = if end.div_ceil(exact) <= narrow * MAX_EXACT_BLOCKS {
            exact
        } else {
            nice_step(end.div_ceil(narrow * MAX_MERGED_BLOCKS))
        };
        let columns = end.div_ceil(step);
        let cell = [4, 3].into_iter().find(|cell| columns <= (room / cell) as u64).unwrap_or(2);
        let unit = TimeUnit::for_values([step, end - end % step]);
        Scale { step, columns, per_line: (room / cell) as u64, cell, unit }
    }

    /// The time axis above columns `first..last`, in at most `room` characters.
    fn axis(&self, first: u64, last: u64, room: usize) -> String {
        let widest = self.unit.exact(last * self.step).len().max(self.unit.exact(self.step).len()) + 1;
        let every = nice_step(widest.div_ceil(self.cell) as u64);
        let mut line = String::new();
        // Ticks at multiples of `every` from the start of the run, so that blocks read alike.
        for column in (first..=last).filter(|column| column % every == 0) {
            let at = (column - first) as usize * self.cell;
            let text = self.unit.exact(column * self.step);
            if at + text.len() <= room {
                line.extend(std::iter::repeat_n(' ', at.saturating_sub(line.len())));
                line.push_str(&text);
            }
        }
        line
    }
}

/// The least of 1, 2, 5, 10, 20, 50 ... that is not below `least`.
fn nice_step(least: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for factor in [1, 2, 5] {
            match power.checked_mul(factor) {
                Some(step) if step >= least => return step,
                Some(_) => {}
                None => return least,
            }
        }
        let Some(next) = power.checked_mul(10) else { return least };
        power = next;
    }
}

impl Lane {
    fn cells(&self, scale: &Scale) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(scale.columns as usize);
        let mut first = 0;
        let mut shown = usize::MAX;
        for column in 0..scale.columns {
            let from = column * scale.step;
            let to = from.saturating_add(scale.step);
            while self.bars.get(first).is_some_and(|bar| bar.end <= from) {
                first += 1;
            }
            let inside = self.bars[first..].iter().take_while(|bar| bar.start < to);
            let share = |bar: &Bar| bar.end.min(to) - bar.start.max(from);
            let mut best: Option<(u64, usize)> = None;
            let mut covered = 0;
            let mut count = 0;
            for (offset, bar) in inside.enumerate() {
                let part = share(bar);
                covered += part;
                count += 1;
                if best.is_none_or(|(most, _)| part > most) {
                    best = Some((part, first + offset));
                }
            }
            let Some((_, index)) = best else {
                shown = usize::MAX;
                cells.push(Cell { fill: ' ', ..Cell::default() });
                continue;
            };
            let bar = &self.bars[index];
            // The last column may reach past the end of the run; that part is not missing.
            let whole = scale.step.min(self.bars.last().map_or(to, |bar| bar.end).saturating_sub(from));
            cells.push(Cell {
                label: bar.label.clone(),
                fill: bar.fill,
                starts: shown != index,
                merged: count > 1 || covered < whole,
            });
            shown = index;
        }
        cells
    }
}

fn draw(cells: &[Cell], width: usize) -> String {
    let mut line = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let label = if cell.starts || index == 0 { cell.label.as_str() } else { "" };
        line.push_str(label);
        let missing = width.saturating_sub(label.chars().count());
        line.extend(std::iter::repeat_n(cell.fill, missing));
    }
    line
}

fn marks(cells: &[Cell], width: usize) -> String {
    cells.iter().map(|cell| pad(if cell.merged { "^" } else { "" }, width)).collect()
}

/// A name of at most two letters for each task, all different: the name itself, else two of its letters or digits, else
/// any two.
fn short_names<'a>(tasks: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for task in tasks {
        if seen.insert(task) {
            order.push(task);
        }
    }
    let fits = |name: &str| name.len() <= 2 && name.bytes().all(|b| b.is_ascii_graphic());
    let mut taken: BTreeSet<String> =
        order.iter().filter(|name| fits(name)).map(|name| (*name).to_owned()).collect();
    let mut names = BTreeMap::new();
    for task in order {
        let short = if fits(task) { task.to_owned() } else { abbreviate(task, &taken) };
        taken.insert(short.clone());
        names.insert(task, short);
    }
    names
}

fn abbreviate(task: &str, taken: &BTreeSet<String>) -> String {
    const ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let own: Vec<char> = task.chars().filter(char::is_ascii_alphanumeric).collect();
    let any = || ALPHABET.iter().map(|b| char::from(*b));
    let first = own.first().copied();
    // `worker-3` reads best as `w3`: a number at the end tells its kind apart.
    let last_digit = own.last().copied().filter(char::is_ascii_digit);
    let with_first = last_digit.into_iter().chain(own.iter().skip(1).copied()).chain(any());
    first
        .into_iter()
        .flat_map(|first| with_first.clone().map(move |second| format!("{first}{second}")))
        .chain(any().flat_map(|a| any().map(move |b| format!("{a}{b}"))))
        .find(|short| !taken.contains(short))
        .unwrap_or_else(|| "??".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn run(core: u32, task: &str, start: u64, end: u64) -> GanttRow<'_> {
        GanttRow {
            station: "cpu",
            core,
            task: Some(task),
            job: Some(1),
            start_ns: start,
            end_ns: end,
            kind: "run",
            share: None,
            level: None,
        }
    }

    fn idle(core: u32, start: u64, end: u64) -> GanttRow<'static> {
        GanttRow { task: None, job: None, kind: "idle", ..run(core, "", start, end) }
    }

    #[test]
    fn an_exact_chart_has_one_column_a_step() {
        let rows = [run(0, "P1", 0, 2 * MS), run(0, "P2", 2 * MS, 4 * MS), idle(0, 4 * MS, 5 * MS)];
        let text = chart(&rows, &ChartOptions::default());
        let expected = "one column is 1ms, a number stands at the left edge of its column
ms    0   1   2   3   4   5
cpu   P1------P2------....
.. idle
";
        assert_eq!(text, expected);
    }

    #[test]
    fn narrow_things_are_marked() {
        let switch = GanttRow { kind: "switch", ..run(0, "P1", 0, 1) };
        let rows = [switch, run(0, "P1", 1, 50 * MS), run(0, "P2", 50 * MS, 100 * MS)];
        let text = chart(&rows, &ChartOptions { width: 60, max_lanes: 4 });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("cpu   P1--"), "{text}");
        assert_eq!(lines[3].trim(), "^", "{text}");
        assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
    }

    #[test]
    fn long_charts_wrap_and_cores_are_aligned() {
        let rows = [run(0, "A", 0, 60 * MS), run(0, "B", 60 * MS, 97 * MS), run(1, "C", 0, 97 * MS)];
        let text = chart(&rows, &ChartOptions { width: 80, max_lanes: 4 });
        assert_eq!(text.lines().filter(|line| line.starts_with("cpu 0")).count(), 3, "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }

    #[test]
    fn lanes_beyond_the_limit_are_counted() {
        let rows: Vec<GanttRow<'_>> = (0..10).map(|core| run(core, "A", 0, MS)).collect();
        let text = chart(&rows, &ChartOptions { width: 80, max_lanes: 4 });
        assert!(text.contains("6 more lanes are not drawn"), "{text}");
    }

    #[test]
    fn sharing_shows_percentages() {
        let shared = |task, start, end, share| GanttRow { share: Some(share), ..run(0, task, start, end) };
        let rows = [
            shared("A", 0, MS, 1.0),
            shared("A", MS, 3 * MS, 0.5),
            shared("B", MS, 3 * MS, 0.5),
            shared("B", 3 * MS, 4 * MS, 1.0),
        ];
        let text = chart(&rows, &ChartOptions::default());
        assert!(text.contains("cpu A  ####50------\n"), "{text}");
        assert!(text.contains("cpu B      50------####\n"), "{text}");
    }

    #[test]
    fn short_names_are_unique() {
        let tasks = ["worker-1", "worker-2", "w1", "worker-11", "", "Übung", "P1"];
        let names = short_names(tasks.into_iter());
        assert_eq!(names["P1"], "P1");
        assert_eq!(names["w1"], "w1");
        assert_eq!(names["worker-2"], "w2");
        let distinct: BTreeSet<&String> = names.values().collect();
        assert_eq!(distinct.len(), tasks.len(), "{names:?}");
    }

    /// Made-up schedules of all sizes: no line is too long, no column is lost, what is merged is marked.
    #[test]
    fn every_schedule_fits_the_width() {
        const TASKS: [&str; 5] = ["A", "B", "worker-1", "worker-2", "P1"];
        // Multipliers of Knuth's MMIX generator.
        let mut state = 1u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..500 {
            let (mut rows, unit) = (Vec::new(), [1, 1_000, 7_919, 1_000_000_007][next(4) as usize]);
            for core in 0..=next(3) as u32 {
                let mut at = 0;
                for _ in 0..next(60) {
                    let end = at + (1 + next(50)) * unit;
                    let task = TASKS[next(5) as usize];
                    rows.push(if next(4) == 0 { idle(core, at, end) } else { run(core, task, at, end) });
                    at = end;
                }
            }
            for width in [20, 80, 133] {
                let text = chart(&rows, &ChartOptions { width, max_lanes: 8 });
                let charts = text.lines().skip(1).filter(|line| line.starts_with("cpu"));
                assert!(charts.clone().all(|line| line.chars().count() <= width), "round {round}:\n{text}");
                let carets =
                    text.lines().any(|line| line.trim_start().starts_with("^ ") || line.trim() == "^");
                assert_eq!(carets, text.contains("^ more happened"), "round {round}:\n{text}");
            }
        }
    }

    #[test]
    fn times_of_any_size_are_drawn() {
        for end in [1, 7, 999, 1_000_003, i64::MAX as u64] {
            let rows = [run(0, "A", 0, end / 2), run(0, "B", end / 2, end)];
            let text = chart(&rows, &ChartOptions::default());
            assert!(text.lines().all(|line| line.len() <= 80), "{end}: {text}");
        }
    }
}
