//! `dispatchlab lessons`: the lessons that come with the program or lie in a folder, and whether what they state is so.

use crate::args::GlobalArgs;
use crate::commands::run::print;
use crate::failure::Failure;
use crate::load;
use crate::progress::Meter;
use clap::Args;
use experiments::lessons::{Checked, check, unit_of};
use reports::manifest::quoted;
use scenarios::lessons::{Block, Expect, Folder, Lesson, Link, Page, Setting, Step, library};
use scenarios::{Input, Options};
use std::fmt::Write as _;
use std::path::Path;

/// Arguments of `lessons`.
#[derive(Args)]
pub struct LessonsArgs {
    /// A lesson of the library, or a folder with one; without it the lessons are listed
    pub lesson: Option<String>,
    /// Run what the lesson states and compare; without a lesson all of the library. Exit code 4 where something is not so
    #[arg(long)]
    pub check: bool,
    /// Language of the text
    #[arg(long, value_name = "CODE", default_value = "en")]
    pub language: String,
}

/// `dispatchlab lessons`.
pub fn run(args: &LessonsArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let lessons = match &args.lesson {
        Some(name) => vec![one(name)?],
        None => all()?,
    };
    if args.check {
        return checked(&lessons, global);
    }
    match lessons.as_slice() {
        [lesson] if args.lesson.is_some() => {
            if !lesson.pages.contains_key(&args.language) {
                let known: Vec<&str> = lesson.pages.keys().map(String::as_str).collect();
                return Err(Failure::Usage(format!(
                    "the lesson `{}` has no text in `{}`; it has {}",
                    lesson.id,
                    args.language,
                    known.join(", ")
                )));
            }
            print(&text(lesson, lesson.page(&args.language)))
        }
        _ => print(&list(&lessons, &args.language)),
    }
}

/// The lesson of this name, or in this folder.
fn one(name: &str) -> Result<Lesson, Failure> {
    let path = Path::new(name);
    let found = library().iter().find(|folder| folder.id == name);
    match found {
        // A folder of one's own goes before a name of the library.
        Some(folder) if !path.is_dir() => read(folder),
        _ if path.exists() => {
            read(&Folder::read(path).map_err(|found| Failure::Diagnostics(load::rendered(&found, None)))?)
        }
        _ => {
            let names: Vec<&str> = library().iter().map(|folder| &*folder.id).collect();
            Err(Failure::Usage(format!(
                "`{name}` is neither a folder nor a lesson; there are {}",
                names.join(", ")
            )))
        }
    }
}

fn read(folder: &Folder) -> Result<Lesson, Failure> {
    Lesson::read(folder, &unit_of).map_err(|found| {
        let texts = folder.texts();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, *text)).collect();
        Failure::Diagnostics(load::rendered_with(&found, &texts))
    })
}

fn all() -> Result<Vec<Lesson>, Failure> {
    let mut lessons: Vec<Lesson> = library().iter().map(read).collect::<Result<_, _>>()?;
    lessons.sort_by_key(|lesson| (lesson.order, lesson.id.clone()));
    Ok(lessons)
}

fn list(lessons: &[Lesson], language: &str) -> String {
    let mut text = String::new();
    let width = lessons.iter().map(|lesson| lesson.id.len()).max().unwrap_or(0);
    for lesson in lessons {
        let page = lesson.page(language);
        let _ = writeln!(text, "{:<width$}  {}", lesson.id, page.title);
        let _ = writeln!(text, "{:<width$}  {}", "", page.summary);
    }
    text
}

