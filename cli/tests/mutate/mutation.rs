//! Inputs that are nearly right: texts of the library with seeded changes. The same seed gives the same input everywhere.

/// A generator of its own (SplitMix64): a failure is repeated by its number.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 for none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.roll() % end as u64) as usize }
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn word<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Numbers at which something may give way.
const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "0.5",
    "1e9",
    "1e308",
    "1e-308",
    "nan",
    "inf",
    "-inf",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1_000",
    "0x10",
    "00",
    "1.0000000000001",
    "999999999999999999999999",
    "100000",
    "3",
];
const UNITS: [&str; 14] =
    ["s", "ms", "us", "ns", "min", "h", "d", "/s", "/min", "%", "GiB", "years", "", " "];
/// What does not belong into names, logs or terminals.
const ODD: [&str; 24] = [
    "\u{1b}[31m",
    "\u{1b}]0;t\u{7}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\0",
    "\r",
    "\t",
    "\u{9b}1m",
    "é",
    "語",
    "\u{1f600}",
    "\"",
    "'",
    "`",
    "<script>",
    "|",
    "=1+1",
    "../../x",
    "/dev/zero",
    "\\u001b[1m",
    "%n",
    "{}",
    "#",
];
/// Words of the formats.
const WORDS: [&str; 56] = [
    "name",
    "seed",
    "stop",
    "after",
    "jobs",
    "warmup",
    "auto",
    "ties",
    "class",
    "source",
    "processor",
    "pool",
    "server",
    "balancer",
    "steps",
    "work",
    "demand",
    "hold",
    "balance",
    "delay",
    "cores",
    "speed",
    "policy",
    "count",
    "size",
    "queue",
    "arrivals",
    "poisson",
    "closed",
    "trace",
    "rows",
    "periodic",
    "clients",
    "think",
    "timeout",
    "failures",
    "repair",
    "exp",
    "lognormal",
    "pareto",
    "uniform",
    "erlang",
    "mean",
    "scv",
    "weight",
    "priority",
    "deadline",
    "period",
    "cpu",
    "web",
    "lb",
    "task",
    "arrival",
    "burst",
    "io",
    "scenario",
];

/// Changes a text.
pub fn mutated(text: &str, others: &[&str], dice: &mut Dice) -> String {
    let mut text = text.to_owned();
    // Most inputs are refused at once where more is changed.
    for _ in 0..[0, 1, 1, 1, 1, 2, 2, 3][dice.below(8)] {
        text = match dice.below(18) {
            // What is refused least: another whole number.
            12.. => with_digits(&text, dice),
            0 => without(&text, dice),
            1 | 2 => with_number(&text, dice),
            3 => with_unit(&text, dice),
            4 => with_piece(&text, dice.word(&ODD), dice),
            5 => with_word(&text, dice),
            6 => lines(&text, dice),
            7 => spliced(&text, dice.word(others), dice),
            8 => text.chars().take(dice.below(text.chars().count() + 1)).collect(),
            9 => doubled(&text, dice),
            10 => with_piece(&text, dice.word(&WORDS), dice),
            _ => swapped(&text, dice),
        };
    }
    text
}

/// Words that stand for one another: what a text says with one of them, it can say with another.
const ALIKE: [&[&str]; 11] = [
    &[
        "fcfs",
        "lcfs",
        "siro",
        "sjf",
        "srtf",
        "hrrn",
        "ps",
        "las",
        "priority",
        "round-robin",
        "round-robin:quantum=2ms",
        "mlfq",
        "feedback",
        "lottery",
        "stride",
        "psjf",
        "edf",
    ],
    &["random", "least-connections", "jsq", "power-of-d", "ip-hash", "ring-hash", "least-work"],
    &["1us", "10us", "1ms", "2ms", "10ms", "50ms", "1s", "10s"],
    &["1/s", "10/s", "50/s", "100/s", "1000/s", "60/min"],
    &["poisson", "deterministic"],
    &["withdraw", "abandon"],
    &["completion", "first-run"],
    &["true", "false"],
    &["exponential", "deterministic"],
    &["0.1", "0.5", "0.9", "1.0", "4.0"],
    &["\"auto\"", "\"0s\"", "\"10ms\"", "\"5s\""],
];

/// Changes a text little, so that it is mostly still an input: other numbers within their range, other policies, other units of
/// time, keys that are left out. What is refused at once reaches readers only; what is run reaches everything.
pub fn tweaked(text: &str, dice: &mut Dice) -> String {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(4) {
        text = match dice.below(8) {
            0..=2 => with_alike(&text, dice),
            3..=5 => with_factor(&text, dice),
            6 => with_digits(&text, dice),
            _ => without_line(&text, dice),
        };
    }
    text
}

/// The places of a word, as a whole word or string of the text.
fn places(text: &str, word: &str) -> Vec<(usize, usize)> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let found = text.match_indices(word).map(|(at, _)| (at, at + word.len()));
    found
        .filter(|(from, to)| {
            !is_part(text[..*from].chars().next_back()) && !is_part(text[*to..].chars().next())
        })
        .collect()
}

/// A word gives way to one that stands for something of the same kind.
fn with_alike(text: &str, dice: &mut Dice) -> String {
    let mut found: Vec<(&[&str], (usize, usize))> = Vec::new();
    for kind in ALIKE {
        found.extend(kind.iter().flat_map(|word| places(text, word)).map(|place| (kind, place)));
    }
    if found.is_empty() {
        return with_factor(text, dice);
    }
    let (kind, place) = *dice.of(&found);
    let word = dice.word(kind);
    replaced(text, &[place], word, dice)
}

