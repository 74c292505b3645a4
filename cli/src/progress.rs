//! Progress on standard error: a bar on a terminal, a line now and then elsewhere, nothing for the first second.

use crate::args::GlobalArgs;
use experiments::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim_core::shown::shown;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Commands shorter than this show nothing.
const SILENT: Duration = Duration::from_secs(1);
/// The bar is drawn this often at most.
const REDRAW: Duration = Duration::from_millis(100);
/// Lines elsewhere come this often.
const LINES: Duration = Duration::from_secs(30);

/// When the first meter of the command was made: later ones need not be silent once more.
static BEGAN: OnceLock<Instant> = OnceLock::new();

/// Shows how far a command has come.
pub struct Meter {
    kind: Kind,
    start: Instant,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Off,
    Bar,
    Lines,
}

struct State {
    shown: Instant,
    bar: Option<ProgressBar>,
}

impl Meter {
    /// A meter that suits where standard error goes. What it shows depends on the clock, what is computed never does.
    pub fn new(global: &GlobalArgs) -> Meter {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let kind = if global.quiet {
            Kind::Off
        } else if std::io::stderr().is_terminal() && !set("CI") && !dumb {
            Kind::Bar
        } else {
            Kind::Lines
        };
        let start = Instant::now();
        let began = *BEGAN.get_or_init(|| start);
        Meter { kind, start, began, state: Mutex::new(State { shown: start, bar: None }) }
    }

    /// Takes note of the progress of part `index` of `parts`.
    pub fn update(&self, index: usize, parts: usize, progress: Progress) {
        let fraction = (index as f64 + progress.fraction) / parts.max(1) as f64;
        let what = || {
            let mut what = format!("{}/{} replications", progress.done, progress.total);
            if parts > 1 {
                what = format!("{}/{parts} alternatives, {what}", index + 1);
            }
            let rate = progress.events as f64 / 1e6 / self.start.elapsed().as_secs_f64();
            format!("{what}, {} million events, {} million/s", progress.events / 1_000_000, short(rate))
        };
        self.show(Some(fraction), &what);
    }

    /// Takes note of where work is whose end is not known.
    pub fn say(&self, what: &dyn Fn() -> String) {
        self.show(None, what);
    }

    fn show(&self, fraction: Option<f64>, what: &dyn Fn() -> String) {
        if self.kind == Kind::Off {
            return;
        }
        // Another thread is showing something right now: this will do.
        let Ok(mut state) = self.state.try_lock() else { return };
        let elapsed = self.start.elapsed();
        let pause = if self.kind == Kind::Bar { REDRAW } else { LINES };
        if self.began.elapsed() < SILENT || state.shown.elapsed() < pause {
            return;
        }
        state.shown = Instant::now();
        if self.kind == Kind::Bar {
            let bar = state.bar.get_or_insert_with(|| bar(elapsed, fraction.is_some()));
            if let Some(fraction) = fraction {
                bar.set_position((fraction * 1_000.0) as u64);
            }
            bar.set_message(shown(&what()).into_owned());
        } else {
            let seconds = elapsed.as_secs();
            let percent = fraction.map(|fraction| format!("{:.0} %, ", fraction * 100.0)).unwrap_or_default();
            // Where nothing is known of the end there is nothing to say of it.
            let left = fraction.filter(|fraction| *fraction > 0.0);
            let left = left.map(|fraction| elapsed.mul_f64((1.0 / fraction - 1.0).clamp(0.0, 1e6)));
            let left =
                left.map(|left| format!(", {} left", indicatif::HumanDuration(left))).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "[{seconds} s] {percent}{}{left}", shown(&what()));
        }
    }

    /// Takes note that `done` of `total` things are done, `fresh` of them since the meter was made: those tell the rate.
    pub fn count(&self, done: u64, total: u64, fresh: u64, what: &str) {
        if self.kind == Kind::Off {
            return;
        }
        let Ok(mut state) = self.state.try_lock() else { return };
        let elapsed = self.start.elapsed();
        let pause = if self.kind == Kind::Bar { REDRAW } else { LINES };
        if self.began.elapsed() < SILENT || state.shown.elapsed() < pause {
            return;
        }
        state.shown = Instant::now();
        let rate = fresh as f64 / elapsed.as_secs_f64();
        let mut message = format!("{done}/{total} {what}");
        if fresh > 0 {
            let left = Duration::from_secs_f64((total.saturating_sub(done)) as f64 / rate);
            let _ = write!(message, ", {}/s, {} left", short(rate), indicatif::HumanDuration(left));
        }
        if self.kind == Kind::Bar {
            let bar = state.bar.get_or_insert_with(|| counting_bar(elapsed));
            bar.set_position((done as f64 / total.max(1) as f64 * 1_000.0) as u64);
            bar.set_message(message);
        } else {
            let _ = writeln!(std::io::stderr(), "[{} s] {message}", elapsed.as_secs());
        }
    }
}

/// A rate in three digits or so.
fn short(rate: f64) -> String {
    if rate >= 100.0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

fn counting_bar(elapsed: Duration) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr()).with_elapsed(elapsed);
    // Within 80 columns; the time left is that of the message, which knows what was done before.
    let style = ProgressStyle::with_template("[{elapsed}] {bar:20} {percent} %  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Ok(state) = self.state.get_mut()
            && let Some(bar) = &state.bar
        {
            bar.finish_and_clear();
        }
    }
}

/// A bar, or a line that only says where work is.
fn bar(elapsed: Duration, has_end: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr()).with_elapsed(elapsed);
    let style = ProgressStyle::with_template(if has_end {
        "[{elapsed}] {bar:20} {percent} %  {msg}  {eta} left"
    } else {
        "[{elapsed}] {msg}"
    });
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar
}
