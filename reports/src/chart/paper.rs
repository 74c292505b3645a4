//! What charts are drawn on: one set of strokes for both backends of the drawing library.
//!
//! Lengths are pixels of CSS, as floats; they become whole units of the backend here, finer than anyone sees. Text has the
//! same size and place in SVG and PNG. Drawing goes to memory and cannot fail.

use super::lettering::{self, Lettering};
use super::palette::{Ink, dark_rules};
use super::{Chart, Look, Theme, description};
use base64::Engine as _;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color as _, RGBAColor, ShapeStyle};
use std::fmt::Write as _;

/// Units of an SVG in a pixel of CSS.
const FINE: f64 = 10.0;
/// Pixels of a PNG in a pixel of CSS.
const PNG_SCALE: u32 = 3;
/// A PNG is drawn this much larger, then averaged, so that edges are smooth.
const OVERSAMPLED: u32 = 2;

pub(super) const FAMILY: &str = "DispatchLab Chart Sans";
/// What else will do where a program ignores fonts inside SVG.
const FAMILIES: &str = "'DispatchLab Chart Sans','Noto Sans','DejaVu Sans',sans-serif";
static WOFF2: &[u8] = include_bytes!("../../assets/chart-sans.woff2");

/// Side of a text that its position is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// Shapes of markers: with every color goes another shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Disc,
    Square,
    Triangle,
    Diamond,
    Down,
    Cross,
    Ring,
}

pub(super) const SHAPES: [Shape; 7] =
    [Shape::Disc, Shape::Square, Shape::Triangle, Shape::Diamond, Shape::Down, Shape::Cross, Shape::Ring];

/// Patterns of lines: lengths drawn and left out in turn, nothing for an unbroken line. Five of them and seven colors
/// tell 35 series apart.
pub(super) const DASHES: [&[f64]; 5] = [&[], &[7.0, 4.0], &[2.0, 3.0], &[9.0, 3.0, 2.0, 3.0], &[14.0, 4.0]];

/// Direction of hatching.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hatch {
    Rising,
    Falling,
    Upright,
}

enum Backend<'a> {
    Svg(SVGBackend<'a>),
    Bitmap(BitMapBackend<'a>),
}

/// Runs a method of whichever backend it is; both draw to memory, where nothing fails.
macro_rules! on {
    ($paper:expr, $backend:ident => $call:expr) => {
        match &mut $paper.backend {
            Backend::Svg($backend) => drop($call),
            Backend::Bitmap($backend) => drop($call),
        }
    };
}

/// A sheet to draw on.
pub(super) struct Paper<'a> {
    backend: Backend<'a>,
    scale: f64,
    dark: bool,
    /// Elements with a `<title>`, put over the drawing.
    tips: String,
    /// Width in pixels of CSS.
    pub width: f64,
    /// Height likewise.
    pub height: f64,
}

