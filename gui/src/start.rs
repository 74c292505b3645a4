//! What a window begins with: what the command line or a link asks for.

use crate::App;
use crate::app::action::Action;
use crate::app::lessons::LessonAction;
use crate::app::panes::Pane;
use crate::app::predict::{Act, Way};
use crate::model::lessons;
use crate::theme::{Look, Tone};
use crate::words::Language;

/// What is asked for; what is not asked for stays as it was last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Start {
    /// A file, or the name of a library scenario.
    pub input: Option<String>,
    /// A lesson of the library, or a folder with one.
    pub lesson: Option<String>,
    /// Policies to begin with, `[STATION=]ID[:name=value,...]`.
    pub policy: Vec<String>,
    /// Policies to race with.
    pub race: Vec<String>,
    /// How many replications to run: of all policies of the race, where there is one.
    pub replications: Option<String>,
    /// The instant to show.
    pub at: Option<String>,
    /// `light`, `dark` or `projector`.
    pub look: Option<String>,
    /// The code of a language.
    pub language: Option<String>,
    /// Panes to bring to the front.
    pub show: Vec<String>,
    /// `next` or `draw`: hide what comes and ask for it.
    pub predict: Option<String>,
}

impl Start {
    /// Opens what was asked for.
    ///
    /// # Errors
    /// What is wrong with it, for a person. Everything before it was done.
    pub fn prepare(&self, app: &mut App) -> Result<(), String> {
        if let Some(look) = &self.look {
            app.state.settings.look = look_named(look)?;
        }
        if let Some(code) = &self.language {
            let found = Language::ALL.into_iter().find(|language| language.code() == code);
            let codes = Language::ALL.map(Language::code).join(", ");
            app.state.settings.language =
                found.ok_or_else(|| format!("there is no language `{code}`; there are {codes}"))?;
        }
        if let Some(name) = &self.lesson {
            open_lesson(app, name)?;
        }
        if let Some(input) = &self.input {
            app.apply(Action::Open(input.clone()));
        }
        for policy in &self.policy {
            for option in scenarios::PolicyOption::parse_all(policy).map_err(|found| found.message)? {
                let Some(setup) = app.state.setup() else { break };
                let setup = setup.with_policy(option.station.as_deref(), &option.spec);
                app.apply(Action::Change { what: String::new(), setup: Box::new(setup) });
            }
        }
        // What the command says is where it begins, not a change to be taken back.
        app.state.history.begin_here();
        if !self.race.is_empty() {
            app.apply(Action::Race(self.race.clone()));
        }
        if let Some(text) = &self.replications {
            let count = text.parse().ok().filter(|count| (2..=100_000).contains(count));
            let count =
                count.ok_or_else(|| format!("`{text}` is no number of replications, from 2 to 100000"))?;
            app.apply(Action::Replications(count));
            app.apply(if self.race.is_empty() { Action::RunBatch } else { Action::RunRace });
        }
        if let Some(at) = &self.at {
            let span = sim_core::quantity::parse_span(at).map_err(|error| format!("`{at}`: {error}"))?;
            app.apply(Action::Seek(span.0));
        }
        if let Some(way) = &self.predict {
            let way = way_named(way)?;
            app.wait();
            app.apply(Action::Predict(Act::Begin(way)));
        }
        for name in &self.show {
            let pane = Pane::ALL.into_iter().find(|pane| pane.key().trim_start_matches("pane-") == name);
            let names = Pane::ALL.map(|pane| pane.key().trim_start_matches("pane-")).join(", ");
            app.apply(Action::Show(
                pane.ok_or_else(|| format!("there is no pane `{name}`; there are {names}"))?,
            ));
        }
        Ok(())
    }
}

fn way_named(name: &str) -> Result<Way, String> {
    match name {
        "next" => Ok(Way::Next),
        "draw" => Ok(Way::Draw),
        _ => Err(format!("there is no way `{name}` to predict; there are next, draw")),
    }
}

/// A folder of one's own goes before a lesson of the library.
fn open_lesson(app: &mut App, name: &str) -> Result<(), String> {
    let own = crate::platform::lesson(name).is_some();
    if !own && lessons::get(name).is_none() {
        let known: Vec<&str> = lessons::all().map(|lesson| &*lesson.id).collect();
        return Err(format!("there is no lesson `{name}`; there are {}", known.join(", ")));
    }
    app.apply(if own {
        Action::Open(name.to_owned())
    } else {
        Action::Lesson(LessonAction::Open(name.to_owned()))
    });
    match app.state.lessons.open {
        Some(_) => Ok(()),
        None => Err(app.state.news.drain(..).map(|(_, text)| text).collect::<Vec<_>>().join("\n")),
    }
}

fn look_named(name: &str) -> Result<Look, String> {
    match name {
        "light" => Ok(Look { tone: Tone::Light, projector: false }),
        "dark" => Ok(Look { tone: Tone::Dark, projector: false }),
        "projector" => Ok(Look { tone: Tone::Light, projector: true }),
        _ => Err(format!("there is no look `{name}`; there are light, dark, projector")),
    }
}
