//! What the lessons of the library state is so, and would be found wrong if it were not.

use experiments::lessons::{Measured, check, unit_of};
use scenarios::lessons::{Expect, Lesson, read_library};

fn lessons() -> Vec<Lesson> {
    let read = |lesson: Result<Lesson, (&str, Vec<scenarios::Diagnostic>)>| {
        lesson.unwrap_or_else(|(id, found)| {
            let lines = found.iter().map(|found| format!("{}: {} {}", found.file, found.code, found.message));
            panic!("{id}\n{}", lines.collect::<Vec<_>>().join("\n"))
        })
    };
    read_library(&unit_of).into_iter().map(read).collect()
}

#[test]
fn every_fact_of_every_lesson_holds() {
    let lessons = lessons();
    let mut wrong = Vec::new();
    for lesson in &lessons {
        assert!(!lesson.facts.is_empty(), "{} states nothing", lesson.id);
        for checked in check(lesson, &|_| true).unwrap_or_else(|error| panic!("{}: {error}", lesson.id)) {
            if !checked.holds {
                let unit = checked.unit();
                let twin = checked.twin.map(|twin| twin.text(unit));
                wrong.push(format!(
                    "{}: `{}` says {}, found {}, twin {twin:?}",
                    lesson.id,
                    checked.fact.name,
                    checked.fact.says,
                    checked.found.text(unit),
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same facts, each moved by more than it may be off: all must be found wrong.
#[test]
fn no_fact_holds_when_it_is_moved() {
    for mut lesson in lessons() {
        // Intervals take long and have twins of their own.
        lesson.facts.retain(|fact| fact.replications == 1 && fact.over.is_none());
        for fact in &mut lesson.facts {
            fact.twin = None;
            fact.expect = match fact.expect {
                Expect::Exactly(value) => Expect::Exactly(value + 1.0),
                Expect::Rounded { value, half } => Expect::Rounded { value: value + 2.5 * half, half },
                Expect::Within { low, high } => {
                    let width = (high - low).max(1.0);
                    Expect::Within { low: high + width, high: high + 2.0 * width }
                }
            };
        }
        for checked in check(&lesson, &|_| true).unwrap_or_else(|error| panic!("{}: {error}", lesson.id)) {
            assert!(!checked.holds, "{}: `{}` cannot fail", lesson.id, checked.fact.name);
        }
    }
}

#[test]
fn a_twin_must_lie_outside_and_the_fact_inside() {
    let expect = Expect::Within { low: 9.0, high: 11.0 };
    let interval = |low, high| Measured::Interval { mean: f64::midpoint(low, high), low, high };
    for (found, meets, refutes) in [
        (interval(9.5, 10.5), true, false),
        (interval(8.5, 10.5), false, false),
        (interval(10.0, 12.0), false, false),
        (interval(11.5, 12.0), false, true),
        (interval(7.0, 8.0), false, true),
        (Measured::Nothing, false, true),
    ] {
        assert_eq!((found.meets(expect), found.refutes(expect)), (meets, refutes), "{found:?}");
    }
}

#[test]
fn a_check_can_be_stopped() {
    let lesson = lessons().remove(0);
    let error = check(&lesson, &|_| false).expect_err("it is told to stop");
    assert!(error.cancelled, "{error}");
}
