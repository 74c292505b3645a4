//! On a desktop: the platform's dialogs, files by their paths.

use crate::app::action::Action;
use crate::files::Export;
use crate::tr;
use egui::{Context, DroppedFileHandle};
use experiments::background::{Background, Outcome, Reporter};
use scenarios::Input;
use scenarios::lessons::{Folder, is_page};
use std::io::{self, Write as _};
use std::path::Path;

/// Larger files are for the command line, in bytes.
pub const BYTES_MAX: u64 = 1 << 28;

/// What the platform was asked, and what came from it.
#[derive(Default)]
pub struct Desk {
    dialog: Option<Background<Option<Action>>>,
    came: Vec<Action>,
}

impl Desk {
    /// Asks for a file to open.
    pub fn ask_open(&mut self, context: &Context) {
        let ask = || rfd::FileDialog::new().pick_file().map(|path| Action::Open(path.display().to_string()));
        self.ask(context, ask);
    }

    /// Asks where to write.
    pub fn ask_save(&mut self, context: &Context, export: Export, name: String, suffix: &'static str) {
        self.ask(context, move || {
            let dialog = rfd::FileDialog::new().set_file_name(name).add_filter(suffix, &[suffix]);
            dialog.save_file().map(|path| Action::Save(export, path.display().to_string()))
        });
    }

    /// A dialog stands beside the window, which goes on.
    fn ask(&mut self, context: &Context, ask: impl FnOnce() -> Option<Action> + Send + 'static) {
        let context = context.clone();
        let work = move |_: &Reporter<'_>| ask();
        self.dialog = Some(Background::start(work, move || context.request_repaint()));
    }

    /// Takes a file that was dropped on the window.
    pub fn receive(&mut self, _context: &Context, file: &DroppedFileHandle) {
        let path = file.path();
        if std::fs::symlink_metadata(path).is_ok() {
            // The one place that opens files looks at its size first, and tells about folders.
            self.came.push(Action::Open(path.display().to_string()));
            return;
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_path_buf);
        self.came.push(match file.bytes() {
            Ok(bytes) => Action::OpenBytes { name, bytes, folder },
            Err(_) => Action::Open(path.display().to_string()),
        });
    }

    /// What has come since.
    pub fn answers(&mut self) -> Vec<Action> {
        if let Some(answer) = self.dialog.as_ref().and_then(Background::take) {
            self.dialog = None;
            match answer {
                Outcome::Done(action) => self.came.extend(action),
                // A dialog that cannot be shown is one that was closed; there is a field for a path beside it.
                Outcome::Panicked(_) => {}
            }
        }
        std::mem::take(&mut self.came)
    }
}

/// How long a frame may go on with work: work is on threads.
pub fn pause() -> impl Fn() -> bool {
    || false
}

/// Reads a file or an input of the library.
///
/// # Errors
/// Words for the user.
pub fn read(name: &str) -> Result<Input, Vec<String>> {
    let path = Path::new(name);
    if let Ok(about) = std::fs::metadata(path) {
        // A pipe or a device could keep the window waiting for ever. A folder is told by the reader itself.
        if !about.is_file() && !about.is_dir() {
            return Err(vec![tr!("open-no-file", name = name)]);
        }
        if about.len() > BYTES_MAX && about.is_file() {
            return Err(vec![super::too_large(name)]);
        }
    } else if let Some(input) = Input::library(name) {
        return Ok(input);
    }
    let words =
        |mistakes: Vec<scenarios::Diagnostic>| mistakes.iter().flat_map(crate::catalog::sentences).collect();
    Input::read(if name == "-" { "./-" } else { name }).map_err(words)
}

/// Reads a lesson of one's own, where this is the name of its folder or of its text; `None` for anything else.
pub fn lesson(name: &str) -> Option<Result<Folder, Vec<scenarios::Diagnostic>>> {
    let path = Path::new(name);
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_text = is_page(file) && path.is_file();
    (is_text || path.join("lesson.md").is_file()).then(|| Folder::read(path))
}

/// Writes a file under a name of its own and renames it, so that it appears whole or not at all.
///
/// # Errors
/// Words for the user.
pub fn write(path: &str, bytes: &[u8]) -> Result<(), String> {
    let path = Path::new(path);
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = parent.unwrap_or_else(|| Path::new("."));
    let whole = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".dispatchlab-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    whole().map_err(|error| format!("{}: {error}", path.display()))
}
