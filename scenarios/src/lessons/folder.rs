//! The files of a lesson, from the library or from a folder of one's own.

use super::is_input;
use crate::diagnostic::Diagnostic;
use crate::input::Input;
use crate::library::{FILES, LESSONS};
use crate::options::Options;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

/// The files of a lesson as they are.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The name of the folder.
    pub id: String,
    /// What stands before a file's name in messages: `lessons/convoy/`, `../mine/`.
    pub prefix: String,
    /// Names with their texts, by name; files that are no part of a lesson are left out.
    pub files: BTreeMap<String, Cow<'static, str>>,
    /// Where it is, for inputs that name files; `None` in the library.
    pub path: Option<PathBuf>,
}

static LIBRARY: LazyLock<Vec<Folder>> = LazyLock::new(|| {
    let mut folders: BTreeMap<&str, Folder> = BTreeMap::new();
    for (name, text) in FILES {
        let Some((id, file)) = name.strip_prefix(LESSONS).and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let folder = folders.entry(id).or_insert_with(|| Folder {
            id: id.to_owned(),
            prefix: format!("{LESSONS}{id}/"),
            files: BTreeMap::new(),
            path: None,
        });
        folder.files.insert(file.to_owned(), Cow::Borrowed(text));
    }
    folders.into_values().collect()
});

/// The folders of all lessons that come with the program, by name.
pub fn library() -> &'static [Folder] {
    &LIBRARY
}

/// Whether a file of this name is a text of a lesson: `lesson.md`, `lesson.de.md`.
pub fn is_page(file: &str) -> bool {
    file.strip_prefix("lesson.").is_some_and(|rest| rest.rsplit('.').next() == Some("md"))
}

impl Folder {
    /// Reads a folder, or the folder of one of its texts (`mine/lesson.md`).
    ///
    /// # Errors
    /// It cannot be read, or a file of it is not UTF-8 text.
    #[cfg(feature = "files")]
    pub fn read(path: &std::path::Path) -> Result<Folder, Vec<Diagnostic>> {
        /// Longer files are no part of a lesson.
        const MOST: u64 = 1 << 24;
        let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
        let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
        let shown = folder.display().to_string();
        let cannot = |name: &str, error: &std::io::Error| {
            super::whole(name, "S090", &format!("cannot be read: {error}"), "")
        };
        let entries = std::fs::read_dir(folder).map_err(|error| cannot(&shown, &error))?;
        let mut files = BTreeMap::new();
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| cannot(&shown, &error))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let wanted = is_page(name) || is_input(name) || name == super::fact::FILE;
            if name.starts_with('.') || !wanted || !path.is_file() {
                continue;
            }
            let file = format!("{shown}/{name}");
            let most = crate::bounds::max_input(MOST);
            if path.metadata().is_ok_and(|data| data.len() > most) {
                let message = format!("longer than {}", crate::bounds::bytes_text(most));
                found.extend(super::whole(&file, "S003", &message, crate::bounds::MORE_INPUT));
                continue;
            }
            match std::fs::read(&path).map(String::from_utf8) {
                Ok(Ok(text)) => {
                    files.insert(name.to_owned(), Cow::Owned(text));
                }
                Ok(Err(_)) => found.extend(super::whole(&file, "S005", "not UTF-8 text", "")),
                Err(error) => found.extend(cannot(&file, &error)),
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let id = whole.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
        Ok(Folder { id, prefix: format!("{shown}/"), files, path: Some(folder.to_owned()) })
    }

    /// A file's name as messages have it.
    pub fn name(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }

    /// All files by the names that diagnostics have for them, for [`render`](crate::render).
    pub fn texts(&self) -> Vec<(String, &str)> {
        self.files.iter().map(|(file, text)| (self.name(file), &**text)).collect()
    }

    /// The inputs by name without suffix. Each must load as it is.
    pub(crate) fn inputs(&self, found: &mut Vec<Diagnostic>) -> BTreeMap<String, Input> {
        let mut inputs = BTreeMap::new();
        for (file, text) in self.files.iter().filter(|(file, _)| is_input(file)) {
            let stem = file.rsplit_once('.').map_or(&**file, |(stem, _)| stem);
            match Input::of(&self.name(file), text.as_bytes().to_vec(), self.path.clone()) {
                Ok(input) => {
                    if let Err(mistakes) = crate::load(&input, &Options::default()) {
                        found.extend(mistakes);
                    }
                    // The name that the command line has for it.
                    let name = match self.path {
                        None => format!("{}{stem}", self.prefix),
                        Some(_) => input.name.clone(),
                    };
                    inputs.insert(stem.to_owned(), Input { name, ..input });
                }
                Err(mistakes) => found.extend(mistakes),
            }
        }
        inputs
    }
}
