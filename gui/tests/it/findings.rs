//! What must be known before any number is read stands above the panes, in the language in use.

use crate::support::{act, opened};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::words::Language;
use egui_kittest::kittest::Queryable as _;

/// Jobs of 12 ms every 10 ms on one core: 120 % is offered.
const TOO_MUCH: &str = r#"
name = "too-much"
stop = { jobs = 2000 }
[[class]]
name = "page"
steps = [{ work = "cpu", demand = "12ms" }]
[[source]]
name = "clients"
class = "page"
arrivals = { poisson = "100/s" }
[[processor]]
name = "cpu"
cores = 1
scheduler = "fcfs"
"#;

#[test]
fn an_overloaded_run_says_so_above_the_panes() {
    for (language, demand, said) in [
        (Language::English, "12ms", Some("overloaded: `cpu` is offered 120 % of what it can serve")),
        (Language::German, "12ms", Some("überlastet: `cpu` werden 120 % dessen angeboten")),
        (Language::English, "5ms", None),
    ] {
        let mut harness = opened("showcase/pipeline");
        harness.state_mut().state.settings.language = language;
        let setup = harness.state().state.setup().expect("open").clone();
        let setup = setup.with_text(TOO_MUCH.replace("12ms", demand));
        act(&mut harness, Action::Change { what: "text".to_owned(), setup: Box::new(setup) });
        let snapshot = harness.state().state.snapshot.clone().expect("it runs");
        assert_eq!(snapshot.result.findings.is_empty(), said.is_none());
        let shown = said.map_or("\u{26a0} ", |said| said);
        assert_eq!(harness.query_all_by_label_contains(shown).next().is_some(), said.is_some(), "{demand}");
    }
}

/// A percentile among the last of its sample is marked in the window too; jobs that were not served stand before the times.
#[test]
fn small_samples_are_marked_and_jobs_come_first() {
    for (jobs, marked) in [("60", true), ("20000", false)] {
        let mut harness = opened("mm1");
        let mut setup = harness.state().state.setup().expect("open").clone();
        setup.options.set.push(("stop.jobs".to_owned(), jobs.to_owned()));
        act(&mut harness, Action::Change { what: "jobs".to_owned(), setup: Box::new(setup) });
        act(&mut harness, Action::Show(Pane::Metrics));
        let summary = &harness.state().state.snapshot.as_ref().expect("it runs").result.summary;
        let p99 =
            summary.iter().find(|row| row.name() == "response/p99").and_then(|row| row.value).expect("known");
        let shown = format!("{}{}", reports::number::with_unit(p99, "ns"), if marked { "?" } else { "" });
        assert!(harness.query_all_by_label(&shown).next().is_some(), "{jobs}: {shown}");
        let top = |label: &str| harness.get_all_by_label(label).next().expect(label).rect().top();
        assert!(
            top("jobs/unfinished") < top("response/mean") && top("jobs/timed-out") < top("response/mean")
        );
    }
}

/// The window begins with a service time that no log has: it says so until somebody gives one.
#[test]
fn what_is_assumed_of_a_log_is_said() {
    for (language, said) in [
        (Language::English, "assumed: each request takes 10ms, on one server"),
        (Language::German, "angenommen: jede Anfrage braucht 10ms, auf einem Server"),
    ] {
        let mut harness = opened("access-small");
        harness.state_mut().state.settings.language = language;
        harness.run();
        assert!(harness.query_all_by_label_contains(said).next().is_some(), "{said}");
        let mut setup = harness.state().state.setup().expect("open").clone();
        setup.options.service = Some("20ms".to_owned());
        act(&mut harness, Action::Change { what: "service".to_owned(), setup: Box::new(setup) });
        assert!(harness.query_all_by_label_contains(said).next().is_none(), "{said}");
    }
}

/// Where there is no policy, the names at the bottom do not stand on each other.
#[test]
fn the_last_line_is_readable_without_a_policy() {
    let mut harness = opened("showcase/pipeline");
    let setup = harness.state().state.setup().expect("open").clone();
    let text = "name = \"a-pool\"\nstop = { jobs = 20 }\n[[class]]\nname = \"q\"\nsteps = [{ hold = \"threads\", steps = \
                [{ delay = \"9ms\" }] }]\n[[source]]\nname = \"in\"\nclass = \"q\"\narrivals = { poisson = \"100/s\" }\n\
                [[pool]]\nname = \"threads\"\nsize = 2\n";
    let setup = setup.with_text(text);
    act(&mut harness, Action::Change { what: "text".to_owned(), setup: Box::new(setup) });
    let place = |label: &str| harness.get_all_by_label_contains(label).last().expect(label).rect();
    let (name, seed) = (place("a-pool"), place("seed 1"));
    assert!(name.right() <= seed.left() || name.bottom() <= seed.top(), "{name:?} {seed:?}");
}
