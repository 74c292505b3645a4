//! What the engine relies on, checked before a run.

use super::{Draw, Group, Model, ModelError, Op, Pc, StationRef, TaskOp};
use crate::event::ENTITY_MAX;

impl Model {
    /// Checks what the engine relies on: indices in range, limits of the event key, programs that end.
    pub fn check(&self) -> Result<(), ModelError> {
        let fail = |what: String| Err(ModelError(what));
        if self.cores() > u64::from(ENTITY_MAX) {
            return fail(format!("{} cores; at most {ENTITY_MAX} can be simulated", self.cores()));
        }
        if self.processors.iter().any(|p| p.cores == 0) {
            return fail("a processor without cores".to_owned());
        }
        if self.sources.len() > ENTITY_MAX as usize {
            return fail(format!("{} sources; at most {ENTITY_MAX}", self.sources.len()));
        }
        if self.registers == 0 {
            return fail("register 0 is always there".to_owned());
        }
        let station = |what: &str, r: StationRef, len: usize| {
            let top = self.register_top(r.register);
            if r.register >= self.registers || r.base as usize + top as usize >= len {
                return fail(format!("{what} {} with register {} is out of range", r.base, r.register));
            }
            Ok(())
        };
        let pc = |to: Pc| {
            if (to as usize) < self.program.len() { Ok(()) } else { fail(format!("no operation at {to}")) }
        };
        for (at, op) in self.program.iter().enumerate() {
            match *op {
                Op::Work { station: s, amount } => {
                    station("processor", s, self.processors.len())?;
                    self.check_draw(amount)?;
                }
                Op::Acquire { pool } | Op::Release { pool } => station("pool", pool, self.pools.len())?,
                Op::Delay { amount } => self.check_draw(amount)?,
                Op::Balance { balancer } | Op::Leave { balancer } => {
                    if balancer as usize >= self.balancers.len() {
                        return fail(format!("no balancer {balancer}"));
                    }
                }
                Op::Branch { table } => {
                    let Some(table) = self.branches.get(table as usize) else {
                        return fail(format!("no branch table {table}"));
                    };
                    if table.ways.iter().all(|(weight, _)| *weight == 0) {
                        return fail("a branch without a way on".to_owned());
                    }
                    table.ways.iter().try_for_each(|(_, to)| pc(*to))?;
                }
                Op::Jump { to } => pc(to)?,
                Op::RepeatStart { counter, count, end } => {
                    pc(end)?;
                    if counter >= self.counters || count as usize >= self.laws.len() {
                        return fail("repeat without its counter or law".to_owned());
                    }
                }
                Op::RepeatEnd { counter, start } => {
                    pc(start)?;
                    if counter >= self.counters {
                        return fail("repeat without its counter".to_owned());
                    }
                }
                Op::Fork { table } => {
                    let Some(table) = self.forks.get(table as usize) else {
                        return fail(format!("no fork table {table}"));
                    };
                    if table.need as usize > table.children.len() {
                        return fail("a join waits for more children than were forked".to_owned());
                    }
                    table.children.iter().try_for_each(|to| pc(*to))?;
                    let ends = |op: &Op| matches!(op, Op::Exit | Op::ChildExit);
                    let end = self.program[at..].iter().position(ends).map_or(at, |n| at + n);
                    if table.children.iter().any(|child| (*child as usize) <= end) {
                        return fail(
                            "the children of a fork lie out of line, after the end of its list".to_owned(),
                        );
                    }
                }
                Op::Task(op) => self.check_task(op)?,
                Op::ChildExit | Op::Exit => {}
            }
        }
        if !matches!(self.program.last(), Some(Op::Exit | Op::ChildExit | Op::Jump { .. })) {
            return fail("the program does not end".to_owned());
        }
        let failing = |group: &&Group| group.outages.is_some();
        let servers = self.groups.iter().filter(failing).map(|group| group.weights.len()).sum::<usize>();
        let views = self.balancers.iter().filter_map(|b| self.groups.get(b.group as usize));
        let watched = views.filter(failing).map(|group| group.weights.len()).sum::<usize>();
        if servers + watched > ENTITY_MAX as usize {
            return fail(format!(
                "{servers} servers that fail and {watched} views of them; at most {ENTITY_MAX}"
            ));
        }
        for balancer in &self.balancers {
            let group = self.groups.get(balancer.group as usize);
            if group.is_none_or(|g| g.weights.is_empty()) {
                return fail(format!("balancer `{}` has no servers", balancer.name));
            }
            if balancer.register == 0 || balancer.register >= self.registers {
                return fail(format!("balancer `{}` has no register", balancer.name));
            }
        }
        for source in &self.sources {
            if source.class as usize >= self.classes.len()
                || source.attributes as usize >= self.attributes.len()
            {
                return fail(format!("source `{}` without class or attributes", source.name));
            }
        }
        for class in &self.classes {
            pc(class.entry)?;
        }
        for component in
            self.processors.iter().map(|p| p.component).chain(self.pools.iter().map(|p| p.component))
        {
            if component as usize >= self.components.len() {
                return fail(format!("no component {component}"));
            }
        }
        Ok(())
    }

