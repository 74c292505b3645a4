//! Files: what is read from them and written to them. Results are written by `reports`, as the command line writes them.

use crate::app::state::{Compared, State};
use experiments::compare::report;
use reports::compare::compare_table;
use reports::csv::LongForm;
use reports::rows::SummaryRow;
use reports::table::{TableOptions, run_table};
use std::io::{self, Write as _};

/// What can be written to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export {
    /// The input with all changes.
    Input,
    /// The document of the run.
    Json,
    /// The numbers in long form.
    Csv,
    /// What a terminal shows.
    Table,
    /// The schedule as a picture of pixels.
    Png,
    /// The schedule as a picture of lines.
    Svg,
    /// The numbers of the race in long form.
    RaceCsv,
    /// The document of the replications.
    BatchJson,
    /// The numbers of the replications in long form.
    BatchCsv,
    /// The table of the replications.
    BatchTable,
    /// The problem sheet as a page.
    SheetHtml,
    /// Its task list, or with the key its schedule.
    SheetCsv,
    /// The sheet as a terminal shows it.
    SheetText,
    /// The report of the replications, one page.
    BatchHtml,
    /// The report of the comparison, one page.
    CompareHtml,
    /// The document of the comparison.
    CompareJson,
    /// The numbers of all its replications in long form.
    CompareCsv,
    /// Its table.
    CompareTable,
}

impl Export {
    /// The end of the file's name.
    pub fn suffix(self, state: &State) -> &'static str {
        match self {
            Export::Input => match state.setup().map(|setup| setup.input.kind) {
                Some(scenarios::InputKind::Scenario) => "toml",
                Some(scenarios::InputKind::AccessLog) => "log",
                _ => "csv",
            },
            Export::Json | Export::BatchJson | Export::CompareJson => "json",
            Export::Csv | Export::RaceCsv | Export::BatchCsv | Export::CompareCsv | Export::SheetCsv => "csv",
            Export::Table | Export::BatchTable | Export::CompareTable | Export::SheetText => "txt",
            Export::SheetHtml | Export::BatchHtml | Export::CompareHtml => "html",
            Export::Png => "png",
            Export::Svg => "svg",
        }
    }

    /// A name to offer.
    pub fn name(self, state: &State) -> String {
        if matches!(self, Export::SheetHtml | Export::SheetCsv | Export::SheetText) {
            return format!("{}.{}", state.sheet.name(), self.suffix(state));
        }
        let stem = state.setup().map_or("run", |setup| setup.short_name());
        let what = match self {
            Export::RaceCsv => "-race",
            Export::CompareHtml | Export::CompareJson | Export::CompareCsv | Export::CompareTable => {
                "-comparison"
            }
            Export::BatchJson | Export::BatchCsv | Export::BatchTable | Export::BatchHtml => "-replications",
            _ => "",
        };
        format!("{stem}{what}.{}", self.suffix(state))
    }
}

/// The bytes of an export; an error says what is missing.
pub fn bytes(export: Export, state: &State) -> Result<Vec<u8>, String> {
    let nothing = || crate::tr!("export-nothing");
    let mut out = Vec::new();
    let written = match export {
        Export::Input => {
            let setup = state.setup().ok_or_else(nothing)?;
            return Ok(setup.input.text.clone());
        }
        Export::Png | Export::Svg => return picture(export, state),
        Export::SheetHtml | Export::SheetCsv | Export::SheetText => return sheet(export, state),
        Export::CompareHtml | Export::CompareJson | Export::CompareCsv | Export::CompareTable => {
            let compared = state.race.repeated.result.as_ref().ok_or_else(nothing)?;
            return comparison(export, compared).map_err(|error| error.to_string());
        }
        Export::Json => {
            let snapshot = state.snapshot.as_ref().ok_or_else(nothing)?;
            reports::json::write_run(&snapshot.document(), &mut out)
        }
        Export::Csv => {
            let snapshot = state.snapshot.as_ref().ok_or_else(nothing)?;
            long_form(&mut out, &snapshot.loaded, &snapshot.result)
        }
        Export::Table => {
            let snapshot = state.snapshot.as_ref().ok_or_else(nothing)?;
            out.write_all(run_table(&snapshot.document(), &TableOptions::default()).as_bytes())
        }
        Export::RaceCsv => {
            let race = state.race.result.as_ref().ok_or_else(nothing)?;
            race_csv(&mut out, race)
        }
        Export::BatchHtml => {
            let batch = state.batch.result.as_ref().ok_or_else(nothing)?;
            crate::manifest::report(batch).and_then(|text| out.write_all(text.as_bytes()))
        }
        Export::BatchJson | Export::BatchCsv | Export::BatchTable => {
            let batch = state.batch.result.as_ref().ok_or_else(nothing)?;
            let (loaded, result) = (&batch.loaded, &batch.result);
            let document = experiments::report::document(loaded, result, &[], batch.beside.clone());
            match export {
                Export::BatchJson => reports::json::write_run(&document, &mut out),
                Export::BatchCsv => long_form(&mut out, loaded, result),
                _ => {
                    let options = TableOptions {
                        replications: batch.plan.replications,
                        confidence: batch.plan.confidence,
                        ..TableOptions::default()
                    };
                    out.write_all(run_table(&document, &options).as_bytes())
                }
            }
        }
    };
    written.map_err(|error| error.to_string())?;
    Ok(out)
}

