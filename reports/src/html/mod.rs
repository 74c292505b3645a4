//! Reports as one HTML page that needs nothing else: no network, no script, no other file.
//!
//! A [`Page`] is a title, sections of prose, charts and tables, and files that stand in the page as links. [`page`] writes
//! it. [`run`], [`compare`] and [`plan`] make pages from the documents of these commands, [`results`] from rows of
//! several runs. Charts are inline SVG with tooltips by `<title>`; the page and they follow the reader's preference for light or
//! dark and print in light colors. Every text is escaped where it is put in. The same rows give the same bytes: no time of
//! day, no host.

pub mod compare;
pub mod plan;
pub mod results;
pub mod run;

use crate::chart::{Chart, Look, dark_rules, font_face, svg};
use crate::manifest::{Manifest, quoted};
use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sim_core::shown::shown_lines;

/// Files larger than this are not put into the page: browsers refuse links of many megabytes.
const MOST_FILE: usize = 8 << 20;

/// A folded table with more rows than this stays folded on paper.
const MOST_PRINTED: usize = 40;

/// A report.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Page {
    /// Its heading: what was asked.
    pub title: String,
    /// The answer, one sentence each; stands above everything else.
    pub answer: Vec<String>,
    /// What was run: name and value, in a list at the top.
    pub facts: Vec<(String, String)>,
    /// The rest.
    pub sections: Vec<Section>,
    /// Files in the page.
    pub files: Vec<Embedded>,
    /// The command that makes the same report.
    pub command: Option<String>,
    /// The manifest, as JSON without time or host.
    pub manifest: Option<String>,
    /// Name and version of the program.
    pub program: String,
}

/// A part of a report under a heading of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What it has.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, PartialEq, Debug)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A chart.
    Chart(Chart),
    /// A table.
    Table(Table),
    /// A table that is shown when asked for, and printed.
    Folded(Table),
}

/// A table.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Titles of its columns, with units; whether it has numbers, which stand at the right.
    pub columns: Vec<(String, bool)>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// One a column; the first is the row's heading.
    pub cells: Vec<String>,
    /// Whether it stands out: the answer, the best.
    pub strong: bool,
}

impl Row {
    /// A row like others.
    pub fn new(cells: Vec<String>) -> Row {
        Row { cells, strong: false }
    }
}

/// A file that stands in the page as a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Embedded {
    /// The name under which it is saved.
    pub name: String,
    /// Its type: `text/csv`.
    pub media: String,
    /// What is in it, in words.
    pub about: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl Page {
    /// The page with its files, the command that makes it again, and the manifest. `manifest` is one that may stand inside
    /// a result; `csv` has every number behind the page. Where the input is no longer what was opened `repeats` is false:
    /// no command makes the page again.
    pub fn finished(mut self, manifest: &Manifest, csv: Option<Vec<u8>>, repeats: bool) -> Page {
        let arguments = &manifest.command.arguments;
        let (names, rest) = arguments.split_at(manifest.command.name.split(' ').count().min(arguments.len()));
        let words = ["dispatchlab"].into_iter().chain(names.iter().map(String::as_str));
        let words = words.chain(["--html=report.html"]).chain(rest.iter().map(String::as_str));
        self.command = repeats.then(|| words.map(quoted).collect::<Vec<_>>().join(" "));
        let mut text = Vec::new();
        if manifest.write(&mut text).is_ok() {
            self.manifest = Some(String::from_utf8_lossy(&text).into_owned());
            self.files.push(Embedded {
                name: "manifest.json".to_owned(),
                media: "application/json".to_owned(),
                about: "what was run, for `--from`".to_owned(),
                content: text,
            });
        }
        if let Some(content) = csv {
            let about = "every number behind this page".to_owned();
            let file =
                Embedded { name: "results.csv".to_owned(), media: "text/csv".to_owned(), about, content };
            self.files.insert(0, file);
        }
        self.program = format!("DispatchLab {}", manifest.tool.version);
        self
    }
}

impl Section {
    /// Nothing under a heading yet.
    pub fn new(heading: impl Into<String>) -> Section {
        Section { heading: heading.into(), blocks: Vec::new() }
    }
}

