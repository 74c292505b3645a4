//! Balancers before farms of servers of one first-come-first-served core each.

use policies::{Layer, catalog, example_spec, parse};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim_core::model::{
    Arrivals, Attributes, BalancerSpec, Class, Component, ComponentKind, Draw, Group, Model, Op, OwedWork,
    Processor, Source, StationRef, TraceData, TraceRow,
};
use sim_core::record::Full;
use sim_core::trace::{Decision, DecisionKind, Status, Trace};
use sim_core::units::{Ratio, Span, Time};
use sim_core::{Limits, run};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A request: arrival, work (ms) and the client's key.
type Request = (u64, u64, u64);

#[derive(Clone, Debug)]
struct Farm {
    policy: String,
    weights: Vec<u32>,
    requests: Vec<Request>,
    seed: u64,
}

impl Farm {
    fn run(&self) -> Trace {
        let mut model = Model::new("farm");
        model.seed = self.seed;
        model.components.push(Component { name: "servers".into(), kind: ComponentKind::Processor });
        let fcfs = parse(Layer::Scheduler, "fcfs").expect("a scheduler");
        for index in 0..self.weights.len() {
            model.processors.push(Processor {
                name: format!("server-{index}"),
                component: 0,
                cores: 1,
                speed: Ratio::ONE,
                scheduler: fcfs.scheduler(),
                context_switch: Span::ZERO,
                dispatch_latency: Span::ZERO,
                device: false,
                interrupts: None,
            });
        }
        model.groups.push(Group {
            name: "servers".into(),
            weights: self.weights.clone(),
            processors: vec![0],
            pools: Vec::new(),
            outages: None,
        });
        let spec =
            parse(Layer::Balancer, &self.policy).unwrap_or_else(|error| panic!("{}: {error}", self.policy));
        let balancer = BalancerSpec {
            name: "balancer".into(),
            group: 0,
            register: 1,
            policy: spec.balancer(),
            detection: None,
        };
        model.balancers.push(balancer);
        model.owed.push(OwedWork { at: 0, draws: vec![0] });
        model.registers = 2;
        let station = StationRef { base: 0, register: 1 };
        model.program = vec![
            Op::Balance { balancer: 0 },
            Op::Work { station, amount: Draw::Given(0) },
            Op::Leave { balancer: 0 },
            Op::Exit,
        ];
        model.tasks.push("requests".into());
        model.attributes.push(Attributes::default());
        let mut data = TraceData::default();
        for (values, (at, work, client)) in (0..).zip(&self.requests) {
            data.values.push(work * 1_000_000);
            let at = Time(at * 1_000_000);
            data.rows.push(TraceRow { at, entry: 0, values, count: 1, attributes: 0, client: *client });
        }
        data.rows.sort_by_key(|row| row.at);
        model.classes.push(Class { name: "requests".into(), entry: 0, draws: Vec::new() });
        let arrivals = Arrivals::Trace(Arc::new(data));
        model.sources.push(Source {
            name: "requests".into(),
            class: 0,
            arrivals,
            attributes: 0,
            clients: 0,
            timeout: None,
        });
        model.check().expect("a good model");
        run(&model, 0, &Limits::default(), Full::new(true))
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
            .1
            .trace
    }

    /// The decisions of the balancer in order.
    fn decisions(&self) -> Vec<Decision> {
        let decisions = self.run().decisions.into_iter();
        decisions.filter(|decision| matches!(decision.kind, DecisionKind::Balance { .. })).collect()
    }

    /// The servers picked, as letters.
    fn picks(&self) -> String {
        self.decisions().iter().map(|decision| char::from(b'A' + decision.chosen as u8)).collect()
    }
}

fn farm(policy: &str, weights: &[u32], requests: Vec<Request>) -> Farm {
    Farm { policy: policy.to_owned(), weights: weights.to_vec(), requests, seed: 1 }
}

