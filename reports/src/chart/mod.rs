//! Charts: plain rows in, SVG text or PNG bytes out.
//!
//! A [`Chart`] says what is drawn: a title and one of the [`Kind`]s, each a plain struct of numbers and names. [`svg`] and
//! [`png`] draw it with the same font, which is in the program, so that a chart is the same on every machine, byte for byte.
//! Values are in the units of the rows (nanoseconds, per second, ratios); axes choose the unit that reads best and name it.
//!
//! | kind | shows |
//! |---|---|
//! | [`Lines`] | response against load, servers against p99 with target, cost, time series, Welch plot; with interval bands |
//! | [`Tail`] | how many jobs take longer than x, on a logarithmic axis, with p50, p90, p99 and p99.9 |
//! | [`Intervals`] | alternatives with confidence intervals, dot and whisker |
//! | [`Histogram`] | counts by value |
//! | [`Strips`] | one row a server, color by level, over time |
//! | [`Gantt`] | what each core did |
//!
//! [`rows`] and [`time`] make charts from the rows of results. Numbers that are not finite are left out; names may be of any length
//! and hold any character.

mod describe;
mod frame;
mod gantt;
mod histogram;
mod intervals;
mod lettering;
mod lines;
mod palette;
mod paper;
pub mod rows;
mod strips;
mod tail;
mod ticks;
pub mod time;

pub(crate) use palette::dark_rules;
pub(crate) use paper::font_face;

use paper::Paper;

/// Something to draw.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    /// A name for files and links: lower case letters, digits and hyphens.
    pub name: String,
    /// One line above the chart.
    pub title: String,
    /// A second line: what was run, under which policy. May be empty.
    pub subtitle: String,
    /// A remark below the chart: what bands and whiskers mean. May be empty.
    pub note: String,
    /// What is drawn.
    pub kind: Kind,
}

/// What a chart draws.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "each variant is described at the type it holds")]
pub enum Kind {
    Lines(Lines),
    Tail(Tail),
    Intervals(Intervals),
    Histogram(Histogram),
    Strips(Strips),
    Gantt(Gantt),
}

/// How the positions on an axis follow from values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scale {
    /// Equal steps, from zero where that is near.
    #[default]
    Linear,
    /// Equal ratios; values at or below zero are left out.
    Log,
    /// Logarithmic where all values are above zero and the greatest is more than thirty times the least.
    Auto,
}

/// What an axis shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The quantity, without unit: `response/p99`.
    pub title: String,
    /// Unit of the values as in result rows: `ns`, `1/s`, `ratio`, `count`, `jobs`; or any word, or nothing.
    pub unit: String,
    /// Its scale.
    pub scale: Scale,
    /// Whether there is nothing between whole numbers: servers, jobs.
    pub whole: bool,
}

impl Axis {
    /// A linear axis.
    pub fn new(title: impl Into<String>, unit: impl Into<String>) -> Axis {
        Axis { title: title.into(), unit: unit.into(), scale: Scale::Linear, whole: false }
    }

    /// A linear axis of things that are counted.
    pub fn counts(title: impl Into<String>) -> Axis {
        Axis { whole: true, ..Axis::new(title, "") }
    }

    /// The same axis with another scale.
    pub fn scaled(self, scale: Scale) -> Axis {
        Axis { scale, ..self }
    }
}

/// One point of a series, with the ends of its interval where it has one.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(missing_docs, reason = "x, y, and the interval of y")]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Point {
    /// A point without an interval.
    pub fn new(x: f64, y: f64) -> Point {
        Point { x, y, low: None, high: None }
    }
}

/// A named line.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, in the order in which they are joined.
    pub points: Vec<Point>,
    /// Whether it is a thin gray line behind the others: the raw values under their average.
    pub faint: bool,
}

/// A line across the chart at a value: a target, a knee.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// Whether the value is on the horizontal axis (the line is upright) or on the vertical one.
    pub at: At,
    /// What it is: `target p99 < 250 ms`.
    pub label: String,
}

/// Where a [`Mark`] is, in the unit of the axis.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(missing_docs, reason = "a value on the horizontal or vertical axis")]
pub enum At {
    X(f64),
    Y(f64),
}

/// Series over a number.
#[derive(Clone, PartialEq, Debug)]
pub struct Lines {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// Lines across.
    pub marks: Vec<Mark>,
    /// Whether values hold until the next point (queue lengths) instead of changing evenly between points.
    pub steps: bool,
}

/// Which part of the jobs takes longer than a value, from all of them down to one in ten thousand and beyond.
#[derive(Clone, PartialEq, Debug)]
pub struct Tail {
    /// The horizontal axis.
    pub x: Axis,
    /// What has the values: `jobs`, `requests`.
    pub of: String,
    /// One a distribution; `y` is the part above `x`, from 1 down to 0, `x` ascending.
    pub series: Vec<Series>,
    /// Targets on the horizontal axis.
    pub marks: Vec<Mark>,
}

/// How an alternative stands to the reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the verdicts of comparisons")]
pub enum Verdict {
    Reference,
    Better,
    Worse,
    NoDifference,
    /// It cannot be told, or nothing is compared.
    None,
}

