//! What the command line (or the desktop app) adds to an input.

use crate::diagnostic::{Diagnostic, Sink};

/// Settings that go over what the input says. All are kept as text, so that mistakes can be shown with their place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Policies, `--policy`.
    pub policies: Vec<PolicyOption>,
    /// Cores of the only processor, `--cores`.
    pub cores: Option<u32>,
    /// Cost of a context switch, `--context-switch`.
    pub context_switch: Option<String>,
    /// Cost of a dispatch, `--dispatch-latency`.
    pub dispatch_latency: Option<String>,
    /// What the kernel costs where events interrupt cores, `--interrupts save=100us,load=150us`.
    pub interrupts: Option<String>,
    /// The unit of bare numbers in task lists, `--time-unit`.
    pub time_unit: String,
    /// A preset of tie rules or `key=value,...`, `--ties`.
    pub ties: Option<String>,
    /// When the run ends, `--until`.
    pub until: Option<String>,
    /// Length of the warm-up or `auto`, `--warmup`.
    pub warmup: Option<String>,
    /// Changes of scenario keys, `--set PATH=VALUE`.
    pub set: Vec<(String, String)>,
    /// The number of a plan that is tried, by the path of `--set`: `--vary web.count=1..200` with 12 of the range.
    pub vary: Option<(String, u64)>,
    /// Factor of every source's demand, `--scale`.
    pub scale: Option<String>,
    /// How many times as fast a log or trace runs, `--speedup`.
    pub speedup: Option<String>,
    /// Root of all random streams, `--seed`.
    pub seed: Option<u64>,
    /// Whether I/O of a task list is `parallel` or queues `fcfs`, `--io-device`.
    pub io_device: Option<String>,
    /// Service times of an access log, `--service`.
    pub service: Option<String>,
    /// How service times are made of request times, `--service-floor`.
    pub service_floor: Option<String>,
    /// Columns of a request trace as (what for, name): `--map arrival=TIMESTAMP`.
    pub map: Vec<(String, String)>,
    /// Number of servers of an access log, `--servers`.
    pub servers: Option<u32>,
    /// The format of an access log: a name, or the server's own format string, `--log-format`.
    pub log_format: Option<String>,
    /// When an access log's stamps were taken, `--stamp start|end`.
    pub stamp: Option<String>,
    /// What becomes of stamps of whole seconds, `--within-second spread|keep|random`.
    pub within_second: Option<String>,
    /// Which field of an access log the client is, `--client remote|forwarded-for|field:NAME`.
    pub client: Option<String>,
    /// Classes of the requests of a log or trace, `--class NAME=PATTERN`.
    pub class: Vec<String>,
    /// Patterns of which requests are run, `--only PATTERN`.
    pub only: Vec<String>,
    /// Patterns of which requests are left out, `--except PATTERN`.
    pub except: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            policies: Vec::new(),
            cores: None,
            context_switch: None,
            dispatch_latency: None,
            interrupts: None,
            time_unit: "ms".to_owned(),
            ties: None,
            until: None,
            warmup: None,
            set: Vec::new(),
            vary: None,
            scale: None,
            speedup: None,
            seed: None,
            io_device: None,
            service: None,
            service_floor: None,
            map: Vec::new(),
            servers: None,
            log_format: None,
            stamp: None,
            within_second: None,
            client: None,
            class: Vec::new(),
            only: Vec::new(),
            except: Vec::new(),
        }
    }
}

impl Options {
    /// The arguments of the command line that mean these settings, in the fixed form of manifests: long names and `=`, in
    /// the order of its help. What stands at its default is left away; `vary` belongs to a plan and has none.
    pub fn arguments(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut add = |name: &str, value: &str| found.push(format!("--{name}={value}"));
        for policy in &self.policies {
            add("policy", &policy.text());
        }
        let cores = self.cores.map(|cores| cores.to_string());
        let seed = self.seed.map(|seed| seed.to_string());
        let servers = self.servers.map(|servers| servers.to_string());
        let unit = (self.time_unit != Options::default().time_unit).then(|| self.time_unit.clone());
        let before = [
            ("cores", &cores),
            ("context-switch", &self.context_switch),
            ("dispatch-latency", &self.dispatch_latency),
            ("interrupts", &self.interrupts),
            ("time-unit", &unit),
            ("ties", &self.ties),
            ("until", &self.until),
            ("warmup", &self.warmup),
        ];
        let after = [
            ("scale", &self.scale),
            ("speedup", &self.speedup),
            ("seed", &seed),
            ("io-device", &self.io_device),
            ("service", &self.service),
            ("service-floor", &self.service_floor),
        ];
        for (name, value) in before {
            if let Some(value) = value {
                add(name, value);
            }
        }
        for (path, value) in &self.set {
            add("set", &format!("{path}={value}"));
        }
        for (name, value) in after {
            if let Some(value) = value {
                add(name, value);
            }
        }
        for (role, column) in &self.map {
            add("map", &format!("{role}={column}"));
        }
        let last = [
            ("servers", &servers),
            ("log-format", &self.log_format),
            ("stamp", &self.stamp),
            ("within-second", &self.within_second),
            ("client", &self.client),
        ];
        for (name, value) in last {
            if let Some(value) = value {
                add(name, value);
            }
        }
        for (name, values) in [("class", &self.class), ("only", &self.only), ("except", &self.except)] {
            for value in values {
                add(name, value);
            }
        }
        found
    }
}