impl<'a> Paper<'a> {
    pub(super) fn svg(text: &'a mut String, width: f64, height: f64, dark: bool) -> Paper<'a> {
        let size = ((width * FINE) as u32, (height * FINE) as u32);
        Paper::new(Backend::Svg(SVGBackend::with_string(text, size)), FINE, (width, height), dark)
    }

    fn new(backend: Backend<'a>, scale: f64, (width, height): (f64, f64), dark: bool) -> Paper<'a> {
        Paper { backend, scale, dark, tips: String::new(), width, height }
    }

    /// Ends the drawing and returns its tooltips.
    pub(super) fn finish(mut self) -> String {
        on!(self, backend => backend.present());
        std::mem::take(&mut self.tips)
    }

    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        // Far outside of the sheet nothing is seen, and a backend would take forever.
        let unit = |value: f64| (value.clamp(-100.0, 4_000.0) * self.scale).round() as i32;
        (unit(x), unit(y))
    }

    fn color(&self, ink: Ink, alpha: f64) -> RGBAColor {
        let (r, g, b) = ink.rgb(self.dark);
        RGBAColor(r, g, b, alpha)
    }

    fn stroke(&self, ink: Ink, width: f64) -> ShapeStyle {
        let width = (width * self.scale).round().max(1.0) as u32;
        self.color(ink, 1.0).stroke_width(width)
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        self.washed(x, y, width, height, ink, 1.0);
    }

    /// A filled rectangle that lets some of the ground through.
    pub(super) fn washed(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink, alpha: f64) {
        let (from, to) = (self.at((x, y)), self.at((x + width, y + height)));
        let style = self.color(ink, alpha).filled();
        if to.0 > from.0 && to.1 > from.1 {
            on!(self, backend => backend.draw_rect(from, to, &style, true));
        }
    }

    /// The outline of a rectangle.
    pub(super) fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink, stroke: f64) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
        self.path(&corners, ink, stroke, &[]);
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, width: f64) {
        self.path(&[from, to], ink, width, &[]);
    }

    /// Joined lines, broken into dashes where there are lengths of these.
    pub(super) fn path(&mut self, points: &[(f64, f64)], ink: Ink, width: f64, dash: &[f64]) {
        if dash.is_empty() {
            self.unbroken(points, ink, width);
        } else {
            for piece in dashes(points, dash) {
                self.unbroken(&piece, ink, width);
            }
        }
    }

    fn unbroken(&mut self, points: &[(f64, f64)], ink: Ink, width: f64) {
        let mut units: Vec<(i32, i32)> = points.iter().map(|point| self.at(*point)).collect();
        units.dedup();
        let style = self.stroke(ink, width);
        match &mut self.backend {
            Backend::Svg(backend) if units.len() > 1 => drop(backend.draw_path(units, &style)),
            Backend::Svg(_) => {}
            Backend::Bitmap(backend) => thick(backend, &units, &style),
        }
    }

    /// A filled polygon that lets some of the ground through.
    pub(super) fn polygon(&mut self, corners: &[(f64, f64)], ink: Ink, alpha: f64) {
        let units: Vec<(i32, i32)> = corners.iter().map(|corner| self.at(*corner)).collect();
        let style = self.color(ink, alpha).filled();
        on!(self, backend => backend.fill_polygon(units, &style));
    }

    /// A marker around a point.
    pub(super) fn marker(&mut self, shape: Shape, (x, y): (f64, f64), size: f64, ink: Ink) {
        let r = size / 2.0;
        match shape {
            Shape::Disc => self.disc((x, y), r, ink),
            Shape::Ring => {
                self.disc((x, y), r, ink);
                self.disc((x, y), r * 0.55, Ink::Ground);
            }
            Shape::Square => self.rect(x - r * 0.9, y - r * 0.9, size * 0.9, size * 0.9, ink),
            Shape::Triangle => {
                self.polygon(
                    &[(x, y - r * 1.15), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)],
                    ink,
                    1.0,
                );
            }
            Shape::Down => {
                self.polygon(
                    &[(x, y + r * 1.15), (x + r * 1.1, y - r * 0.8), (x - r * 1.1, y - r * 0.8)],
                    ink,
                    1.0,
                );
            }
            Shape::Diamond => {
                let r = r * 1.25;
                self.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], ink, 1.0);
            }
            Shape::Cross => {
                let r = r * 0.85;
                self.line((x - r, y - r), (x + r, y + r), ink, size * 0.3);
                self.line((x - r, y + r), (x + r, y - r), ink, size * 0.3);
            }
        }
    }

    fn disc(&mut self, center: (f64, f64), radius: f64, ink: Ink) {
        let (center, radius) = (self.at(center), (radius * self.scale).round() as u32);
        let style = self.color(ink, 1.0).filled();
        on!(self, backend => backend.draw_circle(center, radius, &style, true));
    }

    /// Parallel lines over a rectangle, `gap` apart.
    pub(super) fn hatch(
        &mut self,
        (x, y, width, height): (f64, f64, f64, f64),
        hatch: Hatch,
        gap: f64,
        ink: Ink,
    ) {
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        // Lines start on a lattice of the sheet, so that neighbors fit together.
        let span = if hatch == Hatch::Upright { 0.0 } else { height };
        let mut at = libm::ceil((x - span) / gap) * gap;
        while at < x + width {
            // From (at, bottom) rising to (at + span, top), cut at the sides.
            let (from, to) = ((x - at).max(0.0), (x + width - at).min(height));
            let (low, high) = (y + height, y + height);
            match hatch {
                Hatch::Rising if to > from => {
                    self.line((at + from, low - from), (at + to, high - to), ink, 0.8);
                }
                Hatch::Falling if to > from => self.line((at + from, y + from), (at + to, y + to), ink, 0.8),
                Hatch::Upright => self.line((at, y), (at, y + height), ink, 0.8),
                _ => {}
            }
            at += gap;
        }
    }

    /// A line of text; `y` is its base line, `size` the font size.
    pub(super) fn text(&mut self, text: &str, (x, y): (f64, f64), side: Side, size: f64, ink: Ink) {
        let text = printable(text);
        if text.trim().is_empty() {
            return;
        }
        let h_pos = match side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let units = size * self.scale;
        // The SVG backend moves text that stands on its position up by half the height of an x (0.536 em in this font).
        let dy = match self.backend {
            Backend::Svg(_) => 0.268 * units,
            Backend::Bitmap(_) => 0.0,
        };
        let color = plotters::style::Color::to_backend_color(&self.color(ink, 1.0));
        let style = Lettering { em: units, color, side: h_pos };
        let (x, y) = self.at((x, y));
        let at = (x, y + dy.round() as i32);
        on!(self, backend => backend.draw_text(&text, &style, at));
    }

    /// A transparent rectangle that shows a text when pointed at; in SVG only.
    pub(super) fn tip(&mut self, x: f64, y: f64, width: f64, height: f64, text: &str) {
        if matches!(self.backend, Backend::Bitmap(_)) {
            return;
        }
        let ((x0, y0), (x1, y1)) = (self.at((x, y)), self.at((x + width, y + height)));
        let _ = writeln!(
            self.tips,
            "<rect x=\"{x0}\" y=\"{y0}\" width=\"{}\" height=\"{}\" fill-opacity=\"0\"><title>{}</title></rect>",
            (x1 - x0).max(1),
            (y1 - y0).max(1),
            escaped(text)
        );
    }
}

