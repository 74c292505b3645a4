//! Pollaczek and Khinchine under first come, first served where sizes have heavy tails.
//!
//! Mean waiting depends on E[S^2], and the variance of its estimate on E[S^4]. The laws below have all moments, but the
//! fourth lies out where no sample gets: for the lognormal law of squared variation 16 it is made up around 6.7 standard
//! deviations of the logarithm, where one job in 10^11 is. So the standard error over replications of the plain mean is
//! itself too small in most samples, and the mean too low (about 1 % at 10^8 jobs): an interval that says 95 % does not
//! hold it. For a law without a fourth moment it would never settle at all.
//!
//! Two checks therefore, each by the rule of all oracles. The plain mean, with the coarse standard error that the case
//! itself asks for (5 %). And the mean with a control: the sums of S and S^2 over the jobs that came have known means,
//! n E[S] and n E[S^2], so that any fixed multiple of their deviations may be taken off without moving the expectation,
//! whatever the engine does. The multiples are the derivatives of the formula. A job of size x makes others wait
//! x^2 / 2 / (1 - rho) in all, so this takes away just the part that the fourth moment rules; what is left depends on the third
//! moment, which samples of this size see, and its standard error is honest. The sums come from the very sizes of the run:
//! they are drawn again from the same streams. A law sampled wrongly would be excused by the control, not by the plain
//! check, and not by the tests of the laws.

use super::{BOUNDED_PARETO, REPLICATIONS, accept, estimate, long, poisson, station};
use experiments::RunPlan;
use scenarios::{Input, InputKind, Options};
use sim_core::rng::StreamRoot;

/// The standard error that the cases ask of the plain mean: their relative half width over two.
const PLAIN: f64 = 0.05;
/// And of the mean with its control.
const CONTROLLED: f64 = 0.01;

struct Heavy {
    id: &'static str,
    law: &'static str,
    rho: f64,
    /// E[S^2] in s^2; E[S] is 1 s.
    second: f64,
    jobs: u64,
    warmup: u64,
}

const WEIBULL: &str = "{ weibull = { shape = 0.5, mean = \"1s\" } }";

const CASES: [Heavy; 4] = [
    Heavy {
        id: "mg1-lognormal-cv16-rho0.8",
        law: "{ lognormal = { mean = \"1s\", cv = 4.0 } }",
        rho: 0.8,
        second: 17.0,
        jobs: 1_500_000,
        warmup: 50_000,
    },
    Heavy {
        id: "mg1-boundedPareto-rho0.5",
        law: BOUNDED_PARETO,
        rho: 0.5,
        second: 18.427_945_578_721_623,
        jobs: 500_000,
        warmup: 10_000,
    },
    Heavy { id: "mg1-weibull-rho0.5", law: WEIBULL, rho: 0.5, second: 6.0, jobs: 200_000, warmup: 2_000 },
    Heavy { id: "mg1-weibull-rho0.9", law: WEIBULL, rho: 0.9, second: 6.0, jobs: 1_000_000, warmup: 20_000 },
];

/// Mean waiting times of the replications under a scheduler, in seconds, and the same with the control.
fn waiting(case: &Heavy, scheduler: &str) -> (Vec<f64>, Vec<f64>) {
    let jobs = if long() { case.jobs * 10 } else { case.jobs };
    let text = format!(
        "name = \"oracle\"\nseed = 1\nstop = {{ jobs = {jobs} }}\nwarmup = \"{}s\"\n{}",
        case.warmup,
        station(&poisson(case.rho), case.law, &format!("scheduler = \"{scheduler}\""))
    );
    let input = Input::from_text("oracle.toml", InputKind::Scenario, text);
    let model = scenarios::load(&input, &Options::default()).expect("a scenario").model;
    let plan = RunPlan { replications: REPLICATIONS, ..RunPlan::default() };
    let result = experiments::run(&model, &plan, &|_| true).expect("it runs");
    let row = result.keys.iter().position(|key| key.metric.to_string() == "waiting/mean").expect("the row");
    let plain: Vec<f64> = result.column(row).iter().map(|ns| ns / 1e9).collect();
    let free = 1.0 - case.rho;
    let by_second = case.rho / 2.0 / free;
    let by_mean = case.rho * case.rho * case.second / 2.0 / free / free;
    let controlled = plain.iter().zip(0..).map(|(wait, replication)| {
        let mut sizes = StreamRoot::new(model.seed, replication).stream("job/jobs", "size 0");
        let (mut first, mut second) = (0.0, 0.0);
        for _ in 0..jobs {
            let size = model.classes[0].draws[0].sample(&mut sizes) as f64 / 1e9;
            first += size;
            second += size * size;
        }
        let n = jobs as f64;
        wait - by_mean * (first / n - 1.0) - by_second * (second / n - case.second)
    });
    let controlled = controlled.collect();
    (plain, controlled)
}

impl Heavy {
    fn exact(&self) -> f64 {
        self.rho * self.second / 2.0 / (1.0 - self.rho)
    }
}

#[test]
fn heavy_tails_first_come_first_served() {
    let finer = if long() { 3.0 } else { 1.0 };
    for case in &CASES {
        let (plain, controlled) = waiting(case, "fcfs");
        for (what, values, within) in [("plain", plain, PLAIN), ("controlled", controlled, CONTROLLED)] {
            let (mean, error) = estimate(&values);
            // Shown by `--nocapture`.
            println!(
                "{}: exact {:.4}, {what} {mean:.4}, standard error {:.2} %",
                case.id,
                case.exact(),
                100.0 * error / case.exact()
            );
            accept(&values, case.exact(), 0.0, within / finer)
                .unwrap_or_else(|why| panic!("{}: {what}: {why}", case.id));
        }
    }
}

/// The control moves no expectation: another discipline has another mean, with it as without it.
#[test]
fn the_control_excuses_nothing() {
    let case = &CASES[2];
    let (plain, controlled) = waiting(case, "sjf");
    for (values, within) in [(plain, PLAIN), (controlled, CONTROLLED)] {
        let refused = accept(&values, case.exact(), 0.0, within).unwrap_err();
        assert!(refused.contains("standard errors off"), "{refused}");
    }
}
