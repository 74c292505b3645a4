//! The sheet of a problem as rows for `reports`.

use super::make::{Exercise, IoDevice};
use super::replay::Away;
use reports::exercise::Sheet;
use reports::rows::{GanttRow, gantt_rows, task_rows};

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
            io: self.wish.io.map(IoDevice::word),
            gantt: self.cores(),
            away: self.away(),
            answers,
        }
    }

    /// What the cores of the processor do.
    fn cores(&self) -> Vec<GanttRow<'_>> {
        let station = &self.model.processors[self.problem().processor as usize].name;
        let rows = gantt_rows(&self.model, &self.trace);
        rows.into_iter().filter(|row| row.station == station).collect()
    }

    /// When tasks are away, task by task.
    fn away(&self) -> Vec<GanttRow<'_>> {
        let row = |away: &Away| {
            let job = &self.trace.jobs[away.job as usize];
            GanttRow {
                station: &self.model.tasks[job.task as usize],
                core: 0,
                task: Some(if away.queued { "queue" } else { "io" }),
                job: Some(job.job),
                start_ns: away.start.0,
                end_ns: away.end.0,
                kind: "run",
                share: None,
                level: None,
            }
        };
        let mut away = self.problem().away();
        away.sort_by_key(|away| (self.trace.jobs[away.job as usize].task, away.start));
        away.iter().map(row).collect()
    }
}
