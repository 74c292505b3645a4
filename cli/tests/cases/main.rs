//! Known answers: schedules from textbooks and other simulators, closed forms of queueing theory, a real access log.
//!
//! | module | what it shows |
//! |---|---|
//! | [`known`] | published schedules, through the built command, exactly |

mod known;
mod schedule;