/// A number grows or shrinks by a factor; it stays a number of the same form.
fn with_factor(text: &str, dice: &mut Dice) -> String {
    // Not within names, stamps and comments.
    let found: Vec<(usize, usize)> = runs(text, |c| c.is_ascii_digit() || matches!(c, '_' | '.'))
        .into_iter()
        .filter(|(from, _)| {
            let line = &text[text[..*from].rfind('\n').map_or(0, |at| at + 1)..*from];
            !line.contains('#')
                && !line.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | ':' | '/'))
        })
        .collect();
    if found.is_empty() {
        return with_digits(text, dice);
    }
    let (from, to) = *dice.of(&found);
    let factor = [0.1, 0.5, 0.9, 1.1, 2.0, 3.0, 10.0, 100.0][dice.below(8)];
    let digits = text[from..to].replace('_', "");
    let number = match (digits.parse::<u64>(), digits.parse::<f64>()) {
        (Ok(whole), _) => ((whole as f64 * factor) as u64).max(1).to_string(),
        (_, Ok(part)) => format!("{:?}", part * factor),
        _ => digits,
    };
    replaced(text, &[(from, to)], &number, dice)
}

/// A key is left out: a line that opens nothing and closes nothing.
fn without_line(text: &str, dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let ends = |line: &str| {
        let count = |c: char| line.matches(c).count();
        line.contains(" = ") && count('[') == count(']') && count('{') == count('}')
    };
    let removable: Vec<usize> = (0..lines.len()).filter(|line| ends(lines[*line])).collect();
    if removable.is_empty() {
        return with_digits(text, dice);
    }
    let gone = *dice.of(&removable);
    let kept = lines.iter().enumerate().filter(|(line, _)| *line != gone);
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

/// A position between two characters.
fn place(text: &str, dice: &mut Dice) -> usize {
    let mut at = dice.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn without(text: &str, dice: &mut Dice) -> String {
    let from = place(text, dice);
    let to = text[from..].char_indices().nth(1 + dice.below(12)).map_or(text.len(), |(at, _)| from + at);
    format!("{}{}", &text[..from], &text[to..])
}

fn with_piece(text: &str, piece: &str, dice: &mut Dice) -> String {
    let at = place(text, dice);
    format!("{}{piece}{}", &text[..at], &text[at..])
}

/// The parts of a text that consist of such characters.
fn runs(text: &str, is_part: impl Fn(char) -> bool) -> Vec<(usize, usize)> {
    let (mut found, mut from) = (Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        match (from, is_part(c) && at < text.len()) {
            (None, true) => from = Some(at),
            (Some(begin), false) => {
                found.push((begin, at));
                from = None;
            }
            _ => {}
        }
    }
    found
}

fn replaced(text: &str, found: &[(usize, usize)], piece: &str, dice: &mut Dice) -> String {
    if found.is_empty() {
        return with_piece(text, piece, dice);
    }
    let (from, to) = *dice.of(found);
    format!("{}{piece}{}", &text[..from], &text[to..])
}

fn with_number(text: &str, dice: &mut Dice) -> String {
    let number = dice.word(&NUMBERS);
    replaced(text, &runs(text, |c| c.is_ascii_digit() || c == '.'), number, dice)
}

fn with_digits(text: &str, dice: &mut Dice) -> String {
    let number =
        [0, 1, 2, 3, 7, 10, 64, 99, 1_000, 4_096, 100_000, 1_000_000_000][dice.below(12)].to_string();
    replaced(text, &runs(text, |c| c.is_ascii_digit()), &number, dice)
}

fn with_unit(text: &str, dice: &mut Dice) -> String {
    let unit = dice.word(&UNITS);
    let digit_before = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_digit());
    let found: Vec<_> =
        runs(text, char::is_alphabetic).into_iter().filter(|(from, _)| digit_before(*from)).collect();
    replaced(text, &found, unit, dice)
}

fn with_word(text: &str, dice: &mut Dice) -> String {
    let word = dice.word(&WORDS);
    replaced(text, &runs(text, |c| c.is_alphanumeric() || c == '_'), word, dice)
}

fn lines(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(3) {
        0 => drop(lines.remove(one)),
        1 => lines.swap(one, other),
        _ => lines.insert(other, lines[one]),
    }
    lines.join("\n") + "\n"
}

fn spliced(text: &str, other: &str, dice: &mut Dice) -> String {
    let (head, tail) = (place(text, dice), place(other, dice));
    format!("{}{}", &text[..head], &other[tail..])
}

fn doubled(text: &str, dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let at = dice.below(lines.len());
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        for _ in 0..if index == at { 1 << dice.below(9) } else { 1 } {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn swapped(text: &str, dice: &mut Dice) -> String {
    let found = runs(text, |c| !c.is_whitespace());
    if found.len() < 2 {
        return text.to_owned();
    }
    let (a, b) = (*dice.of(&found), *dice.of(&found));
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    if a.1 > b.0 {
        return text.to_owned();
    }
    format!("{}{}{}{}{}", &text[..a.0], &text[b.0..b.1], &text[a.1..b.0], &text[a.0..a.1], &text[b.1..])
}