    fn check_task(&self, op: TaskOp) -> Result<(), ModelError> {
        let fail = |what: String| Err(ModelError(what));
        let pc = |to: Pc| (to as usize) < self.program.len();
        let pool = |pool: u32| self.pools.get(pool as usize);
        match op {
            TaskOp::Serve { amount, component } => {
                self.check_draw(amount)?;
                if component as usize >= self.components.len() {
                    return fail(format!("no component {component}"));
                }
            }
            TaskOp::Submit { table } => {
                let Some(submit) = self.submits.get(table as usize) else {
                    return fail(format!("no submit table {table}"));
                };
                let Some(instances) = pool(submit.pool).and_then(|pool| pool.instances.as_ref()) else {
                    return fail(format!("pool {} has no instances", submit.pool));
                };
                let places = [submit.carrier, submit.resume, submit.pulled, submit.after];
                let beyond = submit.budget.map(|(_, beyond)| beyond);
                let turns = if instances.bound { instances.kind_of.len() } else { 1 };
                if submit.lane as usize * turns >= instances.lanes.len()
                    || !places.into_iter().chain(beyond).all(pc)
                {
                    return fail(format!("submit table {table} is out of range"));
                }
                instances.check(self.program.len())?;
            }
            TaskOp::Known { to } | TaskOp::Unmatched { to } if !pc(to) => {
                return fail(format!("no operation at {to}"));
            }
            TaskOp::Exec { station, amount } => {
                self.check_draw(amount)?;
                let top = self.register_top(station.register);
                if (station.base + top) as usize >= self.processors.len() {
                    return fail(format!("processor {} is out of range", station.base));
                }
            }
            TaskOp::Lock { pool: lock } | TaskOp::Unlock { pool: lock } if pool(lock).is_none() => {
                return fail(format!("no pool {lock}"));
            }
            TaskOp::Converse { think } => self.check_draw(think)?,
            TaskOp::RespondBy { way, .. } if !pc(way) => return fail(format!("no operation at {way}")),
            TaskOp::Emit { table } => {
                let Some(emit) = self.emits.get(table as usize) else {
                    return fail(format!("no emit table {table}"));
                };
                self.check_draw(emit.after)?;
                if emit.class as usize >= self.classes.len()
                    || emit.attributes as usize >= self.attributes.len()
                    || !pc(emit.entry)
                    || !pc(emit.way)
                {
                    return fail(format!("emit table {table} is out of range"));
                }
            }
            TaskOp::Look { period } if self.periods.get(period as usize).is_none_or(|span| span.0 == 0) => {
                return fail(format!("no period {period}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// The largest value a register can hold: the last member of its group.
    fn register_top(&self, register: u16) -> u32 {
        self.balancers
            .iter()
            .filter(|b| b.register == register)
            .filter_map(|b| self.groups.get(b.group as usize))
            .map(|g| g.weights.len().saturating_sub(1) as u32)
            .max()
            .unwrap_or(0)
    }

    fn check_draw(&self, draw: Draw) -> Result<(), ModelError> {
        match draw {
            Draw::OnTheSpot(law) if law as usize >= self.laws.len() => {
                Err(ModelError(format!("no law {law}")))
            }
            _ => Ok(()),
        }
    }
}
