//! The colors of charts, for light and for dark backgrounds.
//!
//! Series take the palette of Okabe and Ito (2008), which people with any kind of color vision can tell apart, and never
//! color alone: a marker or a dash goes with it. Every ink has a color of its own on light ground, so that a style sheet
//! can exchange all of them for those of dark ground.

use std::fmt::Write as _;

/// What something is drawn with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    /// The ground.
    Ground,
    /// Titles and labels.
    Text,
    /// Ticks, axis titles, remarks.
    Muted,
    /// Grid lines.
    Grid,
    /// Axes, outlines, hatches.
    Axis,
    /// Reference lines such as a target.
    Mark,
    /// Text on bars of a dark color.
    OnDark,
    /// Text on bars of a light color.
    OnLight,
    /// The n-th series, modulo [`SERIES`].
    Series(usize),
    /// A level of a scale from 0 to [`LEVELS`] - 1.
    Level(usize),
}

/// Different colors of series.
pub(super) const SERIES: usize = 7;
/// Steps of the sequential scale.
pub(super) const LEVELS: usize = 9;

/// 24-bit colors on light and on dark ground.
type Pair = (u32, u32);

const SERIES_COLORS: [Pair; SERIES] = [
    (0x00_72B2, 0x45_9FDB), // blue
    (0xD5_5E00, 0xEE_7733), // vermillion
    (0x00_9E73, 0x1F_BF92), // bluish green
    (0xCC_79A7, 0xDD_93BD), // reddish purple
    (0xE6_9F00, 0xEE_B73B), // orange
    (0x56_B4E9, 0x9B_DAFF), // sky blue
    (0x40_464D, 0xC4_CAD1), // the palette's black, softened
];

/// One hue from pale to deep, so that the order survives a print in gray; turned around on dark ground.
const LEVEL_COLORS: [Pair; LEVELS] = [
    (0xF2_F7FB, 0x10_1F2E),
    (0xDC_EAF5, 0x15_3149),
    (0xC0_DAEC, 0x1A_4464),
    (0x9D_C7E1, 0x1F_5880),
    (0x74_AFD3, 0x2A_6E9E),
    (0x4A_93C2, 0x3F_87B8),
    (0x29_75AC, 0x64_A4CE),
    (0x13_5590, 0x94_C4E2),
    (0x08_3466, 0xCB_E4F4),
];

impl Ink {
    fn pair(self) -> Pair {
        match self {
            Ink::Ground => (0xFF_FFFF, 0x14_181D),
            Ink::Text => (0x1F_2328, 0xE8_EDF2),
            Ink::Muted => (0x57_606A, 0xA3_ADB8),
            Ink::Grid => (0xE1_E5EA, 0x2A_3139),
            Ink::Axis => (0x8B_949E, 0x6C_7681),
            Ink::Mark => (0xA4_0E26, 0xFF_8182),
            Ink::OnDark => (0xFF_FFFE, 0x0B_0E11),
            Ink::OnLight => (0x0B_0D0F, 0x0B_0E12),
            Ink::Series(index) => SERIES_COLORS[index % SERIES],
            Ink::Level(level) => LEVEL_COLORS[level.min(LEVELS - 1)],
        }
    }

    /// Red, green and blue.
    pub(super) fn rgb(self, dark: bool) -> (u8, u8, u8) {
        let (light_color, dark_color) = self.pair();
        let [_, r, g, b] = (if dark { dark_color } else { light_color }).to_be_bytes();
        (r, g, b)
    }

    /// The ink of a text on something drawn with this one.
    pub(super) fn text_on(self) -> Ink {
        let (light, _) = self.pair();
        let [_, r, g, b] = light.to_be_bytes();
        // Relative luminance of sRGB, by its common approximation in integers.
        let luminance = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
        if luminance < 100_000 { Ink::OnDark } else { Ink::OnLight }
    }
}

/// Every ink, once.
fn all() -> impl Iterator<Item = Ink> {
    let plain =
        [Ink::Ground, Ink::Text, Ink::Muted, Ink::Grid, Ink::Axis, Ink::Mark, Ink::OnDark, Ink::OnLight];
    plain.into_iter().chain((0..SERIES).map(Ink::Series)).chain((0..LEVELS).map(Ink::Level))
}

/// Rules of a style sheet that give charts drawn for light ground the colors for dark ground. `scope` is a selector.
pub(crate) fn dark_rules(scope: &str) -> String {
    let mut rules = String::new();
    for ink in all() {
        let (light, dark) = ink.pair();
        let _ = write!(
            rules,
            "{scope} [fill=\"#{light:06X}\"]{{fill:#{dark:06X}}}{scope} [stroke=\"#{light:06X}\"]{{stroke:#{dark:06X}}}"
        );
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_ink_has_a_color_of_its_own_on_light_ground() {
        let colors: BTreeSet<u32> = all().map(|ink| ink.pair().0).collect();
        assert_eq!(colors.len(), all().count());
    }

    /// Contrast as defined by WCAG 2: text needs 4.5, what is drawn 3 (the grid is a help and may be faint; so may the two
    /// lightest hues of the palette, which come with a marker of their own).
    #[test]
    fn text_and_series_stand_out_from_the_ground() {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        };
        let luminance =
            |(r, g, b): (u8, u8, u8)| 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        let contrast = |a: Ink, b: Ink, dark: bool| {
            let (a, b) = (luminance(a.rgb(dark)), luminance(b.rgb(dark)));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for dark in [false, true] {
            for ink in [Ink::Text, Ink::Muted, Ink::Mark] {
                assert!(contrast(ink, Ink::Ground, dark) >= 4.5, "{ink:?} dark {dark}");
            }
            for index in 0..SERIES {
                let ink = Ink::Series(index);
                let least = if dark { 4.5 } else { 2.2 };
                assert!(contrast(ink, Ink::Ground, dark) >= least, "{ink:?} dark {dark}");
                assert!(contrast(ink.text_on(), ink, dark) >= 4.0, "text on {ink:?} dark {dark}");
            }
        }
    }
}
