//! A window without a display.

use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::state::Settings;
use dispatchlab_gui::raster::Raster;
use egui_kittest::{Harness, TestRenderer};
use std::path::{Path, PathBuf};

/// Draws pictures on the processor.
#[derive(Default)]
struct Pictures(Raster);

impl TestRenderer for Pictures {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        self.0.update(delta);
    }

    fn render(&mut self, ctx: &egui::Context, output: &egui::FullOutput) -> Result<image::RgbaImage, String> {
        let points = ctx.content_rect().size();
        let size = [points.x, points.y].map(|side| (side * output.pixels_per_point).round() as usize);
        let primitives = ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
        let background = ctx.global_style().visuals.panel_fill;
        let image = self.0.draw(&primitives, output.pixels_per_point, size, background);
        let bytes = image.pixels.iter().flat_map(egui::Color32::to_array).collect();
        image::RgbaImage::from_raw(size[0] as u32, size[1] as u32, bytes).ok_or_else(|| "size".to_owned())
    }
}

/// A window as on a fresh machine.
pub fn fresh() -> Harness<'static, App> {
    with(App::new(Settings::default(), None, None))
}

/// A window with an input of the library open.
pub fn opened(name: &str) -> Harness<'static, App> {
    let mut app = App::new(Settings::default(), None, None);
    app.apply(Action::Open(name.to_owned()));
    app.wait();
    with(app)
}

/// A window around an app.
pub fn with(app: App) -> Harness<'static, App> {
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_max_steps(80)
        .renderer(Pictures::default())
        .build_ui_state(|ui, app: &mut App| app.draw(ui), app);
    harness.run();
    harness
}

/// Ends a run early: the showcase is long for a dev build.
pub fn until(harness: &mut Harness<'_, App>, time: &str) {
    let mut setup = harness.state().state.setup().expect("something is open").clone();
    setup.options.until = Some(time.to_owned());
    setup.options.warmup = Some("0".to_owned());
    act(harness, Action::Change { what: String::new(), setup: Box::new(setup) });
}

/// Carries an action out and lets the window settle.
pub fn act(harness: &mut Harness<'_, App>, action: Action) {
    harness.state_mut().apply(action);
    harness.state_mut().wait();
    harness.run();
}

/// The command line, where it was built beside this test from the sources as they are; else it is said that the test did
/// not run.
pub fn program(test: &str) -> Option<PathBuf> {
    let found = std::env::current_exe().ok().and_then(|own| {
        let program = own.parent()?.parent()?.join(format!("dispatchlab{}", std::env::consts::EXE_SUFFIX));
        let built = program.metadata().and_then(|about| about.modified()).ok()?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
        let crates = ["sim-core", "policies", "scenarios", "experiments", "reports", "cli"];
        let mut folders: Vec<PathBuf> = crates.map(|name| root.join(name).join("src")).to_vec();
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().ok()?.flatten() {
                let about = entry.metadata().ok()?;
                if about.is_dir() {
                    folders.push(entry.path());
                } else if about.modified().ok()? > built {
                    return None;
                }
            }
        }
        Some(program)
    });
    if found.is_none() {
        println!(
            "DID NOT RUN: {test}: the command line is not built beside it, or not from the sources as they are"
        );
    }
    found
}