/// Width of a text in pixels of CSS.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    // Measured large and rounded down, so that no machine's last bits are seen.
    lettering::width(&printable(text), 100.0).floor() * size / 100.0
}

/// The text, or its beginning and end with a sign of omission between, so that it is no wider than `width`.
pub(super) fn elided(text: &str, size: f64, width: f64) -> String {
    // More than this is never shown; a name may be a megabyte long.
    const MOST: usize = 300;
    let characters: Vec<char> = text.chars().take(MOST + 1).collect();
    if characters.len() <= MOST && text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept = characters.len().min(MOST);
    loop {
        let (head, tail) = (kept - kept / 3, kept / 3);
        let end = text.chars().rev().take(tail).collect::<Vec<_>>();
        let short: String =
            characters[..head].iter().copied().chain(['…']).chain(end.into_iter().rev()).collect();
        if kept <= 1 || text_width(&short, size) <= width {
            return short;
        }
        kept -= 1 + kept / 20;
    }
}

/// Without characters that XML does not allow or that change the direction of writing.
fn printable(text: &str) -> String {
    // Lines are joined; two are no characters, and forbidden in XML.
    let text = text.replace('\n', " ").replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}");
    sim_core::shown::shown(&text).into_owned()
}

/// Text for XML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// The pieces that a dashed line is drawn in.
fn dashes(points: &[(f64, f64)], lengths: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let (mut index, mut left) = (0, lengths[0]);
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                piece.push(to);
                break;
            }
            let part = left / length;
            from = (from.0 + dx * part, from.1 + dy * part);
            piece.push(from);
            if index % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            index = (index + 1) % lengths.len();
            left = lengths[index];
            piece = vec![from];
        }
    }
    if index % 2 == 0 && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// A thick line on a bitmap: the library's own has spikes at sharp corners.
