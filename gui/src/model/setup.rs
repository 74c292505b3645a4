//! What is run: a text and the settings that go over it. Everything the user changes is a new one of these, so that
//! undo is keeping the old ones.

use scenarios::{Input, InputKind, Options, PolicyOption};
use std::sync::Arc;

/// What each request of a log takes and how many servers there are, until somebody says it.
const ASSUMED: (&str, u32) = ("10ms", 1);

/// An input with its settings. Cheap to copy: the text is shared.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The text and what kind it is.
    pub input: Arc<Input>,
    /// What goes over it, as on the command line.
    pub options: Options,
}

impl Setup {
    /// An input as it is.
    pub fn new(input: Input) -> Setup {
        let mut options = Options::default();
        if !matches!(input.kind, InputKind::Scenario | InputKind::TaskList) {
            // A log or trace says when requests came, not what they cost; these are to be changed.
            options.service = Some(ASSUMED.0.to_owned());
            options.servers = Some(ASSUMED.1);
        }
        Setup { input: Arc::new(input), options }
    }

    /// What each request of a log takes and on how many servers, as long as nobody has said it.
    pub fn assumed(&self) -> Option<(&'static str, u32)> {
        let is_it =
            self.options.service.as_deref() == Some(ASSUMED.0) && self.options.servers == Some(ASSUMED.1);
        is_it.then_some(ASSUMED)
    }

    /// A file of the library.
    pub fn library(name: &str) -> Option<Setup> {
        Input::library(name).map(Setup::new)
    }

    /// The text; `None` where it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        self.input.as_str()
    }

    /// The same with another text.
    pub fn with_text(&self, text: impl Into<String>) -> Setup {
        let input = Input { text: text.into().into_bytes(), ..(*self.input).clone() };
        Setup { input: Arc::new(input), options: self.options.clone() }
    }

    /// The same with another policy at a station; `None`: the only station there is.
    pub fn with_policy(&self, station: Option<&str>, spec: &str) -> Setup {
        let mut setup = self.clone();
        let policies = &mut setup.options.policies;
        let same = |option: &PolicyOption| {
            option.station.as_deref() == station || option.station.is_none() || station.is_none()
        };
        policies.retain(|option| !same(option));
        policies.push(PolicyOption { station: station.map(str::to_owned), spec: spec.to_owned() });
        setup
    }

    /// The last part of the name, without suffix.
    pub fn short_name(&self) -> &str {
        let name = self.input.name.rsplit(['/', '\\']).next().unwrap_or(&self.input.name);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether it is a task list, the classroom's format.
    pub fn is_task_list(&self) -> bool {
        self.input.kind == InputKind::TaskList
    }
}

impl PartialEq for Setup {
    fn eq(&self, other: &Setup) -> bool {
        let same_text = Arc::ptr_eq(&self.input, &other.input) || self.input.text == other.input.text;
        same_text && self.input.name == other.input.name && self.options == other.options
    }
}
