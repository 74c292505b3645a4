//! Problems for a class: a few tasks, drawn from a seed, with the answer worked out by the engine, and the grading of what
//! a student answers.
//!
//! A problem depends on the policy, the seed and the number of tasks and cores alone, so that a sheet can be made again
//! with its key, on any machine. Problems in which nothing happens that could be got wrong are drawn again.

mod answer;
mod grade;
mod make;

pub use answer::{Answer, AnswerError, read_answer};
pub use grade::{Grade, Mistake, Remark, grade};
pub use make::{Exercise, ExerciseError, Wish, make};
