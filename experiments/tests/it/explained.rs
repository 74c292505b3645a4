//! Explaining a run changes nothing of it: not its results, not the order of its events.

use experiments::{Decisions, RunPlan, grounds, run};
use policies::Layer;
use scenarios::{Input, InputKind, Options, PolicyOption};
use sim_core::trace::Decision;
use std::collections::BTreeSet;

/// Whether a run is the same however much is recorded of its decisions, and whether their grounds are found again where they
/// were not recorded. How many decisions there are; `None` where the input cannot be run.
fn agree(name: &str, input: &Input, options: &Options) -> Option<usize> {
    let loaded = scenarios::load(input, options).ok()?;
    let plan = |decisions| RunPlan { decisions, digest: true, threads: 1, ..RunPlan::default() };
    let of = |decisions| run(&loaded.model, &plan(decisions), &|_| true).expect("it ends");
    let plain = of(Decisions::Unrecorded);
    let mut of_sources = 0;
    let [chosen, explained] = [Decisions::Chosen, Decisions::Explained].map(|decisions| {
        let result = of(decisions);
        assert_eq!((result.digest, &result.summary), (plain.digest, &plain.summary), "{name}: {decisions:?}");
        let trace = result.trace.expect("recorded");
        of_sources = trace.of_sources;
        trace.decisions
    });
    let outcome = |decision: &Decision| Decision { grounds: None, ..decision.clone() };
    let outcomes = |all: &[Decision]| all.iter().map(outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&chosen), outcomes(&explained), "{name}");
    // All of them at once, and one alone.
    let all: BTreeSet<usize> = (0..explained.len()).step_by(7).collect();
    let one = BTreeSet::from([explained.len() / 2]);
    for wanted in [all, one] {
        let Some(until) = wanted.last().and_then(|last| explained.get(*last)).map(|last| last.at) else {
            continue;
        };
        let usual = plan(Decisions::Unrecorded);
        let found = grounds(&loaded.model, &usual, &wanted, until, of_sources, &|_| true).expect("it ends");
        assert_eq!(found.len(), wanted.len(), "{name}");
        for (index, found) in found {
            assert_eq!(Some(&found), explained[index].grounds.as_deref(), "{name}: decision {index}");
        }
    }
    Some(explained.len())
}

#[test]
fn every_input_of_the_library_runs_alike_when_it_is_explained() {
    for entry in scenarios::library::list() {
        let input = Input::library(entry.name).expect("it is there");
        let mut options = Options::default();
        match entry.kind {
            InputKind::Scenario => {
                let short = [("stop", "{ jobs = 2_000 }"), ("warmup", "\"0s\"")];
                options.set = short.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec();
            }
            InputKind::TaskList => {}
            _ => (options.service, options.servers) = (Some("10ms".to_owned()), Some(2)),
        }
        agree(entry.name, &input, &options).unwrap_or_else(|| panic!("{}", entry.name));
    }
}

/// Children at three stations at once, which come back to the first one: decisions at several stations at one instant.
#[test]
fn every_policy_runs_alike_when_it_is_explained() {
    let text = "stop = { jobs = 300 }\n\
        [[class]]\nname = \"a\"\ndeadline = \"40ms\"\nsteps = [{ balance = \"lb\" }, { work = \"cpu\", demand = \"3ms\" },\n\
        { fork = [[{ work = \"b\", demand = \"4ms\" }], [{ work = \"c\", demand = \"2ms\" }], [{ delay = \"2ms\" }]], join = 2 },\n\
        { work = \"cpu\", demand = { exponential = { mean = \"2ms\" } } }]\n\
        [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"250/s\" }\n\
        [[source]]\nname = \"t\"\nclass = \"a\"\narrivals = { periodic = { period = \"10ms\" } }\n\
        [[balancer]]\nname = \"lb\"\ntargets = \"farm\"\n\
        [[server]]\nname = \"farm\"\ncount = 2\nprocessor.cpu = { cores = 2 }\n\
        [[processor]]\nname = \"c\"\n[[processor]]\nname = \"b\"\ncores = 2\n";
    let input = Input::of("fork.toml", text.as_bytes().to_vec(), None).expect("a scenario");
    let mut compared = 0;
    for def in policies::catalog() {
        let stations: &[&str] =
            if def.layer() == Layer::Scheduler { &["farm.cpu", "b", "c"] } else { &["lb"] };
        let policy =
            |station: &&str| PolicyOption { station: Some((*station).to_owned()), spec: def.id.to_owned() };
        let options = Options { policies: stations.iter().map(policy).collect(), ..Options::default() };
        // Some need more than this scenario says.
        compared += usize::from(agree(def.id, &input, &options).is_some());
    }
    assert!(compared > 20, "{compared}");
}

/// More candidates than are recorded unasked: later decisions have their outcome only.
#[test]
fn a_large_run_has_grounds_of_its_first_decisions_and_finds_the_others() {
    let text = "stop = { jobs = 4_000 }\n[[class]]\nname = \"a\"\n\
        steps = [{ work = \"cpu\", demand = { exponential = { mean = \"9ms\" } } }]\n\
        [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"100/s\" }\n\
        [[processor]]\nname = \"cpu\"\nscheduler = \"lottery:quantum=2ms\"\n";
    let input = Input::of("large.toml", text.as_bytes().to_vec(), None).expect("a scenario");
    let decisions = agree("large", &input, &Options::default()).expect("it runs");
    assert!(decisions > 15_000, "{decisions}");
    let loaded = scenarios::load(&input, &Options::default()).expect("right");
    let plan = RunPlan { decisions: Decisions::Chosen, ..RunPlan::default() };
    let trace = run(&loaded.model, &plan, &|_| true).expect("it ends").trace.expect("recorded");
    let explained = trace.decisions.iter().take_while(|decision| decision.grounds.is_some()).count();
    assert!(
        explained > 100 && trace.decisions[explained..].iter().all(|d| d.grounds.is_none()),
        "{explained}"
    );
    assert_eq!(trace.decisions.len(), decisions);
}