/// One line of [`Intervals`].
#[derive(Clone, PartialEq, Debug)]
pub struct IntervalRow {
    /// Its name.
    pub name: String,
    /// The estimate; `None` where there is none.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How it is marked.
    pub verdict: Verdict,
    /// Words at the right: `-12.4 % better`.
    pub remark: String,
}

/// Alternatives with intervals, one below the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Intervals {
    /// The horizontal axis.
    pub x: Axis,
    /// One an alternative.
    pub rows: Vec<IntervalRow>,
}

/// One bar of a histogram.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(missing_docs, reason = "from low to high there are so many")]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub count: u64,
}

/// Counts by value.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    /// The horizontal axis.
    pub x: Axis,
    /// What is counted: `jobs`.
    pub of: String,
    /// Its bars, ascending, not overlapping.
    pub bins: Vec<Bin>,
    /// Lines across, on the horizontal axis.
    pub marks: Vec<Mark>,
}

/// One row of [`Strips`].
#[derive(Clone, PartialEq, Debug)]
pub struct Strip {
    /// Its name: a server.
    pub name: String,
    /// Its level in each interval of time; `None` where there is none.
    pub cells: Vec<Option<f64>>,
}

/// Levels over time, one row a server.
#[derive(Clone, PartialEq, Debug)]
pub struct Strips {
    /// What the levels are.
    pub level: Axis,
    /// Start of the first interval, in nanoseconds.
    pub from_ns: f64,
    /// Length of every interval, in nanoseconds.
    pub step_ns: f64,
    /// The rows.
    pub rows: Vec<Strip>,
}

/// What each core did.
#[derive(Clone, PartialEq, Debug)]
pub struct Gantt {
    /// The lanes, from top to bottom.
    pub lanes: Vec<Lane>,
    /// End of the time axis, in nanoseconds.
    pub until_ns: u64,
}

/// One core, or one job on a processor that is shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// Its name: `cpu 0`.
    pub name: String,
    /// What happened, ascending, not overlapping.
    pub bars: Vec<Bar>,
}

/// One stretch of time of a [`Lane`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Who: `A`, `P1#2`.
    pub label: String,
    /// Which color it has: equal for the same task everywhere.
    pub task: usize,
    /// From.
    pub start_ns: u64,
    /// To.
    pub end_ns: u64,
    /// What.
    pub doing: Doing,
}

/// What a core is busy with. Idle time has no bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// A job's work.
    Run,
    /// A part of a core, in percent, under processor sharing.
    Share(u32),
    /// A context switch.
    Switch,
    /// Dispatch latency.
    Dispatch,
}

/// Colors of a chart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Light in SVG, with a style sheet that turns it dark where the reader prefers that; light in PNG.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How a chart is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its colors.
    pub theme: Theme,
    /// Width in pixels of CSS (96 an inch), from 320 to 2000; the height follows from what is drawn.
    pub width: u32,
    /// Whether the title and the line below it are drawn; a page that has them as text leaves them out.
    pub titled: bool,
    /// Whether an SVG carries its font and, where it follows the reader's preference, the colors for dark ground. A page
    /// that has them once leaves them out.
    pub standalone: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look { theme: Theme::Auto, width: 760, titled: true, standalone: true }
    }
}

/// The chart as an SVG document.
pub fn svg(chart: &Chart, look: Look) -> String {
    let look = bounded(look);
    let height = height(chart, look);
    let mut text = String::new();
    let dark = look.theme == Theme::Dark;
    let mut paper = Paper::svg(&mut text, f64::from(look.width), height, dark);
    draw(&mut paper, chart, look);
    let tips = paper.finish();
    paper::document(&text, &tips, chart, look, height)
}

/// The chart as a PNG of three pixels a pixel of CSS, fit for print at 288 dots an inch.
pub fn png(chart: &Chart, look: Look) -> Vec<u8> {
    let look = bounded(look);
    let height = height(chart, look);
    paper::bitmap(f64::from(look.width), height, look.theme == Theme::Dark, |paper| draw(paper, chart, look))
}

/// What the chart shows, in words, for those who do not see it.
pub fn description(chart: &Chart) -> String {
    describe::describe(chart)
}

fn bounded(look: Look) -> Look {
    Look { width: look.width.clamp(320, 2_000), ..look }
}

fn height(chart: &Chart, look: Look) -> f64 {
    let width = f64::from(look.width);
    let plot = match &chart.kind {
        Kind::Lines(_) | Kind::Tail(_) => 290.0,
        Kind::Histogram(_) => 220.0,
        Kind::Intervals(intervals) => intervals::plot_height(intervals),
        Kind::Strips(strips) => strips::plot_height(strips),
        Kind::Gantt(gantt) => gantt::plot_height(gantt),
    };
    frame::margins(chart, look, width) + plot
}

fn draw(paper: &mut Paper<'_>, chart: &Chart, look: Look) {
    let frame = frame::Page::new(paper, chart, look);
    match &chart.kind {
        Kind::Lines(lines) => lines::draw(paper, frame, lines),
        Kind::Tail(tail) => tail::draw(paper, frame, tail),
        Kind::Intervals(intervals) => intervals::draw(paper, frame, intervals),
        Kind::Histogram(histogram) => histogram::draw(paper, frame, histogram),
        Kind::Strips(strips) => strips::draw(paper, frame, strips),
        Kind::Gantt(gantt) => gantt::draw(paper, frame, gantt),
    }
}
