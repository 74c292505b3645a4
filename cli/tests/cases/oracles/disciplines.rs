//! Mean response times of M/G/1 by discipline. Sources: Harchol-Balter, Performance Modeling and Design of Computer Systems,
//! chapters 30 to 33; the integrals for size-based policies were evaluated numerically, with errors below 1e-4.

use super::{
    BOUNDED_PARETO, Check, DETERMINISTIC, EXPONENTIAL, H2, LOGNORMAL, Of, Oracle, UNIFORM, check, hold,
    poisson, response, station,
};
use std::fmt::Write as _;

pub fn oracles() -> Vec<Oracle> {
    [sharing_and_size(), priorities()].into_iter().flatten().collect()
}

/// The schedulers of the columns below.
const SCHEDULERS: [&str; 7] = ["fcfs", "ps", "lcfs:preemptive=true", "sjf", "psjf", "srtf", "las"];

/// Load, law, mean response under each scheduler; 0 where intervals are poor. Jobs a replication, coarseness of the
/// estimates under FCFS, PS and preemptive LCFS, whose response times vary most.
#[expect(clippy::type_complexity, reason = "a table")]
const TABLE: &[(&str, f64, &str, [f64; 7], u64, f64)] = &[
    (
        "mg1-disciplines-exp-rho0.9",
        0.9,
        EXPONENTIAL,
        [10.0, 10.0, 10.0, 4.196_912_590_336_288_5, 4.051_773_204_202_425, 3.552_125_100_312_680_6, 10.0],
        60_000,
        0.025,
    ),
    (
        "mg1-disciplines-uniform-rho0.5",
        0.5,
        UNIFORM,
        [
            1.666_666_666_666_666_5,
            2.0,
            2.0,
            1.541_075_080_159_547_4,
            1.590_862_907_842_277_6,
            1.451_019_026_744_140_7,
            2.298_963_648_588_356_4,
        ],
        10_000,
        0.015,
    ),
    (
        "mg1-disciplines-uniform-rho0.9",
        0.9,
        UNIFORM,
        [
            7.0,
            10.0,
            10.0,
            4.575_043_323_023_975,
            5.038_951_998_220_56,
            4.397_334_973_586_051,
            19.134_467_667_450_348,
        ],
        60_000,
        0.025,
    ),
    (
        "mg1-disciplines-H2-rho0.5",
        0.5,
        H2,
        [
            3.5,
            2.0,
            2.0,
            2.575_375_644_461_638_5,
            1.482_772_776_910_804_3,
            1.406_430_801_045_19,
            1.780_310_746_078_070_5,
        ],
        20_000,
        0.015,
    ),
    (
        "mg1-disciplines-H2-rho0.9",
        0.9,
        H2,
        [
            0.0,
            10.0,
            10.0,
            5.700_289_341_357_487,
            3.494_945_204_142_868,
            3.098_500_082_482_806_4,
            6.753_339_417_903_352,
        ],
        60_000,
        0.03,
    ),
    (
        "mg1-disciplines-lognormal-rho0.8",
        0.8,
        LOGNORMAL,
        [
            0.0,
            5.0,
            5.0,
            4.483_965_411_173_462,
            2.413_034_583_561_156_4,
            2.186_489_485_185_198_6,
            3.713_954_510_313_920_7,
        ],
        40_000,
        0.02,
    ),
    (
        "mg1-disciplines-lognormal-rho0.9",
        0.9,
        LOGNORMAL,
        [
            0.0,
            10.0,
            10.0,
            5.914_434_728_774_436,
            3.406_380_269_918_382_3,
            3.033_720_194_563_217_3,
            6.249_086_003_143_478_5,
        ],
        60_000,
        0.03,
    ),
    (
        "mg1-disciplines-boundedPareto-rho0.5",
        0.5,
        BOUNDED_PARETO,
        [0.0, 2.0, 2.0, 0.0, 1.469_926_625_258_439_5, 1.402_520_756_183_511_8, 1.730_456_196_968_220_4],
        60_000,
        0.03,
    ),
];

