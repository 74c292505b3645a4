//! Text on the canvas. The canvas is enlarged and made smaller as a picture; its letters are made for the size in which they are
//! seen, or dots and hyphens would vanish between the pixels.

use egui::epaint::TextShape;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, emath::TSTransform, vec2};

/// The widest text on an arrow.
const PLATE: f32 = 140.0;

/// One line of text that ends in … where there is no more room. Returns where it is, on the canvas.
pub fn line(
    painter: &Painter,
    at: Pos2,
    align: Align2,
    text: &str,
    size: f32,
    color: Color32,
    width: f32,
) -> Rect {
    let letters = Letters::new(painter, text, size, color, width);
    let rect = align.anchor_size(at, letters.shape.galley.size());
    letters.draw(painter, rect.min);
    rect
}

/// One line of text on a plate around a place.
pub fn plate(painter: &Painter, at: Pos2, text: &str, color: Color32, ground: Color32) {
    let letters = Letters::new(painter, text, 11.0, color, PLATE);
    let rect = Align2::CENTER_CENTER.anchor_size(at, letters.shape.galley.size());
    painter.rect_filled(rect.expand2(vec2(3.0, 0.0)), 3.0, ground);
    letters.draw(painter, rect.min);
}

/// Laid out, in the measures of the canvas.
struct Letters {
    shape: TextShape,
}

impl Letters {
    fn new(painter: &Painter, text: &str, size: f32, color: Color32, width: f32) -> Letters {
        let layer = painter.ctx().layer_transform_to_global(painter.layer_id());
        let zoom = layer.map_or(1.0, |layer| layer.scaling);
        // In half points: while the canvas is zoomed not every frame has letters of its own.
        let seen = ((size * zoom * 2.0).round() / 2.0).max(1.0);
        let factor = size / seen;
        let format = TextFormat { font_id: FontId::proportional(seen), color, ..TextFormat::default() };
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap = TextWrapping {
            max_width: width.max(8.0) / factor,
            max_rows: 1,
            break_anywhere: true,
            ..TextWrapping::default()
        };
        let mut shape = TextShape::new(Pos2::ZERO, painter.layout_job(job), color);
        shape.transform(TSTransform::from_scaling(factor));
        Letters { shape }
    }

    fn draw(mut self, painter: &Painter, at: Pos2) {
        self.shape.pos = at;
        painter.add(self.shape);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Context, LayerId};

    /// The letters as they are drawn, and whether some are left out, at a zoom of the canvas.
    fn laid_out(text: &str, width: f32, zoom: f32) -> (f32, bool) {
        let context = Context::default();
        let mut found = (0.0, false);
        let mut output = context.run_ui(egui::RawInput::default(), |ui| {
            let layer = LayerId::new(egui::Order::Middle, egui::Id::unique("canvas"));
            ui.ctx().set_transform_layer(layer, TSTransform::from_scaling(zoom));
            let painter = Painter::new(ui.ctx().clone(), layer, Rect::EVERYTHING);
            let letters = Letters::new(&painter, text, 13.0, Color32::BLACK, width);
            found = (letters.shape.galley.size().x, letters.shape.galley.elided);
        });
        output.textures_delta.clear();
        found
    }

    #[test]
    fn a_law_fits_into_its_node_or_ends_in_dots_at_every_zoom() {
        let width = crate::model::network::size_of(crate::model::network::NodeKind::Delay)[0] - 44.0;
        for (law, cut) in [
            ("2ms", false),
            ("exponential 2.5ms", false),
            ("lognormal 80ms cv 1.0", false),
            ("uniform low 12.5ms high 25.75ms", true),
            ("uniform low 1.234567ms high 123.4567ms", true),
        ] {
            for zoom in [0.3, 0.5, 0.73, 1.0, 1.8, 2.5] {
                let (found, elided) = laid_out(law, width, zoom);
                assert!(found <= width + 0.5, "{law} at {zoom}: {found} of {width}");
                assert_eq!(elided, cut, "{law} at {zoom}: {found} of {width}");
            }
        }
    }
}