/// One `--policy [STATION=]ID[:key=value,...]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PolicyOption {
    /// The station or balancer that it is for; `None`: the only one that it can be for.
    pub station: Option<String>,
    /// The policy spec.
    pub spec: String,
}

impl PolicyOption {
    /// Reads `[STATION=]ID[:key=value,...]`. Whether station and policy exist is checked against the input.
    #[expect(clippy::result_large_err, reason = "parsed once an option, not in a loop")]
    pub fn parse(text: &str) -> Result<PolicyOption, Diagnostic> {
        let head = text.split(':').next().unwrap_or(text);
        let (station, spec) = match head.find('=') {
            Some(at) => (Some(text[..at].trim().to_owned()), text[at + 1..].trim()),
            None => (None, text.trim()),
        };
        if spec.is_empty() || station.as_ref().is_some_and(String::is_empty) {
            let mut sink = Sink::new("");
            let place = sink.option("--policy", text);
            sink.error(
                "S060",
                place,
                format!("`{text}` is not of the form [STATION=]POLICY[:name=value,...]"),
            )
            .help("for instance `round-robin:quantum=4ms` or `web.cpu=fcfs`");
            return Err(sink.finish().0.remove(0));
        }
        Ok(PolicyOption { station, spec: spec.to_owned() })
    }

    /// Reads one policy or several with a space between them, as results write the policies of several stations:
    /// `lb=random web.cpu=fcfs`.
    #[expect(clippy::result_large_err, reason = "parsed once an option, not in a loop")]
    pub fn parse_all(text: &str) -> Result<Vec<PolicyOption>, Diagnostic> {
        let mut parts: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let head = word.split(':').next().unwrap_or(word);
            let names_station = head.split_once('=').is_some_and(|(station, _)| !station.is_empty());
            match parts.last_mut() {
                // Spaces beside `=`, `:` and `,` divide nothing.
                Some(last) if !names_station || last.ends_with(['=', ':', ',']) => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => parts.push(word.to_owned()),
            }
        }
        match parts.len() {
            0 | 1 => Ok(vec![PolicyOption::parse(text)?]),
            _ => parts.iter().map(|part| PolicyOption::parse(part)).collect(),
        }
    }

    /// The option as it can be written again.
    pub fn text(&self) -> String {
        match &self.station {
            Some(station) => format!("{station}={}", self.spec),
            None => self.spec.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_several_stations_stand_in_one_text() {
        for (text, parts) in [
            ("fcfs", vec!["fcfs"]),
            ("lb=random web.cpu=fcfs", vec!["lb=random", "web.cpu=fcfs"]),
            (
                "  web.cpu=round-robin:quantum=4ms  web.disk=fcfs lb=jsq ",
                vec!["web.cpu=round-robin:quantum=4ms", "web.disk=fcfs", "lb=jsq"],
            ),
            ("lb = random", vec!["lb=random"]),
            ("lb= random", vec!["lb=random"]),
            ("mlfq:quantum=8ms/16ms, boost=1s", vec!["mlfq:quantum=8ms/16ms, boost=1s"]),
        ] {
            let found = PolicyOption::parse_all(text).expect(text);
            assert_eq!(found.iter().map(PolicyOption::text).collect::<Vec<_>>(), parts, "{text}");
        }
        for text in ["", " ", "cpu=", "lb=random cpu="] {
            assert!(PolicyOption::parse_all(text).is_err(), "{text}");
        }
    }
}