fn sharing_and_size() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (id, rho, law, exact, jobs, within) in TABLE {
        for (scheduler, exact) in SCHEDULERS.iter().zip(exact).filter(|(_, exact)| **exact > 0.0) {
            let text = station(&poisson(*rho), law, &format!("scheduler = \"{scheduler}\""));
            all.push(
                Oracle::new(format!("{id} {scheduler}"), text, *jobs, 2_000, response(*exact))
                    .within(*within),
            );
        }
    }
    // Jobs of one size: sharing is no better than first come, first served is.
    for (scheduler, exact) in [("fcfs", 1.5), ("ps", 2.0), ("srtf", 1.5), ("sjf", 1.5)] {
        let text = station(&poisson(0.5), DETERMINISTIC, &format!("scheduler = \"{scheduler}\""));
        all.push(Oracle::new(format!("one size {scheduler}"), text, 10_000, 1_000, response(exact)));
    }
    all
}

/// Classes of priority 1, 2, ... (1 is best) at one processor.
fn classes(rates: &[f64], law: &str, processor: &str) -> String {
    let mut text = format!("[[processor]]\nname = \"cpu\"\n{processor}\n");
    for (class, rate) in NAMES.iter().zip(rates) {
        let priority = class.trim_start_matches('c');
        let _ = write!(
            text,
            "[[class]]\nname = \"{class}\"\npriority = {priority}\nsteps = [{{ work = \"cpu\", demand = {law} }}]\n\
             [[source]]\nname = \"source-{class}\"\nclass = \"{class}\"\narrivals = {}\n",
            poisson(*rate)
        );
    }
    text
}

const NAMES: [&str; 3] = ["c1", "c2", "c3"];

/// Cobham: mean waiting of class k without preemption is R / ((1 - s(k-1)) (1 - s(k))), where R is the mean residual work and
/// s(k) the load of the classes up to k.
fn cobham(rates: &[f64], second_moment: f64) -> Vec<f64> {
    let residual: f64 = rates.iter().map(|rate| rate * second_moment / 2.0).sum();
    let mut before = 0.0;
    rates
        .iter()
        .map(|rate| {
            let through = before + rate;
            let wait = residual / ((1.0 - before) * (1.0 - through));
            before = through;
            wait
        })
        .collect()
}

/// The same with preemption and resumption: response times.
fn preemptive(rates: &[f64], second_moment: f64) -> Vec<f64> {
    let (mut before, mut residual) = (0.0, 0.0);
    rates
        .iter()
        .map(|rate| {
            let through = before + rate;
            residual += rate * second_moment / 2.0;
            let response = 1.0 / (1.0 - before) + residual / ((1.0 - before) * (1.0 - through));
            before = through;
            response
        })
        .collect()
}

fn by_class(metric: &'static str, exact: &[f64]) -> Vec<Check> {
    NAMES.iter().zip(exact).map(|(class, exact)| check(Of::ClassTime(metric, class), *exact)).collect()
}

fn priorities() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (id, rates, law, second, jobs, within) in [
        ("mg1-priority-3class", &[0.2, 0.3, 0.3][..], EXPONENTIAL, 2.0, 80_000, 0.015),
        ("mg1-priority-2class-h2", &[0.3, 0.5][..], H2, 5.0, 100_000, 0.025),
    ] {
        let waits = by_class("waiting/mean", &cobham(rates, second));
        let text = classes(rates, law, "scheduler = \"priority:preemptive=false\"");
        all.push(Oracle::new(id, text, jobs, 3_000, waits).within(within));
        let responses = by_class("response/mean", &preemptive(rates, second));
        let text = classes(rates, law, "scheduler = \"priority\"");
        all.push(Oracle::new(format!("{id} preemptive"), text, jobs, 3_000, responses).within(within));
    }
    // Kella and Yechiali 1985: four servers, equal rates of service.
    let waits = by_class(
        "waiting/mean",
        &[0.198_810_823_929_134_85, 0.441_801_830_953_633_07, 1.656_756_866_076_124_3],
    );
    let text = classes(&[1.0, 1.2, 1.0], EXPONENTIAL, "cores = 4\nscheduler = \"priority:preemptive=false\"");
    all.push(Oracle::new("mmc-np-priority", text, 100_000, 1_000, waits).within(0.015));
    all
}

#[test]
fn response_times_by_discipline() {
    hold(&sharing_and_size());
}

#[test]
fn response_times_by_priority() {
    hold(&priorities());
}
