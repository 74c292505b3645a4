//! Steps to operations: the program of a class.
//!
//! A step that serves work or waits takes its size from the values that are drawn when the job is released, so that
//! every policy meets the same work. Inside `repeat` and `branch`, where it is not known how many sizes a job will
//! need, sizes are drawn on the spot.
//!
//! Names of stations are looked up from the inside out: at the server that the innermost `balance` chose, then at the
//! servers of the balances around it, then among the single stations. `web.cpu` names the station `cpu` of the group
//! `web` where an inner group has a `cpu` too.

mod request;

use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use crate::keys::{self, Kind};
use crate::laws::{Unit, law};
use crate::reader::{self, Fields};
use crate::regions::Region;
use crate::tree::{Node, Value};
use sim_core::law::Law;
use sim_core::model::{BranchTable, Draw, ForkTable, Model, Op, OwedWork, StationRef};
use std::cell::Cell;
use std::collections::VecDeque;

/// A station: the index of its first member, and whether a class uses it.
pub(crate) struct Station {
    pub name: String,
    pub place: Place,
    pub base: u32,
    pub used: Cell<bool>,
}

/// A group of servers.
pub(crate) struct GroupStations {
    pub name: String,
    pub place: Place,
    pub processors: Vec<Station>,
    pub pools: Vec<Station>,
    /// Its description has mistakes: a station that is not found may be one of them.
    pub incomplete: bool,
}

/// A balancer.
pub(crate) struct BalancerStation {
    pub name: String,
    pub place: Place,
    /// Index of its group; `None` where the scenario names none that exists.
    pub group: Option<usize>,
    pub used: Cell<bool>,
}

/// What steps can name.
#[derive(Default)]
pub(crate) struct Stations {
    pub processors: Vec<Station>,
    pub pools: Vec<Station>,
    pub groups: Vec<GroupStations>,
    pub balancers: Vec<BalancerStation>,
    pub regions: Vec<Region>,
}

/// Weights of branches: probabilities in units of 1e-9.
const WEIGHT_ONE: f64 = 1e9;

/// A job is given at most this many sizes: each job in the system has room for all of them.
pub(crate) const DRAWS_MAX: usize = 1024;

/// A program has at most this many operations, over all classes.
const PROGRAM_MAX: usize = 10_000_000;

/// Whether a name was looked up in vain; then "never used" would only repeat that.
#[derive(Default)]
pub(crate) struct Compiled {
    /// The laws of the values that a job is given.
    pub draws: Vec<Law>,
    /// A name was not found.
    pub unknown_names: bool,
    /// Pools that are waited for while another one is held: (held, waited for, place of the latter).
    pub orders: Vec<(u32, u32, Place)>,
    /// Jobs that its jobs make.
    pub announced: Vec<Announced>,
}

/// A job that is made by jobs of this class.
pub(crate) struct Announced {
    /// Index into `Model::emits`.
    pub table: u32,
    /// The name of its class.
    pub class: String,
    /// Where that is named.
    pub place: Place,
    /// Every job makes one; not by chance.
    pub always: bool,
    /// It comes as the client's next request, and otherwise as a START.
    pub thinks: bool,
    /// The region that starts it: its steps must begin with a request there.
    pub region: Option<String>,
}

/// Compiles the steps of one class to the end of the model's program, `Exit` included. `starts`: of jobs that are started, whose
/// first request comes from the event monitor and not through the listener.
pub(crate) fn compile(
    steps: &Node,
    class: &str,
    starts: bool,
    model: &mut Model,
    stations: &Stations,
    sink: &mut Sink,
) -> Compiled {
    let mut compiler = Compiler {
        class,
        starts,
        model,
        stations,
        sink,
        around: Around::default(),
        waiting: VecDeque::new(),
        lost: false,
        compiled: Compiled::default(),
    };
    if steps.elements().is_empty() && matches!(steps.value, Value::Array(_)) {
        compiler.sink.error("S043", steps.place, "a class needs at least one step");
    }
    compiler.list(steps, "steps");
    compiler.emit(Op::Exit);
    compiler.children();
    compiler.compiled
}

/// What a `balance` step opens.
#[derive(Clone)]
struct Scope {
    balancer: u32,
    group: usize,
    /// Place in `Model::owed`.
    owed: usize,
    place: Place,
}