fn thick(backend: &mut BitMapBackend<'_>, points: &[(i32, i32)], style: &ShapeStyle) {
    let half = f64::from(style.stroke_width) / 2.0;
    let fill = style.color.filled();
    for pair in points.windows(2) {
        if pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1 {
            // Upright or level: a rectangle, by far the most frequent and the cheapest.
            let (across, along) =
                (half.floor() as i32, style.stroke_width.cast_signed() - half.floor() as i32);
            let (low, high) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            let (from, to) = if low.0 == high.0 {
                ((low.0 - across, low.1), (low.0 + along, high.1))
            } else {
                ((low.0, low.1 - across), (high.0, low.1 + along))
            };
            let _ = backend.draw_rect(from, to, &fill, true);
            continue;
        }
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = (dx * dx + dy * dy).sqrt();
        let (nx, ny) = (-dy / length * half, dx / length * half);
        let corners = [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)];
        let corners = corners.map(|(x, y)| (x.round() as i32, y.round() as i32));
        let _ = backend.fill_polygon(corners, &fill);
    }
    if points.len() > 2 {
        for point in &points[1..points.len() - 1] {
            let _ = backend.draw_circle(*point, half as u32, &fill, true);
        }
    }
}

/// A style rule that brings the font along.
pub(crate) fn font_face() -> String {
    let data = base64::engine::general_purpose::STANDARD.encode(WOFF2);
    format!("@font-face{{font-family:'{FAMILY}';src:url(data:font/woff2;base64,{data}) format('woff2')}}")
}

/// The whole document around what the SVG backend has drawn.
pub(super) fn document(drawn: &str, tips: &str, chart: &Chart, look: Look, height: f64) -> String {
    let body = drawn.split_once('\n').map_or(drawn, |(_, rest)| rest);
    let body = body.strip_suffix("</svg>\n").unwrap_or(body);
    // Said once at the top instead of everywhere. Quotes inside of texts are escaped: nothing else looks like this.
    let body = body
        .replace(&format!(" font-family=\"{FAMILY}\""), "")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" \"/>", "\"/>");
    let (width, height) = (f64::from(look.width), height.floor());
    let mut style = String::new();
    if look.standalone {
        style.push_str(&font_face());
        if look.theme == Theme::Auto {
            let _ = write!(style, "@media (prefers-color-scheme:dark){{{}}}", dark_rules("svg"));
        }
        style = format!("<style>{style}</style>\n");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" aria-label=\"{}\" font-family=\"{FAMILIES}\" stroke-linejoin=\"round\">\n{style}{body}{tips}</svg>\n",
        (width * FINE) as u32,
        (height * FINE) as u32,
        escaped(&description(chart)),
    )
}

/// A PNG of what `draw` draws.
pub(super) fn bitmap(width: f64, height: f64, dark: bool, draw: impl FnOnce(&mut Paper<'_>)) -> Vec<u8> {
    let (columns, rows) = (width as u32 * PNG_SCALE, height as u32 * PNG_SCALE);
    let large = (columns * OVERSAMPLED, rows * OVERSAMPLED);
    let mut pixels = vec![0u8; large.0 as usize * large.1 as usize * 3];
    let scale = f64::from(PNG_SCALE * OVERSAMPLED);
    let backend = Backend::Bitmap(BitMapBackend::with_buffer(&mut pixels, large));
    let mut paper = Paper::new(backend, scale, (width, height), dark);
    draw(&mut paper);
    drop(paper.finish());
    encoded(&averaged(&pixels, columns as usize), columns, rows)
}

/// Every square of two by two pixels becomes one.
fn averaged(pixels: &[u8], columns: usize) -> Vec<u8> {
    const { assert!(OVERSAMPLED == 2) };
    let line = columns * 2 * 3;
    let mut out = Vec::with_capacity(pixels.len() / 4);
    for lines in pixels.chunks_exact(line * 2) {
        let (upper, lower) = lines.split_at(line);
        for (a, b) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let corners = [a[channel], a[channel + 3], b[channel], b[channel + 3]];
                let sum = corners.iter().fold(2u16, |sum, corner| sum + u16::from(*corner));
                out.push((sum / 4) as u8);
            }
        }
    }
    out
}

fn encoded(pixels: &[u8], columns: u32, rows: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, columns, rows);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    // 96 pixels of CSS an inch, in pixels a meter.
    let density = 96 * PNG_SCALE * 10_000 / 254;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: png::Unit::Meter,
    }));
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    debug_assert!(written.is_ok(), "memory takes everything");
    out
}