/// Pick sequences of nginx's smooth weighted round robin from a fresh start (`ngx_http_upstream_round_robin.c`; the 5:1:1
/// one is in its commit message of 2012). Cases `wrr-trace-4-3-2`, `wrr-trace-3-2-1` and `wrr-trace-6-4-2` of the collection of
/// oracles.
#[test]
fn smooth_weights_follow_nginx() {
    for (weights, expected) in [
        ([5, 1, 1], "AABACAAAABACAA"),
        ([4, 3, 2], "ABCABACBA"),
        ([3, 2, 1], "ABACBA"),
        ([6, 4, 2], "ABACBAABACBA"),
        ([1, 1, 1], "ABCABC"),
        ([0, 0, 0], "AAA"),
    ] {
        let requests = (0..expected.len() as u64).map(|at| (at, 1, 0)).collect();
        assert_eq!(farm("wrr-nginx", &weights, requests).picks(), expected, "{weights:?}");
    }
}

/// `ngx_http_upstream_ip_hash_module.c`, worked by hand: 89, then (number * 113 + octet) mod 6271 for three octets.
/// Case `nginx-iphash`.
#[test]
fn ip_hash_follows_nginx() {
    let client = |a, b, c, d| u64::from(u32::from(Ipv4Addr::new(a, b, c, d)));
    let clients = [client(10, 0, 0, 5), client(10, 0, 0, 250), client(192, 168, 1, 7), client(172, 16, 5, 1)];
    let requests: Vec<Request> = clients.iter().map(|client| (0, 1, *client)).collect();
    assert_eq!(farm("ip-hash", &[1, 1, 1], requests.clone()).picks(), "AABB");
    // 10.0.0: 3796 mod 7 = 2 lies in the first three places, 192.168.1 and 172.16.5 elsewhere.
    let number = |octets: [u64; 3]| octets.iter().fold(89, |number, octet| (number * 113 + octet) % 6271);
    let expected: String = [[10, 0, 0], [10, 0, 0], [192, 168, 1], [172, 16, 5]]
        .map(|octets| match number(octets) % 7 {
            0..=2 => 'A',
            3 => 'B',
            _ => 'C',
        })
        .iter()
        .collect();
    assert_eq!(farm("ip-hash", &[3, 1, 3], requests).picks(), expected);
}

#[test]
fn weights_divide_connections() {
    // Nobody leaves: 0/2 0/1, 1/2 0/1, 1/2 1/1, 2/2 1/1 (equal, lowest), 3/2 1/1.
    let requests = vec![(0, 99, 0); 5];
    assert_eq!(farm("least-connections:weighted=true", &[2, 1], requests.clone()).picks(), "ABAAB");
    assert_eq!(farm("least-connections", &[2, 1], requests.clone()).picks(), "ABABA");
    assert_eq!(farm("least-connections:weighted=true", &[0, 1], requests).picks(), "BBBBB");
}

#[test]
fn drawing_every_server_joins_the_shortest() {
    let requests: Vec<Request> = (0..60).map(|at| (at, 1 + at * 7 % 11, 0)).collect();
    for policy in ["power-of-d:d=64", "jsq", "jsq:ties=lowest"] {
        for decision in farm(policy, &[1; 5], requests.clone()).decisions() {
            let chosen = decision.candidates().iter().find(|c| c.id == decision.chosen).map(|c| c.key);
            assert_eq!(chosen, decision.candidates().iter().map(|c| c.key).min(), "{policy}: {decision:?}");
        }
    }
}

#[test]
fn the_note_of_a_sample_says_what_was_drawn() {
    for (policy, d) in [("power-of-d:d=2", 2), ("power-of-d:d=3,replacement=true", 3), ("power-of-d:d=1", 1)]
    {
        for decision in farm(policy, &[1; 4], (0..50).map(|at| (at, 5, 0)).collect()).decisions() {
            let note = decision.grounds.as_ref().and_then(|grounds| grounds.note.clone()).unwrap_or_default();
            // Servers are called by their numbers from 1.
            let server = |text: &str| text.parse::<u64>().expect("a server") - 1;
            let drawn: Vec<u64> = note["drew servers ".len()..].split(", ").map(server).collect();
            assert_eq!(drawn.len(), d, "{decision:?}");
            let key = |server: u64| decision.candidates()[server as usize].key;
            let best = drawn.iter().copied().min_by_key(|server| key(*server));
            assert_eq!(best, Some(decision.chosen), "the first drawn of the least loaded: {decision:?}");
            if policy == "power-of-d:d=2" {
                assert_ne!(drawn[0], drawn[1]);
            }
        }
    }
}

