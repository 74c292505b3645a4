//! Requests into regions, and what a task does on its SEP.
//!
//! A request's program stands in one piece: the way through the listener, [`TaskOp::Submit`], what the SEP does before the task
//! begins, the task, its end output, and the call that removes it. Where the task uses more processor time than it may, it goes
//! on at a second ending behind the first one.

use super::{Announced, Compiler, WEIGHT_ONE};
use crate::reader::{self, Fields};
use crate::regions::{self, Region, outcome, task};
use sim_core::law::Law;
use sim_core::model::{
    BranchTable, Component, ComponentKind, Draw, Emit, InstanceState, Op, Pc, Pool, PoolOrder, StationRef,
    Submit, TaskOp,
};

/// The request that steps stand in.
#[derive(Clone, Copy)]
pub(super) struct Inside {
    /// Index into the regions.
    region: usize,
}

impl<'a> Compiler<'a> {
    fn region(&mut self, fields: &Fields<'a>, key: &str) -> Option<usize> {
        let text = fields.text(key, self.sink)?;
        let found = self.stations.regions.iter().position(|region| region.name == text);
        if found.is_none() {
            let known: Vec<&str> = self.stations.regions.iter().map(|region| region.name.as_str()).collect();
            self.sink
                .error("S031", fields.place(key), format!("there is no region `{text}`"))
                .help_if(|| crate::diagnostic::did_you_mean_or_list(text, "regions", &known));
            self.compiled.unknown_names = true;
        }
        found
    }

    pub(super) fn request(&mut self, fields: &Fields<'a>) {
        if let Some(inside) = self.around.inside {
            let name = &self.stations.regions[inside.region].name;
            let message =
                format!("a request inside of a request of `{name}`: its SEP would wait for another one");
            self.sink
                .error("S045", fields.place("request"), message)
                .help("use { start = ... }, which does not wait, or put it behind the request");
            return;
        }
        let Some(index) = self.region(fields, "request") else { return };
        let stations = self.stations;
        let region = &stations.regions[index];
        region.used.set(true);
        self.emit(task(TaskOp::Receive { pool: region.seps }));
        if fields.boolean("local", self.sink) == Some(true) {
            return self.answered_by_dispatcher(fields, region);
        }
        let lane = self.lane(fields, region);
        if !self.starts {
            self.listen(region);
        }
        let table = self.model.submits.len() as u32;
        let priority = fields.integer("priority", self.sink);
        let session = fields.text("session", self.sink).map(session_key);
        self.model.submits.push(Submit {
            pool: region.seps,
            carrier: if self.starts { region.programs.starter } else { region.programs.carrier },
            lane,
            priority,
            resume: 0,
            pulled: 0,
            after: 0,
            lose_call: fields.boolean("lose_call", self.sink).unwrap_or(false),
            session,
            budget: None,
            disconnect: None,
        });
        // Behind it the job is like any other.
        self.starts = false;
        self.emit(task(TaskOp::Submit { table }));
        let resume = self.pc();
        self.call(region, "fetch", region.costs.fetch.as_ref(), None);
        let fetched = self.pc();
        let disconnect = self.amount(fields, "disconnect_after");
        self.emit(task(TaskOp::Begin));
        let outer = self.around.inside.replace(Inside { region: index });
        if let Some(steps) = fields.get("steps") {
            self.list(steps, "steps");
        }
        self.around.inside = outer;
        let screen = (fields.boolean("screen", self.sink) == Some(true)).then_some(region.programs.screen);
        self.end_output(fields, region, screen);
        self.call(region, "next", region.costs.next.as_ref(), Some(TaskOp::Next));
        let beyond = region.runaway.map(|(limit, keeps)| {
            let jump = self.emit(Op::Jump { to: 0 });
            let beyond = self.pc();
            self.emit(task(TaskOp::Expire));
            self.emit(task(TaskOp::Respond { outcome: outcome("AICA") }));
            if keeps {
                self.call(region, "next", region.costs.next.as_ref(), Some(TaskOp::Next));
            } else {
                self.emit(task(TaskOp::TakeOut));
            }
            let after = self.pc();
            self.model.program[jump] = Op::Jump { to: after };
            (limit, beyond)
        });
        let after = self.pc();
        let submit = &mut self.model.submits[table as usize];
        submit.resume = resume;
        submit.pulled = if region.fetch_on_pull { resume } else { fetched };
        submit.after = after;
        submit.budget = beyond;
        submit.disconnect = disconnect;
    }

