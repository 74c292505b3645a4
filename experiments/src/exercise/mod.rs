//! Problems for a class: a few tasks, drawn from a seed, with the answer worked out by the engine, and the grading of what
//! a student answers.
//!
//! A problem depends on the policy, the seed and the number of tasks and cores alone, so that a sheet can be made again
//! with its key, on any machine. Problems in which nothing happens that could be got wrong are drawn again. Any recorded
//! run of a task list is a [`Problem`] too, and the decisions of any run of classroom size are [`Question`]s. Mistakes have
//! the same names everywhere ([`Mistake`]).

mod answer;
mod grade;
mod make;
mod next;
mod problem;
mod sheet;

pub use answer::{Answer, AnswerError, Stretch, read_answer};
pub use grade::{Grade, Mistake, Remark, grade};
pub use make::{Exercise, ExerciseError, MAX_CORES, MAX_TASKS, Wish, make};
pub use next::{Ask, Contender, MAX_JOBS, Pick, Question, contenders, judge, looks_like, questions};
pub use problem::Problem;
