//! Rows with named columns, written as CSV, JSON lines or Parquet, one after the other: memory does not grow with them.
//!
//! Every result file is a [`Sheet`]; what a column holds is said once, where the sheet is defined, and read by the
//! documentation. CSV: quoting as in RFC 4180, lines end in LF, decimals have a point and the fewest digits that read
//! back as the same number, an empty field is what does not exist. The header is always there and columns are only ever
//! added at its end.

use crate::number::{json_number, rounded, shortest};
#[cfg(feature = "parquet")]
use crate::parquet::Parquet;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers from 0.
    Integer,
    /// Numbers.
    Number,
    /// `true` or `false`.
    Flag,
}

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name: lower case, the unit last (`start_ns`).
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// What it says, in a few words.
    pub about: Cow<'static, str>,
}

impl Column {
    /// A column whose name is known beforehand.
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Column {
        Column { name: Cow::Borrowed(name), kind, about: Cow::Borrowed(about) }
    }
}

/// One field of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell<'a> {
    /// It does not exist.
    Empty,
    /// Of a column of [`Kind::Text`].
    Text(Cow<'a, str>),
    /// Of a column of [`Kind::Integer`].
    Integer(u64),
    /// Of a column of [`Kind::Number`].
    Number(f64),
    /// Of a column of [`Kind::Flag`].
    Flag(bool),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Cell<'a> {
        Cell::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Cell::Text(Cow::Owned(text))
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Cell::Integer(number)
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Cell::Integer(u64::from(number))
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        let number = rounded(number);
        if number.is_finite() { Cell::Number(number) } else { Cell::Empty }
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Cell::Flag(flag)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Cell<'a> {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// How CSV is written for programs that need more than the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CsvStyle {
    /// For Excel: a byte order mark, a line `sep=,`, and an apostrophe before text that it would take for a formula.
    pub excel: bool,
    /// Lines end in CR LF.
    pub crlf: bool,
}

/// The form of a sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// CSV.
    Csv(CsvStyle),
    /// One JSON object a line.
    JsonLines,
    /// Parquet, with these pairs of key and value in its metadata.
    #[cfg(feature = "parquet")]
    Parquet(Vec<(String, String)>),
}

/// Writes rows under their columns.
pub struct Sheet<'w> {
    columns: Cow<'static, [Column]>,
    writer: Writer<'w>,
}

enum Writer<'w> {
    Csv {
        writer: Box<csv::Writer<&'w mut dyn Write>>,
        excel: bool,
    },
    JsonLines {
        out: &'w mut dyn Write,
        line: Vec<u8>,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<Parquet<'w>>),
}

impl<'w> Sheet<'w> {
    /// Writes the header.
    pub fn new(
        form: &Form,
        columns: impl Into<Cow<'static, [Column]>>,
        out: &'w mut dyn Write,
    ) -> io::Result<Sheet<'w>> {
        let columns = columns.into();
        let writer = match form {
            Form::Csv(style) => {
                Writer::Csv { writer: Box::new(csv(*style, &columns, out)?), excel: style.excel }
            }
            Form::JsonLines => Writer::JsonLines { out, line: Vec::new() },
            #[cfg(feature = "parquet")]
            Form::Parquet(metadata) => Writer::Parquet(Box::new(Parquet::new(&columns, metadata, out)?)),
        };
        Ok(Sheet { columns, writer })
    }

    /// Writes a row: one cell a column, of its kind or empty.
    ///
    /// # Panics
    /// Where the cells are not those of the columns: a mistake in the program.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        assert_eq!(cells.len(), self.columns.len(), "one cell a column");
        debug_assert!(cells.iter().zip(self.columns.iter()).all(|(cell, column)| cell.fits(column.kind)));
        match &mut self.writer {
            Writer::Csv { writer, excel } => {
                for cell in cells {
                    writer.write_field(cell.csv(*excel).as_bytes()).map_err(unwrap_io)?;
                }
                writer.write_record(None::<&[u8]>).map_err(unwrap_io)
            }
            Writer::JsonLines { out, line } => {
                line.clear();
                for (index, (cell, column)) in cells.iter().zip(self.columns.iter()).enumerate() {
                    line.push(if index == 0 { b'{' } else { b',' });
                    serde_json::to_writer(&mut *line, &column.name)?;
                    line.push(b':');
                    serde_json::to_writer(&mut *line, &Json(cell))?;
                }
                line.extend_from_slice(b"}\n");
                out.write_all(line)
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(parquet) => parquet.row(cells),
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        match self.writer {
            Writer::Csv { mut writer, .. } => writer.flush(),
            Writer::JsonLines { out, .. } => out.flush(),
            #[cfg(feature = "parquet")]
            Writer::Parquet(parquet) => parquet.finish(),
        }
    }
}

