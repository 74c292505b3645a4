//! Comma-separated text with the place of every field, and the traces that scenarios name.
//!
//! Fields are as in RFC 4180 (quotes around a field, doubled inside it), trimmed of spaces outside quotes. Where the header
//! has more semicolons or tabs than commas, those are between fields, as spreadsheets in half of the world write them. Empty lines
//! and lines that begin with `#` are skipped. A quoted field may not span lines: sizes and names never do, and a
//! forgotten quote then costs one line, not the rest of the file.

#[cfg(feature = "files")]
use crate::bounds::{MORE_INPUT, bytes_text, max_input};
use crate::diagnostic::{Place, Sink, WHOLE};
use crate::reader::{self, quantity_error};
use crate::tree::Node;
use sim_core::model::{TraceData, TraceRow};
use sim_core::quantity;
use sim_core::units::{Span, Time};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

/// A field with its place in the text, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub range: Range<usize>,
    pub text: Cow<'a, str>,
}

/// A line with its fields.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub range: Range<usize>,
    pub fields: Vec<Field<'a>>,
}

/// The rows of a text.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    let separator = separator(text);
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut offset = start;
    let lines = text[start..].split_inclusive('\n');
    lines.filter_map(move |line| {
        let begin = offset;
        offset += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if is_left_out(line) {
            return None;
        }
        Some(Row { range: begin..begin + line.len(), fields: fields(line, begin, separator) })
    })
}

/// The fields of a line; `None` where it is left out.
pub(crate) fn line(line: &str, separator: char) -> Option<Vec<Field<'_>>> {
    let line = line.trim_end_matches(['\n', '\r']);
    (!is_left_out(line)).then(|| fields(line, 0, separator))
}

fn is_left_out(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// What stands between fields: what the header has most of.
pub(crate) fn separator(text: &str) -> char {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().find(|line| !is_left_out(line)).unwrap_or("");
    let count = |separator: char| fields(header, 0, separator).len();
    let commas = count(',');
    [';', '\t'].into_iter().find(|other| count(*other) > commas).unwrap_or(',')
}

fn fields(line: &str, begin: usize, separator: char) -> Vec<Field<'_>> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                found.push(field(line, start..at, begin));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(field(line, start..line.len(), begin));
    found
}

fn field(line: &str, range: Range<usize>, begin: usize) -> Field<'_> {
    let raw = &line[range.clone()];
    let text = raw.trim();
    let start = begin + range.start + (raw.len() - raw.trim_start().len());
    let range = start..start + text.len();
    let text = match text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) if inner.contains("\"\"") => Cow::Owned(inner.replace("\"\"", "\"")),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(text),
    };
    Field { range, text }
}

/// The releases of a scenario's trace source.
pub(crate) struct TraceTarget {
    pub entry: u32,
    /// The sizes that a job of its class is given; where a size is the same for all, what it is.
    pub sizes: Vec<Option<u64>>,
    pub attributes: u32,
    /// Unit of bare numbers; `None`: each number needs its unit.
    pub unit_nanos: Option<u64>,
}

impl TraceTarget {
    /// How many values a row has that leaves constant sizes out.
    fn short(&self) -> usize {
        1 + self.sizes.iter().filter(|size| size.is_none()).count()
    }

    fn constants(&self) -> Option<String> {
        let any = self.sizes.iter().any(Option::is_some);
        any.then(|| "sizes that are constant in the class may be left out, of all rows alike".to_owned())
    }

    /// What is wrong with a row of so many values. `width` is that of the rows before it: all rows are alike, since one
    /// that lacks a value is a mistake among rows that have it.
    fn refused(&self, cells: usize, width: &mut Option<usize>) -> Option<String> {
        let (long, short) = (self.sizes.len() + 1, self.short());
        let fits = width.map_or(cells == long || cells == short, |width| cells == width);
        if fits {
            *width = Some(cells);
            return None;
        }
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (has, sizes) = (plural(cells, "value"), plural(long - 1, "size"));
        if let Some(width) = width.filter(|_| cells == long || cells == short) {
            return Some(format!("a row of {has} after rows of {width}"));
        }
        Some(format!("a row of {has}; jobs of this class need {long}: the arrival and {sizes}"))
    }
}

/// More releases than this are refused.
const ROWS_MAX: usize = 20_000_000;

/// Reads `rows = [["0ms", "4ms"], ...]`.
pub(crate) fn inline(node: &Node, target: &TraceTarget, sink: &mut Sink) -> Option<TraceData> {
    let items = reader::array(node, "rows", sink)?;
    let mut releases = Releases::default();
    let (mut good, mut width) = (!items.is_empty(), None);
    if items.is_empty() {
        sink.error("S050", node.place, "a trace without rows");
    }
    for item in items {
        let Some(cells) = reader::array(item, "rows", sink) else {
            good = false;
            continue;
        };
        if let Some(message) = target.refused(cells.len(), &mut width) {
            sink.error("S051", item.place, message).help_if(|| target.constants());
            good = false;
            continue;
        }
        let spans: Vec<Option<Span>> = cells.iter().map(|cell| reader::span(cell, "rows", sink)).collect();
        match spans.into_iter().collect::<Option<Vec<Span>>>() {
            Some(spans) => releases.push(&spans, target),
            None => good = false,
        }
    }
    good.then(|| releases.finish())
}

