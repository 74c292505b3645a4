//! Levels over time, one row a server. The scale has one hue from pale to deep: its order survives a print in gray.

use super::frame::{LABEL, Map, Page, Room, TICK, range, x_ticks};
use super::palette::{Ink, LEVELS};
use super::paper::{Hatch, Paper, Side, elided, text_width};
use super::{Axis, Strips};

const MOST_ROWS: usize = 64;

fn row_height(strips: &Strips) -> f64 {
    if strips.rows.len() > 24 { 11.0 } else { 18.0 }
}

pub(super) fn plot_height(strips: &Strips) -> f64 {
    let rows = strips.rows.len().clamp(2, MOST_ROWS + 1);
    row_height(strips) * rows as f64
}

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, strips: &Strips) {
    let rows = &strips.rows[..strips.rows.len().min(MOST_ROWS)];
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let levels = || rows.iter().flat_map(|row| row.cells.iter().flatten().copied());
    let usable = strips.step_ns > 0.0 && columns > 0;
    let (Some((low, high)), true) = (range(levels()), usable) else { return page.empty(paper) };
    // From zero, and ratios up to one, so that charts can be compared.
    let top = if strips.level.unit == "ratio" { high.max(1.0) } else { high };
    let map =
        Map::new(&strips.level, (low.min(0.0), if top > low.min(0.0) { top } else { 1.0 }), Room::Tight);
    scale(paper, page, strips, &map);

    let small = row_height(strips) < 12.0;
    let size = if small { 9.0 } else { TICK };
    let widest =
        rows.iter().map(|row| text_width(&elided(&row.name, size, 150.0), size)).fold(14.0, f64::max);
    let (left, right) = (page.left + widest + 8.0, page.right - 12.0);
    let time = Axis::new("time", "ns");
    let end = strips.from_ns + strips.step_ns * columns as f64;
    let x = Map::new(&time, (strips.from_ns, end), Room::Tight).between(left, right);
    let bottom = page.top + row_height(strips) * rows.len() as f64;
    x_ticks(paper, &time, &x, (left, right), (page.top, bottom));
    for (index, row) in rows.iter().enumerate() {
        let y = page.top + row_height(strips) * index as f64;
        let height = row_height(strips) - 1.0;
        paper.text(
            &elided(&row.name, size, 150.0),
            (left - 6.0, y + height / 2.0 + size * 0.36),
            Side::Right,
            size,
            Ink::Text,
        );
        let place = |column: usize| x.at(strips.from_ns + strips.step_ns * column as f64);
        // Equal neighbors are one rectangle.
        let mut from = 0;
        while from < row.cells.len() {
            let level = row.cells[from].map(|value| step(&map, value));
            let same =
                row.cells[from..].iter().take_while(|cell| cell.map(|value| step(&map, value)) == level);
            let to = from + same.count();
            let (start, end) = (place(from), place(to));
            match level {
                Some(level) => paper.rect(start, y, end - start, height, Ink::Level(level)),
                None => paper.hatch((start, y, end - start, height), Hatch::Rising, 5.0, Ink::Axis),
            }
            let values = row.cells[from..to].iter().flatten();
            let said = match range(values.copied()) {
                Some((low, high)) if low < high => format!("{} to {}", map.written(low), map.written(high)),
                Some((value, _)) => map.written(value),
                None => "no value".to_owned(),
            };
            let span = strips.step_ns;
            let (a, b) = (strips.from_ns + span * from as f64, strips.from_ns + span * to as f64);
            let text = format!("{}, {} to {}: {said}", row.name, x.written(a), x.written(b));
            paper.tip(start, y, end - start, height, &text);
            from = to;
        }
    }
    let more = strips.rows.len() - rows.len();
    if more > 0 {
        paper.text(
            &format!("{more} more rows are not drawn"),
            (page.right - 12.0, bottom + 36.0),
            Side::Right,
            TICK,
            Ink::Muted,
        );
    }
}

/// Which color a level has.
fn step(map: &Map, value: f64) -> usize {
    // The map is from 0 to 1 as long as it is not put anywhere.
    ((map.at(value) * LEVELS as f64) as usize).min(LEVELS - 1)
}

/// What the colors mean, above the rows.
fn scale(paper: &mut Paper<'_>, page: Page, strips: &Strips, map: &Map) {
    let title = elided(&map.title(&strips.level), LABEL, (page.right - page.left) * 0.5);
    let y = page.top - 12.0;
    paper.text(&title, (page.left, y), Side::Left, LABEL, Ink::Muted);
    let mut x = page.left + text_width(&title, LABEL) + 14.0;
    let (low, high) = (map.bare(map.ends().0), map.bare(map.ends().1));
    paper.text(&low, (x, y), Side::Left, TICK, Ink::Text);
    x += text_width(&low, TICK) + 6.0;
    for level in 0..LEVELS {
        paper.rect(x, y - 10.0, 16.0, 12.0, Ink::Level(level));
        x += 16.0;
    }
    paper.outline(x - 16.0 * LEVELS as f64, y - 10.0, 16.0 * LEVELS as f64, 12.0, Ink::Axis, 0.8);
    paper.text(&high, (x + 6.0, y), Side::Left, TICK, Ink::Text);
}
