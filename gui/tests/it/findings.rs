//! What must be known before any number is read stands above the panes, in the language in use.

use crate::support::{act, opened};
use dispatchlab_gui::app::action::Action;
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
