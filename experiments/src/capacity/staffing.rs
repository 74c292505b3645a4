//! How many servers one queue needs, from formulas: where the search begins, and a check on what it finds.

/// Erlang's second formula: the probability that a customer of M/M/c waits, for an offered load in servers; 1 where the load
/// is not below the number of servers.
///
/// By the recursion of the first formula, B(c) = a B(c-1) / (c + a B(c-1)), which is stable for any number of servers.
pub fn erlang_c(servers: u64, offered: f64) -> f64 {
    let c = servers as f64;
    if offered >= c {
        return 1.0;
    }
    let mut blocked = 1.0;
    for k in 1..=servers {
        blocked = offered * blocked / (k as f64 + offered * blocked);
    }
    blocked / (1.0 - offered / c * (1.0 - blocked))
}

/// The fewest servers of M/M/c at which at most a part `waiting` of the customers waits.
pub fn fewest_for_waiting(offered: f64, waiting: f64) -> u64 {
    let mut servers = offered.max(0.0).floor() as u64 + 1;
    // The recursion goes on from one number of servers to the next.
    let mut blocked = 1.0;
    for k in 1..=servers {
        blocked = offered * blocked / (k as f64 + offered * blocked);
    }
    loop {
        let c = servers as f64;
        if blocked / (1.0 - offered / c * (1.0 - blocked)) <= waiting {
            return servers;
        }
        servers += 1;
        blocked = offered * blocked / (servers as f64 + offered * blocked);
    }
}

/// The excess beta at which a part `waiting` of the customers waits when c = a + beta sqrt(a) servers are large in number:
/// waiting = 1 / (1 + beta Phi(beta) / phi(beta)).
///
/// Source: Halfin and Whitt, Heavy-traffic limits for queues with many exponential servers, Operations Research 29 (1981).
pub fn halfin_whitt(waiting: f64) -> f64 {
    let part = |beta: f64| {
        let phi = libm::exp(-0.5 * beta * beta) / libm::sqrt(2.0 * std::f64::consts::PI);
        let big_phi = 0.5 * libm::erfc(-beta * std::f64::consts::FRAC_1_SQRT_2);
        1.0 / (1.0 + beta * big_phi / phi)
    };
    let (mut low, mut high) = (0.0, 40.0);
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if part(middle) > waiting { low = middle } else { high = middle }
    }
}

/// Square-root staffing: `ceil(a + beta sqrt(a))`.
pub fn square_root(offered: f64, waiting: f64) -> u64 {
    (offered + halfin_whitt(waiting) * libm::sqrt(offered)).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case `sqrt-staffing`: exact numbers by Erlang C, the excess of Halfin and Whitt, and the rule.
    #[test]
    fn staffing_is_that_of_the_tables() {
        for (offered, waiting, exact, beta, rule) in [
            (10.0, 0.5, 12, 0.506_054_468_989_201_9, 12),
            (10.0, 0.2, 14, 1.061_516_275_418_796_1, 14),
            (10.0, 0.05, 17, 1.739_836_271_790_503_4, 16),
            (100.0, 0.5, 106, 0.506_054_468_989_201_9, 106),
            (100.0, 0.2, 111, 1.061_516_275_418_796_1, 111),
            (100.0, 0.05, 119, 1.739_836_271_790_503_4, 118),
            (1000.0, 0.5, 1017, 0.506_054_468_989_201_9, 1017),
            (1000.0, 0.2, 1034, 1.061_516_275_418_796_1, 1034),
            (1000.0, 0.05, 1056, 1.739_836_271_790_503_4, 1056),
        ] {
            assert_eq!(fewest_for_waiting(offered, waiting), exact, "a {offered}, part {waiting}");
            assert_eq!(square_root(offered, waiting), rule, "a {offered}, part {waiting}");
            assert!((halfin_whitt(waiting) / beta - 1.0).abs() < 1e-12, "part {waiting}");
            assert!(erlang_c(exact, offered) <= waiting && erlang_c(exact - 1, offered) > waiting);
        }
    }
}
