//! Known answers: schedules from textbooks and other simulators, closed forms of queueing theory, a real access log.
//!
//! | module | what it shows |
//! |---|---|
//! | [`known`] | files of cases, through `scripts/cases` and the built command: published schedules, closed forms |
//! | [`by_hand`] | schedules worked by hand for the rules that the published ones do not tell apart |
//! | [`ticks`] | random MLFQ workloads against a simulator that goes tick by tick |
//! | [`periods`] | random sets of periodic tasks, likewise |
//! | [`costs`] | random workloads under round robin with switch costs, likewise |
//! | [`oracles`] | stationary means with closed forms, inside honest intervals, each with a twin that must fail |
//! | [`access_log`] | a real trace against answers of independent programs |
//! | [`llm_trace`] | another, of requests to a language model |
//! | [`capacity`] | the fewest servers for a p99 against closed forms, and on a real access log against counting |
//! | [`same_bytes`] | one digest whatever the threads, the build or the processor's features |

mod access_log;
mod by_hand;
mod capacity;
mod costs;
mod known;
mod llm_trace;
mod oracles;
mod periods;
mod same_bytes;
mod schedule;
mod ticks;

use std::io::Write as _;
use std::path::PathBuf;

/// Says that a test did not run, past the harness, which shows nothing of a test that ends well.
fn did_not_run(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "DID NOT RUN: {test}: {why}");
}

/// A folder beside the project with material that is not ours to ship; `None`, said by name, where it is absent.
fn shared(name: &str, test: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    did_not_run(test, &format!("../shared/{name} is not there"));
    None
}
