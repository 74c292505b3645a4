//! The platform's window around the app: storage, title, and nothing else.

use crate::App;
use crate::app::panes::Pane;
use crate::app::state::Settings;
use egui_tiles::Tree;

const SETTINGS: &str = "settings";
const LAYOUT: &str = "layout";

/// The app in a window.
pub struct Window {
    app: App,
    title: String,
}

impl Window {
    /// With what was kept; `prepare` opens what the command line asks for.
    pub fn new(creation: &eframe::CreationContext<'_>, prepare: impl FnOnce(&mut App)) -> Window {
        let kept = creation.storage;
        let settings: Settings =
            kept.and_then(|storage| eframe::get_value(storage, SETTINGS)).unwrap_or_default();
        let tree: Option<Tree<Pane>> = kept.and_then(|storage| eframe::get_value(storage, LAYOUT));
        let mut app = App::new(settings, tree, Some(creation.egui_ctx.clone()));
        prepare(&mut app);
        Window { app, title: String::new() }
    }

    /// Says in a corner that something went wrong.
    pub fn tell(&mut self, wrong: Option<String>) {
        self.app.state.news.extend(wrong.map(|words| (false, words)));
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.draw(ui);
        let name = self.app.state.setup().map(|setup| setup.short_name().to_owned());
        let title = name.map_or_else(|| "DispatchLab".to_owned(), |name| format!("{name} – DispatchLab"));
        if title != self.title {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn auto_save_interval(&self) -> std::time::Duration {
        // A page is closed without being asked.
        std::time::Duration::from_secs(if cfg!(target_arch = "wasm32") { 2 } else { 30 })
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS, &self.app.state.settings);
        eframe::set_value(storage, LAYOUT, &self.app.tree);
    }
}
