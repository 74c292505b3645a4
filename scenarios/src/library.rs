//! Scenarios and task lists that come with the program, embedded in it.

use crate::input::InputKind;

/// An embedded file.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Folder and name without suffix: `bench/mm1`.
    pub name: &'static str,
    /// What it is.
    pub kind: InputKind,
    /// The whole text.
    pub text: &'static str,
}

impl Entry {
    /// The name without its folder.
    pub fn short(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    /// What it shows, in one line: the first comment of the file.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or("").trim_start_matches('#').trim()
    }
}

macro_rules! entries {
    ($($name:literal $suffix:literal $kind:ident,)*) => {
        &[$(Entry {
            name: $name,
            kind: InputKind::$kind,
            text: include_str!(concat!("../library/", $name, $suffix)),
        },)*]
    };
}

static ENTRIES: &[Entry] = entries![
    "bench/lb100" ".toml" Scenario,
    "bench/mm1" ".toml" Scenario,
    "bench/rr" ".toml" Scenario,
    "capacity/balanced" ".toml" Scenario,
    "capacity/central-queue" ".toml" Scenario,
    "showcase/access-small" ".log" AccessLog,
    "showcase/busy-day" ".toml" Scenario,
    "showcase/failing-server" ".toml" Scenario,
    "showcase/llm-small" ".csv" RequestTrace,
    "showcase/pipeline" ".toml" Scenario,
    "showcase/requests-small" ".csv" RequestTrace,
    "showcase/web-shop" ".toml" Scenario,
    "textbook/convoy" ".csv" TaskList,
    "textbook/io" ".csv" TaskList,
    "textbook/periodic" ".csv" TaskList,
    "textbook/priority" ".csv" TaskList,
    "textbook/srtf" ".csv" TaskList,
    "textbook/stallings" ".csv" TaskList,
    "theory/closed" ".toml" Scenario,
    "theory/erlang-b" ".toml" Scenario,
    "theory/md1" ".toml" Scenario,
    "theory/mg1" ".toml" Scenario,
    "theory/mg1-ps" ".toml" Scenario,
    "theory/mm1-loss" ".toml" Scenario,
    "theory/mmc" ".toml" Scenario,
];

/// Every embedded file, by name.
pub fn list() -> &'static [Entry] {
    ENTRIES
}

/// The file with this name (`bench/mm1`), or the only one whose name without folder it is (`mm1`).
pub fn get(name: &str) -> Option<&'static Entry> {
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name) {
        return Some(entry);
    }
    let mut short = ENTRIES.iter().filter(|entry| entry.short() == name);
    match (short.next(), short.next()) {
        (Some(entry), None) => Some(entry),
        _ => None,
    }
}
