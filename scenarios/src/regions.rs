//! A transaction region as steps see it: its stations, what its calls cost, and the programs that its own jobs run.

use crate::diagnostic::Place;
use sim_core::law::Law;
use sim_core::model::{Draw, Model, Op, Pc, StationRef, TaskOp};
use std::cell::{Cell, RefCell};

/// A station of a region that hands over at once: a pool whose token is held while it serves.
#[derive(Clone)]
pub(crate) struct Desk {
    /// Index of the pool.
    pub pool: u32,
    /// Index of its component.
    pub component: u32,
    /// How long it serves; `None`: no time at all.
    pub law: Option<Law>,
}

/// Costs of the calls to the database; `None`: at once, without a turn at the lock.
#[derive(Clone, Default)]
pub(crate) struct Costs {
    pub register: Option<Law>,
    pub enqueue: Option<Law>,
    pub fetch: Option<Law>,
    pub next: Option<Law>,
    pub recover: Option<Law>,
    pub pick: Option<Law>,
}

/// The names of calls, in the order of the model's table.
pub(crate) const CALLS: [&str; 6] = ["register", "enqueue", "fetch", "next", "recover", "pick"];

/// The place of a call in [`CALLS`].
pub(crate) fn call(name: &str) -> u16 {
    CALLS.iter().position(|call| *call == name).unwrap_or_default() as u16
}

/// How jobs end in regions, in the order of the model's table.
pub(crate) const OUTCOMES: [&str; 7] = ["ok", "AICA", "AKCC", "503", "rejected", "disconnected", "lost"];

/// The place of an outcome in [`OUTCOMES`].
pub(crate) fn outcome(name: &str) -> u16 {
    OUTCOMES.iter().position(|outcome| *outcome == name).unwrap_or_default() as u16
}

/// Programs of the region's own jobs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Programs {
    /// Carries a client's request to the queue, and one that was started.
    pub carrier: Pc,
    pub starter: Pc,
    /// The way of a START to the dispatcher, and that of a client's next request.
    pub timer: Pc,
    pub thinker: Pc,
    /// Carries an end output through the dispatcher.
    pub screen: Pc,
}

/// A region.
pub(crate) struct Region {
    pub name: String,
    pub place: Place,
    pub used: Cell<bool>,
    /// Index of the pool of its SEPs.
    pub seps: u32,
    pub listener: Desk,
    pub dispatcher: Desk,
    /// The lock of its database; the law is not used.
    pub database: Desk,
    /// The processor that tasks execute on.
    pub processor: u32,
    pub costs: Costs,
    pub fetch_on_pull: bool,
    /// Limit of processor time between two answers, and whether the SEP goes on after it.
    pub runaway: Option<(u64, bool)>,
    pub programs: Programs,
    /// Transaction classes and tags with queues of their own, as steps name them.
    pub lanes: RefCell<Vec<(String, Option<String>)>>,
    /// Locks that steps name, with their pools.
    pub locks: RefCell<Vec<(String, u32)>>,
    /// Tags that have reserved SEPs.
    pub tags: Vec<String>,
    /// Transaction classes that some SEP serves, where each has a list of them.
    pub served: Option<Vec<String>>,
}

impl Region {
    /// The queue of a transaction class and a tag.
    pub fn lane(&self, transaction: &str, tag: Option<&str>) -> u32 {
        let mut lanes = self.lanes.borrow_mut();
        let found = lanes.iter().position(|(class, of)| class == transaction && of.as_deref() == tag);
        found.unwrap_or_else(|| {
            lanes.push((transaction.to_owned(), tag.map(str::to_owned)));
            lanes.len() - 1
        }) as u32
    }
}

/// The step that a job of the model's tasks takes.
pub(crate) fn task(op: TaskOp) -> Op {
    Op::Task(op)
}

/// Serves at a station whose token is held: a law that is drawn on the spot. (That there are not too many is checked once for
/// all regions.)
pub(crate) fn serve(model: &mut Model, law: Option<&Law>, component: u32) {
    if let Some(law) = law {
        let amount = Draw::OnTheSpot(model.laws.len() as u16);
        model.laws.push(law.clone());
        model.program.push(task(TaskOp::Serve { amount, component }));
    }
}

/// A call to the database, with its effect at its end; one that costs nothing takes no turn at the lock.
pub(crate) fn emit_call(
    model: &mut Model,
    database: &Desk,
    name: &str,
    law: Option<&Law>,
    effect: Option<TaskOp>,
) {
    let pool = StationRef { base: database.pool, register: 0 };
    if law.is_some() {
        model.program.push(task(TaskOp::Call { call: call(name) }));
        model.program.push(Op::Acquire { pool });
        serve(model, law, database.component);
    }
    model.program.extend(effect.map(task));
    if law.is_some() {
        model.program.push(Op::Release { pool });
        model.program.push(task(TaskOp::Called { call: call(name) }));
    }
}
