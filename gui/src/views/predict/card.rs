//! Which task next: the question, who could be chosen, and what was wrong with the answer.

use super::{act, name_of, policy, score, settings};
use crate::app::action::Action;
use crate::app::predict::{Act, Given, Next, Outcome, Predict};
use crate::app::state::State;
use crate::catalog;
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Button, Frame, Grid, RichText, Stroke, Ui, vec2};
use experiments::exercise::{Contender, Pick, Question, contenders};
use reports::explain::Explanation;
use sim_core::units::Time;

/// Draws the card.
pub fn ui(ui: &mut Ui, state: &State, predict: &Predict, next: &Next, out: &mut Vec<Action>) {
    let whole = &predict.whole;
    standing(ui, state, next);
    let Some(question) = next.question() else {
        summary(ui, state, next, out);
        return;
    };
    let processor = &whole.model().processors[question.processor as usize];
    policy(ui, &processor.scheduler.spec);
    let at = question.at.to_string();
    let place = match (whole.core_rows().count(), processor.cores) {
        (1, _) => tr!("predict-question", at = at),
        (_, 1) => tr!("predict-question-station", at = at, station = processor.name.clone()),
        _ => tr!("predict-question-core", at = at, station = processor.name.clone(), core = question.core),
    };
    ui.heading(place);
    if let Some(given) = &next.given {
        verdict(ui, state, whole, next, given, out);
    }
    options(ui, state, predict, next, question, out);
    if next.given.is_some() {
        reason(ui, whole, question);
    } else {
        ui.horizontal_wrapped(|ui| {
            for (key, what) in [
                ("cmd-predict-hint", Act::Hint),
                ("cmd-predict-reveal", Act::Reveal),
                ("cmd-predict-skip", Act::Skip),
            ] {
                if ui.button(tr!(key)).clicked() {
                    out.push(act(what));
                }
            }
        });
    }
    ui.separator();
    mistakes(ui, state, next);
    settings(ui, state.ask, out);
    ends(ui, out);
}

/// How far it is, and how well it goes.
fn standing(ui: &mut Ui, state: &State, next: &Next) {
    let (right, asked) = next.score();
    let (streak, most) = next.streaks();
    let shown = (next.at + 1).min(next.questions.len());
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("predict-progress", number = shown, all = next.questions.len()));
        score(ui, state, tr!("predict-score", right = right, asked = asked), asked > 0 && right == asked);
        ui.weak(tr!("predict-streak", streak = streak, most = most));
    });
}

/// Who could be chosen, with what is known of each.
fn options(
    ui: &mut Ui,
    state: &State,
    predict: &Predict,
    next: &Next,
    question: &Question,
    out: &mut Vec<Action>,
) {
    let whole = &predict.whole;
    let known = contenders(whole.model(), whole.trace(), question);
    let spec = &whole.model().processors[question.processor as usize].scheduler.spec;
    let columns = Columns::of(spec);
    let names: Vec<String> = columns.names().collect();
    // Where there is no room for columns each value has its name.
    if ui.available_width() < 66.0 + 52.0 * names.len() as f32 {
        for (place, contender) in known.iter().enumerate() {
            option(ui, state, whole, next, place, contender, out);
            let values = names.iter().zip(columns.values(contender));
            let values: Vec<String> = values.map(|(name, value)| format!("{name} {value}")).collect();
            ui.label(values.join(" · "));
        }
    } else {
        Grid::new("options").striped(true).spacing([10.0, 5.0]).show(ui, |ui| {
            ui.weak("");
            for name in &names {
                ui.small(name);
            }
            ui.end_row();
            for (place, contender) in known.iter().enumerate() {
                option(ui, state, whole, next, place, contender, out);
                for text in columns.values(contender) {
                    ui.monospace(text);
                }
                ui.end_row();
            }
        });
    }
    if let Some(index) = question.decision.filter(|_| next.hint && next.given.is_none()) {
        keys(ui, &whole.explainer().explain(&whole.trace().decisions[index]));
    }
    if next.given.is_some() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button(tr!("predict-nobody")).clicked() {
            out.push(act(Act::Answer(Pick::Nobody)));
        }
        let others = predict.others(question);
        if !others.is_empty() {
            ui.menu_button(tr!("predict-other"), |ui| {
                for job in others {
                    if ui.button(whole.job_name(job as u32)).clicked() {
                        out.push(act(Act::Answer(Pick::Job(job))));
                        ui.close();
                    }
                }
            });
        }
    });
}

