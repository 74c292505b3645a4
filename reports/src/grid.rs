//! Columns of text: the first flush left, the others flush right, two spaces between, no lines drawn.

use sim_core::shown::{is_unseen, shown};
use std::fmt::Write as _;

/// Rows of cells; all rows have as many cells as the header.
#[derive(Default)]
pub(crate) struct Grid {
    rows: Vec<Vec<String>>,
    left: Vec<usize>,
}

impl Grid {
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Grid {
        Grid { rows: vec![header.into_iter().map(Into::into).collect()], left: vec![0] }
    }

    /// Sets further columns flush left.
    pub fn flush_left(mut self, columns: &[usize]) -> Grid {
        self.left.extend_from_slice(columns);
        self
    }

    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        // Written out before widths are reckoned.
        let clean = |cell: S| {
            let cell: String = cell.into();
            if cell.contains(is_unseen) { shown(&cell).into_owned() } else { cell }
        };
        self.rows.push(cells.into_iter().map(clean).collect());
    }

    /// Whether there is nothing below the header.
    pub fn is_empty(&self) -> bool {
        self.rows.len() <= 1
    }

    /// Leaves out columns that are empty below the header.
    pub fn without_empty_columns(mut self) -> Grid {
        let columns = self.rows[0].len();
        let used: Vec<bool> =
            (0..columns).map(|c| c == 0 || self.rows[1..].iter().any(|r| !r[c].is_empty())).collect();
        let moved = |column: usize| used[..column].iter().filter(|used| **used).count();
        self.left = self.left.iter().filter(|c| used[**c]).map(|c| moved(*c)).collect();
        for row in &mut self.rows {
            let mut index = 0;
            row.retain(|_| {
                index += 1;
                used[index - 1]
            });
        }
        self
    }

    /// Writes with one space between columns where two would make lines longer than `width`.
    pub fn write_within(&self, out: &mut String, width: usize) {
        let mut text = String::new();
        self.write(&mut text, 0);
        if text.lines().any(|line| line.chars().count() > width) {
            text.clear();
            self.write_with_gap(&mut text, 0, " ");
        }
        out.push_str(&text);
    }

    pub fn write(&self, out: &mut String, indent: usize) {
        self.write_with_gap(out, indent, "  ");
    }

    fn write_with_gap(&self, out: &mut String, indent: usize, between: &str) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for (column, cell) in row.iter().enumerate() {
                let missing = " ".repeat(widths[column] - cell.chars().count());
                let gap = if column == 0 { "" } else { between };
                let (before, after) =
                    if self.left.contains(&column) { ("", missing.as_str()) } else { (missing.as_str(), "") };
                let _ = write!(line, "{gap}{before}{cell}{after}");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}
