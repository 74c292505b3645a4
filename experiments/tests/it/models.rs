//! Small models built in code.

use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, Attributes, Class, Component, ComponentKind, Draw, Model, Op, Processor, Source, StationRef,
    Stop, TraceData, TraceRow,
};
use sim_core::units::{Ratio, Span, Time};
use std::sync::Arc;

/// One core named `cpu` under `policy`, one class, one source.
fn one_core(policy: &str, draws: Vec<Law>, arrivals: Arrivals) -> Model {
    let mut model = Model::new("test");
    model.components.push(Component { name: "cpu".into(), kind: ComponentKind::Processor });
    model.processors.push(Processor {
        name: "cpu".into(),
        component: 0,
        cores: 1,
        speed: Ratio::ONE,
        scheduler: policies::parse(Layer::Scheduler, policy).unwrap().scheduler(),
        context_switch: Span::ZERO,
        dispatch_latency: Span::ZERO,
        device: false,
        interrupts: None,
    });
    let cpu = StationRef { base: 0, register: 0 };
    model.program = vec![Op::Work { station: cpu, amount: Draw::Given(0) }, Op::Exit];
    model.classes.push(Class { name: "task".into(), entry: 0, draws });
    model.attributes.push(Attributes::default());
    model.tasks.push("jobs".into());
    model.sources.push(Source {
        name: "jobs".into(),
        class: 0,
        arrivals,
        attributes: 0,
        clients: 0,
        timeout: None,
    });
    model
}

/// A Poisson stream of `load` times the capacity of one core, exponential work of 1 ms on average.
pub fn mm1(policy: &str, load: f64, stop: Stop) -> Model {
    let gap = Law::Exponential { mean: 1e6 / load };
    let mut model = one_core(policy, vec![Law::Exponential { mean: 1e6 }], Arrivals::Renewal(gap));
    model.stop = stop;
    model
}

/// Tasks given as (name, arrival in ms, work in ms).
pub fn tasks(policy: &str, list: &[(&str, u64, u64)]) -> Model {
    const MS: u64 = 1_000_000;
    let mut data = TraceData::default();
    let mut model = one_core(policy, vec![Law::Deterministic { value: 0 }], Arrivals::Trace(Arc::default()));
    model.tasks.clear();
    model.attributes.clear();
    for (place, (name, at, work)) in list.iter().enumerate() {
        let place = place as u32;
        model.tasks.push((*name).to_owned());
        model.attributes.push(Attributes { place, task: place, ..Attributes::default() });
        data.rows.push(TraceRow {
            at: Time(at * MS),
            entry: 0,
            values: place,
            count: 1,
            attributes: place,
            client: 0,
        });
        data.values.push(work * MS);
    }
    model.sources[0].arrivals = Arrivals::Trace(Arc::new(data));
    model
}
