//! What each core did: a row a core, a bar a stretch of time. Color goes by task and its name stands in the bar; switches
//! and dispatches are hatched.

use super::frame::{Entry, Key, LABEL, Map, Page, Room, TICK, x_ticks};
use super::palette::{Ink, SERIES};
use super::paper::{Hatch, Paper, Side, elided, text_width};
use super::{Axis, Bar, Doing, Gantt, Lane};

const ROW: f64 = 28.0;
const MOST_LANES: usize = 40;
/// Bars narrower than this are gathered.
const NARROW: f64 = 0.7;
/// Charts with more bars have no tooltips.
const MOST_TIPS: usize = 3_000;

pub(super) fn plot_height(gantt: &Gantt) -> f64 {
    ROW * gantt.lanes.len().clamp(1, MOST_LANES) as f64 + 4.0
}

/// The costs that occur, and idle time; tasks have their names in their bars.
pub(super) fn legend(gantt: &Gantt) -> Vec<Entry> {
    let occurs =
        |wanted: Doing| gantt.lanes.iter().flat_map(|lane| &lane.bars).any(|bar| bar.doing == wanted);
    let mut entries = Vec::new();
    for (doing, hatch, name) in [
        (Doing::Switch, Hatch::Rising, "context switch"),
        (Doing::Dispatch, Hatch::Upright, "dispatch latency"),
    ] {
        if occurs(doing) {
            entries.push(Entry { name: name.to_owned(), key: Key::Swatch(None, Some(hatch)) });
        }
    }
    if !entries.is_empty() {
        let key = Key::Swatch(Some(Ink::Series(0)), None);
        entries.insert(0, Entry { name: "a job runs (color by task)".to_owned(), key });
    }
    entries
}

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, gantt: &Gantt) {
    let lanes = &gantt.lanes[..gantt.lanes.len().min(MOST_LANES)];
    if lanes.is_empty() || gantt.until_ns == 0 {
        return page.empty(paper);
    }
    let widest =
        lanes.iter().map(|lane| text_width(&elided(&lane.name, LABEL, 160.0), LABEL)).fold(14.0, f64::max);
    let (left, right) = (page.left + widest + 8.0, page.right - 12.0);
    let time = Axis::new("time", "ns");
    let x = Map::new(&time, (0.0, gantt.until_ns as f64), Room::Tight).between(left, right);
    x_ticks(paper, &time, &x, (left, right), (page.top, page.bottom));
    let tips = lanes.iter().map(|lane| lane.bars.len()).sum::<usize>() <= MOST_TIPS;
    let mut gathered = false;
    for (index, lane) in lanes.iter().enumerate() {
        let y = page.top + 4.0 + ROW * index as f64;
        let middle = y + (ROW - 6.0) / 2.0;
        paper.line((left, middle), (right, middle), Ink::Axis, 0.8);
        let name = elided(&lane.name, LABEL, 160.0);
        paper.text(&name, (left - 6.0, middle + 4.0), Side::Right, LABEL, Ink::Text);
        gathered |= lane.draw(paper, &x, y, tips);
    }
    let more = gantt.lanes.len() - lanes.len();
    let mut remarks = Vec::new();
    if gathered {
        remarks.push("gray: too short to draw one by one".to_owned());
    }
    if more > 0 {
        remarks.push(format!("{more} more lanes are not drawn"));
    }
    paper.text(&remarks.join("; "), (page.left, page.bottom + 36.0), Side::Left, TICK, Ink::Muted);
}

