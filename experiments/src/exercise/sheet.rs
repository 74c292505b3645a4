//! The sheet of a problem as rows for `reports`.

use super::make::Exercise;
use reports::exercise::Sheet;
use reports::rows::{gantt_rows, task_rows};

impl Exercise {
    /// The sheet, with the key if `answers`.
    pub fn sheet(&self, answers: bool) -> Sheet<'_> {
        Sheet {
            title: self.def.title,
            policy: &self.policy,
            definition: self.def.definition,
            seed: self.wish.seed,
            cores: self.wish.cores,
            list: self.list().lines().map(|line| line.split(',').collect()).collect(),
            tasks: task_rows(&self.model, &self.trace),
            gantt: gantt_rows(&self.model, &self.trace),
            answers,
        }
    }
}