/// Equal servers under `least-work` start every request when one central queue would.
#[test]
fn least_work_is_a_central_queue() {
    let requests: Vec<Request> = (0..200).map(|n| (n * 3 / 2, 1 + n * 13 % 9, 0)).collect();
    let trace = farm("least-work", &[1; 3], requests.clone()).run();
    let mut free = [0u64; 3];
    for (job, (at, work, _)) in trace.jobs.iter().zip(&requests) {
        free.sort_unstable();
        let start = free[0].max(*at);
        free[0] = start + work;
        assert_eq!(job.first_run, Some(Time(start * 1_000_000)), "request {}", job.number);
    }
}

#[test]
fn a_client_stays_with_its_server() {
    for policy in ["ip-hash", "ring-hash", "ring-hash:replicas=1"] {
        let requests: Vec<Request> = (0..300).map(|n| (n, 5, (n * n % 17) | 1 << 63)).collect();
        let decisions = farm(policy, &[1, 2, 3, 1], requests.clone()).decisions();
        for (first, (_, _, client)) in decisions.iter().zip(&requests) {
            let others = decisions.iter().zip(&requests).filter(|(_, request)| request.2 == *client);
            assert!(
                others.map(|(decision, _)| decision.chosen).all(|server| server == first.chosen),
                "{policy}"
            );
        }
        let used: std::collections::BTreeSet<u64> =
            decisions.iter().map(|decision| decision.chosen).collect();
        assert!(used.len() > 1, "{policy} uses servers {used:?} only");
    }
}

#[test]
fn every_balancer_on_random_farms() {
    let mut specs: Vec<String> = catalog()
        .filter(|def| def.layer() == Layer::Balancer)
        .flat_map(|def| [def.id.to_owned(), example_spec(def)])
        .collect();
    specs.extend(["least-connections:weighted=true", "power-of-d:d=2,replacement=true"].map(str::to_owned));
    let request = (0..30u64, 1..9u64, prop_oneof![0..40u64, any::<u32>().prop_map(u64::from), any::<u64>()]);
    let farms = (prop::collection::vec(0..6u32, 1..6), prop::collection::vec(request, 1..40), any::<u64>());
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let outcome = runner.run(&farms, |(weights, requests, seed)| {
        for policy in &specs {
            let id = policy.split(':').next().unwrap_or(policy);
            let def = policies::find(Layer::Balancer, id).expect("a balancer");
            let farm =
                Farm { policy: policy.clone(), weights: weights.clone(), requests: requests.clone(), seed };
            let trace = farm.run();
            prop_assert!(trace.jobs.iter().all(|job| job.status == Status::Completed), "{farm:?}");
            let decisions = farm.decisions();
            prop_assert_eq!(decisions.len(), requests.len());
            for decision in decisions {
                let chosen = decision.candidates().iter().find(|c| c.id == decision.chosen).map(|c| c.key);
                let least = decision.candidates().iter().map(|c| c.key).min();
                prop_assert!(def.traits.random || chosen == least, "{farm:?}\n{decision:?}");
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Uniform choice: with 4 servers and 8000 requests each count has standard deviation 38.7; five of them are allowed.
#[test]
fn random_choice_is_uniform() {
    for policy in ["random", "power-of-d:d=1", "jsq"] {
        let requests = (0..8000).map(|at| (at * 10, 1, 0)).collect();
        let mut counts = [0u32; 4];
        for decision in farm(policy, &[1; 4], requests).decisions() {
            counts[decision.chosen as usize] += 1;
        }
        assert!(counts.iter().all(|count| count.abs_diff(2000) < 194), "{policy}: {counts:?}");
    }
}
