//! Lessons as folders: those of the library are right, those of `library/invalid/lessons` are told why not.

use scenarios::lessons::{Block, FIRST_LANGUAGE, Folder, Lesson, library, read_library};
use scenarios::{Diagnostic, render};
use std::path::{Path, PathBuf};

/// Enough metrics for these tests; `experiments` knows them all.
fn unit_of(metric: &str) -> Result<&'static str, String> {
    match metric.split('/').next().unwrap_or_default() {
        "response" | "waiting" | "first_response" | "makespan" | "overhead" | "ready" => match metric {
            "overhead/share" => Ok("ratio"),
            _ => Ok("ns"),
        },
        "throughput" => Ok("1/s"),
        "bogus" => Err(format!("unknown metric `{metric}`")),
        _ => Ok("count"),
    }
}

fn shown(folder: &Folder, found: &[Diagnostic]) -> String {
    let texts = folder.texts();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, *text)).collect();
    render(found, &texts, false, 120)
}

#[test]
fn every_lesson_of_the_library_can_be_read_in_every_language() {
    for folder in library() {
        let lesson = Lesson::read(folder, &unit_of)
            .unwrap_or_else(|found| panic!("{}\n{}", folder.id, shown(folder, &found)));
        for language in [FIRST_LANGUAGE, "de"] {
            let page = lesson.pages.get(language).unwrap_or_else(|| panic!("{} lacks {language}", folder.id));
            assert!(!page.title.is_empty() && !page.summary.is_empty(), "{}", folder.id);
            assert!(page.summary.chars().count() <= 80, "{}: the summary is one line", folder.id);
            let answers = page.blocks.iter().filter(|block| matches!(block, Block::Answer { .. })).count();
            assert!(answers > 0, "{} answers nothing in {language}", folder.id);
            assert!(page.links.len() >= 3, "{} has little to do in {language}", folder.id);
            // Every number of a fact is there.
            let text = page.markdown();
            for name in &page.facts {
                assert!(!text.contains(&format!("{{{name}}}")), "{}: {{{name}}} is left", folder.id);
            }
        }
        assert!(!lesson.facts.is_empty());
    }
}

#[test]
fn lessons_come_in_their_order() {
    let lessons = read_library(&unit_of);
    let orders: Vec<u32> = lessons.iter().map(|lesson| lesson.as_ref().expect("right").order).collect();
    assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
    assert_eq!(orders.len(), library().len());
}

#[test]
fn numbers_stand_in_the_text_as_each_language_writes_them() {
    let folder = library().iter().find(|folder| folder.id == "convoy").expect("there");
    let lesson = Lesson::read(folder, &unit_of).expect("right");
    assert!(lesson.page("en").markdown().contains("5.67\u{a0}ms"));
    assert!(lesson.page("de").markdown().contains("5,67\u{a0}ms"));
    // A language that it does not have.
    assert_eq!(lesson.page("xx").language, "en");
}

fn invalid() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("library/invalid/lessons");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// Each invalid lesson beside what must be shown for it. `DISPATCHLAB_BLESS=1` writes what is shown now; read the difference
/// before it is committed.
#[test]
fn invalid_lessons_are_shown_with_place_and_cure() {
    let bless = std::env::var_os("DISPATCHLAB_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in invalid() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut folder = Folder::read(&path).unwrap();
        // Without the path of this machine.
        folder.prefix = format!("{name}/");
        let found = Lesson::read(&folder, &unit_of).expect_err(name);
        let text = shown(&folder, &found);
        let expected = path.with_extension("stderr");
        if bless {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{} is not what is shown:\n{text}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let found = Folder::read(Path::new("no/such/folder")).expect_err("there is none");
    assert!(found[0].message.starts_with("cannot be read"), "{found:?}");
}
