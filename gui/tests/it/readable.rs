//! What is on the window can be read: contrast, and nothing cut or written over something else.

use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::{self, Pane};
use dispatchlab_gui::app::state::Settings;
use dispatchlab_gui::raster::Raster;
use dispatchlab_gui::theme::{Look, TEXT_CONTRAST, Tone, contrast};
use dispatchlab_gui::words::Language;
use egui::epaint::{ClippedShape, TextShape};
use egui::{Color32, ColorImage, Context, Pos2, RawInput, Rect, Shape, Vec2};
use egui_tiles::{Container, Tile};
use std::collections::BTreeMap;

const LIGHT: Look = Look { tone: Tone::Light, projector: false };
const DARK: Look = Look { tone: Tone::Dark, projector: false };
const PROJECTOR: Look = Look { tone: Tone::Light, projector: true };

/// Draws a window without a display, as a picture of it is made.
struct Window {
    context: Context,
    raster: Raster,
    app: App,
    /// In pixels.
    size: [usize; 2],
    frame: u32,
}

/// What a frame has.
struct Seen {
    texts: Vec<Text>,
    /// Frames of buttons and fields that are cut at a side, by how much.
    cut: Vec<(Rect, f32)>,
    /// Everything but the texts.
    ground: ColorImage,
    scale: f32,
    /// Places of what cannot be used at the moment, which may be pale.
    disabled: Vec<Rect>,
}

struct Text {
    words: String,
    color: Color32,
    /// Where it would be, and what is seen of it.
    whole: Rect,
    seen: Rect,
}

impl Window {
    fn new(look: Look, language: Language, size: [usize; 2]) -> Window {
        let context = Context::default();
        context.enable_accesskit();
        let mut app = App::new(Settings { look, language, ..Settings::default() }, None, None);
        app.apply(Action::Open("stallings".to_owned()));
        let setup = app.state.setup().expect("open").with_policy(None, "round-robin:quantum=1ms");
        app.apply(Action::Change { what: String::new(), setup: Box::new(setup) });
        app.apply(Action::Race(vec!["srtf".to_owned(), "hrrn".to_owned()]));
        app.apply(Action::Replications(3));
        app.apply(Action::RunRace);
        app.apply(Action::Seek(9_000_000));
        app.wait();
        app.state.news.clear();
        Window { context, raster: Raster::default(), app, size, frame: 0 }
    }

    /// Brings panes to the front, one of each group.
    fn show(&mut self, panes: &[Pane]) -> Seen {
        for pane in panes {
            self.app.apply(Action::Show(*pane));
        }
        let mut last = self.step();
        for _ in 0..3 {
            last = self.step();
        }
        let scale = last.pixels_per_point;
        let mut texts = Vec::new();
        let mut rest = Vec::new();
        for clipped in std::mem::take(&mut last.shapes) {
            split(clipped.shape, clipped.clip_rect, &mut texts, &mut rest);
        }
        let cut = rest.iter().filter_map(cut).collect();
        let primitives = self.context.tessellate(rest, scale);
        let ground = self.raster.draw(&primitives, scale, self.size, Color32::BLACK);
        let tree = last.platform_output.accesskit_update.take().expect("it was asked for");
        let place = |bounds: egui::accesskit::Rect| {
            let at = |x: f64, y: f64| Pos2::new(x as f32, y as f32);
            Rect::from_min_max(at(bounds.x0, bounds.y0), at(bounds.x1, bounds.y1)).expand(2.0)
        };
        let disabled = tree.nodes.iter().filter(|(_, node)| node.is_disabled());
        let disabled = disabled.filter_map(|(_, node)| node.bounds()).map(place).collect();
        Seen { texts, cut, ground, scale, disabled }
    }

    fn step(&mut self) -> egui::FullOutput {
        let pixels = Vec2::new(self.size[0] as f32, self.size[1] as f32);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, pixels / self.context.pixels_per_point())),
            time: Some(f64::from(self.frame) * 0.25),
            predicted_dt: 0.25,
            ..RawInput::default()
        };
        self.frame += 1;
        let app = &mut self.app;
        let mut output = self.context.run_ui(input, |ui| app.draw(ui));
        self.raster.update(&mut output.textures_delta);
        output
    }
}