/// One candidate: a button in the color of its task.
fn option(
    ui: &mut Ui,
    state: &State,
    whole: &Snapshot,
    next: &Next,
    place: usize,
    contender: &Contender,
    out: &mut Vec<Action>,
) {
    let dark = state.settings.look.is_dark();
    let colors = theme::palette(dark);
    let name = whole.job_name(contender.job as u32);
    let (color, _) = theme::task(whole.task_of(contender.job as u32), dark);
    let pick = Pick::Job(contender.job);
    let given = next.given.as_ref();
    let right = next.question().is_some_and(|question| question.right == contender.job);
    let mark = match given {
        Some(_) if right => "✔ ",
        Some(given) if given.pick == Some(pick) => "✖ ",
        _ => "",
    };
    let number = if place < 9 && given.is_none() { format!("{}  ", place + 1) } else { String::new() };
    let running = contender.core.map(|_| format!(" {}", tr!("predict-running"))).unwrap_or_default();
    let text = RichText::new(format!("{mark}{number}{name}{running}")).strong().color(theme::ink_on(color));
    let stroke = match given {
        Some(_) if right => Stroke::new(3.0, colors.good),
        Some(given) if given.pick == Some(pick) => Stroke::new(3.0, colors.bad),
        _ => Stroke::NONE,
    };
    let button = Button::new(text).fill(color).stroke(stroke).min_size(vec2(64.0, 24.0));
    let response = ui.add(button).accessible_name(tr!("predict-option", task = name));
    if response.clicked() && given.is_none() {
        out.push(act(Act::Answer(pick)));
    }
}

/// What is shown of candidates, apart from keys: what the policy may know, and what a list has for it.
struct Columns {
    clairvoyant: bool,
    more: Vec<&'static str>,
}

impl Columns {
    fn of(spec: &str) -> Columns {
        let def = policies::parse(policies::Layer::Scheduler, spec).ok().map(|parsed| parsed.def);
        let has = |word: &&str| def.is_some_and(|def| def.example.jobs.contains(&format!("{word}=")));
        Columns {
            clairvoyant: def.is_some_and(|def| def.traits.clairvoyant),
            more: ["priority", "nice", "tickets", "weight", "deadline", "period"]
                .into_iter()
                .filter(has)
                .collect(),
        }
    }

    fn names(&self) -> impl Iterator<Item = String> + '_ {
        let always = ["predict-arrival", "predict-since", "predict-served"].map(|key| tr!(key));
        let sizes = ["predict-left", "predict-burst"].map(|key| tr!(key));
        let sizes = sizes.into_iter().filter(|_| self.clairvoyant);
        always.into_iter().chain(sizes).chain(self.more.iter().map(|name| (*name).to_owned()))
    }

    fn values(&self, known: &Contender) -> Vec<String> {
        let time = |nanos: u64| Time(nanos).to_string();
        let mut values = vec![time(known.arrival), time(known.since), time(known.served)];
        if self.clairvoyant {
            let or_dash = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), time);
            values.push(or_dash(known.left));
            values.push(or_dash(known.left.map(|left| left + known.served)));
        }
        let attributes = &known.attributes;
        for name in &self.more {
            let span =
                |span: Option<sim_core::units::Span>| span.map_or_else(|| "–".to_owned(), |s| time(s.0));
            values.push(match *name {
                "priority" => attributes.priority.to_string(),
                "nice" => attributes.nice.to_string(),
                "tickets" => attributes.tickets.to_string(),
                "weight" => attributes.weight.to_string(),
                "deadline" => span(attributes.deadline.map(|d| sim_core::units::Span(known.arrival + d.0))),
                _ => span(attributes.period),
            });
        }
        values
    }
}

/// What the policy goes by, of each candidate.
fn keys(ui: &mut Ui, found: &Explanation) {
    for (part, name) in found.keys.iter().enumerate() {
        let of = |row: &reports::explain::CandidateRow| {
            format!("{} {}", row.name, row.keys.get(part).map_or("–", String::as_str))
        };
        let values: Vec<String> = found.candidates.iter().map(of).collect();
        ui.label(RichText::new(format!("{}: {}", catalog::said(name), values.join(", "))).strong());
    }
}

