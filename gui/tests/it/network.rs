//! The network view: what is drawn, what is changed through it, and that all of it can be taken back.

use crate::support::{act, opened, until, with};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::network::{Edit, NetworkAction};
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::app::state::Settings;
use dispatchlab_gui::model::network::NodeKind;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use scenarios::draft::path;

fn shop() -> Harness<'static, App> {
    let mut harness = opened("convoy");
    harness.state_mut().apply(Action::Open("web-shop".to_owned()));
    until(&mut harness, "200ms");
    act(&mut harness, Action::Show(Pane::Network));
    harness
}

fn text(harness: &Harness<'_, App>) -> String {
    harness.state().state.setup().and_then(|setup| setup.text()).unwrap_or_default().to_owned()
}

fn mistakes(harness: &Harness<'_, App>) -> Vec<String> {
    harness.state().state.mistakes.iter().map(|mistake| mistake.message.clone()).collect()
}

fn edit(harness: &mut Harness<'_, App>, edit: Edit) {
    act(harness, Action::Network(NetworkAction::Edit(edit)));
}

/// Where the middle of something on the canvas is on the screen.
fn on_screen(harness: &Harness<'_, App>, label: &str) -> egui::Pos2 {
    let place = harness.get_by_label(label).rect().center();
    let layers: Vec<egui::LayerId> = harness.ctx.memory(|memory| memory.layer_ids().collect());
    let transforms = layers.into_iter().filter_map(|layer| harness.ctx.layer_transform_to_global(layer));
    transforms.last().expect("the canvas has a transform") * place
}

#[test]
fn a_station_is_clicked_and_changed_in_its_form_and_back() {
    let mut harness = shop();
    let before = text(&harness);
    harness.get_by_label("Processor cpu").click_accesskit();
    harness.run();
    assert_eq!(harness.state().state.network.selection, Some(path("server.0.processor.cpu")));
    let role = egui::accesskit::Role::SpinButton;
    harness.get_by_role_and_label(role, "cores").set_value_accesskit(3.0);
    harness.run();
    assert!(text(&harness).contains("processor.cpu = { cores = 3, scheduler"), "{}", text(&harness));
    let snapshot = harness.state().state.snapshot.clone().expect("run");
    assert_eq!(snapshot.model().processors.iter().filter(|cpu| cpu.cores == 3).count(), 8);
    act(&mut harness, Action::Undo);
    assert_eq!(text(&harness), before);
    act(&mut harness, Action::Redo);
    assert!(text(&harness).contains("cores = 3"));
    assert_eq!(text(&harness).matches('#').count(), before.matches('#').count(), "comments stay");
}

#[test]
fn a_setting_over_the_text_gives_way_to_a_change_in_the_text() {
    let mut harness = shop();
    let setup = harness.state().state.setup().expect("open").with_policy(Some("web.cpu"), "fcfs");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    let place = path("server.0.processor.cpu.scheduler");
    edit(&mut harness, Edit::Set(place, "\"srtf\"".to_owned()));
    let policy = harness.state().state.snapshot.clone().expect("run").loaded.policy.clone();
    assert!(policy.contains("web.cpu=srtf"), "{policy}");
}

#[test]
fn mistakes_stand_on_the_station_they_belong_to_and_the_last_run_stays() {
    let mut harness = shop();
    edit(&mut harness, Edit::Set(path("source.0.arrivals.poisson"), "\"1400\"".to_owned()));
    edit(&mut harness, Edit::Set(path("class.0.steps.0.balance"), "\"nobody\"".to_owned()));
    assert!(mistakes(&harness).len() >= 2, "{:?}", mistakes(&harness));
    let state = &harness.state().state;
    assert!(state.snapshot.is_some());
    let graph = &state.network.drawn.as_ref().expect("drawn").graph;
    let wrong: Vec<(&str, NodeKind)> = graph
        .nodes
        .iter()
        .filter(|node| !node.mistakes.is_empty())
        .map(|node| (node.name.as_str(), node.kind))
        .collect();
    assert!(wrong.contains(&("visitors", NodeKind::Source)), "{wrong:?}");
    assert!(wrong.contains(&("nobody", NodeKind::Missing)), "{wrong:?}");
    act(&mut harness, Action::Undo);
    act(&mut harness, Action::Undo);
    assert!(mistakes(&harness).is_empty());
}

#[test]
fn a_new_station_is_put_into_a_flow_and_everything_runs_again() {
    let mut harness = shop();
    edit(&mut harness, Edit::Add("processor"));
    // Nobody goes there yet, which is said where it is.
    assert_eq!(harness.state().state.network.selection, Some(path("processor.0")));
    let step = "{ work = \"cpu\", demand = \"1ms\" }".to_owned();
    edit(&mut harness, Edit::Rename(path("processor.0"), "gate".to_owned()));
    edit(&mut harness, Edit::Insert(path("class.0.steps"), 0, step.replace("cpu", "gate")));
    assert_eq!(mistakes(&harness), Vec::<String>::new());
    let snapshot = harness.state().state.snapshot.clone().expect("run");
    assert!(snapshot.model().processors.iter().any(|processor| processor.name == "gate"));
    edit(&mut harness, Edit::Duplicate(path("class.0.steps.0")));
    edit(&mut harness, Edit::Shift(path("class.0.steps.1"), true));
    assert_eq!(mistakes(&harness), Vec::<String>::new());
    for _ in 0..5 {
        act(&mut harness, Action::Undo);
    }
    assert_eq!(text(&harness), scenarios::library::get("web-shop").expect("there").text);
}