impl Lane {
    /// Returns whether bars were too narrow to be drawn one by one.
    fn draw(&self, paper: &mut Paper<'_>, x: &Map, y: f64, tips: bool) -> bool {
        let height = ROW - 6.0;
        let mut gathered = false;
        let mut index = 0;
        while index < self.bars.len() {
            let bar = &self.bars[index];
            let (start, end) = (x.at(bar.start_ns as f64), x.at(bar.end_ns as f64));
            if end - start >= NARROW {
                bar.draw(paper, (start, y, end - start, height));
                if tips {
                    paper.tip(start, y, end - start, height, &bar.tip(x));
                }
                index += 1;
                continue;
            }
            // Narrow ones in a row, up to a gap that could be seen.
            let (mut to, mut last) = (index + 1, end);
            while let Some(next) = self.bars.get(to) {
                let (from, until) = (x.at(next.start_ns as f64), x.at(next.end_ns as f64));
                if until - from >= NARROW || from - last >= NARROW {
                    break;
                }
                (last, to) = (until, to + 1);
            }
            if to - index == 1 {
                let (ink, hatch) = bar.look();
                let ink = if hatch.is_some() { Ink::Muted } else { ink };
                paper.rect(start, y, NARROW, height, ink);
            } else {
                gathered = true;
                paper.rect(start, y, (last - start).max(NARROW), height, Ink::Axis);
            }
            if tips {
                let text = if to - index == 1 {
                    bar.tip(x)
                } else {
                    format!("{} stretches from {} on", to - index, x.written(bar.start_ns as f64))
                };
                paper.tip(start, y, (last - start).max(1.0), height, &text);
            }
            index = to;
        }
        gathered
    }
}

impl Bar {
    fn look(&self) -> (Ink, Option<Hatch>) {
        match self.doing {
            Doing::Run | Doing::Share(_) => (Ink::Series(self.task), None),
            Doing::Switch => (Ink::Ground, Some(Hatch::Rising)),
            Doing::Dispatch => (Ink::Ground, Some(Hatch::Upright)),
        }
    }

    fn draw(&self, paper: &mut Paper<'_>, (x, y, width, height): (f64, f64, f64, f64)) {
        let (ink, hatch) = self.look();
        match (hatch, self.doing) {
            (Some(hatch), _) => {
                paper.rect(x, y, width, height, ink);
                paper.hatch((x, y, width, height), hatch, 4.0, Ink::Muted);
                paper.outline(x, y, width, height, Ink::Axis, 0.8);
            }
            (None, Doing::Share(percent)) => {
                // The part of a core is the height.
                let part = height * f64::from(percent.clamp(4, 100)) / 100.0;
                paper.outline(x, y, width, height, Ink::Axis, 0.6);
                paper.rect(x, y + height - part, width, part, ink);
            }
            (None, _) => {
                paper.rect(x, y, width, height, ink);
                // The second seven tasks of the same colors have stripes.
                if self.task / SERIES % 2 == 1 {
                    paper.hatch((x, y, width, height), Hatch::Falling, 6.0, ink.text_on());
                }
                paper.line((x, y), (x, y + height), Ink::Ground, 0.8);
            }
        }
        if let Doing::Run = self.doing {
            // A name cut to a letter or two says less than none.
            let label = elided(&self.label, TICK, width - 6.0);
            let whole = label == self.label;
            let wide = text_width(&label, TICK);
            if wide <= width - 5.0 && (whole || width > 46.0) {
                let middle = (x + width / 2.0, y + height / 2.0 + 4.0);
                if self.task / SERIES % 2 == 1 {
                    paper.rect(middle.0 - wide / 2.0 - 2.0, y + 3.0, wide + 4.0, height - 6.0, ink);
                }
                paper.text(&label, middle, Side::Middle, TICK, ink.text_on());
            }
        }
    }

    fn tip(&self, x: &Map) -> String {
        let what = match self.doing {
            Doing::Run => "runs".to_owned(),
            Doing::Share(percent) => format!("has {percent} % of a core"),
            Doing::Switch => "context switch".to_owned(),
            Doing::Dispatch => "dispatch latency".to_owned(),
        };
        format!(
            "{} {what}\n{} to {}",
            self.label,
            x.written(self.start_ns as f64),
            x.written(self.end_ns as f64)
        )
    }
}