/// Whether it was right, and what was wrong.
fn verdict(ui: &mut Ui, state: &State, whole: &Snapshot, next: &Next, given: &Given, out: &mut Vec<Action>) {
    let Some(question) = next.question() else { return };
    let colors = theme::palette(state.settings.look.is_dark());
    let right = whole.job_name(question.right as u32);
    let (color, title) = match (&given.pick, &given.remark) {
        (Some(_), None) => (colors.good, tr!("predict-right", task = right)),
        (Some(_), Some(remark)) => {
            (colors.bad, tr!("predict-wrong", name = name_of(remark.mistake), task = right))
        }
        (None, _) => (colors.markers[0], tr!("predict-shown", task = right)),
    };
    Frame::group(ui.style()).stroke(Stroke::new(2.0, color)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(RichText::new(title).strong().size(16.0).color(color));
        if let Some(remark) = &given.remark {
            ui.label(catalog::told(&remark.text));
        }
        let key = if next.at + 1 < next.questions.len() { "predict-on" } else { "predict-last" };
        let go = ui.button(RichText::new(tr!(key)).strong());
        if go.clicked() {
            out.push(act(Act::Go));
        }
    });
}

/// A decision with its reason.
pub fn decision(ui: &mut Ui, whole: &Snapshot, index: usize) {
    let found = whole.explainer().explain(&whole.trace().decisions[index]);
    ui.label(catalog::headline(&found.headline));
    keys(ui, &found);
    ui.label(format!("▶ {}", catalog::reason(&found.why)));
    if let Some(note) = &found.note {
        ui.weak(catalog::told(note));
    }
}

/// Why it is so.
fn reason(ui: &mut Ui, whole: &Snapshot, question: &Question) {
    if let Some(index) = question.decision {
        decision(ui, whole, index);
    } else {
        let spec = &whole.model().processors[question.processor as usize].scheduler.spec;
        let def = policies::parse(policies::Layer::Scheduler, spec).ok().map(|parsed| parsed.def);
        let preemptive = def.is_some_and(|def| def.traits.preemptive);
        let rule = def.map_or_else(String::new, |def| catalog::said(def.rule));
        let key = if preemptive { "predict-stays" } else { "predict-stays-always" };
        let right = whole.job_name(question.right as u32);
        ui.label(tr!(key, task = right, rule = rule));
    }
}

/// How often which mistake was made.
fn mistakes(ui: &mut Ui, state: &State, next: &Next) {
    let found = next.mistakes();
    if found.is_empty() {
        return;
    }
    let colors = theme::palette(state.settings.look.is_dark());
    Grid::new("mistakes").spacing([12.0, 3.0]).show(ui, |ui| {
        for (mistake, count) in found {
            ui.colored_label(colors.bad, format!("{count} ×"));
            ui.label(name_of(mistake));
            ui.end_row();
        }
    });
    ui.add_space(4.0);
}

/// Where it is over.
fn summary(ui: &mut Ui, state: &State, next: &Next, out: &mut Vec<Action>) {
    let colors = theme::palette(state.settings.look.is_dark());
    let (right, asked) = next.score();
    let percent = 100 * right / asked.max(1);
    ui.heading(tr!("predict-over", percent = percent));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for (index, outcome) in next.outcomes.iter().enumerate() {
            let (mark, color, what) = match outcome {
                Outcome::Right => ("✔", colors.good, tr!("predict-outcome-right")),
                Outcome::Wrong(mistake) => ("✖", colors.bad, name_of(*mistake)),
                Outcome::Shown => ("○", colors.markers[0], tr!("predict-outcome-shown")),
                Outcome::Skipped => ("–", colors.weak, tr!("predict-outcome-skipped")),
            };
            let Some(question) = next.questions.get(index) else { continue };
            let at = question.at;
            let mark = ui.link(RichText::new(mark).color(color)).on_hover_text(format!("{at}: {what}"));
            if mark.clicked() {
                out.push(Action::Seek(at.0));
            }
        }
    });
    ui.label(tr!("predict-over-see"));
    mistakes(ui, state, next);
    ends(ui, out);
}

/// Again, or away.
pub fn ends(ui: &mut Ui, out: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        for (key, what) in [("cmd-predict-restart", Act::Restart), ("cmd-predict-leave", Act::Leave)] {
            if ui.button(tr!(key)).clicked() {
                out.push(act(what));
            }
        }
    });
}
