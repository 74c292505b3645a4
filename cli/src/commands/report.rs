//! Reports: `--html` and `--charts` of the commands that run something.

use crate::args::GlobalArgs;
use crate::failure::Failure;
use crate::output;
use crate::repeat::quoted;
use clap::Args;
use reports::chart::{Chart, Look, png, svg};
use reports::html::{Embedded, Page, page};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where reports go.
#[derive(Args, Default)]
pub struct ReportArgs {
    /// Write a report: one HTML page with charts, tables and the data, to be opened in a browser or printed
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// Write every chart into this folder, as SVG and as PNG (288 dots an inch)
    #[arg(long, value_name = "FOLDER")]
    pub charts: Option<String>,
}

/// Reports that are asked for, at checked places.
pub struct Report<'g> {
    html: Option<&'g String>,
    charts: Option<PathBuf>,
    global: &'g GlobalArgs,
}

/// What a report shows.
pub struct Shown {
    /// The page.
    pub page: Page,
    /// Its charts.
    pub charts: Vec<Chart>,
    /// Every number, as CSV.
    pub csv: Option<Vec<u8>>,
}

impl<'g> Report<'g> {
    /// Checks the places before anything is run.
    pub fn new(args: &'g ReportArgs, global: &'g GlobalArgs) -> Result<Report<'g>, Failure> {
        if let Some(file) = &args.html {
            if file == "-" {
                return Err(Failure::Usage(
                    "`--html -`: standard output has the result; name a file, or use `dispatchlab report`"
                        .to_owned(),
                ));
            }
            output::checked_place(file)?;
        }
        let charts = args.charts.as_deref().map(checked_folder).transpose()?;
        Ok(Report { html: args.html.as_ref(), charts, global })
    }

    /// Writes what is asked for; `shown` is worked out only then.
    pub fn write(&self, shown: impl FnOnce() -> io::Result<Shown>) -> Result<(), Failure> {
        if self.html.is_none() && self.charts.is_none() {
            return Ok(());
        }
        let shown = shown().map_err(|error| Failure::writing("a report", &error))?;
        if let Some(file) = self.html {
            let text = page(&self.finished(shown.page, shown.csv));
            output::write_file(file, self.global, |out| out.write_all(text.as_bytes()))?;
        }
        if let Some(folder) = &self.charts {
            self.write_charts(folder, &shown.charts)?;
        }
        Ok(())
    }

    /// The page with its files, the command that repeats it, and the manifest.
    fn finished(&self, mut report: Page, csv: Option<Vec<u8>>) -> Page {
        let manifest = self.global.session.manifest_within();
        let words = ["dispatchlab"].into_iter().chain(manifest.command.arguments.iter().map(String::as_str));
        let command: Vec<String> = words.map(quoted).collect();
        report.command = Some(command.join(" "));
        let mut text = Vec::new();
        if manifest.write(&mut text).is_ok() {
            report.manifest = Some(String::from_utf8_lossy(&text).into_owned());
            report.files.push(Embedded {
                name: "manifest.json".to_owned(),
                media: "application/json".to_owned(),
                about: "what was run, for `--from`".to_owned(),
                content: text,
            });
        }
        if let Some(content) = csv {
            let about = "every metric of every replication".to_owned();
            let file =
                Embedded { name: "results.csv".to_owned(), media: "text/csv".to_owned(), about, content };
            report.files.insert(0, file);
        }
        report.program = format!("DispatchLab {}", env!("CARGO_PKG_VERSION"));
        report
    }

    fn write_charts(&self, folder: &Path, charts: &[Chart]) -> Result<(), Failure> {
        if !self.global.session.is_check() {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::writing(&folder.display().to_string(), &error))?;
        }
        let mut taken = BTreeSet::new();
        for chart in charts {
            // Names that came out alike get numbers.
            let mut name = chart.name.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{}-{number}", chart.name);
                number += 1;
            }
            for (suffix, bytes) in
                [("svg", svg(chart, Look::default()).into_bytes()), ("png", png(chart, Look::default()))]
            {
                let file = folder.join(format!("{name}.{suffix}")).display().to_string();
                output::write_file(&file, self.global, |out| out.write_all(&bytes))?;
            }
        }
        Ok(())
    }
}

/// A folder that is there, or can be made within one that is.
fn checked_folder(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(name);
    if path.exists() && !path.is_dir() {
        return Err(Failure::Usage(format!("cannot write charts into `{name}`: it is no folder")));
    }
    let parent = output::folder_of(&path);
    if !path.is_dir() && !parent.is_dir() {
        return Err(Failure::Usage(format!(
            "cannot make the folder `{name}`: there is no folder `{}`",
            parent.display()
        )));
    }
    Ok(path)
}
