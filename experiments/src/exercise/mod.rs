//! Problems for a class: a few tasks, drawn from a seed, with the answer worked out by the engine, and the grading of what
//! a student answers.
//!
//! A problem depends on the policy, the seed, the number of tasks and cores and the I/O alone, so that a sheet can be made again
//! with its key, on any machine. Problems in which nothing happens that could be got wrong are drawn again. Any recorded
//! run of a task list is a [`Problem`] too, and the decisions of any run of classroom size are [`Question`]s. Mistakes have
//! the same names everywhere ([`Mistake`]).

mod agreement;
mod answer;
mod grade;
mod make;
mod next;
mod problem;
mod replay;
mod sheet;

pub use answer::{Answer, AnswerError, Stretch, read_answer};
pub use grade::{Grade, Mistake, Remark, away, grade};
pub use make::{Exercise, ExerciseError, IoDevice, MAX_CORES, MAX_TASKS, Wish, make};
pub use next::{Ask, Contender, MAX_JOBS, Pick, Question, contenders, judge, looks_like, questions};
pub use problem::Problem;
pub use replay::{Away, Part};
