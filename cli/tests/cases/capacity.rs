//! Capacity plans through the built command: the fewest servers for a p99, against closed forms and against counting by hand.
//!
//! Case `capacity-min-servers-p99` of the oracles: 1000 requests a second of 10 ms (exponential). One central queue is M/M/c, a
//! random split gives each server an M/M/1, round robin an E_N/M/1; the table has the fewest servers whose p99 is within the limit.

use crate::shared;
use serde_json::Value;
use std::process::Command;

fn plan(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .arg("plan")
        .args(args)
        .args(["--format", "json", "--no-curve", "--quiet"])
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stderr);
    // 4: no count in the range is enough, which is an answer too; 5: some are not decided.
    assert!(matches!(output.status.code(), Some(0 | 4 | 5)), "{args:?}: {text}");
    serde_json::from_slice(&output.stdout).expect("the result is JSON")
}

/// The answer, the greatest count below it that is shown to miss, and whether it is decided.
fn answer(document: &Value) -> (u64, u64, bool) {
    let answer = &document["answers"][0];
    let number = |key: &str| answer[key].as_u64().unwrap_or(0);
    (number("count"), number("infeasible"), answer["status"] == "met")
}

fn fewest(input: &str, policy: &str, limit_ms: &str, most: &str) -> (u64, u64, bool) {
    let goal = format!("response/p99 <= {limit_ms}ms");
    let mut args = vec![input, "--slo", &goal, "--vary", "servers=1..200", "--max-replications", most];
    if !policy.is_empty() {
        args.extend(["--policy", policy]);
    }
    answer(&plan(&args))
}

#[test]
fn the_fewest_servers_for_a_p99() {
    for (input, policy, limit, expected) in [
        ("central-queue", "", "50", 12),
        ("central-queue", "", "60", 12),
        ("central-queue", "", "80", 11),
        ("central-queue", "", "100", 11),
        ("balanced", "lb=round-robin", "50", 29),
        ("balanced", "lb=round-robin", "60", 20),
        ("balanced", "lb=round-robin", "80", 16),
        ("balanced", "lb=round-robin", "100", 14),
        ("balanced", "lb=random", "80", 24),
        ("balanced", "lb=random", "100", 19),
    ] {
        let found = fewest(input, policy, limit, "400");
        assert_eq!(found, (expected, expected - 1, true), "{input} {policy}, p99 <= {limit} ms");
    }
}

/// A limit that is 5 % off must not give the same answers: the test above can fail.
#[test]
fn other_limits_have_other_answers() {
    for (input, policy, limit, not) in [
        ("balanced", "lb=round-robin", "52.5", 29),
        ("balanced", "lb=random", "105", 19),
        ("central-queue", "", "47.5", 12),
    ] {
        assert_ne!(fewest(input, policy, limit, "200").0, not, "{input} {policy}, p99 <= {limit} ms");
    }
}

/// At random the p99 of 127 servers is 49.988 ms and that of 126 is 50.022 ms; of 43 and 60 ms, 60.009 ms. Whatever the number of
/// replications, what is said must be true; with enough of them it is the answer.
#[test]
fn close_calls_are_open_until_there_is_enough_to_decide() {
    for (limit, exact) in [("50", 127), ("60", 44)] {
        let (count, infeasible, met) = fewest("balanced", "lb=random", limit, "40");
        assert!(
            infeasible < exact && exact <= count,
            "p99 <= {limit} ms: {infeasible} misses, {count} meets"
        );
        assert!(!met || count == exact, "p99 <= {limit} ms: {count} was taken for certain");
    }
    if std::env::var_os("DISPATCHLAB_LONG").is_some_and(|value| !value.is_empty()) {
        assert_eq!(fewest("balanced", "lb=random", "50", "12000"), (127, 126, true));
    }
}

const SECOND: u64 = 1_000_000_000;

/// Requests of the log as (arrival, service) in ns, read without the program: service is 100 ms and 1 us a byte.
fn requests(text: &str) -> Vec<(u64, u64)> {
    let mut requests: Vec<(u64, u64)> = text
        .lines()
        .map(|line| {
            let stamp = &line[line.find('[').unwrap() + 1..line.find(']').unwrap()];
            // 17/May/2015:10:05:03 +0000, all of one month and zone.
            let part = |from: usize, to: usize| stamp[from..to].parse::<u64>().unwrap();
            let second = ((part(0, 2) * 24 + part(12, 14)) * 60 + part(15, 17)) * 60 + part(18, 20);
            let after = &line[line.find("\" ").unwrap() + 2..];
            let bytes = after.split(' ').nth(1).unwrap().parse::<u64>().unwrap_or(0);
            (second * SECOND, 100_000_000 + bytes * 1_000)
        })
        .collect();
    requests.sort_by_key(|(second, _)| *second);
    requests
}

/// The p99 of response times where request i goes to server i mod `servers`.
fn p99_round_robin(requests: &[(u64, u64)], servers: usize) -> u64 {
    let mut free = vec![0u64; servers];
    let mut responses: Vec<u64> = requests
        .iter()
        .enumerate()
        .map(|(index, (arrival, service))| {
            let free = &mut free[index % servers];
            *free = (*arrival).max(*free) + service;
            *free - arrival
        })
        .collect();
    responses.sort_unstable();
    responses[(responses.len() * 99).div_ceil(100) - 1]
}

/// A plan on a real access log: every count that it tried, and its answer, against counting all of them.
#[test]
fn an_access_log_has_an_exact_answer() {
    let Some(folder) = shared("data", "an_access_log_has_an_exact_answer") else { return };
    let log = folder.join("http/apache_first2000.log");
    let requests = requests(&std::fs::read_to_string(&log).expect("the log is text"));
    let log = log.display().to_string();
    for limit in [300u64, 2_000, 5_000] {
        let goal = format!("response/p99 < {limit}ms");
        let document = plan(&[
            &log,
            "--service",
            "100ms + 1us/byte",
            // As the program that it is held to counts: stamps of whole seconds.
            "--within-second",
            "keep",
            "--slo",
            &goal,
            "--policy",
            "round-robin",
            "--vary",
            "servers=1..600",
        ]);
        for probe in document["probes"].as_array().unwrap() {
            let servers = probe["count"].as_u64().unwrap();
            let value = probe["checks"][0]["value"].as_f64().unwrap();
            assert_eq!(value, p99_round_robin(&requests, servers as usize) as f64, "{servers} servers");
        }
        let meets = |servers: usize| p99_round_robin(&requests, servers) < limit * 1_000_000;
        let (count, infeasible, met) = answer(&document);
        if count == 0 {
            assert!((1..=600).all(|servers| !meets(servers)), "p99 < {limit} ms has an answer");
        } else {
            assert!(met && meets(count as usize) && !meets(infeasible as usize) && infeasible + 1 == count);
            assert!(meets(count as usize + 1), "the answer holds for one more");
        }
    }
}