const STYLE: &str = "
:root{color-scheme:light dark;--ground:#fff;--raised:#f6f8fa;--text:#1f2328;--muted:#57606a;--line:#d5dae0;--strong:#e8f2fb;--link:#0550ae}
@media screen and (prefers-color-scheme:dark){:root{--ground:#14181d;--raised:#1c2229;--text:#e8edf2;--muted:#a3adb8;--line:#333b44;--strong:#1b3247;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 'DispatchLab Chart Sans',system-ui,sans-serif}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
h1{font-size:1.7rem;line-height:1.25;margin:1.6rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
h3,figcaption{font-size:1rem;font-weight:bold;margin:0;overflow-wrap:anywhere}
p{margin:.5rem 0;overflow-wrap:anywhere}
.answer{font-size:1.1rem;background:var(--raised);border-left:4px solid #0072b2;padding:.5rem 1rem;margin:.8rem 0}
.muted{color:var(--muted);font-size:.875rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem;margin:.8rem 0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.8rem 0}
figure{margin:1.2rem 0;overflow-x:auto}
figure svg{display:block;width:100%;height:auto;max-width:60rem}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.875rem;min-width:24rem}
caption{text-align:left;font-weight:bold;padding:.3rem 0}
th,td{padding:.25rem .75rem .25rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{border-bottom:2px solid var(--muted);vertical-align:bottom}
tbody th{font-weight:normal;overflow-wrap:anywhere;min-width:7rem}
.n{text-align:right;font-variant-numeric:tabular-nums}tbody .n{white-space:nowrap}
.paper{display:none}
tr.strong>*{background:var(--strong);font-weight:bold}
details{margin:1rem 0;border:1px solid var(--line);border-radius:6px;padding:.25rem .75rem}
summary{cursor:pointer;padding:.25rem 0;font-weight:bold}
pre{background:var(--raised);padding:.75rem 1rem;overflow-x:auto;font:13px/1.45 ui-monospace,'DejaVu Sans Mono',monospace;white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:2.5rem;padding-top:.6rem;padding-bottom:2rem;border-top:1px solid var(--line)}
@media screen{figure svg{min-width:34rem}}
@media print{@page{margin:14mm}body{font-size:10pt}header,main,footer{max-width:none;padding:0}nav{display:none}
h2,caption{break-after:avoid}figure,tr,.answer,section>.scroll{break-inside:avoid}figure svg{max-width:17cm}
details{border:0;padding:0}details:not(.long)::details-content{content-visibility:visible;display:block;height:auto}
details.long summary{list-style:none}.paper{display:inline;font-weight:normal}
table{font-size:8pt}.scroll{overflow:visible}a{color:inherit}thead{display:table-header-group}}
";

/// The page.
pub fn page(report: &Page) -> String {
    let style = format!(
        "{}{STYLE}@media screen and (prefers-color-scheme:dark){{{}}}",
        font_face(),
        dark_rules("figure")
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:";
    let sections: Vec<&Section> =
        report.sections.iter().filter(|section| !section.blocks.is_empty()).collect();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                // Closed like this the page is XML too, and tests can read it as such.
                (PreEscaped("<meta charset=\"utf-8\"/>"))
                (PreEscaped(format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>")))
                (PreEscaped("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"))
                title { (clean(&report.title)) }
                style { (PreEscaped(style)) }
            }
            body {
                header {
                    h1 { (clean(&report.title)) }
                    @if !report.answer.is_empty() {
                        div class="answer" {
                            @for sentence in &report.answer { p { (clean(sentence)) } }
                        }
                    }
                    @if !report.facts.is_empty() {
                        dl { @for (name, value) in &report.facts { dt { (clean(name)) } dd { (clean(value)) } } }
                    }
                    @if sections.len() > 2 { (contents(&sections)) }
                }
                main {
                    @for (index, section) in sections.iter().enumerate() { (section_markup(index, section)) }
                    (repeat(report))
                }
                footer class="muted" {
                    p {
                        "Made by " (clean(&report.program)) ". The same inputs give the same page, byte for byte. "
                        "It needs no network and runs no script."
                    }
                }
            }
        }
    };
    let mut text = markup.into_string();
    text.push('\n');
    text
}

fn contents(sections: &[&Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for (index, section) in sections.iter().enumerate() {
                    li { a href=(format!("#s{}", index + 1)) { (clean(&section.heading)) } }
                }
                li { a href="#repeat" { "Data and repeating" } }
            }
        }
    }
}

fn section_markup(index: usize, section: &Section) -> Markup {
    html! {
        section id=(format!("s{}", index + 1)) {
            h2 { (clean(&section.heading)) }
            @for block in &section.blocks {
                @match block {
                    Block::Text(text) => p { (clean(text)) },
                    Block::Chart(chart) => (figure(chart)),
                    Block::Table(table) => div class="scroll" { (table_markup(table, true)) },
                    Block::Folded(table) => {
                        details class=[(table.rows.len() > MOST_PRINTED).then_some("long")] {
                            summary {
                                (clean(&table.caption)) " (" (table.rows.len()) " rows)"
                                @if table.rows.len() > MOST_PRINTED { (unprinted()) }
                            }
                            div class="scroll" { (table_markup(table, false)) }
                        }
                    }
                }
            }
        }
    }
}

/// Why something folded is not on paper.
fn unprinted() -> Markup {
    html! { span class="paper" { ": not printed, it is in the page" } }
}

fn figure(chart: &Chart) -> Markup {
    let look = Look { titled: false, standalone: false, ..Look::default() };
    html! {
        figure id=(format!("c-{}", chart.name)) {
            figcaption {
                (clean(&chart.title))
                @if !chart.subtitle.is_empty() { " " span class="muted" { (clean(&chart.subtitle)) } }
            }
            (PreEscaped(svg(chart, look)))
        }
    }
}

fn table_markup(table: &Table, caption: bool) -> Markup {
    let numeric = |column: usize| table.columns.get(column).is_some_and(|(_, numeric)| *numeric);
    html! {
        table {
            @if caption && !table.caption.is_empty() { caption { (clean(&table.caption)) } }
            thead {
                tr {
                    @for (title, numeric) in &table.columns {
                        th scope="col" class=[numeric.then_some("n")] { (clean(title)) }
                    }
                }
            }
            tbody {
                @for row in &table.rows {
                    tr class=[row.strong.then_some("strong")] {
                        @for (column, cell) in row.cells.iter().enumerate() {
                            @if column == 0 {
                                th scope="row" class=[numeric(0).then_some("n")] { (breakable(cell)) }
                            } @else {
                                td class=[numeric(column).then_some("n")] { (clean(cell)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn repeat(report: &Page) -> Markup {
    html! {
        section id="repeat" {
            h2 { "Data and repeating" }
            @if !report.files.is_empty() {
                p { "In this page, to be saved:" }
                ul {
                    @for file in &report.files {
                        li {
                            @if file.content.len() <= MOST_FILE {
                                a href=(link(file)) download=(clean(&file.name)) { (clean(&file.name)) }
                            } @else {
                                (clean(&file.name)) " (too large to stand in a page; write it with -o)"
                            }
                            ": " (clean(&file.about)) ", " (size(file.content.len()))
                        }
                    }
                }
            }
            @if let Some(command) = &report.command {
                p { "This command makes the same results:" }
                pre { code { (clean(command)) } }
            }
            @if let Some(manifest) = &report.manifest {
                details class="long" {
                    summary { "Manifest: inputs with their hashes, program and options" (unprinted()) }
                    pre { code { (clean(manifest)) } }
                }
            }
        }
    }
}

fn link(file: &Embedded) -> String {
    let data = base64::engine::general_purpose::STANDARD.encode(&file.content);
    format!("data:{};charset=utf-8;base64,{data}", file.media)
}

fn size(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// A name that may be broken after its signs, where there is no room for it: `response_part/` `service`.
fn breakable(text: &str) -> Markup {
    html! {
        @for part in clean(text).split_inclusive(['/', '_', ':', ',', ';', '=']) {
            (part) (PreEscaped("<wbr/>"))
        }
    }
}

/// Without characters that HTML and XML do not allow. Escaping is maud's.
fn clean(text: &str) -> String {
    let text = shown_lines(text);
    // No characters, and forbidden in XML.
    text.chars().map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }).collect()
}
