//! The lessons of the library, read once.

use experiments::lessons::unit_of;
use scenarios::Diagnostic;
use scenarios::lessons::{Lesson, read_library};
use std::sync::{Arc, LazyLock};

/// A lesson, or the name of its folder and what is wrong with it.
pub type Found = Result<Arc<Lesson>, (String, Vec<Diagnostic>)>;

static LIBRARY: LazyLock<Vec<Found>> = LazyLock::new(|| {
    let found = read_library(&unit_of).into_iter();
    found.map(|lesson| lesson.map(Arc::new).map_err(|(id, found)| (id.to_owned(), found))).collect()
});

/// All lessons that come with the program, in their order.
pub fn library() -> &'static [Found] {
    &LIBRARY
}

/// Those that can be shown.
pub fn all() -> impl DoubleEndedIterator<Item = &'static Arc<Lesson>> {
    library().iter().filter_map(|found| found.as_ref().ok())
}

/// A lesson by its id.
pub fn get(id: &str) -> Option<&'static Arc<Lesson>> {
    all().find(|lesson| lesson.id == id)
}

/// The lesson after one, or before it; of one's own lessons the first of the library.
pub fn beside(id: Option<&str>, next: bool) -> Option<&'static Arc<Lesson>> {
    let lessons: Vec<_> = all().collect();
    let at = lessons.iter().position(|lesson| Some(&*lesson.id) == id);
    match (at, next) {
        (None, true) => lessons.first().copied(),
        (None, false) => None,
        (Some(at), true) => lessons.get(at + 1).copied(),
        (Some(at), false) => at.checked_sub(1).map(|at| lessons[at]),
    }
}
