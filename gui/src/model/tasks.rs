//! A task list as a table. The text stays the only truth: a change of a cell rewrites the line it is on and nothing else,
//! so that comments and the layout of the rest survive.

use std::ops::Range;

/// A task list's cells with the place of each line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// The cells of each row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
    header_range: Range<usize>,
    ranges: Vec<Range<usize>>,
}

impl Table {
    /// Reads a table; what cannot be read ends it.
    pub fn read(text: &str) -> Table {
        let mut table = Table::default();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut end = 0;
        while reader.read_record(&mut record).unwrap_or(false) {
            let start = skip_comments(text, end);
            end = (reader.position().byte() as usize).min(text.len());
            let line = start..start + text[start..end].trim_end_matches(['\r', '\n']).len();
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if table.header.is_empty() {
                table.header = cells;
                table.header_range = line;
            } else {
                cells.resize(table.header.len().max(cells.len()), String::new());
                table.rows.push(cells);
                table.ranges.push(line);
            }
        }
        table
    }

    /// The text after a cell was changed.
    pub fn with_cell(&self, text: &str, row: usize, column: usize, value: &str) -> String {
        let mut cells = self.rows[row].clone();
        value.clone_into(&mut cells[column]);
        replaced(text, &self.ranges[row], &line(&cells))
    }

    /// The text with one more row behind the last one.
    pub fn with_row(&self, text: &str, cells: &[(&str, String)]) -> String {
        let value = |name: &String| {
            cells.iter().find(|(cell, _)| cell == name).map_or(String::new(), |(_, value)| value.clone())
        };
        let cells: Vec<String> = self.header.iter().map(value).collect();
        let end = self.ranges.last().map_or(self.header_range.end, |range| range.end);
        format!("{}\n{}{}", &text[..end], line(&cells), &text[end..])
    }

    /// The text without a row.
    pub fn without_row(&self, text: &str, row: usize) -> String {
        let Range { start, end } = self.ranges[row];
        let rest = text[end..].strip_prefix("\r\n").or_else(|| text[end..].strip_prefix('\n'));
        format!("{}{}", &text[..start], rest.unwrap_or(&text[end..]))
    }

    /// The text with one more column, empty in every row.
    pub fn with_column(&self, text: &str, name: &str) -> String {
        let mut out = String::new();
        let mut from = 0;
        for range in std::iter::once(&self.header_range).chain(&self.ranges) {
            out.push_str(&text[from..range.end]);
            out.push(',');
            if from == 0 {
                out.push_str(name);
            }
            from = range.end;
        }
        out.push_str(&text[from..]);
        out
    }

    /// The row that a place of the text is on.
    pub fn row_at(&self, offset: usize) -> Option<usize> {
        self.ranges.iter().position(|range| (range.start..=range.end).contains(&offset))
    }

    /// A task name that no row has.
    pub fn new_name(&self) -> String {
        let column = self.header.iter().position(|name| name == "task");
        let taken = |name: &str| column.is_some_and(|c| self.rows.iter().any(|row| row[c] == name));
        let numbered = (self.rows.len() + 1..).map(|number| format!("P{number}"));
        numbered.into_iter().find(|name| !taken(name)).unwrap_or_default()
    }
}

/// Where the next record begins: behind empty lines and comments.
fn skip_comments(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = rest[..length].trim_start_matches('\u{feff}');
        if length == 0 || !(line.trim().is_empty() || line.starts_with('#')) {
            return at;
        }
        at += length;
    }
}

fn replaced(text: &str, range: &Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

fn line(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) || cell.starts_with('#') {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a convoy\ntask,arrival,cpu\n\nP1,0,24\n# the short ones\n\"P,2\",0,3\nP3,0,3\n";

    #[test]
    fn one_line_changes_and_the_rest_stays() {
        let table = Table::read(TEXT);
        assert_eq!(table.header, ["task", "arrival", "cpu"]);
        assert_eq!(table.rows, [["P1", "0", "24"], ["P,2", "0", "3"], ["P3", "0", "3"]]);
        for (what, expected) in [
            (table.with_cell(TEXT, 0, 2, "6"), TEXT.replace("P1,0,24", "P1,0,6")),
            (table.with_cell(TEXT, 1, 1, "5"), TEXT.replace("\"P,2\",0,3", "\"P,2\",5,3")),
            (table.without_row(TEXT, 2), TEXT.replace("P3,0,3\n", "")),
            (
                table.with_row(TEXT, &[("task", "P4".to_owned()), ("cpu", "1".to_owned())]),
                TEXT.replace("P3,0,3", "P3,0,3\nP4,,1"),
            ),
            (
                table.with_column(TEXT, "priority"),
                TEXT.replace("arrival,cpu", "arrival,cpu,priority")
                    .replace("0,24", "0,24,")
                    .replace("0,3\n", "0,3,\n"),
            ),
        ] {
            assert_eq!(what, expected);
        }
        assert_eq!(table.row_at(TEXT.find("P3").expect("there")), Some(2));
        assert_eq!(table.new_name(), "P4");
    }

    #[test]
    fn any_text_can_be_read() {
        for text in ["", "\n\n", "#", "task", "\"", "a,b\n\"x", "\u{feff}task,cpu\r\nP1,3\r\n", "a\n,,,,\n"] {
            let table = Table::read(text);
            for row in 0..table.rows.len() {
                table.with_cell(text, row, 0, "x\"y,z");
                table.without_row(text, row);
            }
        }
        let text = "task,cpu\r\nP1,3\r\n";
        assert_eq!(Table::read(text).with_cell(text, 0, 1, "4"), "task,cpu\r\nP1,4\r\n");
    }
}