#[test]
fn what_is_named_elsewhere_is_removed_only_when_that_is_confirmed() {
    let mut harness = shop();
    let before = text(&harness);
    act(&mut harness, Action::Network(NetworkAction::AskRemove(path("server.0.pool.workers"))));
    assert_eq!(text(&harness), before);
    assert!(harness.query_by_label_contains("named at 2 places").is_some());
    harness.get_by_label("Remove it and what names it").click();
    harness.run();
    harness.state_mut().wait();
    harness.run();
    assert!(!text(&harness).contains("workers\""), "{}", text(&harness));
    assert_eq!(mistakes(&harness), Vec::<String>::new(), "{}", text(&harness));
    act(&mut harness, Action::Undo);
    assert_eq!(text(&harness), before);
    // The whole farm: the balancer and all steps at its servers go too.
    act(&mut harness, Action::Network(NetworkAction::AskRemove(path("server.0"))));
    act(&mut harness, Action::Network(NetworkAction::Remove(true)));
    let text = text(&harness);
    assert!(!text.contains("[[balancer]]") && !text.contains("work ="), "{text}");
    // Alone it leaves mistakes, which are told before.
    act(&mut harness, Action::Undo);
    act(&mut harness, Action::Network(NetworkAction::AskRemove(path("balancer.0"))));
    let removal = harness.state().state.network.removal.clone().expect("asked");
    assert!(!removal.mistakes.is_empty());
    act(&mut harness, Action::Network(NetworkAction::Keep));
    assert_eq!(mistakes(&harness), Vec::<String>::new());
}

#[test]
fn a_station_that_was_moved_stays_there_when_the_input_is_opened_again() {
    let mut harness = shop();
    let before = text(&harness);
    let from = on_screen(&harness, "Source visitors");
    harness.drag_at(from);
    harness.run();
    harness.hover_at(from + egui::vec2(0.0, -40.0));
    harness.run();
    harness.drop_at(from + egui::vec2(0.0, -40.0));
    harness.run();
    let name = harness.state().state.setup().expect("open").input.name.clone();
    let places = |harness: &Harness<'_, App>| {
        harness.state().state.settings.sessions.find(&name).map(|session| session.places.clone())
    };
    let moved = places(&harness).expect("kept");
    assert!(moved.contains_key("source visitors"), "{moved:?}");
    assert_eq!(text(&harness), before, "the scenario does not know of it");
    let settings = harness.state().state.settings.clone();
    let mut app = App::new(settings, None, None);
    app.apply(Action::Open("web-shop".to_owned()));
    app.wait();
    let mut harness = with(app);
    assert_eq!(places(&harness), Some(moved));
    act(&mut harness, Action::Network(NetworkAction::Tidy));
    assert!(places(&harness).expect("there").is_empty());
}

#[test]
fn jobs_are_sent_on_by_drawing_from_one_station_to_another() {
    let mut harness = shop();
    act(&mut harness, Action::Network(NetworkAction::Select(Some(path("class.1")))));
    let from = on_screen(&harness, "Connect disk");
    let to = on_screen(&harness, "Processor cpu");
    harness.drag_at(from);
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    harness.state_mut().wait();
    harness.run();
    let root = scenarios::draft::read(&text(&harness));
    let step = root.at(&path("class.1.steps.1.steps.3")).and_then(|step| step.text_of("work"));
    assert_eq!(step, Some("cpu"), "{}", text(&harness));
    assert_eq!(mistakes(&harness), Vec::<String>::new());
}

#[test]
fn every_scenario_of_the_library_is_drawn_and_lists_are_read_only() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Show(Pane::Network));
    for entry in scenarios::library::list() {
        if entry.name.starts_with("bench/") || entry.name.starts_with("theory/") {
            continue;
        }
        harness.state_mut().apply(Action::Open(entry.name.to_owned()));
        let scenario = entry.kind == scenarios::InputKind::Scenario;
        until(&mut harness, if scenario { "500ms" } else { "1h" });
        act(&mut harness, Action::Show(Pane::Network));
        let middle = harness.state().state.end() / 2;
        act(&mut harness, Action::Seek(middle));
        let drawn = harness.state().state.network.drawn.clone().expect("drawn");
        assert!(drawn.graph.nodes.len() >= 3, "{}", entry.name);
        assert_eq!(drawn.graph.is_written, scenario, "{}", entry.name);
        assert_eq!(harness.query_by_label_contains("Read-only").is_some(), !scenario, "{}", entry.name);
        // Every part of it has a form that can be drawn.
        let nodes = drawn.graph.nodes.iter().filter_map(|node| node.path.clone());
        let steps = drawn.graph.edges.iter().flat_map(|edge| edge.steps.clone());
        let flows = drawn.graph.flows.iter().filter_map(|flow| flow.path.clone());
        let groups = drawn.graph.groups.iter().filter_map(|group| group.path.clone());
        for part in nodes.chain(steps).chain(flows).chain(groups) {
            act(&mut harness, Action::Network(NetworkAction::Select(Some(part))));
        }
    }
}

#[test]
fn a_law_that_does_not_fit_into_its_node_is_said_whole_when_pointed_at() {
    let text = "stop = { jobs = 10 }\n[[class]]\nname = \"a\"\nsteps = [\n\
                { delay = { uniform = { low = \"1.234567ms\", high = \"123.4567ms\" } } } ]\n\
                [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"10/s\" }\n";
    let mut harness = with(App::new(Settings::default(), None, None));
    let bytes = text.as_bytes().to_vec();
    act(&mut harness, Action::OpenBytes { name: "law.toml".to_owned(), bytes, folder: None });
    act(&mut harness, Action::Show(Pane::Network));
    assert!(mistakes(&harness).is_empty(), "{:?}", mistakes(&harness));
    let place = on_screen(&harness, "Delay");
    harness.hover_at(place);
    harness.run();
    let whole = "uniform low 1.234567ms high 123.4567ms";
    assert!(harness.query_by_label(whole).is_some());
}