/// The comparison of the race's policies as the command line writes it.
fn comparison(export: Export, compared: &Compared) -> io::Result<Vec<u8>> {
    let Compared { named, comparison, options, plan, .. } = compared;
    let document = report::document(named, comparison, options, plan, options.reference, None);
    let mut out = Vec::new();
    match export {
        Export::CompareHtml => out = crate::manifest::comparison(compared, &document)?.into_bytes(),
        Export::CompareJson => reports::json::write_compare(&document, &mut out)?,
        Export::CompareCsv => out = report::all_rows(named, comparison, &options.metrics),
        _ => out = compare_table(&document, &report::direction).into_bytes(),
    }
    Ok(out)
}

/// The problem sheet as the command line writes it.
fn sheet(export: Export, state: &State) -> Result<Vec<u8>, String> {
    let form = &state.sheet;
    let exercise = form.made.as_ref().map_err(Clone::clone)?;
    let sheet = exercise.sheet(form.key);
    let text = match export {
        Export::SheetHtml => {
            let mut page = reports::exercise::sheet_page(&sheet);
            page.command = Some(form.command());
            page.program = format!("DispatchLab {}", env!("CARGO_PKG_VERSION"));
            reports::html::page(&page)
        }
        Export::SheetCsv => reports::exercise::sheet_csv(&sheet),
        _ => reports::exercise::sheet_text(&sheet),
    };
    Ok(text.into_bytes())
}

fn long_form(
    out: &mut Vec<u8>,
    loaded: &scenarios::Loaded,
    result: &experiments::RunResult,
) -> io::Result<()> {
    let mut csv = LongForm::new(out)?;
    for replication in 0..result.values.len() {
        let rows: Vec<SummaryRow> = result.replication_rows(replication).collect();
        csv.rows(&loaded.model.name, &loaded.policy, replication as u32 + 1, &rows)?;
    }
    csv.finish()
}

fn race_csv(out: &mut Vec<u8>, race: &crate::app::state::RaceResult) -> io::Result<()> {
    let mut csv = LongForm::new(out)?;
    for (label, lane) in race.labels.iter().zip(&race.lanes) {
        let rows: Vec<SummaryRow> = lane.result.replication_rows(0).collect();
        csv.rows(&lane.model().name, label, 1, &rows)?;
    }
    csv.finish()
}

/// The schedule as `reports` draws it.
fn picture(export: Export, state: &State) -> Result<Vec<u8>, String> {
    let nothing = || crate::tr!("export-nothing");
    let snapshot = state.snapshot.as_ref().ok_or_else(nothing)?;
    let rows = reports::rows::gantt_rows(snapshot.model(), snapshot.trace());
    let subtitle = format!("{}  {}", snapshot.model().name, snapshot.loaded.policy);
    let chart = reports::chart::rows::gantt(&rows, &subtitle).ok_or_else(|| crate::tr!("export-too-many"))?;
    let look = reports::chart::Look { width: 1_000, ..reports::chart::Look::default() };
    Ok(match export {
        Export::Svg => reports::chart::svg(&chart, look).into_bytes(),
        _ => reports::chart::png(&chart, look),
    })
}
