//! The only colors and sizes. Colors of tasks are Okabe and Ito's eight, which people with any common color vision tell
//! apart; beyond eight a pattern is added, and states differ in height and pattern too, never in color alone.

use crate::model::rows::Activity;
use egui::{Color32, Context, FontFamily, FontId, Stroke, TextStyle, Theme, Visuals};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Light or dark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Tone {
    /// Dark text on light.
    #[default]
    Light,
    /// Light text on dark.
    Dark,
}

/// How everything looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Look {
    /// Light or dark.
    pub tone: Tone,
    /// For a room: light, half as large again, thick lines.
    pub projector: bool,
}

impl Look {
    /// Whether it is dark; a projector is always light.
    pub fn is_dark(self) -> bool {
        self.tone == Tone::Dark && !self.projector
    }

    /// How much larger than usual everything is.
    pub fn zoom(self) -> f32 {
        if self.projector { 1.5 } else { 1.0 }
    }

    /// Height of a row of the schedule, in points.
    pub fn row_height(self) -> f32 {
        if self.projector { 30.0 } else { 26.0 }
    }

    /// Width of lines that matter, in points.
    pub fn line(self) -> f32 {
        if self.projector { 2.0 } else { 1.0 }
    }
}

/// Okabe and Ito's colors, black last: black is hard to see in the dark, and is replaced there.
const TASKS: [Color32; 8] = [
    Color32::from_rgb(0, 114, 178),
    Color32::from_rgb(230, 159, 0),
    Color32::from_rgb(0, 158, 115),
    Color32::from_rgb(204, 121, 167),
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(213, 94, 0),
    Color32::from_rgb(240, 228, 66),
    Color32::from_rgb(60, 60, 60),
];

/// A pattern over a color.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// The color alone.
    Solid,
    /// Upright stripes.
    Upright,
    /// A line along the middle.
    Middle,
    /// Lines at both edges.
    Edges,
}

/// The color and pattern of a task: eight colors, then the same with patterns.
pub fn task(index: u32, dark: bool) -> (Color32, Pattern) {
    let patterns = [Pattern::Solid, Pattern::Upright, Pattern::Middle, Pattern::Edges];
    let color = match (index % 8, dark) {
        (7, true) => Color32::from_rgb(200, 200, 200),
        (n, _) => TASKS[n as usize],
    };
    (color, patterns[(index / 8 % 4) as usize])
}

/// Contrast that text must have to what is behind it, as the Web Content Accessibility Guidelines 2.2 ask for (1.4.3).
pub const TEXT_CONTRAST: f32 = 4.5;
/// Contrast that what is drawn must have to what is beside it (1.4.11).
pub const SHAPE_CONTRAST: f32 = 3.0;