    /// The queue that a request stands in.
    fn lane(&mut self, fields: &Fields<'a>, region: &Region) -> u32 {
        let transaction = fields.name("transaction", self.sink).unwrap_or(self.class);
        let tag = fields.name("tag", self.sink);
        if let Some(served) = &region.served
            && !served.iter().any(|class| class == transaction)
        {
            let place =
                fields.place(if fields.get("transaction").is_some() { "transaction" } else { "request" });
            self.sink
                .error("S031", place, format!("no SEP of `{}` serves the class `{transaction}`", region.name))
                .help("its requests would wait for ever: name it in one of the lists of `initiators`");
        }
        if let Some(tag) = tag
            && !region.tags.iter().any(|known| known == tag)
        {
            let known: Vec<&str> = region.tags.iter().map(String::as_str).collect();
            let message = format!("no SEP of `{}` is reserved for `{tag}`: any serves it", region.name);
            self.sink
                .warning("S031", fields.place("tag"), message)
                .help_if(|| crate::diagnostic::did_you_mean_or_list(tag, "tags with reserved SEPs", &known));
            return region.lane(transaction, None);
        }
        region.lane(transaction, tag)
    }

    /// The way through the listener.
    fn listen(&mut self, region: &Region) {
        let Some(law) = &region.listener.law else { return };
        let pool = StationRef { base: region.listener.pool, register: 0 };
        self.emit(Op::Acquire { pool });
        self.serve(law, region.listener.component);
        self.emit(Op::Release { pool });
    }

    fn serve(&mut self, law: &Law, component: u32) {
        regions::serve(self.model, Some(law), component);
    }

    fn call(&mut self, region: &Region, name: &str, law: Option<&Law>, effect: Option<TaskOp>) {
        regions::emit_call(self.model, &region.database, name, law, effect);
    }

    /// The dispatcher answers by itself.
    fn answered_by_dispatcher(&mut self, fields: &Fields<'a>, region: &Region) {
        if !self.starts {
            self.listen(region);
        }
        // Behind it the job is like any other.
        self.starts = false;
        let pool = StationRef { base: region.dispatcher.pool, register: 0 };
        self.emit(Op::Acquire { pool });
        if let Some(law) = &region.dispatcher.law {
            self.serve(law, region.dispatcher.component);
        }
        self.emit(Op::Release { pool });
        self.end_output(fields, region, None);
    }

    /// The last answer, perhaps by way of the dispatcher, and perhaps followed by the client's next request.
    fn end_output(&mut self, fields: &Fields<'a>, region: &Region, screen: Option<Pc>) {
        let (then, chance) = self.follow(fields, region).map_or((None, 1.0), |(then, p)| (Some(then), p));
        if chance >= 1.0 {
            return self.respond(then, screen);
        }
        let table = self.model.branches.len() as u32;
        self.emit(Op::Branch { table });
        let weight = ((chance * WEIGHT_ONE) + 0.5) as u32;
        let with = self.pc();
        self.respond(then, screen);
        let jump = self.emit(Op::Jump { to: 0 });
        let without = self.pc();
        self.respond(None, screen);
        let after = self.pc();
        self.model.program[jump] = Op::Jump { to: after };
        let ways = vec![(weight, with), (WEIGHT_ONE as u32 - weight, without)];
        self.model.branches.push(BranchTable { ways });
    }

    fn respond(&mut self, then: Option<u32>, screen: Option<Pc>) {
        if let Some(way) = screen {
            self.emit(task(TaskOp::RespondBy { way, then: then.unwrap_or(u32::MAX) }));
        } else {
            self.emit(task(TaskOp::Respond { outcome: 0 }));
            self.make(then);
        }
    }

    fn make(&mut self, table: Option<u32>) {
        if let Some(table) = table {
            self.emit(task(TaskOp::Emit { table }));
        }
    }

    /// The next request of a dialogue, and how likely it is.
    fn follow(&mut self, fields: &Fields<'a>, region: &Region) -> Option<(u32, f64)> {
        let node = fields.get("then")?;
        let Some(crate::keys::Kind::Table(table)) = fields.table.key("then").map(|key| key.kind) else {
            return None;
        };
        let then = reader::open(node, table, self.sink)?;
        let chance = then.number("p", self.sink).unwrap_or(1.0);
        let amount = self.amount(&then, "think");
        let by_chance = self.around.by_chance;
        self.around.by_chance |= chance < 1.0;
        let made = self.announce(&then, "class", amount, (region.seps, region.programs.thinker), None);
        self.around.by_chance = by_chance;
        Some((made?, chance))
    }