impl Cell<'_> {
    fn fits(&self, kind: Kind) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(_) => kind == Kind::Text,
            Cell::Integer(_) => kind == Kind::Integer,
            Cell::Number(_) => kind == Kind::Number,
            Cell::Flag(_) => kind == Kind::Flag,
        }
    }

    fn csv(&self, excel: bool) -> Cow<'_, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            // A name such as `=1+1` must not be worked out by whoever opens the file.
            Cell::Text(text) if excel && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                Cow::Owned(format!("'{text}"))
            }
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Integer(number) => Cow::Owned(number.to_string()),
            Cell::Number(number) => Cow::Owned(shortest(*number)),
            Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }
}

/// A cell as JSON.
struct Json<'c, 'a>(&'c Cell<'a>);

impl Serialize for Json<'_, '_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Empty => serializer.serialize_none(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Integer(number) => serializer.serialize_u64(*number),
            Cell::Number(number) => json_number(&Some(*number), serializer),
            Cell::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

fn csv<'w>(
    style: CsvStyle,
    columns: &[Column],
    out: &'w mut dyn Write,
) -> io::Result<csv::Writer<&'w mut dyn Write>> {
    let end = if style.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    if style.excel {
        out.write_all(if style.crlf { b"\xef\xbb\xbfsep=,\r\n" } else { b"\xef\xbb\xbfsep=,\n" })?;
    }
    let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name.as_bytes())).map_err(unwrap_io)?;
    Ok(writer)
}

/// The I/O error inside a CSV error, so that a broken pipe stays recognizable.
pub(crate) fn unwrap_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::new("name", Kind::Text, "a name"),
        Column::new("at_ns", Kind::Integer, "a time"),
        Column::new("share_ratio", Kind::Number, "a share"),
        Column::new("last", Kind::Flag, "a flag"),
    ];

    fn written(form: &Form) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::new(form, COLUMNS, &mut out).unwrap();
        for (name, at, share, last) in [
            ("a", Some(u64::MAX), 0.1, Some(true)),
            ("=1+1,\"x\"\n", None, f64::NAN, None),
            ("", Some(3), 2.0, Some(false)),
        ] {
            sheet.row(&[name.into(), at.into(), share.into(), last.into()]).unwrap();
        }
        sheet.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_quoted_where_they_must_be_and_what_does_not_exist_is_empty() {
        assert_eq!(
            written(&Form::Csv(CsvStyle::default())),
            "name,at_ns,share_ratio,last\na,18446744073709551615,0.1,true\n\"=1+1,\"\"x\"\"\n\",,,\n,3,2,false\n"
        );
    }

    #[test]
    fn excel_gets_its_marks_and_no_formulas() {
        let text = written(&Form::Csv(CsvStyle { excel: true, crlf: true }));
        assert!(text.starts_with("\u{feff}sep=,\r\nname,at_ns"), "{text:?}");
        assert!(text.contains("\r\n\"'=1+1,"), "{text:?}");
    }

    #[test]
    fn every_json_line_is_an_object() {
        let text = written(&Form::JsonLines);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["at_ns"], u64::MAX);
        assert!(lines[1]["share_ratio"].is_null() && lines[1]["last"].is_null());
        assert!(text.contains("\"share_ratio\":2,"), "whole numbers have no point: {text}");
    }
}