/// The text, with the commands that do what its buttons do.
fn text(lesson: &Lesson, page: &Page) -> String {
    let mut text = format!("# {}\n\n", page.title);
    blocks(lesson, page, &page.blocks, &mut text);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn blocks(lesson: &Lesson, page: &Page, blocks_of: &[Block], text: &mut String) {
    for block in blocks_of {
        match block {
            Block::Text(markdown) => {
                let _ = writeln!(text, "{}\n", markdown.trim());
            }
            Block::Buttons(links) => {
                for link in links.iter().map(|index| &page.links[*index]) {
                    if let [Step::Dial(name)] = link.steps.as_slice() {
                        let _ = writeln!(text, "( {}: {name} )", link.text);
                        continue;
                    }
                    let _ = writeln!(text, "[ {} ]", link.text);
                    if let Some(command) = command(lesson, link) {
                        let _ = writeln!(text, "    {command}");
                    }
                }
                text.push('\n');
            }
            Block::Answer { title, blocks: inner } => {
                let _ = writeln!(text, "## {title}\n");
                blocks(lesson, page, inner, text);
            }
        }
    }
}

/// The command that runs what a link opens; `None` for one that only moves in the window.
fn command(lesson: &Lesson, link: &Link) -> Option<String> {
    let opened = match link.steps.first() {
        Some(Step::Open(name)) => name,
        _ => &lesson.opens,
    };
    let input: Input = lesson.input(opened)?;
    let mut options = Options::default();
    let mut rest = Vec::new();
    let mut racers: &[String] = &[];
    let mut replications = None;
    let mut runs = matches!(link.steps.first(), Some(Step::Open(_)));
    for step in &link.steps {
        match step {
            Step::Set(setting) => {
                runs = true;
                setting.apply(&mut options);
                match setting {
                    Setting::Policy(_) => {}
                    Setting::Key(path, value) => {
                        rest.push(format!("--set {}", quoted(&format!("{path}={value}"))));
                    }
                    Setting::Seed(seed) => rest.push(format!("--seed {seed}")),
                    Setting::Option(name, value) => rest.push(format!("--{name} {}", quoted(value))),
                }
            }
            Step::Race(others) => {
                runs = true;
                racers = others;
            }
            Step::Replications(count) => {
                runs = true;
                replications = Some(*count);
            }
            _ => {}
        }
    }
    if !runs {
        return None;
    }
    let mut policies: Vec<String> = options.policies.iter().map(scenarios::PolicyOption::text).collect();
    let verb = if racers.is_empty() { "run" } else { "compare" };
    if !racers.is_empty() {
        if policies.is_empty() {
            policies.push(scenarios::load(&input, &options).ok()?.policy);
        }
        policies.extend(racers.iter().cloned());
    }
    let mut words = vec![format!("dispatchlab {verb} {}", quoted(&input.name))];
    words.extend(policies.iter().map(|policy| format!("--policy {}", quoted(policy))));
    words.extend(rest);
    words.extend(replications.map(|count| format!("--replications {count}")));
    Some(words.join(" "))
}

/// Runs and compares everything that the lessons state.
fn checked(lessons: &[Lesson], global: &GlobalArgs) -> Result<(), Failure> {
    let meter = Meter::new(global);
    let mut text = String::new();
    let (mut wrong, mut all) = (0, 0);
    for (index, lesson) in lessons.iter().enumerate() {
        let found = check(lesson, &|progress| {
            meter.update(index, lessons.len(), progress);
            true
        })
        .map_err(|error| Failure::Run(format!("lesson `{}`: {error}", lesson.id)))?;
        let _ = writeln!(text, "{} ({} facts)", lesson.id, found.len());
        for fact in &found {
            all += 1;
            wrong += usize::from(!fact.holds);
            line(&mut text, fact);
        }
    }
    drop(meter);
    print(&text)?;
    match wrong {
        0 => Ok(()),
        _ => Err(Failure::Verdict(format!("{wrong} of {all} facts are not what the lessons say"))),
    }
}

fn line(text: &mut String, checked: &Checked<'_>) {
    let fact = checked.fact;
    let unit = checked.unit();
    let verdict = if checked.holds { "ok   " } else { "WRONG" };
    let metric = if fact.over.is_some() { format!("{}, a ratio", fact.metric) } else { fact.metric.clone() };
    let _ = writeln!(
        text,
        "  {verdict} {:<22} says {:<9} found {}",
        fact.name,
        fact.says,
        checked.found.text(unit)
    );
    let run = if fact.run.text.is_empty() { "as it opens" } else { &fact.run.text };
    let _ = writeln!(text, "        {metric}; {run}");
    if !checked.holds
        && let Expect::Within { low, high } = fact.expect
    {
        let bound = |value: f64| experiments::lessons::Measured::Value(value).text(unit);
        let _ = writeln!(text, "        must be within {} and {}", bound(low), bound(high));
    }
    if let (Some(twin), Some(run)) = (checked.twin, &fact.twin) {
        let so = if twin.refutes(fact.expect) { "" } else { ", which does not refute it" };
        let _ = writeln!(text, "        twin {}: {}{so}", run.text, twin.text(unit));
    }
}
