//! JSON documents. Keys, their order and their nulls are a contract: other programs read them.

use crate::compare::CompareDocument;
use crate::number::rounded;
use crate::rows::{RunDocument, TiesMap};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Write};

/// The version of the run document.
pub const RUN_SCHEMA: &str = "dispatchlab.run/1";
/// The version of the compare document.
pub const COMPARE_SCHEMA: &str = "dispatchlab.compare/1";

/// A digest as it is written: 16 hexadecimal digits.
pub fn digest_hex(digest: u64) -> String {
    format!("{digest:016x}")
}

/// Writes a run: one object, one line a row, so that two results can be compared line by line.
pub fn write_run(document: &RunDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Object::open(out)?;
    object.value("schema", &RUN_SCHEMA)?;
    if !document.findings.is_empty() {
        object.rows("findings", &document.findings)?;
    }
    object.value("scenario", &document.scenario)?;
    object.value("policy", &document.policy)?;
    object.value("seed", &document.seed)?;
    if document.exact {
        object.value("exact", &true)?;
    }
    if let Some(sample) = document.sample {
        object.value("sample", &sample)?;
    }
    if !document.notes.is_empty() {
        object.value("notes", &document.notes)?;
    }
    object.value("ties", &TiesMap(document.ties))?;
    object.value("digest", &document.digest.map(digest_hex))?;
    object.rows("tasks", &document.tasks)?;
    object.rows("gantt", &document.gantt)?;
    object.rows("summary", document.summary)?;
    if let Some(decisions) = &document.decisions {
        object.rows("decisions", decisions)?;
    }
    if !document.conditions.is_empty() {
        object.rows("conditions", &document.conditions)?;
    }
    if !document.theory.is_empty() {
        object.rows("theory", &document.theory)?;
    }
    object.close()
}

/// Writes a comparison.
pub fn write_compare(document: &CompareDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Object::open(out)?;
    object.value("schema", &COMPARE_SCHEMA)?;
    if !document.findings.is_empty() {
        object.rows("findings", &document.findings)?;
    }
    object.value("scenario", &document.scenario)?;
    object.value("seed", &document.seed)?;
    if document.exact {
        object.value("exact", &true)?;
    }
    if let Some(sample) = document.sample {
        object.value("sample", &sample)?;
    }
    if !document.notes.is_empty() {
        object.value("notes", &document.notes)?;
    }
    object.value("replications", &document.replications)?;
    object.value("confidence", &document.confidence)?;
    object.value("ties", &TiesMap(document.ties))?;
    object.value("reference", &document.reference)?;
    object.value("policies", &document.policies)?;
    object.rows("rows", &document.rows)?;
    object.value("first_difference", &document.first_difference)?;
    object.value("noise", &document.noise)?;
    object.value("conclusion", &document.conclusion)?;
    object.rows("conditions", &document.conditions)?;
    object.value("selection", &document.selection)?;
    object.close()
}

/// Numbers as results have them, whatever field they stand in.
struct Digits;

impl Formatter for Digits {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        CompactFormatter.write_f64(writer, rounded(value))
    }
}

fn write_value(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Digits)).map_err(io::Error::from)
}

pub(crate) struct Object<'w> {
    out: &'w mut dyn Write,
    separator: &'static str,
}

impl<'w> Object<'w> {
    pub fn open(out: &'w mut dyn Write) -> io::Result<Object<'w>> {
        out.write_all(b"{")?;
        Ok(Object { out, separator: "\n" })
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        write!(self.out, "{}\"{key}\":", self.separator)?;
        self.separator = ",\n";
        Ok(())
    }

    pub fn value(&mut self, key: &str, value: &impl Serialize) -> io::Result<()> {
        self.key(key)?;
        write_value(value, &mut *self.out)
    }

    pub fn rows<T: Serialize>(&mut self, key: &str, rows: &[T]) -> io::Result<()> {
        self.key(key)?;
        let mut separator = "[\n";
        for row in rows {
            self.out.write_all(separator.as_bytes())?;
            write_value(row, &mut *self.out)?;
            separator = ",\n";
        }
        self.out.write_all(if rows.is_empty() { b"[]" } else { b"\n]" })
    }

    pub fn close(self) -> io::Result<()> {
        self.out.write_all(b"\n}\n")
    }
}
