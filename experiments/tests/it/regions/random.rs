//! Random scenarios with regions, as text, and what the checks have to know of each.

use super::dice::Dice;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A scenario.
pub struct Scenario {
    pub text: String,
    pub regions: Vec<Region>,
    pub classes: Vec<Class>,
}

/// A region as its keys say.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "keys that are there or not, each on its own")]
pub struct Region {
    pub name: String,
    pub seps: usize,
    pub up: usize,
    pub order: Order,
    pub choice: &'static str,
    pub push: bool,
    pub reject: bool,
    pub per_sep: bool,
    /// Most active and the limit of purging, by transaction class.
    pub limits: BTreeMap<String, (u64, u64)>,
    pub reserved: Vec<(String, Vec<usize>)>,
    pub initiators: Vec<Vec<String>>,
    pub processes: Vec<Vec<usize>>,
    /// How long a process of the dispatcher takes new work; `None`: there is always one.
    pub hosted: bool,
    pub recycle_stop: Option<u64>,
    pub poll: u64,
    pub registers: bool,
    pub enqueue_costs: bool,
    pub next_costs: bool,
}

#[derive(Clone, Copy, Default)]
pub enum Order {
    #[default]
    Priority,
    Fifo,
    Ageing(u64),
    Deadline,
}

/// A class: its requests, at most one to each region.
#[derive(Default)]
pub struct Class {
    /// By jobs of other classes.
    pub made: bool,
    /// Its clients come back, with the session that they have.
    pub returns: bool,
    pub deadline: Option<u64>,
    pub requests: Vec<Request>,
}

#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "keys that are there or not, each on its own")]
pub struct Request {
    pub region: usize,
    pub priority: i64,
    pub transaction: String,
    pub tag: Option<String>,
    pub session: Option<String>,
    pub lose_call: bool,
    pub local: bool,
    pub screen: bool,
    /// A child's: the job may go on, or leave, without it.
    pub detached: bool,
    /// A START of this class comes straight to the dispatcher.
    pub first: bool,
}

const MS: u64 = 1_000_000;

struct Writer {
    dice: Dice,
    /// Constants alone, so that many things happen at one instant.
    constant: bool,
    /// Tasks do what jobs do elsewhere too: forks, stations, delays.
    wild: bool,
    text: String,
    regions: Vec<Region>,
    classes: Vec<Class>,
    locks: u64,
    /// The region of the first request of each class.
    firsts: Vec<usize>,
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed);
    let (constant, wild, locks) = (dice.one_in(2), dice.one_in(3), dice.from(0, 2));
    let mut writer = Writer {
        dice,
        constant,
        wild,
        text: String::new(),
        regions: Vec::new(),
        classes: Vec::new(),
        locks,
        firsts: Vec::new(),
    };
    writer.write(seed);
    Scenario { text: writer.text, regions: writer.regions, classes: writer.classes }
}

impl Writer {
    /// A law with about this mean, in ms.
    fn law(&mut self, mean: u64) -> String {
        if self.constant || mean == 0 {
            return format!("\"{}ms\"", if mean == 0 { 0 } else { self.dice.from(1, 2 * mean) });
        }
        match self.dice.from(0, 3) {
            0 => format!("\"{mean}ms\""),
            1 => format!("{{ uniform = {{ low = \"0ms\", high = \"{}ms\" }} }}", 2 * mean),
            _ => format!("{{ exponential = {{ mean = \"{mean}ms\" }} }}"),
        }
    }

