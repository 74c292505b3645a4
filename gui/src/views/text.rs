//! The text of the input, with mistakes underlined where they are.

use super::setup::change;
use crate::app::action::Action;
use crate::app::state::State;
use crate::theme::{self, Palette};
use crate::tr;
use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::{FontId, Id, ScrollArea, Stroke, TextBuffer, TextEdit, Ui};
use scenarios::Diagnostic;
use std::ops::Range;

/// Longer texts are not edited here, in bytes.
const EDITED: usize = 200_000;

/// Draws the text and the mistakes in it.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(setup) = state.setup() else {
        ui.weak(tr!("text-empty"));
        return;
    };
    let id = Id::unique("scenario text");
    let Some(text) = setup.text().filter(|text| text.len() <= EDITED) else {
        ui.weak(tr!("text-too-long", bytes = setup.input.text.len()));
        return;
    };
    let colors = theme::palette(state.settings.look.is_dark());
    ui.weak(&setup.input.name);
    let found: Vec<&Diagnostic> = state.mistakes.iter().collect();
    let warnings =
        state.snapshot.iter().filter(|_| state.is_current()).flat_map(|snapshot| &snapshot.loaded.warnings);
    let found: Vec<&Diagnostic> = found.into_iter().chain(warnings).collect();
    if !found.is_empty() {
        let height = (found.len() as f32 * 44.0).min(ui.available_height() * 0.4);
        ScrollArea::vertical().id_salt("mistakes").max_height(height).show(ui, |ui| {
            for mistake in &found {
                if mistake_ui(ui, mistake, text, &colors)
                    && let Some(span) = &mistake.span
                {
                    jump(ui, id, text, span);
                }
            }
        });
        ui.separator();
    }
    let marks: Vec<Range<usize>> = found
        .iter()
        .filter(|mistake| mistake.option.is_none())
        .filter_map(|mistake| mistake.span.clone())
        .collect();
    let size = egui::TextStyle::Monospace.resolve(ui.style()).size;
    let mut layout = |ui: &Ui, buffer: &dyn TextBuffer, width: f32| {
        let mut job = job(buffer.as_str(), &marks, &colors, size);
        job.wrap.max_width = width;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let mut edited = text.to_owned();
    ScrollArea::both().id_salt("text").auto_shrink(false).show(ui, |ui| {
        let field = TextEdit::multiline(&mut edited)
            .id(id)
            .code_editor()
            .desired_width(f32::INFINITY)
            .desired_rows(24)
            .layouter(&mut layout);
        if ui.add(field).accessible_name(tr!("pane-text")).changed() {
            out.push(change("text", setup.with_text(edited)));
        }
    });
}

/// One mistake; whether its place was asked for.
fn mistake_ui(ui: &mut Ui, mistake: &Diagnostic, text: &str, colors: &Palette) -> bool {
    let place = match (&mistake.option, &mistake.span) {
        (Some(option), _) => option.to_string(),
        (None, Some(span)) => {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            format!("{line}:{column}")
        }
        (None, None) => String::new(),
    };
    let title = format!("✖ {} {}  [{}]", place, crate::catalog::mistake(mistake), mistake.code);
    let clicked = ui.link(egui::RichText::new(title).color(colors.bad)).clicked();
    if let Some(help) = crate::catalog::help(mistake) {
        ui.weak(help);
    }
    clicked
}

/// Puts the cursor of the field at a place of the text.
fn jump(ui: &Ui, id: Id, text: &str, span: &Range<usize>) {
    let chars = |at: usize| text.get(..at).unwrap_or(text).chars().count();
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(chars(span.start)), CCursor::new(chars(span.end)));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
    ui.memory_mut(|memory| memory.request_focus(id));
}

/// The text with comments and section names in other colors, and mistakes underlined.
fn job(text: &str, marks: &[Range<usize>], colors: &Palette, size: f32) -> LayoutJob {
    let mut edges: Vec<usize> =
        marks.iter().flat_map(|mark| [mark.start, mark.end.max(mark.start + 1)]).collect();
    let mut line_start = 0;
    let mut kinds: Vec<(Range<usize>, bool)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let comment = line.find('#').filter(|at| line[..*at].matches('"').count() % 2 == 0);
        if let Some(at) = comment {
            kinds.push((line_start + at..line_start + line.len(), true));
        } else if trimmed.starts_with('[') {
            kinds.push((line_start..line_start + line.len(), false));
        }
        line_start += line.len();
    }
    edges.extend(kinds.iter().flat_map(|(range, _)| [range.start, range.end]));
    edges.extend([0, text.len()]);
    edges.retain(|edge| *edge <= text.len() && text.is_char_boundary(*edge));
    edges.sort_unstable();
    edges.dedup();
    let mut job = LayoutJob::default();
    for pair in edges.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let color = match kinds.iter().find(|(range, _)| range.contains(&from)) {
            Some((_, true)) => colors.weak,
            Some((_, false)) => colors.markers[0],
            None => colors.text,
        };
        let wrong = marks.iter().any(|mark| mark.start <= from && from < mark.end.max(mark.start + 1));
        let underline = if wrong { Stroke::new(2.0, colors.bad) } else { Stroke::NONE };
        let font_id = FontId::monospace(size);
        job.append(&text[from..to], 0.0, TextFormat { font_id, color, underline, ..TextFormat::default() });
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_laid_out_and_mistakes_are_underlined() {
        let text = "# größer\nname = \"a # b\" # c\n[[class]]\nx = 1";
        let colors = theme::palette(false);
        let at = text.find("x =").expect("there");
        let found = job(text, &[at..at + 1, 3..5, 900..901], &colors, 12.0);
        assert_eq!(found.text, text);
        let under: Vec<&str> = found
            .sections
            .iter()
            .filter(|section| section.format.underline != Stroke::NONE)
            .map(|section| &text[section.byte_range.start.0..section.byte_range.end.0])
            .collect();
        assert!(under.contains(&"x"), "{under:?}");
    }
}