/// The contrast of two opaque colors, from 1 to 21, by the guidelines' formula.
pub fn contrast(one: Color32, other: Color32) -> f32 {
    // Linear parts of red, green and blue, weighed as the eye does.
    let luminance = |color: Color32| {
        let [red, green, blue, _] = egui::Rgba::from(color).to_array();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Black or white, whichever is read better on a color; one of them always is read well.
pub fn ink_on(color: Color32) -> Color32 {
    // Where both have the same contrast, about 0.18 of the light.
    let light = contrast(color, Color32::BLACK) * 0.05 - 0.05;
    if light > 0.1791 { Color32::BLACK } else { Color32::WHITE }
}

/// The color of a task's edges and lines: its own, darker or lighter where the ground asks for it. Yellow and orange
/// cannot be told from a light ground by themselves.
pub fn edge(index: u32, dark: bool) -> Color32 {
    TINTS[usize::from(dark)][(index % 8) as usize].0
}

/// A task that waits: its color, paler.
pub fn pale(index: u32, dark: bool) -> Color32 {
    TINTS[usize::from(dark)][(index % 8) as usize].1
}

/// Edges and pale colors of the eight, on light and on dark: a frame asks for them thousands of times.
static TINTS: LazyLock<[[(Color32, Color32); 8]; 2]> = LazyLock::new(|| {
    [false, true].map(|dark| {
        let toward = if dark { Color32::WHITE } else { Color32::BLACK };
        let grounds = [ground(dark), palette(dark).stripe];
        std::array::from_fn(|index| {
            let (fill, _) = task(index as u32, dark);
            let edge = (0..=20)
                .map(|step| fill.lerp_to_gamma(toward, step as f32 / 20.0))
                .find(|color| grounds.iter().all(|ground| contrast(*color, *ground) >= SHAPE_CONTRAST))
                .unwrap_or(toward);
            (edge, ground(dark).lerp_to_gamma(fill, 0.45))
        })
    })
});

/// What everything stands on.
pub fn ground(dark: bool) -> Color32 {
    if dark { Color32::from_gray(27) } else { Color32::from_gray(250) }
}

/// Colors that do not belong to a task.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Context switches.
    pub switch: Color32,
    /// The dispatcher.
    pub dispatch: Color32,
    /// What is missed or lost.
    pub bad: Color32,
    /// The ground of what must be known first, with text in the color of what is missed.
    pub alarm: Color32,
    /// What is best.
    pub good: Color32,
    /// The time cursor.
    pub cursor: Color32,
    /// Markers A and B.
    pub markers: [Color32; 2],
    /// Every other row.
    pub stripe: Color32,
    /// Lines of the grid.
    pub grid: Color32,
    /// Weak text.
    pub weak: Color32,
    /// Text.
    pub text: Color32,
    /// What is selected.
    pub selection: Color32,
}

/// The colors that go with a background.
pub fn palette(dark: bool) -> Palette {
    if dark {
        Palette {
            switch: Color32::from_rgb(150, 150, 150),
            dispatch: Color32::from_rgb(190, 170, 140),
            bad: Color32::from_rgb(255, 110, 90),
            alarm: Color32::from_rgb(60, 22, 18),
            good: Color32::from_rgb(80, 200, 150),
            cursor: Color32::from_rgb(255, 90, 90),
            markers: [Color32::from_rgb(120, 200, 255), Color32::from_rgb(255, 190, 90)],
            stripe: Color32::from_gray(32),
            grid: Color32::from_gray(55),
            weak: Color32::from_gray(160),
            text: Color32::from_gray(225),
            selection: Color32::WHITE,
        }
    } else {
        Palette {
            switch: Color32::from_rgb(110, 110, 110),
            dispatch: Color32::from_rgb(150, 120, 70),
            bad: Color32::from_rgb(190, 30, 20),
            alarm: Color32::from_rgb(253, 228, 222),
            good: Color32::from_rgb(0, 115, 80),
            cursor: Color32::from_rgb(200, 0, 0),
            markers: [Color32::from_rgb(0, 90, 160), Color32::from_rgb(160, 85, 0)],
            stripe: Color32::from_gray(242),
            grid: Color32::from_gray(215),
            weak: Color32::from_gray(95),
            text: Color32::from_gray(20),
            selection: Color32::BLACK,
        }
    }
}

/// What part of a row's height a state takes: what runs is high, what waits is low.
pub fn height(activity: Activity) -> (f32, f32) {
    match activity {
        Activity::Run => (0.08, 0.92),
        Activity::Switch | Activity::Dispatch => (0.2, 0.92),
        Activity::Ready | Activity::Waiting => (0.6, 0.86),
        Activity::Preempted => (0.5, 0.86),
        Activity::Blocked | Activity::Joining => (0.68, 0.8),
    }
}

/// Makes the window look so.
pub fn apply(context: &Context, look: Look) {
    let theme = if look.is_dark() { Theme::Dark } else { Theme::Light };
    context.set_theme(theme);
    let colors = palette(look.is_dark());
    let mut visuals = if look.is_dark() { Visuals::dark() } else { Visuals::light() };
    visuals.override_text_color = Some(colors.text);
    visuals.panel_fill = ground(look.is_dark());
    visuals.weak_text_color = Some(colors.weak);
    visuals.hyperlink_color = colors.markers[0];
    // Nothing moves by itself: a room looks at it.
    visuals.text_cursor.blink = false;
    visuals.warn_fg_color = colors.markers[1];
    visuals.error_fg_color = colors.bad;
    if !look.is_dark() {
        visuals.widgets.inactive.bg_fill = Color32::from_gray(225);
        visuals.widgets.inactive.weak_bg_fill = Color32::from_gray(232);
    }
    if look.projector {
        visuals.widgets.inactive.bg_stroke = Stroke::new(1.5, Color32::from_gray(120));
    }
    context.set_visuals_of(theme, visuals);
    context.style_mut_of(theme, |style| {
        let mono = FontFamily::Monospace;
        style.text_styles.insert(TextStyle::Monospace, FontId::new(12.5, mono));
        style.text_styles.insert(TextStyle::Small, FontId::new(10.5, FontFamily::Proportional));
        style.spacing.item_spacing = egui::vec2(6.0, 5.0);
    });
    context.set_zoom_factor(look.zoom());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contrast_is_that_of_the_guidelines() {
        for (one, other, expected) in [
            (Color32::BLACK, Color32::WHITE, 21.0),
            (Color32::WHITE, Color32::WHITE, 1.0),
            // Worked out by hand: 0x77 is 0.1845 of the light, (1 + 0.05) / (0.1845 + 0.05).
            (Color32::from_gray(0x77), Color32::WHITE, 4.478),
            (Color32::from_rgb(255, 0, 0), Color32::WHITE, 3.998),
        ] {
            assert!((contrast(one, other) - expected).abs() < 0.01, "{one:?} {other:?}");
        }
    }

    #[test]
    fn tasks_can_be_told_from_the_ground_and_their_names_read() {
        for dark in [false, true] {
            for index in 0..32 {
                let (fill, _) = task(index, dark);
                assert!(contrast(ink_on(fill), fill) >= TEXT_CONTRAST, "name on {index}, dark: {dark}");
                for ground in [ground(dark), palette(dark).stripe] {
                    let found = contrast(edge(index, dark), ground);
                    assert!(found >= SHAPE_CONTRAST, "edge of {index}, dark: {dark}: {found}");
                }
            }
        }
    }

    #[test]
    fn every_color_that_says_something_can_be_seen_on_every_ground() {
        for dark in [false, true] {
            let colors = palette(dark);
            assert!(contrast(colors.bad, colors.alarm) >= TEXT_CONTRAST, "what must be known first");
            for ground in [ground(dark), colors.stripe] {
                let texts =
                    [colors.text, colors.weak, colors.bad, colors.good, colors.markers[0], colors.markers[1]];
                for text in texts {
                    assert!(contrast(text, ground) >= TEXT_CONTRAST, "text {text:?} on {ground:?}");
                }
                for shape in [colors.switch, colors.dispatch, colors.cursor, colors.selection] {
                    assert!(contrast(shape, ground) >= SHAPE_CONTRAST, "{shape:?} on {ground:?}");
                }
            }
            for plate in [colors.cursor, colors.markers[0], colors.markers[1], colors.switch, colors.dispatch]
            {
                assert!(contrast(ink_on(plate), plate) >= TEXT_CONTRAST, "{plate:?}");
            }
        }
    }
}
