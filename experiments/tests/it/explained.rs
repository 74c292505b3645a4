//! Explaining a run changes nothing of it: not its results, not the order of its events.

use experiments::{RunPlan, run};
use policies::Layer;
use scenarios::{Input, InputKind, Options, PolicyOption};

/// The digest and the summary, with and without records of decisions.
fn both(input: &Input, options: &Options) -> Option<[(Option<u64>, String); 2]> {
    let loaded = scenarios::load(input, options).ok()?;
    let of = |decisions: bool| {
        let plan = RunPlan { decisions, digest: true, threads: 1, ..RunPlan::default() };
        let result = run(&loaded.model, &plan, &|_| true).expect("it ends");
        (result.digest, format!("{:?}", result.summary))
    };
    Some([of(false), of(true)])
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
        let [plain, explained] = both(&input, &options).unwrap_or_else(|| panic!("{}", entry.name));
        assert_eq!(plain, explained, "{}", entry.name);
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
        if let Some([plain, explained]) = both(&input, &options) {
            assert_eq!(plain, explained, "{}", def.id);
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}