    /// Notes a job to be made whose class may be known later.
    fn announce(
        &mut self,
        fields: &Fields<'a>,
        key: &str,
        after: Option<Draw>,
        (pool, way): (u32, Pc),
        started_by: Option<&Region>,
    ) -> Option<u32> {
        let thinks = started_by.is_none();
        let class = fields.name(key, self.sink)?;
        let after = after?;
        let table = self.model.emits.len() as u32;
        self.model.emits.push(Emit { class: 0, attributes: 0, entry: 0, after, pool, way, thinks });
        let (place, always) = (fields.place(key), !self.around.by_chance);
        let region = started_by.map(|region| region.name.clone());
        self.compiled.announced.push(Announced {
            table,
            class: class.to_owned(),
            place,
            always,
            thinks,
            region,
        });
        Some(table)
    }

    pub(super) fn start(&mut self, fields: &Fields<'a>) {
        let region = match (self.around.inside, fields.get("region")) {
            (Some(inside), None) => Some(inside.region),
            (_, Some(_)) => self.region(fields, "region"),
            (None, None) => {
                self.sink
                    .error(
                        "S011",
                        fields.node.place,
                        "a `start` step outside of a request needs the key `region`",
                    )
                    .help("`region`: the region whose dispatcher starts the task");
                self.compiled.unknown_names = true;
                None
            }
        };
        let Some(index) = region else { return };
        let stations = self.stations;
        let region = &stations.regions[index];
        region.used.set(true);
        let after = match fields.get("after") {
            Some(_) => self.amount(fields, "after"),
            None => self.spot_law(Law::Deterministic { value: 0 }, fields.node.place).map(Draw::OnTheSpot),
        };
        let made = self.announce(fields, "start", after, (region.seps, region.programs.timer), Some(region));
        self.make(made);
    }

    /// The region of a step that only a task can do.
    fn inside(&mut self, fields: &Fields<'a>, key: &str) -> Option<usize> {
        if self.around.inside.is_none() {
            let message = format!("`{key}` outside of a `request`: there is no SEP that could do it");
            self.sink
                .error("S032", fields.place(key), message)
                .help("put it into the steps of { request = \"...\", steps = [...] }");
        }
        self.around.inside.map(|inside| inside.region)
    }

    pub(super) fn exec(&mut self, fields: &Fields<'a>) {
        let amount = self.amount(fields, "exec");
        let (Some(index), Some(amount)) = (self.inside(fields, "exec"), amount) else { return };
        let station = StationRef { base: self.stations.regions[index].processor, register: 0 };
        self.emit(task(TaskOp::Exec { station, amount }));
    }

    pub(super) fn converse(&mut self, fields: &Fields<'a>) {
        let think = self.amount(fields, "converse");
        let (Some(index), Some(think)) = (self.inside(fields, "converse"), think) else { return };
        self.emit(task(TaskOp::Converse { think }));
        let stations = self.stations;
        self.listen(&stations.regions[index]);
        self.emit(task(TaskOp::Input));
    }

    /// `lock` and `unlock`.
    pub(super) fn locks(&mut self, fields: &Fields<'a>, key: &str) {
        let name = fields.name(key, self.sink);
        let (Some(index), Some(name)) = (self.inside(fields, key), name) else { return };
        let stations = self.stations;
        let region = &stations.regions[index];
        let found = region.locks.borrow().iter().find(|(lock, _)| lock == name).map(|(_, pool)| *pool);
        let pool = found.unwrap_or_else(|| {
            let full = format!("{}.lock-{name}", region.name);
            let component = self.model.components.len() as u32;
            self.model.components.push(Component { name: full.clone(), kind: ComponentKind::Pool });
            let pool = self.model.pools.len() as u32;
            self.model.pools.push(Pool {
                name: full,
                component,
                size: 1,
                queue: None,
                order: PoolOrder::Fifo,
                host: None,
                instances: None,
            });
            region.locks.borrow_mut().push((name.to_owned(), pool));
            pool
        });
        self.emit(task(if key == "lock" { TaskOp::Lock { pool } } else { TaskOp::Unlock { pool } }));
        if key == "lock" {
            self.emit(task(TaskOp::Mark { state: InstanceState::Executing }));
        }
    }
}

/// The key of a session with a name.
fn session_key(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()) | 1 << 63
}