#[derive(Clone)]
struct Held {
    pool: StationRef,
    place: Place,
}

/// What is around a step.
#[derive(Clone, Default)]
struct Around {
    /// Balances, the innermost last.
    scopes: Vec<Scope>,
    /// Tokens held.
    held: Vec<Held>,
    /// Inside `repeat` or `branch`.
    on_the_spot: bool,
    /// Depth of `repeat`.
    repeats: u16,
    /// Inside `branch`: whether a job comes here is left to chance.
    by_chance: bool,
    /// Inside a request.
    inside: Option<request::Inside>,
}

/// A child of a fork that is still to be compiled.
struct Child<'a> {
    table: u32,
    list: &'a Node,
    around: Around,
}

struct Compiler<'a> {
    /// The name of the class.
    class: &'a str,
    /// The next request comes from the event monitor.
    starts: bool,
    model: &'a mut Model,
    stations: &'a Stations,
    sink: &'a mut Sink,
    around: Around,
    waiting: VecDeque<Child<'a>>,
    compiled: Compiled,
    /// It is not known which server the job is at: names that are not found have been explained.
    lost: bool,
}

/// The register of a balancer; register 0 is that of single stations.
fn register(balancer: u32) -> u16 {
    balancer as u16 + 1
}

impl<'a> Compiler<'a> {
    fn pc(&self) -> u32 {
        self.model.program.len() as u32
    }

    fn emit(&mut self, op: Op) -> usize {
        self.model.program.push(op);
        self.model.program.len() - 1
    }

    /// A list of steps; a `balance` without steps of its own holds to the end of the list.
    fn list(&mut self, node: &'a Node, name: &str) {
        let Some(steps) = reader::array(node, name, self.sink) else { return };
        let open_before = self.around.scopes.len();
        for step in steps {
            if self.sink.is_full() {
                return;
            }
            if self.model.program.len() > PROGRAM_MAX {
                self.sink.error("S046", step.place, format!("more than {PROGRAM_MAX} operations"));
                return;
            }
            self.step(step);
        }
        while self.around.scopes.len() > open_before {
            self.leave();
        }
    }

    fn step(&mut self, node: &'a Node) {
        let Some(fields) = reader::open_form(node, "a step", keys::STEPS, self.sink) else {
            self.compiled.unknown_names = true;
            return;
        };
        match fields.table.keys[0].name {
            "work" => self.work(&fields),
            "delay" => {
                if let Some(amount) = self.amount(&fields, "delay") {
                    self.emit(Op::Delay { amount });
                }
            }
            "hold" => self.hold(&fields),
            "balance" => self.balance(&fields),
            "branch" => self.branch(&fields),
            "repeat" => self.repeat(&fields),
            "request" => self.request(&fields),
            "start" => self.start(&fields),
            "exec" => self.exec(&fields),
            "converse" => self.converse(&fields),
            key @ ("lock" | "unlock") => self.locks(&fields, key),
            _ => self.fork(&fields),
        }
    }

    /// The size of a step: a value that the job is given at its release where that is possible.
    fn amount(&mut self, fields: &Fields<'a>, key: &str) -> Option<Draw> {
        let node = fields.get(key)?;
        let law = law(node, key, Unit::Time, self.sink)?;
        if self.around.on_the_spot {
            return self.spot_law(law, node.place).map(Draw::OnTheSpot);
        }
        let index = self.compiled.draws.len();
        if index >= DRAWS_MAX {
            self.sink
                .error("S046", node.place, format!("a class of more than {DRAWS_MAX} sizes"))
                .help("use `repeat`");
            return None;
        }
        self.compiled.draws.push(law);
        Some(Draw::Given(index as u16))
    }

    fn spot_law(&mut self, law: Law, place: Place) -> Option<u16> {
        let index = u16::try_from(self.model.laws.len()).ok();
        match index {
            Some(_) => self.model.laws.push(law),
            None => {
                self.sink.error("S046", place, "more than 65536 laws inside `repeat` and `branch`");
            }
        }
        index
    }

