//! Parquet: the rows of a sheet in columns, group after group.
//!
//! All columns are optional; whole numbers are unsigned 64-bit integers, other numbers doubles, text UTF-8. Pages are
//! compressed by Snappy. The same rows give the same bytes.

use crate::sheet::{Cell, Column, Kind};
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a group: what is held in memory.
const GROUP: usize = 65_536;

/// Writes a Parquet file.
pub(crate) struct Parquet<'w> {
    out: &'w mut dyn Write,
    writer: SerializedFileWriter<Pipe>,
    pipe: Pipe,
    columns: Vec<Values>,
    rows: usize,
}

/// What the Parquet writer has written and the file has not: it wants to own its output, and to be able to send it to
/// another thread, which the output that is handed in cannot promise.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values of one column of a group, and for each row whether there is one.
struct Values {
    there: Vec<i16>,
    data: Data,
}

enum Data {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
}

impl<'w> Parquet<'w> {
    pub fn new(
        columns: &[Column],
        metadata: &[(String, String)],
        out: &'w mut dyn Write,
    ) -> io::Result<Parquet<'w>> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_, _>>();
        let schema = fields.and_then(|fields| Type::group_type_builder("rows").with_fields(fields).build());
        let pairs = metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(pairs))
            .set_created_by("dispatchlab".to_owned())
            .build();
        let pipe = Pipe::default();
        let writer = schema.and_then(|schema| {
            SerializedFileWriter::new(pipe.clone(), Arc::new(schema), Arc::new(properties))
        });
        let columns = columns.iter().map(|column| Values::new(column.kind)).collect();
        Ok(Parquet { out, writer: writer.map_err(as_io)?, pipe, columns, rows: 0 })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (values, cell) in self.columns.iter_mut().zip(cells) {
            values.push(cell);
        }
        self.rows += 1;
        if self.rows == GROUP { self.group() } else { Ok(()) }
    }

    fn group(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            write_group(&mut self.writer, &mut self.columns).map_err(as_io)?;
            self.rows = 0;
        }
        self.drain()
    }

    fn drain(&mut self) -> io::Result<()> {
        let mut bytes = self.pipe.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.out.write_all(&bytes)?;
        bytes.clear();
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.group()?;
        self.writer.finish().map_err(as_io)?;
        self.drain()?;
        self.out.flush()
    }
}

fn write_group(writer: &mut SerializedFileWriter<Pipe>, columns: &mut [Values]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for values in columns {
        let Some(mut column) = group.next_column()? else { break };
        let there = Some(values.there.as_slice());
        match &values.data {
            Data::Text(data) => column.typed::<ByteArrayType>().write_batch(data, there, None)?,
            Data::Integer(data) => column.typed::<Int64Type>().write_batch(data, there, None)?,
            Data::Number(data) => column.typed::<DoubleType>().write_batch(data, there, None)?,
            Data::Flag(data) => column.typed::<BoolType>().write_batch(data, there, None)?,
        };
        column.close()?;
        values.clear();
    }
    group.close()?;
    Ok(())
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (PhysicalType::INT64, Some(LogicalType::integer(64, false))),
        Kind::Number => (PhysicalType::DOUBLE, None),
        Kind::Flag => (PhysicalType::BOOLEAN, None),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

impl Values {
    fn new(kind: Kind) -> Values {
        let data = match kind {
            Kind::Text => Data::Text(Vec::new()),
            Kind::Integer => Data::Integer(Vec::new()),
            Kind::Number => Data::Number(Vec::new()),
            Kind::Flag => Data::Flag(Vec::new()),
        };
        Values { there: Vec::new(), data }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        let there = match (&mut self.data, cell) {
            (Data::Text(data), Cell::Text(text)) => {
                data.push(ByteArray::from(text.as_bytes().to_vec()));
                true
            }
            (Data::Integer(data), Cell::Integer(number)) => {
                // The bits of the unsigned number, as the logical type says.
                data.push(number.cast_signed());
                true
            }
            (Data::Number(data), Cell::Number(number)) => {
                data.push(*number);
                true
            }
            (Data::Flag(data), Cell::Flag(flag)) => {
                data.push(*flag);
                true
            }
            _ => false,
        };
        self.there.push(i16::from(there));
    }

    fn clear(&mut self) {
        self.there.clear();
        match &mut self.data {
            Data::Text(data) => data.clear(),
            Data::Integer(data) => data.clear(),
            Data::Number(data) => data.clear(),
            Data::Flag(data) => data.clear(),
        }
    }
}

fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use crate::sheet::{Cell, Column, Form, Kind, Sheet};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    #[test]
    fn rows_read_back_over_several_groups() {
        const COLUMNS: &[Column] = &[
            Column::new("name", Kind::Text, ""),
            Column::new("at_ns", Kind::Integer, ""),
            Column::new("value", Kind::Number, ""),
            Column::new("last", Kind::Flag, ""),
        ];
        let rows = 2 * super::GROUP as u64 + 7;
        let form = Form::Parquet(vec![("manifest".to_owned(), "{}".to_owned())]);
        let write = || {
            let mut out = Vec::new();
            let mut sheet = Sheet::new(&form, COLUMNS, &mut out).unwrap();
            for row in 0..rows {
                let value = if row.is_multiple_of(3) { Cell::Empty } else { (row as f64 / 8.0).into() };
                sheet
                    .row(&[format!("n{}", row % 5).into(), (u64::MAX - row).into(), value, (row == 1).into()])
                    .unwrap();
            }
            sheet.finish().unwrap();
            out
        };
        let bytes = write();
        assert_eq!(bytes, write(), "the same rows, the same bytes");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let metadata = reader.metadata().file_metadata();
        assert_eq!(metadata.num_rows(), rows.cast_signed());
        assert_eq!(metadata.key_value_metadata().unwrap()[0].value.as_deref(), Some("{}"));
        assert_eq!(reader.num_row_groups(), 3);
        for (index, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            let index = index as u64;
            assert_eq!(row.get_string(0).unwrap(), &format!("n{}", index % 5));
            assert_eq!(row.get_ulong(1).unwrap(), u64::MAX - index);
            assert_eq!(row.get_double(2).ok(), (!index.is_multiple_of(3)).then_some(index as f64 / 8.0));
            assert_eq!(row.get_bool(3).unwrap(), index == 1);
        }
    }
}