/// Texts, and shapes without them.
fn split(shape: Shape, clip: Rect, texts: &mut Vec<Text>, rest: &mut Vec<ClippedShape>) {
    match shape {
        Shape::Vec(shapes) => shapes.into_iter().for_each(|shape| split(shape, clip, texts, rest)),
        Shape::Text(text) => read(&text, clip, texts),
        shape => rest.push(ClippedShape::new(clip, shape)),
    }
}

/// A rounded frame that begins within what is seen and ends outside.
fn cut(clipped: &ClippedShape) -> Option<(Rect, f32)> {
    let Shape::Rect(shape) = &clipped.shape else { return None };
    let (rect, clip) = (shape.rect, clipped.clip_rect);
    let over = (rect.right() - clip.right()).max(clip.left() - rect.left());
    let is_widget = shape.corner_radius != egui::CornerRadius::ZERO && rect.height() > 10.0;
    (is_widget && over > 3.0 && rect.intersects(clip)).then_some((rect, over))
}

/// The lines of a text.
fn read(text: &TextShape, clip: Rect, texts: &mut Vec<Text>) {
    if text.angle != 0.0 {
        return;
    }
    let own = text.galley.job.sections.first().map_or(Color32::PLACEHOLDER, |section| section.format.color);
    let color = if own == Color32::PLACEHOLDER { text.fallback_color } else { own };
    let color = text.override_text_color.unwrap_or(color).gamma_multiply(text.opacity_factor);
    for row in &text.galley.rows {
        let words = row.text().trim().to_owned();
        let whole = row.visuals.mesh_bounds.translate(text.pos.to_vec2() + row.pos.to_vec2());
        let seen = whole.intersect(clip);
        if !words.is_empty() && seen.is_positive() {
            texts.push(Text { words, color, whole, seen });
        }
    }
}

impl Seen {
    /// The commonest color behind a text.
    fn behind(&self, text: &Text) -> Color32 {
        let [width, height] = self.ground.size;
        let pixel = |points: f32, most: usize| ((points * self.scale) as usize).min(most - 1);
        let (left, right) = (pixel(text.seen.left(), width), pixel(text.seen.right(), width));
        let (top, bottom) = (pixel(text.seen.top(), height), pixel(text.seen.bottom(), height));
        let mut counts: BTreeMap<[u8; 4], usize> = BTreeMap::new();
        for y in top..=bottom {
            for x in left..=right {
                *counts.entry(self.ground.pixels[y * width + x].to_array()).or_default() += 1;
            }
        }
        let [r, g, b, _] = counts.into_iter().max_by_key(|(_, count)| *count).expect("it is somewhere").0;
        Color32::from_rgb(r, g, b)
    }

    fn is_disabled(&self, text: &Text) -> bool {
        self.disabled.iter().any(|place| place.contains(text.seen.center()))
    }
}

/// Panes that are seen together, so that each is seen once.
fn rounds() -> Vec<Vec<Pane>> {
    let mut rounds: Vec<Vec<Pane>> = Vec::new();
    let tree = panes::first();
    for tile in tree.tiles.tiles() {
        let Tile::Container(Container::Tabs(tabs)) = tile else { continue };
        for (index, child) in tabs.children.iter().enumerate() {
            let Some(Tile::Pane(pane)) = tree.tiles.get(*child) else { continue };
            if rounds.len() <= index {
                rounds.push(Vec::new());
            }
            rounds[index].push(*pane);
        }
    }
    for panes in &mut rounds {
        panes.sort_unstable();
    }
    assert_eq!(rounds.iter().map(Vec::len).sum::<usize>(), Pane::ALL.len());
    rounds
}

/// Texts that are hard to read.
fn pale(seen: &Seen, place: &str, found: &mut Vec<String>) {
    for text in seen.texts.iter().filter(|text| !seen.is_disabled(text)) {
        let behind = seen.behind(text);
        let above = behind.blend(text.color);
        let contrast = contrast(above, behind);
        if contrast < TEXT_CONTRAST {
            found.push(format!("{place}: {contrast:.2} `{}` {above:?} on {behind:?}", text.words));
        }
    }
}

