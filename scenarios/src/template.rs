//! Commented inputs to start from, for `dispatchlab new`.

/// A template: its name, the suffix of its file, and what it is.
pub const TEMPLATES: &[(&str, &str, &str)] = &[
    ("cpu", "toml", "one processor: scheduler, quantum, switch cost"),
    ("farm", "toml", "web servers behind a balancer"),
    ("closed", "toml", "a fixed number of users who think between requests"),
    ("tasks", "csv", "a task list as in a textbook"),
];

/// The text of a template.
pub fn template(name: &str) -> Option<&'static str> {
    match name {
        "cpu" => Some(include_str!("../library/template/cpu.toml")),
        "farm" => Some(include_str!("../library/template/farm.toml")),
        "closed" => Some(include_str!("../library/template/closed.toml")),
        "tasks" => Some(include_str!("../library/template/tasks.csv")),
        _ => None,
    }
}