    fn cost(&mut self) -> String {
        let mean = self.dice.pick(&[0, 0, 1, 1, 2]);
        self.law(mean)
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn write(&mut self, seed: u64) {
        let horizon = self.dice.from(200, 900);
        self.line(&format!("seed = {seed}\nstop = {{ after = \"{horizon}ms\" }}"));
        let regions = if self.dice.one_in(3) { 2 } else { 1 };
        for index in 0..regions {
            self.region(index);
        }
        self.stations();
        let sources = self.dice.from(1, 4) as usize;
        let made = self.dice.from(0, 2) as usize;
        self.firsts = (0..sources + made).map(|_| self.dice.from(0, regions as u64 - 1) as usize).collect();
        // Classes that others make stand behind them: nobody makes another one of its own.
        for index in 0..sources + made {
            self.class(index, sources, sources + made);
        }
        for index in 0..sources {
            self.source(index);
        }
        for made in sources..sources + made {
            let region = self.firsts[made];
            let (after, period, count) = (self.law(5), self.dice.from(10, 60), self.dice.from(1, 5));
            self.line(&format!(
                "[[class]]\nname = \"operator{made}\"\nsteps = [{{ start = \"k{made}\", after = {after}, region = \"r{region}\" }}]\n\
                 [[source]]\nname = \"operator{made}\"\nclass = \"operator{made}\"\n\
                 arrivals = {{ periodic = {{ period = \"{period}ms\", offset = \"2ms\", count = {count} }} }}"
            ));
            self.classes.push(Class::default());
        }
        // Jobs of another kind in the same stations.
        self.line(
            "[[class]]\nname = \"plain\"\nsteps = [{ hold = \"tokens\", steps = [{ work = \"cpu\", demand = \"1ms\" }] }, \
             { balance = \"lb\", steps = [{ hold = \"workers\", steps = [{ work = \"core\", demand = \"1ms\" }] }] }]\n\
             [[source]]\nname = \"plain\"\nclass = \"plain\"\narrivals = { poisson = \"40/s\" }",
        );
        self.classes.push(Class::default());
        self.drop_unused();
    }

    /// Limits of transaction classes that no request is of are mistakes.
    fn drop_unused(&mut self) {
        for index in 0..self.regions.len() {
            let requests = self.classes.iter().flat_map(|class| &class.requests);
            let used: Vec<String> = requests
                .filter(|request| request.region == index && !request.local)
                .map(|request| request.transaction.clone())
                .collect();
            self.regions[index].limits.retain(|class, _| used.contains(class));
            let mark = format!(" # r{index}");
            let keeps = |line: &&str| {
                let of_class = |class: &String| line.starts_with(&format!("classes.{class} "));
                !line.ends_with(&mark) || used.iter().any(of_class)
            };
            self.text = self.text.lines().filter(keeps).fold(String::new(), |text, line| text + line + "\n");
        }
    }

    fn region(&mut self, index: usize) {
        let preset = self.dice.pick(&["es-dotnet", "cics", "ims", "tuxedo", "jes2"]);
        let mut region = Region {
            name: format!("r{index}"),
            seps: self.dice.from(1, 6) as usize,
            choice: "lowest",
            ..Region::default()
        };
        let seps = region.seps;
        self.line(&format!("[[region]]\nname = \"r{index}\"\npreset = \"{preset}\"\nseps = {seps}"));
        let (listeners, dispatchers) = (self.dice.from(1, 2), self.dice.from(1, 2));
        self.line(&format!("listeners = {listeners}\ndispatchers = {dispatchers}"));
        for key in ["listener", "dispatcher", "invoke", "post_delay"] {
            let law = self.cost();
            self.line(&format!("{key} = {law}"));
        }
        let register = self.cost();
        let (enqueue, fetch, next, pick) = (self.cost(), self.cost(), self.cost(), self.cost());
        region.enqueue_costs = enqueue != "\"0ms\"";
        (region.registers, region.next_costs) = (register != "\"0ms\"", next != "\"0ms\"");
        region.push = self.dice.one_in(4);
        let pick = if region.push { format!(", pick = {pick}") } else { String::new() };
        let recover = self.law(1);
        self.line(&format!(
            "database = {{ register = {register}, enqueue = {enqueue}, fetch = {fetch}, next = {next}, recover = {recover}{pick} }}"
        ));
        if region.push {
            self.line("pull = \"push\"");
        }
        if self.dice.one_in(3) {
            self.line("fetch_on_pull = false");
        }
        region.poll = self.dice.pick(&[0, 0, 3 * MS, 10 * MS]);
        self.line(&format!("monitor_poll = \"{}ms\"", region.poll / MS));
        region.order = match self.dice.from(0, 4) {
            0 => Order::Fifo,
            1 => Order::Ageing(self.dice.from(1, 5) * MS),
            2 => Order::Deadline,
            _ => Order::Priority,
        };
        match region.order {
            Order::Fifo => self.line("order = \"fifo\""),
            Order::Ageing(step) => {
                self.line(&format!("order = \"ageing\"\nageing_step = \"{}ms\"", step / MS));
            }
            Order::Deadline => self.line("order = \"edf\""),
            Order::Priority => self.line("order = \"priority\""),
        }
        region.choice = self.dice.pick(&["lowest", "mru", "lru"]);
        self.line(&format!("choice = \"{}\"", region.choice));
        region.reject = self.dice.one_in(8);
        if region.reject {
            self.line("cap = \"reject\"");
        }
        region.up = seps;
        let queues = self.dice.from(0, 5);
        region.per_sep = queues == 0;
        self.line(&format!("queues = \"{}\"", if queues == 0 { "per-sep" } else { "shared" }));
        match queues {
            1 => {
                region.initiators = (0..seps)
                    .map(|_| match self.dice.from(0, 3) {
                        0 => Vec::new(),
                        1 => vec!["a".to_owned(), "b".to_owned()],
                        2 => vec!["b".to_owned(), "c".to_owned()],
                        _ => vec!["c".to_owned(), "a".to_owned(), "b".to_owned()],
                    })
                    .collect();
                // Somebody takes everything.
                region.initiators[0] = Vec::new();
                self.line(&format!("initiators = {:?}", region.initiators));
            }
            2 if seps > 1 => {
                region.reserved.push(("gold".to_owned(), vec![seps]));
                self.line(&format!("reserved.gold = [{seps}]"));
                if seps > 3 {
                    region.reserved.push(("admin".to_owned(), vec![1, 2]));
                    self.line("reserved.admin = [1, 2]");
                }
            }
            3 => {
                region.up = self.dice.from(1, seps as u64) as usize;
                let (parlim, start) = (self.dice.from(0, 2), self.dice.from(0, 9));
                self.line(&format!(
                    "regions = {}\nparlim = {parlim}\nregion_start = \"{start}ms\"",
                    region.up
                ));
            }
            _ => {}
        }
        if self.dice.one_in(2) {
            for class in ["a", "b"] {
                let (active, purge) = (self.dice.from(1, 3), self.dice.from(1, 4));
                match self.dice.from(0, 3) {
                    0 => {
                        self.line(&format!("classes.{class} = {{ max_active = {active} }} # r{index}"));
                        region.limits.insert(class.to_owned(), (active, u64::MAX));
                    }
                    1 => {
                        self.line(&format!(
                            "classes.{class} = {{ max_active = {active}, purge = {purge} }} # r{index}"
                        ));
                        region.limits.insert(class.to_owned(), (active, purge));
                    }
                    2 => {
                        self.line(&format!("classes.{class} = {{ purge = {purge} }} # r{index}"));
                        region.limits.insert(class.to_owned(), (u64::MAX, purge));
                    }
                    _ => {}
                }
            }
        }
        self.region_hosts(&mut region);
        self.region_mishaps(&mut region);
        if self.dice.one_in(2) {
            let cores = self.dice.from(1, 3);
            let scheduler =
                self.dice.pick(&["fcfs", "round-robin:quantum=2ms", "ps", "srtf", "priority", "las", "mlfq"]);
            let switch = if matches!(scheduler, "ps" | "las") { 0 } else { self.dice.from(0, 2) };
            self.line(&format!("cores = {cores}\nscheduler = \"{scheduler}\""));
            if switch > 0 {
                self.line(&format!("context_switch = \"{switch}ms\""));
            }
        }
        self.regions.push(region);
    }

    fn region_hosts(&mut self, region: &mut Region) {
        region.hosted = self.dice.one_in(3);
        if !region.hosted {
            return self.line("host = { kind = \"self\" }");
        }
        let cold = self.dice.from(0, 30);
        let initial = self.dice.pick(&["off", "ready"]);
        let queue = self.dice.pick(&[1, 2, 5, 1000]);
        let idle = match self.dice.from(0, 2) {
            0 => "never".to_owned(),
            _ => format!("{}ms", self.dice.from(1, 60)),
        };
        let mut recycling = String::new();
        if self.dice.one_in(2) {
            let after = self.dice.from(1, 80);
            let mode = self.dice.pick(&["stop", "overlap"]);
            if mode == "stop" {
                region.recycle_stop = Some(after * MS);
            }
            let _ = write!(recycling, ", recycle = \"{after}ms\", recycle_mode = \"{mode}\"");
        } else {
            recycling.push_str(", recycle = \"never\"");
        }
        self.line(&format!(
            "host = {{ kind = \"was\", cold_start = \"{cold}ms\", idle_timeout = \"{idle}\", initial = \"{initial}\", http_queue = {queue}{recycling} }}"
        ));
    }

    fn region_mishaps(&mut self, region: &mut Region) {
        let seps = region.seps;
        if self.dice.one_in(2) {
            let (limit, on) = (self.dice.from(2, 12), self.dice.pick(&["keep", "restart"]));
            self.line(&format!("runaway = {{ limit = \"{limit}ms\", on = \"{on}\" }}"));
        }
        if self.dice.one_in(2) {
            let restart = self.dice.from(0, 25);
            self.line(&format!("sep_restart = \"{restart}ms\""));
        }
        let checks = self.dice.one_in(2);
        if checks {
            let (period, misses) = (self.dice.from(5, 50), self.dice.from(1, 3));
            self.line(&format!("health_period = \"{period}ms\"\nmisses = {misses}"));
        }
        region.processes = vec![(1..=seps).collect()];
        if seps > 1 && self.dice.one_in(2) {
            let first = self.dice.from(1, seps as u64 - 1) as usize;
            region.processes = vec![(1..=first).collect(), (first + 1..=seps).collect()];
            self.line(&format!("processes = {:?}", region.processes));
        }
        if self.dice.one_in(2) {
            let deaths: Vec<String> = (0..self.dice.from(1, 4))
                .map(|_| {
                    let (at, process) =
                        (self.dice.from(5, 300), self.dice.from(1, region.processes.len() as u64));
                    let detect = if checks { self.dice.pick(&["local", "heartbeat"]) } else { "local" };
                    format!("{{ at = \"{at}ms\", process = {process}, detect = \"{detect}\" }}")
                })
                .collect();
            self.line(&format!("deaths = [{}]", deaths.join(", ")));
            let orphans = self.dice.pick(&["lost", "requeue"]);
            self.line(&format!("orphans = \"{orphans}\""));
            if !self.dice.one_in(3) {
                let restart = self.dice.from(0, 30);
                self.line(&format!("process_restart = \"{restart}ms\""));
            }
        }
    }

    fn stations(&mut self) {
        let scheduler =
            self.dice.pick(&["fcfs", "round-robin:quantum=1ms", "srtf", "ps", "lcfs", "edf", "mlfq"]);
        let switch = if scheduler == "ps" { 0 } else { self.dice.from(0, 1) };
        self.line(&format!(
            "[[processor]]\nname = \"cpu\"\nscheduler = \"{scheduler}\"\ncores = 2\ncontext_switch = \"{switch}ms\"\n\
             [[pool]]\nname = \"tokens\"\nsize = 2"
        ));
        let policy = self.dice.pick(&["round-robin", "random", "jsq", "least-work"]);
        let failure = self.dice.pick(&["lose", "stall"]);
        self.line(&format!(
            "[[server]]\nname = \"web\"\ncount = 3\nprocessor.core = {{ scheduler = \"round-robin:quantum=1ms\" }}\npool.workers = {{ size = 2, queue = 3 }}\n\
             failures = {{ after = {{ exponential = {{ mean = \"150ms\" }} }}, repair = {{ exponential = {{ mean = \"20ms\" }} }} }}\non_failure = \"{failure}\"\n\
             [[balancer]]\nname = \"lb\"\ntargets = \"web\"\npolicy = \"{policy}\"\ndetection = \"5ms\""
        ));
    }

    /// What a job does that is in no region.
    fn outside(&mut self) -> String {
        let law = self.law(2);
        match self.dice.from(0, 5) {
            0 => format!("{{ work = \"cpu\", demand = {law} }}, "),
            1 => format!("{{ delay = {law} }}, "),
            2 => format!("{{ hold = \"tokens\", steps = [{{ work = \"cpu\", demand = {law} }}] }}, "),
            3 => format!("{{ balance = \"lb\", steps = [{{ work = \"core\", demand = {law} }}] }}, "),
            4 => format!(
                "{{ balance = \"lb\", steps = [{{ hold = \"workers\", steps = [{{ work = \"core\", demand = {law} }}] }}] }}, "
            ),
            _ => String::new(),
        }
    }

    /// What a task does on its SEP.
    fn task(&mut self, made: &[usize]) -> String {
        let mut steps = Vec::new();
        let mut taken = Vec::new();
        for _ in 0..self.dice.from(0, 4) {
            let law = self.law(4);
            steps.push(match self.dice.from(0, 7) {
                0 => format!("{{ converse = {law} }}"),
                1 if !made.is_empty() => {
                    let class = self.dice.pick(made);
                    format!("{{ start = \"k{class}\", after = {law}, region = \"r{}\" }}", self.firsts[class])
                }
                2 if self.locks > 0 => {
                    let lock = self.dice.from(1, self.locks);
                    // In the order of their numbers, so that nobody waits for ever.
                    if taken.last().is_some_and(|last| *last >= lock) {
                        continue;
                    }
                    taken.push(lock);
                    format!("{{ lock = \"l{lock}\" }}")
                }
                3 if !taken.is_empty() => format!("{{ unlock = \"l{}\" }}", taken.pop().unwrap_or(1)),
                4 if self.wild => self.wild_step(),
                5 => format!("{{ branch = [{{ p = 0.5, steps = [{{ exec = {law} }}] }}] }}"),
                _ => format!("{{ exec = {law} }}"),
            });
        }
        steps.join(", ")
    }

    fn wild_step(&mut self) -> String {
        let law = self.law(2);
        match self.dice.from(1, 4) {
            1 => format!("{{ work = \"cpu\", demand = {law} }}"),
            2 => format!("{{ delay = {law} }}"),
            3 => format!("{{ hold = \"tokens\", steps = [{{ work = \"cpu\", demand = {law} }}] }}"),
            _ => format!("{{ balance = \"lb\", steps = [{{ work = \"core\", demand = {law} }}] }}"),
        }
    }

    fn request(&mut self, region: usize, made: &[usize], first: bool, is_needed: bool) -> (Request, String) {
        let mut request = Request {
            region,
            priority: self.dice.from(0, 3).cast_signed(),
            transaction: self.dice.pick(&["a", "b", "c"]).to_owned(),
            tag: [None, Some("gold"), Some("admin")][self.dice.from(0, 2) as usize].map(str::to_owned),
            session: self.dice.one_in(6).then(|| format!("s{}", self.dice.from(1, 2))),
            lose_call: self.dice.one_in(12),
            local: self.dice.one_in(15),
            screen: false,
            detached: false,
            first,
        };
        // A region without a real request would be a mistake.
        request.local &= !is_needed;
        let mut keys = format!("priority = {}, transaction = \"{}\"", request.priority, request.transaction);
        if let Some(tag) = &request.tag {
            let _ = write!(keys, ", tag = \"{tag}\"");
        }
        if let Some(session) = &request.session {
            let _ = write!(keys, ", session = \"{session}\"");
        }
        if request.lose_call {
            keys.push_str(", lose_call = true");
        }
        if request.local {
            keys.push_str(", local = true");
        } else if self.dice.one_in(4) {
            request.screen = true;
            keys.push_str(", screen = true");
        }
        if self.dice.one_in(6) {
            let law = self.law(8);
            let _ = write!(keys, ", disconnect_after = {law}");
        }
        if !made.is_empty() && self.dice.one_in(3) {
            let law = self.law(10);
            let _ = write!(keys, ", then = {{ class = \"k{}\", think = {law} }}", self.dice.pick(made));
        }
        let steps = if request.local { String::new() } else { self.task(made) };
        let text = format!("{{ request = \"r{region}\", {keys}, steps = [{steps}] }}");
        (request, text)
    }

    fn class(&mut self, index: usize, sources: usize, classes: usize) {
        let name = format!("k{index}");
        let is_made = index >= sources;
        let made: Vec<usize> = (index.max(sources - 1) + 1..classes).collect();
        let mut class = Class { made: is_made, ..Class::default() };
        let mut steps = String::new();
        let mut order: Vec<usize> = (0..self.regions.len()).collect();
        if self.firsts[index] == 1 {
            order.reverse();
        }
        // Each region has a request of the first class at least.
        if index > 0 && !self.dice.one_in(3) {
            order.truncate(1);
        }
        let mut first = true;
        for region in order {
            if !first || !is_made {
                steps.push_str(&self.outside());
            }
            let (mut request, text) = self.request(region, &made, first, index == 0);
            // Requests of children, for one of which the job may go on.
            if !first && self.dice.one_in(4) || !is_made && first && self.dice.one_in(8) {
                let (join, law) = (self.dice.from(1, 2), self.law(5));
                request.detached = true;
                let _ = write!(steps, "{{ fork = [[{text}], [{{ delay = {law} }}]], join = {join} }}, ");
            } else {
                let _ = write!(steps, "{text}, ");
            }
            class.requests.push(request);
            first = false;
        }
        steps.push_str(&self.outside());
        self.line(&format!("[[class]]\nname = \"{name}\"\nsteps = [{}]", steps.trim_end_matches(", ")));
        if self.dice.one_in(3) {
            let deadline = self.dice.from(10, 90);
            class.deadline = Some(deadline * MS);
            self.line(&format!("deadline = \"{deadline}ms\""));
            if self.dice.one_in(3) {
                self.line("on_miss = \"abort\"");
            }
        }
        self.classes.push(class);
    }

    fn source(&mut self, index: usize) {
        let arrivals = match self.dice.from(0, 2) {
            0 => {
                let (period, count) = (self.dice.from(3, 20), self.dice.from(3, 30));
                format!("{{ periodic = {{ period = \"{period}ms\", count = {count} }} }}")
            }
            1 => {
                self.classes[index].returns = true;
                let (customers, think) = (self.dice.from(1, 6), self.law(10));
                let think = if think == "\"0ms\"" { "\"1ms\"".to_owned() } else { think };
                format!("{{ closed = {{ customers = {customers}, think = {think} }} }}")
            }
            _ => format!("{{ poisson = \"{}/s\" }}", self.dice.from(20, 250)),
        };
        self.line(&format!("[[source]]\nname = \"s{index}\"\nclass = \"k{index}\"\narrivals = {arrivals}"));
        if self.dice.one_in(3) {
            let law = self.law(25);
            let then = self.dice.pick(&["withdraw", "abandon"]);
            let until =
                if then == "abandon" { "completion" } else { self.dice.pick(&["completion", "first-run"]) };
            self.line(&format!("timeout = {law}\non_timeout = \"{then}\"\ntimeout_until = \"{until}\""));
        }
    }
}
