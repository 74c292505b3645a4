//! The kernel of a processor whose events interrupt its cores: what each core has been told, and what it is doing.

use crate::model::Interrupts;
use crate::policy::Why;
use crate::units::{Time, Work};
use std::collections::VecDeque;

/// Something that the kernel must see to on a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Notice {
    /// A job is ready after so much work since its dispatch; with the number of the notice. (Where the job is gone already its
    /// coming has to be handled all the same.)
    Ready(u32, u64, Why, Work),
    /// A job is gone.
    Exit,
    /// Another job was put on the core.
    Switch,
}

/// What the kernel does on a core. Everything but the first two ends with an event of the core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doing {
    /// Nothing: the core runs its job, or is idle.
    Nothing,
    /// It waits for the scheduler, which is at work on another core.
    Waiting,
    /// It saves the context of the job that ran.
    Saving,
    /// It handles the coming or going of a job.
    Handling,
    /// It runs the scheduler.
    Deciding,
    /// It loads the context of the job in this slot.
    Loading(u32),
}

/// A core as its kernel sees it.
pub(crate) struct KernelCore {
    /// What has happened, in order.
    pub inbox: VecDeque<Notice>,
    /// How often the scheduler is to decide once all of that has been handled.
    pub decisions: u64,
    pub doing: Doing,
    /// When that is done.
    pub until: Time,
    /// A job has left the core whose context is still on it.
    pub owes_save: bool,
    /// The job on the core has not run since it was put there.
    pub fresh: bool,
    /// The number of the first job whose coming the core had to handle: what the kernel does before any job was put on the
    /// core, it does for that one.
    pub first: Option<u64>,
}

/// The kernel of a processor.
pub(crate) struct Kernel {
    pub costs: Interrupts,
    pub cores: Vec<KernelCore>,
    /// Jobs in the ready queue that the scheduler has not been told of.
    pub unseen: u32,
    /// The core on which the scheduler is at work.
    pub lock: Option<u32>,
    /// By task: the core it was put on last, which handles its next job.
    home: Vec<u32>,
    /// By slot: when its context can be loaded.
    context: Vec<Time>,
    /// By slot: the number of the notice of its coming that the scheduler has not been told of; 0: there is none.
    news: Vec<u64>,
    notices: u64,
}

impl Kernel {
    pub fn new(costs: Interrupts, cores: u32) -> Kernel {
        let core = || KernelCore {
            inbox: VecDeque::new(),
            decisions: 0,
            doing: Doing::Nothing,
            until: Time::ZERO,
            owes_save: false,
            fresh: false,
            first: None,
        };
        Kernel {
            costs,
            cores: (0..cores).map(|_| core()).collect(),
            unseen: 0,
            lock: None,
            home: Vec::new(),
            context: Vec::new(),
            news: Vec::new(),
            notices: 0,
        }
    }

    /// The core that handles a task's next job.
    pub fn home(&self, task: u32) -> u32 {
        self.home.get(task as usize).copied().unwrap_or(0)
    }

    pub fn set_home(&mut self, task: u32, core: u32) {
        if self.home.len() <= task as usize {
            self.home.resize(task as usize + 1, 0);
        }
        self.home[task as usize] = core;
    }

    /// When the context of the job in `slot` can be loaded.
    pub fn context(&self, slot: u32) -> Time {
        self.context.get(slot as usize).copied().unwrap_or(Time::ZERO)
    }

    pub fn set_context(&mut self, slot: u32, at: Time) {
        if self.context.len() <= slot as usize {
            self.context.resize(slot as usize + 1, Time::ZERO);
        }
        self.context[slot as usize] = at;
    }

    /// The notice that the job in `slot` is ready, which the scheduler is still to be told of.
    pub fn news_of(&mut self, slot: u32, why: Why, ran: Work) -> Notice {
        if self.news.len() <= slot as usize {
            self.news.resize(slot as usize + 1, 0);
        }
        self.notices += 1;
        self.unseen += 1;
        self.news[slot as usize] = self.notices;
        Notice::Ready(slot, self.notices, why, ran)
    }

    /// Whether the scheduler has not been told yet that the job in `slot` is ready.
    pub fn is_unseen(&self, slot: u32) -> bool {
        self.news.get(slot as usize).is_some_and(|notice| *notice != 0)
    }

    /// Takes back the news of a job's coming, if the scheduler has not been told yet.
    pub fn forget(&mut self, slot: u32) -> bool {
        let found = self.is_unseen(slot);
        if found {
            self.news[slot as usize] = 0;
            self.unseen -= 1;
        }
        found
    }

    /// Takes note that the scheduler is told now; whether there is still somebody to tell it of.
    pub fn tell(&mut self, slot: u32, notice: u64) -> bool {
        self.news.get(slot as usize) == Some(&notice) && self.forget(slot)
    }
}
