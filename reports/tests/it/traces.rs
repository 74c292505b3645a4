//! From a recorded run to rows.

use reports::rows::{gantt_rows, task_rows};
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, Attributes, Class, Component, ComponentKind, Draw, Model, Op, Processor, SchedulerRef, Source,
    StationRef, TraceData, TraceRow,
};
use sim_core::policy::{CpuScheduler, Sharing};
use sim_core::record::Full;
use sim_core::trace::Trace;
use sim_core::units::{Ratio, Span, Time};
use sim_core::{Limits, run};
use std::sync::Arc;

/// Jobs (arrival, work) on `cores` cores that are shared equally.
fn shared(cores: u32, jobs: &[(u64, u64)]) -> (Model, Trace) {
    let mut model = Model::new("shared");
    model.components.push(Component { name: "cpu".into(), kind: ComponentKind::Processor });
    model.processors.push(Processor {
        name: "cpu".into(),
        component: 0,
        cores,
        speed: Ratio::ONE,
        scheduler: SchedulerRef {
            spec: "ps".into(),
            build: Arc::new(|_| CpuScheduler::Shares(Sharing::Equal)),
        },
        context_switch: Span::ZERO,
        dispatch_latency: Span::ZERO,
        device: false,
        interrupts: None,
    });
    let cpu = StationRef { base: 0, register: 0 };
    model.program = vec![Op::Work { station: cpu, amount: Draw::Given(0) }, Op::Exit];
    model.classes.push(Class { name: "task".into(), entry: 0, draws: vec![Law::Deterministic { value: 0 }] });
    let mut data = TraceData::default();
    for (place, (at, work)) in jobs.iter().enumerate() {
        let place = place as u32;
        model.tasks.push(format!("T{place}"));
        model.attributes.push(Attributes { place, task: place, ..Attributes::default() });
        data.rows.push(TraceRow {
            at: Time(*at),
            entry: 0,
            values: place,
            count: 1,
            attributes: place,
            client: 0,
        });
        data.values.push(*work);
    }
    let arrivals = Arrivals::Trace(Arc::new(data));
    model.sources.push(Source {
        name: "jobs".into(),
        class: 0,
        arrivals,
        attributes: 0,
        clients: 0,
        timeout: None,
    });
    let (_, full) = run(&model, 0, &Limits::default(), Full::new(false)).expect("the model runs");
    (model, full.trace)
}

/// Two jobs share one core from 10 on, the second ends first; the station is idle before 4.
#[test]
fn shared_cores_overlap_and_carry_the_share() {
    let (model, trace) = shared(1, &[(4, 20), (10, 4)]);
    let rows: Vec<_> = gantt_rows(&model, &trace)
        .iter()
        .map(|row| (row.start_ns, row.end_ns, row.task.map(str::to_owned), row.kind, row.share))
        .collect();
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(
        rows,
        [
            (0, 4, None, "idle", None),
            (4, 10, name("T0"), "run", Some(1.0)),
            (10, 18, name("T0"), "run", Some(0.5)),
            (10, 18, name("T1"), "run", Some(0.5)),
            (18, 28, name("T0"), "run", Some(1.0)),
        ]
    );
}

/// As many cores as jobs: each has a core to itself, and rows merge over the other's arrival.
#[test]
fn equal_neighbors_merge() {
    let (model, trace) = shared(2, &[(0, 20), (10, 4)]);
    let rows: Vec<_> =
        gantt_rows(&model, &trace).iter().map(|row| (row.start_ns, row.end_ns, row.job, row.share)).collect();
    assert_eq!(rows, [(0, 20, Some(1), Some(1.0)), (10, 14, Some(1), Some(1.0))]);
}

#[test]
fn jobs_become_rows() {
    let (model, trace) = shared(1, &[(4, 20), (10, 4)]);
    let rows = task_rows(&model, &trace);
    let short: Vec<_> = rows
        .iter()
        .map(|row| (row.task, row.arrival_ns, row.finish_ns, row.response_ns, row.status))
        .collect();
    assert_eq!(
        short,
        [("T0", 4, Some(28), Some(24), "completed"), ("T1", 10, Some(18), Some(8), "completed")]
    );
}
