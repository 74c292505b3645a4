//! Text for both backends: measured, and on bitmaps drawn, from the font in the program. Nothing asks the platform for
//! fonts, so that charts are the same bytes on every machine and on the web.

use super::paper::FAMILY;
use ab_glyph::{Font as _, FontRef, GlyphId, PxScaleFont, ScaleFont as _, point};
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, FontFamily};
use std::convert::Infallible;
use std::sync::LazyLock;

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../assets/chart-sans.ttf"))
        .expect("the font in the program is one")
});

/// Ascent and descent of this font together, in em: what backends call the size of a text.
const LINE: f64 = 1.24;

/// A size, color and side of text.
pub(super) struct Lettering {
    /// Size of an em, in units of the backend.
    pub em: f64,
    pub color: BackendColor,
    pub side: HPos,
}

/// Width of a text, in units of an em's size.
pub(super) fn width(text: &str, em: f64) -> f64 {
    f64::from(placed(text, em, |_, _, _| ()))
}

/// Hands every glyph of a line over with its place from the left, and returns the width of all.
fn placed(text: &str, em: f64, mut glyph: impl FnMut(&PxScaleFont<&FontRef<'static>>, GlyphId, f32)) -> f32 {
    let font = FONT.as_scaled((em * LINE) as f32);
    let mut at = 0.0;
    let mut before = None;
    for c in text.chars() {
        let id = font.glyph_id(c);
        if let Some(before) = before {
            at += font.kern(before, id);
        }
        glyph(&font, id, at);
        at += font.h_advance(id);
        before = Some(id);
    }
    at
}

impl BackendTextStyle for Lettering {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        self.color
    }

    fn size(&self) -> f64 {
        self.em * LINE
    }

    fn anchor(&self) -> Pos {
        Pos::new(self.side, VPos::Bottom)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<(BackendCoord, BackendCoord), Infallible> {
        // No height: the position is the base line, whatever the anchor.
        Ok(((0, 0), (width(text, self.em) as i32, 0)))
    }

    fn draw<E, D: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (left, base): BackendCoord,
        mut draw: D,
    ) -> Result<Result<(), E>, Infallible> {
        let mut result = Ok(());
        placed(text, self.em, |font, id, at| {
            let glyph = id.with_scale_and_position(font.scale(), point(at, 0.0));
            let Some(outline) = font.outline_glyph(glyph) else { return };
            let corner = outline.px_bounds().min;
            let (x0, y0) = (left + corner.x as i32, base + corner.y as i32);
            outline.draw(|x, y, covered| {
                let alpha = self.color.alpha * f64::from(covered.clamp(0.0, 1.0));
                if result.is_ok() && alpha > 0.0 {
                    result = draw(
                        x0 + x.cast_signed(),
                        y0 + y.cast_signed(),
                        BackendColor { alpha, ..self.color },
                    );
                }
            });
        });
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_the_text_and_the_size() {
        assert_eq!(width("", 10.0), 0.0);
        assert!((width("mm", 10.0) - 2.0 * width("m", 10.0)).abs() < 0.5);
        assert!((width("queue", 20.0) - 2.0 * width("queue", 10.0)).abs() < 0.1);
    }

    #[test]
    fn letters_stand_on_the_base_line() {
        let lettering =
            Lettering { em: 100.0, color: BackendColor { alpha: 1.0, rgb: (0, 0, 0) }, side: HPos::Left };
        let mut seen = (i32::MAX, i32::MIN);
        let drawn = lettering.draw("H", (0, 50), |_, y, _| {
            seen = (seen.0.min(y), seen.1.max(y));
            Ok::<(), Infallible>(())
        });
        assert_eq!(drawn, Ok(Ok(())));
        // A capital is about 0.7 em high, and ends where the line is.
        assert!((-30..=-15).contains(&seen.0) && (48..=50).contains(&seen.1), "{seen:?}");
    }
}
