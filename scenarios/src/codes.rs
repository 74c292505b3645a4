//! The codes of diagnostics. A code never changes its meaning; a test compares this table with the sources.

/// A code, and what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// `S010`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is refused and what to do, in whole sentences.
    pub explanation: &'static str,
}

const fn code(code: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code { code, title, explanation }
}

/// Every code, in order.
pub const CODES: &[Code] = &[
    code(
        "S001",
        "input not found",
        "There is no such file, it cannot be read, or no library scenario has this name.",
    ),
    code(
        "S002",
        "unknown kind of input",
        "Neither the suffix nor the content says what the input is. Scenarios are TOML, task lists are CSV with a \
         column `task`, access logs have lines of a known format, or `--log-format` says which.",
    ),
    code(
        "S003",
        "input too large",
        "The text is longer than what is read. Large traces belong into files of their own.",
    ),
    code(
        "S004",
        "not TOML",
        "The file breaks the syntax of TOML at this place. Nothing else is checked until it is mended.",
    ),
    code("S005", "not UTF-8", "Scenarios and task lists are UTF-8 text."),
    code(
        "S006",
        "format that is not read",
        "The content is of a format that is recognized and not read, such as a trace of the kernel, a packet capture or \
         an archive other than gzip and Zstandard.",
    ),
    code("S007", "broken archive", "The compressed data ends early or is damaged."),
    code("S009", "too many mistakes", "Only the first 200 mistakes are shown; the others are counted."),
    code("S010", "unknown key", "No key of this name is known here; nothing is ever ignored."),
    code("S011", "missing key", "This table needs a key that it does not have."),
    code("S012", "wrong type", "The value is of another type than the key needs."),
    code("S013", "keys exclude each other", "Only one of these keys can be given: they are alternatives."),
    code(
        "S020",
        "bad quantity",
        "A duration or rate has no unit, an unknown one, is negative, is no whole number of nanoseconds, or is longer \
         than the 292 years that can be simulated.",
    ),
    code("S021", "out of range", "The value is a right one by type, but impossible or beyond a limit."),
    code("S022", "unknown choice", "The value is none of the words that the key allows."),
    code(
        "S023",
        "bad name",
        "Names have letters, digits, `-`, `_` and spaces; those of tasks and scenarios have no control characters.",
    ),
    code(
        "S024",
        "bad probabilities",
        "The probabilities sum to more than 1, or of a law not to 1, or there are none.",
    ),
    code("S025", "unknown tie rule", "There is no such tie rule, value of a tie rule, or preset."),
    code("S026", "keys that do not fit", "A key has a meaning only beside another one, or contradicts it."),
    code("S030", "unknown station", "No processor or pool of this name can be reached from this step."),
    code("S031", "unknown name", "There is no class, balancer or server group of this name."),
    code(
        "S032",
        "no server chosen",
        "The station belongs to the servers of a group; a `balance` step must choose one of them before.",
    ),
    code(
        "S033",
        "server chosen twice",
        "The balancer has chosen a server for this job, and the job has not left it.",
    ),
    code(
        "S034",
        "name given twice",
        "Two things of one kind have the same name. Stations, groups and balancers are one kind.",
    ),
    code("S040", "empty scenario", "Without a class or without a source nothing ever happens."),
    code("S041", "never used", "No job ever reaches this, which is most likely not what was meant."),
    code("S042", "endless run", "A source never runs dry and nothing says when the run ends."),
    code("S043", "no steps", "A class needs at least one step."),
    code("S044", "nothing measured", "The warm-up is as long as the run."),
    code(
        "S045",
        "second token of one pool",
        "A job that holds a token of a pool and waits for another can wait for itself.",
    ),
    code("S046", "limit", "The model is larger than what is simulated; the message names the limit."),
    code("S047", "empty hold", "A token is taken and given back at once."),
    code(
        "S048",
        "pools in both orders",
        "Jobs that hold one pool and wait for another can wait for each other for ever.",
    ),
    code(
        "S049",
        "jobs without end",
        "Each job of a class makes another one, and so on in a circle, so that there is no end to them. A dialogue ends by \
         chance: give `then` a `p`, or start the next one in a branch.",
    ),
    code("S050", "no rows", "A task list or trace is empty or cannot be read."),
    code(
        "S051",
        "wrong number of fields",
        "The row has not as many fields as the header, or as the jobs need sizes.",
    ),
    code(
        "S052",
        "incomplete task",
        "The fields of the row do not describe a task, or contradict each other.",
    ),
    code("S053", "bad header", "A column is unknown, there twice, or missing."),
    code("S054", "not built yet", "The word or column is planned; it is refused, not ignored."),
    code("S055", "no end", "The hyperperiod does not say when the run ends. Say it with `--until`."),
    code("S060", "bad policy option", "`--policy` is written [STATION=]POLICY[:name=value,...]."),
    code(
        "S061",
        "bad policy",
        "The policy or one of its parameters does not exist, or a value is out of range.",
    ),
    code(
        "S062",
        "policy without a place",
        "It is not clear which station is meant, or nothing has such a policy, or it is given twice.",
    ),
    code("S063", "bad path", "`--set` names something that the scenario does not have."),
    code("S064", "which processor", "The option is for inputs with one processor."),
    code(
        "S065",
        "cost without a switch",
        "Schedulers that share the cores never switch, so a cost has no meaning.",
    ),
    code("S066", "option of another kind of input", "The option does not fit this kind of input."),
    code("S070", "no requests", "No line of the log or trace could be read."),
    code(
        "S071",
        "missing option",
        "An access log needs `--service` and `--servers`, a request trace `--servers` and what its service times are.",
    ),
    code(
        "S072",
        "bad service",
        "`--service` is a sum of durations, durations times a column or a byte, and columns; of a log also `field`, the \
         request time that it has, or `field:NAME`, `field:INDEX`.",
    ),
    code("S073", "log too long", "The time stamps are further apart than what can be simulated."),
    code(
        "S074",
        "no such column",
        "A request trace or log does not have the column or field, or `--map` says of nothing known what it is.",
    ),
    code(
        "S075",
        "two readings",
        "A log or trace can be read in several ways that give different results: which column is meant, or in which unit. \
         The message has an example and the option for each.",
    ),
    code(
        "S076",
        "bad log format",
        "`--log-format` is no format string of nginx, Apache, HAProxy or Envoy and no name of a format, or it has no time \
         stamp.",
    ),
    code(
        "S077",
        "bad pattern",
        "A pattern of `--class`, `--only` or `--except` is a method, a path and a status, or some of them; the log has to \
         have what it asks for.",
    ),
    code(
        "S080",
        "bad range",
        "A range goes from a number to another in equal steps; all three have the same unit, or none.",
    ),
    code(
        "S081",
        "nothing to sweep",
        "A list of a sweep plan has no values, so that there would be no cells.",
    ),
    code("S082", "swept twice", "A value, point, policy, metric or path of a sweep plan is there twice."),
    code("S083", "unknown metric", "Metrics are named `metric/statistic`; the page of metrics lists them."),
    code(
        "S084",
        "seed in a sweep",
        "All policies and points of a sweep meet the same work: the seed belongs to the plan as a whole.",
    ),
    code(
        "S090",
        "lesson incomplete",
        "A lesson is a folder with `lesson.md`, which begins with its head and its title, `facts.toml` and at least one input.",
    ),
    code(
        "S091",
        "link of a lesson",
        "A link does something that cannot be done, or with an input, policy, pane or task that is not there.",
    ),
    code("S092", "unknown fact", "A text has a name in braces that is no fact of its lesson."),
    code(
        "S093",
        "bad fact",
        "A fact has a name of its own and one of `is`, `rounded` and `within`, in the unit of its metric; with `within` \
         also `says` and a `twin`.",
    ),
    code(
        "S094",
        "languages differ",
        "The texts of a lesson state the same facts, do the same with their links and have as many answers.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.file_name().is_some_and(|name| name != "codes.rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn the_table_is_what_the_sources_use() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let is_code =
            |part: &&str| part.len() == 4 && part.starts_with("S0") && part[1..].parse::<u16>().is_ok();
        let used: BTreeSet<&str> = text.split('"').filter(is_code).collect();
        let listed: Vec<&str> = CODES.iter().map(|code| code.code).collect();
        assert!(listed.is_sorted_by(|a, b| a < b), "in order, each once");
        assert_eq!(used, listed.into_iter().collect());
    }
}