/// Texts and frames that are cut, and texts over each other.
fn cramped(seen: &Seen, place: &str, found: &mut Vec<String>) {
    for (rect, over) in &seen.cut {
        found.push(format!("{place}: the frame at {rect:?} is cut by {over:.0}"));
    }
    for (index, text) in seen.texts.iter().enumerate() {
        let cut = (text.seen.left() - text.whole.left()).max(text.whole.right() - text.seen.right());
        if cut > 1.5 {
            found.push(format!("{place}: `{}` is cut by {cut:.0}", text.words));
        }
        for other in &seen.texts[..index] {
            let both = text.seen.intersect(other.seen);
            if both.width() > 2.0 && both.height() > 4.0 {
                found.push(format!("{place}: `{}` over `{}`", text.words, other.words));
            }
        }
    }
}

fn none(mut found: Vec<String>) {
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} texts:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_text_of_every_pane_has_contrast_in_every_look() {
    let mut found = Vec::new();
    for (look, name) in [(LIGHT, "light"), (DARK, "dark"), (PROJECTOR, "projector")] {
        let mut window = Window::new(look, Language::English, [1280, 800]);
        for panes in rounds() {
            let seen = window.show(&panes);
            assert!(seen.texts.len() > 20, "{panes:?}: {} texts", seen.texts.len());
            pale(&seen, name, &mut found);
        }
    }
    none(found);
}

#[test]
fn no_text_is_cut_at_its_side_or_written_over_another() {
    let mut found = Vec::new();
    for (look, size) in [(LIGHT, [1280, 800]), (LIGHT, [1024, 640]), (PROJECTOR, [1280, 800])] {
        for language in Language::ALL {
            let mut window = Window::new(look, language, size);
            for panes in rounds() {
                let seen = window.show(&panes);
                let name = if look.projector { "projector" } else { "" };
                let place = format!("{} {size:?} {name} {panes:?}", language.code());
                cramped(&seen, &place, &mut found);
            }
        }
    }
    none(found);
}

/// A prediction has states of its own: asked, with a hint, answered, over; a drawing with its grade; a sheet with its key.
#[test]
fn a_prediction_can_be_read_at_every_step() {
    use dispatchlab_gui::app::predict::draw::Stroke;
    use dispatchlab_gui::app::predict::{Act, Way};
    use experiments::exercise::{Ask, Pick};
    let line = Act::Draw(Stroke::Line { core: 0, from: 1, to: 8, same: false });
    let steps = [
        ("asked", vec![Act::Ask(Ask { single: false, arrivals: false }), Act::Begin(Way::Next)]),
        ("hint", vec![Act::Hint]),
        ("wrong", vec![Act::Answer(Pick::Nobody)]),
        ("right", vec![Act::Go, Act::Choose(0)]),
        ("over", vec![Act::Go]),
        ("drawing", vec![Act::Begin(Way::Draw), line, Act::Choose(3), Act::Draw(Stroke::Type(Some(3)))]),
        ("graded", vec![Act::Go, Act::Reveal]),
        ("sheet", vec![Act::Leave, Act::Key(true)]),
    ];
    let mut found = Vec::new();
    let (english, german) = (Language::English, Language::German);
    for (look, language) in [(LIGHT, english), (DARK, german), (PROJECTOR, english), (PROJECTOR, german)] {
        let mut window = Window::new(look, language, [1280, 800]);
        for (step, acts) in &steps {
            for act in acts {
                window.app.apply(Action::Predict(act.clone()));
            }
            if *step == "over" {
                for _ in 0..20 {
                    window.app.apply(Action::Predict(Act::Skip));
                }
            }
            let seen = window.show(&[Pane::Exercise, Pane::Chart]);
            let place = format!("{} {look:?} {step}", language.code());
            pale(&seen, &place, &mut found);
            cramped(&seen, &place, &mut found);
        }
    }
    none(found);
}
