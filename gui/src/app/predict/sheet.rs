//! Problem sheets: the form, and the sheet that it makes, which is the command line's.

use crate::model::setup::Setup;
use experiments::exercise::{Exercise, IoDevice, Wish, make};
use scenarios::Input;

/// A sheet.
#[derive(Debug)]
pub struct SheetForm {
    /// What is wished for.
    pub wish: Wish,
    /// The problem, or why there is none.
    pub made: Result<Exercise, String>,
    /// Whether the key is shown.
    pub key: bool,
}

impl Default for SheetForm {
    fn default() -> SheetForm {
        let wish = Wish::default();
        SheetForm { made: made(&wish), wish, key: false }
    }
}

impl SheetForm {
    /// Another wish.
    pub fn set(&mut self, wish: Wish) {
        self.made = made(&wish);
        self.wish = wish;
    }

    /// A name for files: policy and seed.
    pub fn name(&self) -> String {
        let id = self.wish.policy.split(':').next().unwrap_or_default();
        let key = if self.key { "-key" } else { "" };
        format!("{id}-{}{key}", self.wish.seed)
    }

    /// The command that makes the same sheet.
    pub fn command(&self) -> String {
        let Wish { policy, seed, tasks, cores, io } = &self.wish;
        let io = match io {
            None => "",
            Some(IoDevice::Parallel) => " --io",
            Some(IoDevice::Fcfs) => " --io --io-device fcfs",
        };
        let key = if self.key { " --answers" } else { "" };
        format!(
            "dispatchlab exercise --policy {policy} --seed {seed} --tasks {tasks} --cores {cores}{io}{key}"
        )
    }

    /// The tasks of the sheet, to be run.
    pub fn setup(&self) -> Option<Setup> {
        let exercise = self.made.as_ref().ok()?;
        let id = self.wish.policy.split(':').next().unwrap_or_default();
        let input = Input { name: format!("{id}-{}.csv", self.wish.seed), ..exercise.input.clone() };
        let mut setup = Setup::new(input);
        setup.options = exercise.options.clone();
        Some(setup)
    }
}

fn made(wish: &Wish) -> Result<Exercise, String> {
    make(wish).map_err(|error| error.to_string())
}
