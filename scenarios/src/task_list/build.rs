//! Rows to a model.

use super::{Machine, Periodic, Step, Task};
use crate::options::Options;
use crate::policy;
use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, Class, Component, ComponentKind, Draw, Model, Op, Pool, PoolOrder, Processor, Source,
    StationRef, TraceData, TraceRow,
};
use sim_core::ties::SameArrival;
use sim_core::units::{Ratio, Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fills the model.
pub(super) struct Builder {
    pub model: Model,
    pub machine: Machine,
    /// Programs by shape and pool.
    programs: BTreeMap<(Vec<Step>, Option<u32>), u32>,
}

impl Builder {
    pub fn new(name: &str, options: &Options, machine: Machine) -> Builder {
        let mut model = Model::new(name);
        model.seed = options.seed.unwrap_or(1);
        model.ties = machine.ties;
        model.components.push(Component { name: "cpu".to_owned(), kind: ComponentKind::Processor });
        model.processors.push(Processor {
            name: "cpu".to_owned(),
            component: 0,
            cores: machine.cores,
            speed: Ratio::ONE,
            scheduler: machine.policy.scheduler(),
            context_switch: machine.context_switch,
            dispatch_latency: machine.dispatch_latency,
            device: false,
            interrupts: machine.interrupts,
        });
        Builder { model, machine, programs: BTreeMap::new() }
    }

    pub fn build(mut self, mut tasks: Vec<Task>) -> Model {
        self.io(&tasks);
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for task in &mut tasks {
            let next = names.len() as u32;
            task.attributes.task = *names.entry(task.name.clone()).or_insert_with(|| {
                self.model.tasks.push(task.name.clone());
                next
            });
        }
        let pools = self.pools(&tasks);
        if self.model.ties.same_arrival == SameArrival::Priority {
            let high_first = policy::high_first(&self.machine.policy);
            tasks.sort_by_key(
                |task| if high_first { -task.attributes.priority } else { task.attributes.priority },
            );
        }
        if tasks.iter().any(|task| task.periodic.is_some()) {
            for task in tasks {
                self.own_source(task, &pools);
            }
        } else {
            self.one_source(tasks);
        }
        self.model
    }

    /// The device of `--io-device fcfs`, or the component of delays.
    fn io(&mut self, tasks: &[Task]) {
        if !tasks.iter().any(|task| task.shape.contains(&Step::Io)) {
            return;
        }
        let component = self.model.components.len() as u32;
        if self.machine.io_device {
            self.model.components.push(Component { name: "io".to_owned(), kind: ComponentKind::Device });
            let scheduler = policies::parse(Layer::Scheduler, "fcfs").map(|spec| spec.scheduler());
            self.model.processors.push(Processor {
                name: "io".to_owned(),
                component,
                cores: 1,
                speed: Ratio::ONE,
                scheduler: scheduler.unwrap_or_else(|error| panic!("fcfs is in the catalog: {error}")),
                context_switch: Span::ZERO,
                dispatch_latency: Span::ZERO,
                device: true,
                interrupts: None,
            });
        } else {
            self.model.components.push(Component { name: "delay".to_owned(), kind: ComponentKind::Delay });
        }
    }

    /// The token of each periodic task, by task: it is one thread.
    fn pools(&mut self, tasks: &[Task]) -> BTreeMap<u32, u32> {
        let mut pools = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.periodic.is_some()) {
            pools.entry(task.attributes.task).or_insert_with(|| {
                let component = self.model.components.len() as u32;
                self.model.components.push(Component { name: task.name.clone(), kind: ComponentKind::Pool });
                let name = task.name.clone();
                self.model.pools.push(Pool {
                    name,
                    component,
                    size: 1,
                    queue: None,
                    order: PoolOrder::Fifo,
                    host: None,
                    instances: None,
                });
                self.model.pools.len() as u32 - 1
            });
        }
        pools
    }

    /// The program of a shape; made once.
    fn program(&mut self, shape: &[Step], pool: Option<u32>) -> u32 {
        let key = (shape.to_vec(), pool);
        if let Some(entry) = self.programs.get(&key) {
            return *entry;
        }
        let entry = self.model.program.len() as u32;
        let pool = pool.map(|base| StationRef { base, register: 0 });
        self.model.program.extend(pool.map(|pool| Op::Acquire { pool }));
        for (index, step) in shape.iter().enumerate() {
            let amount = Draw::Given(index as u16);
            let op = match step {
                Step::Cpu => Op::Work { station: StationRef { base: 0, register: 0 }, amount },
                Step::Io if self.machine.io_device => {
                    Op::Work { station: StationRef { base: 1, register: 0 }, amount }
                }
                Step::Io => Op::Delay { amount },
            };
            self.model.program.push(op);
        }
        self.model.program.extend(pool.map(|pool| Op::Release { pool }));
        self.model.program.push(Op::Exit);
        self.programs.insert(key, entry);
        entry
    }

    /// All rows as one trace, sorted by release; at one instant in the order of the list (or of priority).
    fn one_source(&mut self, mut tasks: Vec<Task>) {
        tasks.sort_by_key(|task| task.arrival);
        let mut data = TraceData::default();
        for task in &tasks {
            let entry = self.program(&task.shape, None);
            let attributes = self.model.attributes.len() as u32;
            self.model.attributes.push(task.attributes.clone());
            data.rows.push(row(
                task.arrival,
                entry,
                data.values.len() as u32,
                task.sizes.len() as u16,
                attributes,
            ));
            data.values.extend(&task.sizes);
        }
        let entry = data.rows.first().map_or(0, |row| row.entry);
        self.model.classes.push(Class { name: "task".to_owned(), entry, draws: Vec::new() });
        self.model.sources.push(Source {
            name: "tasks".to_owned(),
            class: 0,
            arrivals: Arrivals::Trace(Arc::new(data)),
            attributes: 0,
            clients: 0,
            timeout: None,
        });
    }

    /// A row as a source of its own.
    fn own_source(&mut self, task: Task, pools: &BTreeMap<u32, u32>) {
        let entry = self.program(&task.shape, pools.get(&task.attributes.task).copied());
        let attributes = self.model.attributes.len() as u32;
        let class = self.class(&task, entry);
        let arrivals = match task.periodic {
            Some(Periodic { period, offset, count }) => Arrivals::Periodic { offset, period, count },
            None => Arrivals::Trace(Arc::new(TraceData {
                rows: vec![row(task.arrival, entry, 0, task.sizes.len() as u16, attributes)],
                values: task.sizes,
                is_sample: false,
            })),
        };
        self.model.attributes.push(task.attributes);
        self.model.sources.push(Source {
            name: task.name,
            class,
            arrivals,
            attributes,
            clients: 0,
            timeout: None,
        });
    }

    /// Periodic jobs draw their sizes at the release, always the same ones; so each row has a class.
    fn class(&mut self, task: &Task, entry: u32) -> u32 {
        let draws = match task.periodic {
            Some(_) => task.sizes.iter().map(|size| Law::Deterministic { value: *size }).collect(),
            None => Vec::new(),
        };
        self.model.classes.push(Class { name: task.name.clone(), entry, draws });
        self.model.classes.len() as u32 - 1
    }
}

fn row(at: Time, entry: u32, values: u32, count: u16, attributes: u32) -> TraceRow {
    TraceRow { at, entry, values, count, attributes, client: 0 }
}
