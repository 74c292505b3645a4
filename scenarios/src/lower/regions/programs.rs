//! The programs of a region's own jobs: carriers, notices, the monitor, processes that start, timers, end outputs on their way.

use super::at;
use crate::lower::Lowering;
use crate::regions::{self, Region, task};
use sim_core::law::Law;
use sim_core::model::{Draw, Instances, Op, Pc, TaskOp};
use sim_core::units::Span;

impl Lowering<'_> {
    fn emit(&mut self, op: Op) -> Pc {
        self.model.program.push(op);
        self.model.program.len() as Pc - 1
    }

    fn next_place(&self) -> Pc {
        self.model.program.len() as Pc
    }

    fn serve(&mut self, law: Option<&Law>, component: u32) {
        regions::serve(&mut self.model, law, component);
    }

    fn call(&mut self, region: &Region, name: &str, law: Option<&Law>, effect: Option<TaskOp>) {
        regions::emit_call(&mut self.model, &region.database, name, law, effect);
    }

    /// Patches a forward jump to here.
    fn land(&mut self, from: Pc) {
        let here = self.next_place();
        let op = &mut self.model.program[from as usize];
        if let Op::Task(TaskOp::Known { to } | TaskOp::Unmatched { to }) = op {
            *to = here;
        }
    }

    /// The programs of the region's own jobs.
    pub(super) fn programs(
        &mut self,
        region: &mut Region,
        instances: &mut Instances,
        invoke: Option<&Law>,
        post: Option<&Law>,
        poll: Option<Span>,
        push: bool,
    ) {
        let thread = at(region.dispatcher.pool);
        let component = region.dispatcher.component;
        let costs = region.costs.clone();
        for client in [true, false] {
            let entry = self.emit(Op::Acquire { pool: thread });
            self.serve(region.dispatcher.law.as_ref(), component);
            if client {
                region.programs.carrier = entry;
                let known = self.emit(task(TaskOp::Known { to: 0 }));
                self.call(region, "register", costs.register.as_ref(), None);
                self.land(known);
            } else {
                region.programs.starter = entry;
            }
            self.call(region, "enqueue", costs.enqueue.as_ref(), Some(TaskOp::Enqueue));
            self.invoke_found(invoke, component);
            self.emit(Op::Release { pool: thread });
            self.emit(Op::ChildExit);
        }
        if push {
            instances.notice = Some(self.emit(Op::Acquire { pool: thread }));
            self.serve(region.dispatcher.law.as_ref(), component);
            self.call(region, "pick", costs.pick.as_ref(), Some(TaskOp::Match));
            self.invoke_found(invoke, component);
            self.emit(Op::Release { pool: thread });
            self.emit(Op::ChildExit);
        }
        instances.invoke = self.next_place();
        self.serve(invoke, component);
        self.emit(task(TaskOp::Invoke));
        self.emit(Op::ChildExit);
        instances.recover = self.next_place();
        self.call(region, "recover", costs.recover.as_ref(), Some(TaskOp::Recover));
        self.emit(Op::ChildExit);
        instances.back = self.emit(Op::Delay { amount: Draw::Given(0) });
        self.emit(task(TaskOp::Up));
        self.call(region, "next", costs.next.as_ref(), Some(TaskOp::Pull));
        self.emit(Op::ChildExit);
        region.programs.timer = self.emit(task(TaskOp::Due));
        self.serve(post, component);
        self.emit(task(TaskOp::Posted));
        if let Some(poll) = poll {
            let period = self.model.periods.len() as u16;
            self.model.periods.push(poll);
            self.emit(task(TaskOp::Look { period }));
        }
        self.emit(task(TaskOp::Arise));
        self.emit(Op::ChildExit);
        region.programs.thinker = self.emit(task(TaskOp::Arise));
        self.emit(Op::ChildExit);
        region.programs.screen = self.emit(Op::Acquire { pool: thread });
        self.serve(region.dispatcher.law.as_ref(), component);
        self.emit(task(TaskOp::Deliver));
        self.emit(Op::Release { pool: thread });
        self.emit(Op::ChildExit);
    }

    /// Whoever was found is invoked, while the thread is held.
    fn invoke_found(&mut self, invoke: Option<&Law>, component: u32) {
        let unmatched = self.emit(task(TaskOp::Unmatched { to: 0 }));
        self.serve(invoke, component);
        self.emit(task(TaskOp::Invoke));
        self.land(unmatched);
    }
}