    fn work(&mut self, fields: &Fields<'a>) {
        let amount = self.amount(fields, "demand");
        let Some(station) = self.station(fields, "work") else { return };
        let Some(amount) = amount else { return };
        self.emit(Op::Work { station, amount });
        if let Draw::Given(draw) = amount
            && let Some(scope) =
                self.around.scopes.iter().rev().find(|scope| register(scope.balancer) == station.register)
        {
            let owed = scope.owed;
            self.model.owed[owed].draws.push(draw);
        }
    }

    /// The processor (key `work`) or pool (key `hold`) that a step names.
    fn station(&mut self, fields: &Fields<'a>, key: &str) -> Option<StationRef> {
        let text = fields.text(key, self.sink)?;
        let place = fields.place(key);
        let stations = self.stations;
        let (what, singles): (_, &[Station]) =
            if key == "work" { ("processor", &stations.processors) } else { ("pool", &stations.pools) };
        let roles = |group: usize| -> &'a [Station] {
            let group = &stations.groups[group];
            if key == "work" { &group.processors } else { &group.pools }
        };
        let (group_name, role) = match text.split_once('.') {
            Some((group, role)) => (Some(group), role),
            None => (None, text),
        };
        for scope in self.around.scopes.iter().rev() {
            if group_name.is_some_and(|name| stations.groups[scope.group].name != name) {
                continue;
            }
            if let Some(station) = roles(scope.group).iter().find(|station| station.name == role) {
                station.used.set(true);
                return Some(StationRef { base: station.base, register: register(scope.balancer) });
            }
        }
        if let Some(station) = singles.iter().find(|station| station.name == text) {
            station.used.set(true);
            return Some(StationRef { base: station.base, register: 0 });
        }
        self.compiled.unknown_names = true;
        self.station_error(text, place, what, &roles);
        None
    }

    fn station_error(
        &mut self,
        text: &str,
        place: Place,
        what: &str,
        roles: &dyn Fn(usize) -> &'a [Station],
    ) {
        let stations = self.stations;
        let incomplete = |scope: &Scope| stations.groups[scope.group].incomplete;
        if self.lost || self.around.scopes.iter().any(incomplete) {
            return;
        }
        let role = text.rsplit('.').next().unwrap_or(text);
        let owner = (0..stations.groups.len()).find(|g| {
            roles(*g).iter().any(|station| station.name == role)
                && self.around.scopes.iter().all(|s| s.group != *g)
        });
        if let Some(owner) = owner {
            let name = &stations.groups[owner].name;
            let balancer = stations.balancers.iter().find(|b| b.group == Some(owner));
            let message =
                format!("`{text}` belongs to the servers of `{name}`, and no server has been chosen here");
            self.sink.error("S032", place, message).help(match balancer {
                Some(balancer) => format!("put a step {{ balance = \"{}\" }} before it", balancer.name),
                None => {
                    format!("add a balancer with targets = \"{name}\" and a `balance` step before this one")
                }
            });
            // Once is enough: the step that is missing is missing for all of them.
            self.lost = true;
            return;
        }
        let singles = if what == "processor" { &stations.processors } else { &stations.pools };
        let mut known: Vec<&str> = singles.iter().map(|station| station.name.as_str()).collect();
        for scope in self.around.scopes.iter().rev() {
            known.extend(roles(scope.group).iter().map(|station| station.name.as_str()));
        }
        let others = if what == "processor" { &stations.pools } else { &stations.processors };
        let other = others.iter().any(|station| station.name == text);
        let note = self.sink.error("S030", place, format!("there is no {what} `{text}`"));
        if other {
            note.help(format!(
                "`{text}` is a {}",
                if what == "processor" { "pool: use `hold`" } else { "processor: use `work`" }
            ));
        } else {
            note.help_if(|| did_you_mean_or_list(text, "known here", &known));
        }
    }

    fn hold(&mut self, fields: &Fields<'a>) {
        let pool = self.station(fields, "hold");
        let place = fields.place("hold");
        if let Some(pool) = pool {
            self.check_held(pool, place);
            self.around.held.push(Held { pool, place });
            self.emit(Op::Acquire { pool });
        }
        if let Some(steps) = fields.get("steps") {
            if steps.elements().is_empty() {
                self.sink.warning("S047", steps.place, "a token is taken and given back at once");
            }
            self.list(steps, "steps");
        }
        if let Some(pool) = pool {
            self.emit(Op::Release { pool });
            self.around.held.pop();
        }
    }

    /// A job that waits for a second token of a pool while it holds one can wait for itself.
    fn check_held(&mut self, pool: StationRef, place: Place) {
        if self.model.pools.get(pool.base as usize).is_some_and(|described| described.queue != Some(0)) {
            let others = self.around.held.iter().filter(|held| held.pool != pool);
            self.compiled.orders.extend(others.map(|held| (held.pool.base, pool.base, place)));
        }
        let already: Vec<Place> =
            self.around.held.iter().filter(|held| held.pool == pool).map(|held| held.place).collect();
        let Some(first) = already.first().copied() else { return };
        let Some(described) = self.model.pools.get(pool.base as usize) else { return };
        let (size, queue) = (described.size, described.queue);
        if already.len() as u32 >= size && queue != Some(0) {
            let message =
                format!("the job holds all {size} of this pool already and would wait for itself for ever");
            let message = if size == 1 {
                "the job holds the only token of this pool already and would wait for itself for ever"
                    .to_owned()
            } else {
                message
            };
            self.sink.error("S045", place, message).label(first, "held since here");
        } else if queue != Some(0) {
            let message = "jobs that hold one token of this pool wait for another: all can end up waiting for each other";
            self.sink.warning("S045", place, message).label(first, "held since here");
        }
    }

    fn balance(&mut self, fields: &Fields<'a>) {
        let Some(text) = fields.text("balance", self.sink) else { return };
        let place = fields.place("balance");
        let Some(index) = self.stations.balancers.iter().position(|balancer| balancer.name == text) else {
            let known: Vec<&str> = self.stations.balancers.iter().map(|b| b.name.as_str()).collect();
            self.sink
                .error("S031", place, format!("there is no balancer `{text}`"))
                .help_if(|| did_you_mean_or_list(text, "balancers", &known));
            self.without_server(fields);
            return;
        };
        let balancer = &self.stations.balancers[index];
        balancer.used.set(true);
        let Some(group) = balancer.group else {
            self.without_server(fields);
            return;
        };
        let balancer = index as u32;
        if let Some(scope) = self.around.scopes.iter().find(|scope| scope.balancer == balancer) {
            let first = scope.place;
            self.sink
                .error("S033", place, format!("`{text}` has chosen a server for this job already"))
                .label(first, "here")
                .help("give the first `balance` steps of its own, so that the job leaves that server before");
            return;
        }
        let at = self.pc();
        self.emit(Op::Balance { balancer });
        self.model.owed.push(OwedWork { at, draws: Vec::new() });
        let owed = self.model.owed.len() - 1;
        self.around.scopes.push(Scope { balancer, group, owed, place });
        if let Some(steps) = fields.get("steps") {
            self.list(steps, "steps");
            self.leave();
        }
    }

    /// Goes on after a `balance` that leads nowhere.
    fn without_server(&mut self, fields: &Fields<'a>) {
        self.compiled.unknown_names = true;
        self.lost = true;
        if let Some(steps) = fields.get("steps") {
            self.list(steps, "steps");
        }
    }

    fn leave(&mut self) {
        if let Some(scope) = self.around.scopes.pop() {
            self.emit(Op::Leave { balancer: scope.balancer });
        }
    }

    fn branch(&mut self, fields: &Fields<'a>) {
        let Some(node) = fields.get("branch") else { return };
        let Some(Kind::Plain(table)) = fields.table.key("branch").map(|key| key.kind) else { return };
        let Some(items) = reader::array(node, "branch", self.sink) else { return };
        let index = self.model.branches.len() as u32;
        self.model.branches.push(BranchTable { ways: Vec::new() });
        self.emit(Op::Branch { table: index });
        let around = std::mem::replace(&mut self.around.on_the_spot, true);
        let by_chance = std::mem::replace(&mut self.around.by_chance, true);
        let (mut ways, mut jumps) = (Vec::new(), Vec::new());
        let (mut total, mut complete) = (0.0, !items.is_empty());
        if items.is_empty() {
            self.sink.error("S024", node.place, "a branch needs at least one way");
        }
        for item in items {
            let way = reader::open(item, table, self.sink);
            let p = way.as_ref().and_then(|way| way.number("p", self.sink));
            complete &= p.is_some();
            total += p.unwrap_or(0.0);
            ways.push((((p.unwrap_or(0.0) * WEIGHT_ONE) + 0.5) as u32, self.pc()));
            if let Some(steps) = way.and_then(|way| way.get("steps")) {
                self.list(steps, "steps");
            }
            jumps.push(self.emit(Op::Jump { to: 0 }));
        }
        (self.around.on_the_spot, self.around.by_chance) = (around, by_chance);
        let after = self.pc();
        for jump in jumps {
            self.model.program[jump] = Op::Jump { to: after };
        }
        if complete && total > 1.0 + 1e-9 {
            self.sink.error(
                "S024",
                node.place,
                format!("the probabilities of the branch sum to {total}, more than 1"),
            );
        }
        let used: u64 = ways.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let rest = (WEIGHT_ONE as u64).saturating_sub(used) as u32;
        // A rest below 1e-8 is the rounding of 1/3 + 1/3 + 1/3, not a way on.
        if rest > 10 {
            ways.push((rest, after));
        }
        if complete && ways.iter().all(|(weight, _)| *weight == 0) {
            self.sink.error("S024", node.place, "probabilities below 5e-10 cannot be told from 0");
        }
        self.model.branches[index as usize].ways = ways;
    }

    fn repeat(&mut self, fields: &Fields<'a>) {
        let Some(node) = fields.get("repeat") else { return };
        let law = law(node, "repeat", Unit::Count, self.sink);
        let count = law.and_then(|law| self.spot_law(law, node.place)).unwrap_or(0);
        let counter = self.around.repeats;
        self.around.repeats += 1;
        self.model.counters = self.model.counters.max(self.around.repeats);
        let around = std::mem::replace(&mut self.around.on_the_spot, true);
        let head = self.emit(Op::RepeatStart { counter, count, end: 0 });
        if let Some(steps) = fields.get("steps") {
            self.list(steps, "steps");
        }
        let end = self.emit(Op::RepeatEnd { counter, start: head as u32 + 1 });
        self.model.program[head] = Op::RepeatStart { counter, count, end: end as u32 };
        self.around.on_the_spot = around;
        self.around.repeats -= 1;
    }

    fn fork(&mut self, fields: &Fields<'a>) {
        let Some(node) = fields.get("fork") else { return };
        let Some(lists) = reader::array(node, "fork", self.sink) else { return };
        if self.around.inside.is_some() {
            self.sink
                .error(
                    "S045",
                    fields.place("fork"),
                    "a fork inside of a request: a SEP does one thing at a time",
                )
                .help("put the request into each way of the fork, or use { start = ... }");
            return;
        }
        if lists.is_empty() || lists.len() > 10_000 {
            let message = format!("a fork of {} children; it needs from 1 to 10000", lists.len());
            self.sink.error("S021", node.place, message);
            return;
        }
        let need = self.join(fields, lists.len() as u32);
        let table = self.model.forks.len() as u32;
        self.model.forks.push(ForkTable { children: Vec::new(), need: need.unwrap_or(1) });
        self.emit(Op::Fork { table });
        for list in lists {
            self.waiting.push_back(Child { table, list, around: self.around.clone() });
        }
    }

    /// Compiles the children of forks. They lie after the list that their fork stands in, so that a program reads on
    /// without jumps.
    fn children(&mut self) {
        while let Some(child) = self.waiting.pop_front() {
            self.around = child.around;
            let entry = self.pc();
            self.model.forks[child.table as usize].children.push(entry);
            self.list(child.list, "fork");
            self.emit(Op::ChildExit);
        }
    }

    fn join(&mut self, fields: &Fields<'a>, children: u32) -> Option<u32> {
        let Some(node) = fields.get("join") else { return Some(children) };
        match &node.value {
            Value::Text(text) if text == "all" => Some(children),
            Value::Integer(_) => {
                reader::integer(node, "join", 1, i64::from(children), self.sink).map(|need| need as u32)
            }
            _ => {
                reader::wrong_type(node, "`join` is \"all\" or a number of children", self.sink);
                None
            }
        }
    }
}