/// Reads the file that a scenario names. Its mistakes are told with line and column; the caret is at the file's name.
pub(crate) fn file(
    name: &str,
    place: Place,
    folder: Option<&Path>,
    target: &TraceTarget,
    sink: &mut Sink,
) -> Option<TraceData> {
    let text = read(name, folder).map_err(|message| sink.error("S050", place, message)).ok()?;
    sink.read_file(folder.unwrap_or(Path::new("")).join(name));
    // Mistakes in the file are shown with the file's own lines.
    let whole = sink.option(name, &text);
    let mut releases = Releases::default();
    let mut all_rows = rows(&text);
    let Some(header) = all_rows.next() else {
        sink.error("S050", place, format!("`{name}` is empty"));
        return None;
    };
    if header.fields.first().is_none_or(|field| field.text != "arrival") {
        sink.error("S053", whole.part(header.range.clone()), "the first column of a trace is `arrival`")
            .help("the header names the columns: `arrival`, then one for each size of a job");
        return None;
    }
    let (before, mut width) = (sink.failed(), None);
    for row in all_rows.by_ref().take(ROWS_MAX) {
        if let Some(message) = target.refused(row.fields.len(), &mut width) {
            sink.error("S051", whole.part(row.range.clone()), message).help_if(|| target.constants());
            continue;
        }
        let spans: Vec<Option<Span>> =
            row.fields.iter().map(|cell| cell_span(cell, whole, target.unit_nanos, sink)).collect();
        if let Some(spans) = spans.into_iter().collect::<Option<Vec<Span>>>() {
            releases.push(&spans, target);
        }
    }
    if all_rows.next().is_some() {
        sink.error("S046", place, format!("`{name}` has more than {ROWS_MAX} rows"));
    }
    if releases.data.rows.is_empty() && (before || !sink.failed()) {
        sink.error("S050", place, format!("`{name}` has no rows"));
    }
    Some(TraceData { is_sample: true, ..releases.finish() })
}

#[cfg(feature = "files")]
fn read(name: &str, folder: Option<&Path>) -> Result<String, String> {
    let folder = folder.ok_or_else(|| format!("`{name}` cannot be read: this scenario has no folder"))?;
    let path = folder.join(name);
    let size = std::fs::metadata(&path).map_err(|e| format!("`{name}` cannot be read: {e}"))?;
    let most = max_input(1 << 30);
    if !size.is_file() || size.len() > most {
        return Err(format!("`{name}` is not a file of at most {}; {MORE_INPUT}", bytes_text(most)));
    }
    std::fs::read_to_string(&path).map_err(|e| format!("`{name}` cannot be read: {e}"))
}

#[cfg(not(feature = "files"))]
fn read(name: &str, _folder: Option<&Path>) -> Result<String, String> {
    Err(format!("`{name}` cannot be read: there are no files here; use `rows`"))
}

/// A duration in a cell.
pub(crate) fn cell_span(
    cell: &Field<'_>,
    whole: Place,
    unit_nanos: Option<u64>,
    sink: &mut Sink,
) -> Option<Span> {
    let parsed = match unit_nanos {
        Some(unit) => quantity::parse_span_in(&cell.text, unit),
        None => quantity::parse_span(&cell.text),
    };
    match parsed {
        Ok(span) => Some(span),
        Err(error) => {
            quantity_error(&error, &cell.text, place_of(cell, whole), sink);
            None
        }
    }
}

/// The place of a field.
pub(crate) fn place_of(cell: &Field<'_>, whole: Place) -> Place {
    if whole == WHOLE { WHOLE } else { whole.part(cell.range.clone()) }
}

#[derive(Default)]
struct Releases {
    data: TraceData,
}

impl Releases {
    fn push(&mut self, spans: &[Span], target: &TraceTarget) {
        let values = self.data.values.len() as u32;
        let short = spans.len() <= target.sizes.len();
        let mut given = spans[1..].iter().map(|span| span.0);
        // A row that leaves constant sizes out gets them from the class.
        let size = |constant: &Option<u64>| constant.filter(|_| short).or_else(|| given.next());
        self.data.values.extend(target.sizes.iter().map_while(size));
        self.data.rows.push(TraceRow {
            at: Time(spans[0].0),
            entry: target.entry,
            values,
            count: target.sizes.len() as u16,
            attributes: target.attributes,
            client: 0,
        });
    }

    fn finish(mut self) -> TraceData {
        self.data.rows.sort_by_key(|row| row.at);
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_places() {
        let text = "a, \"b,\"\"c\" ,\n\n# remark\r\n 1,2\r\n";
        let found: Vec<Row<'_>> = rows(text).collect();
        let texts: Vec<Vec<&str>> =
            found.iter().map(|row| row.fields.iter().map(|field| field.text.as_ref()).collect()).collect();
        assert_eq!(texts, [vec!["a", "b,\"c", ""], vec!["1", "2"]]);
        assert_eq!(&text[found[0].fields[1].range.clone()], "\"b,\"\"c\"");
        assert_eq!(&text[found[1].fields[0].range.clone()], "1");
    }
}
