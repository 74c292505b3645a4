//! Undo: every setup that was, in order. Changes of one thing in a row, a slider that is drawn, count as one.

use crate::model::setup::Setup;

/// Setups that are kept.
const KEPT: usize = 500;

/// The setups that were and may be again.
#[derive(Clone, Debug, Default)]
pub struct History {
    setups: Vec<Setup>,
    /// Which of them is in effect, counted from 1.
    at: usize,
    /// What was changed last; empty: the next change is one of its own.
    changed: String,
}

impl History {
    /// The setup in effect.
    pub fn now(&self) -> Option<&Setup> {
        self.at.checked_sub(1).and_then(|index| self.setups.get(index))
    }

    /// The first setup that is kept: what was opened, but after many changes.
    pub fn first(&self) -> Option<&Setup> {
        self.setups.first()
    }

    /// Begins anew with an input.
    pub fn open(&mut self, setup: Setup) {
        *self = History { setups: vec![setup], at: 1, changed: String::new() };
    }

    /// What is in effect is what was opened: there is nothing before it.
    pub fn begin_here(&mut self) {
        if let Some(now) = self.now().cloned() {
            self.open(now);
        }
    }

    /// Changes the setup. Changes of the same thing (`what`, if not empty) one after the other are one step.
    pub fn change(&mut self, what: &str, setup: Setup) {
        if self.now() == Some(&setup) {
            return;
        }
        self.setups.truncate(self.at);
        if !what.is_empty() && self.changed == what && self.at > 1 {
            self.setups.pop();
        }
        self.setups.push(setup);
        if self.setups.len() > KEPT {
            self.setups.remove(0);
        }
        self.at = self.setups.len();
        what.clone_into(&mut self.changed);
    }

    /// The next change is a step of its own, whatever it changes.
    pub fn settle(&mut self) {
        self.changed.clear();
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        self.at > 1
    }

    /// Whether something was taken back.
    pub fn can_redo(&self) -> bool {
        self.at < self.setups.len()
    }

    /// Takes the last change back.
    pub fn undo(&mut self) {
        if self.can_undo() {
            self.at -= 1;
        }
        self.settle();
    }

    /// Makes it again.
    pub fn redo(&mut self) {
        if self.can_redo() {
            self.at += 1;
        }
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slider_is_one_step_and_a_new_change_forgets_what_was_undone() {
        let start = Setup::library("textbook/convoy").expect("it is there");
        let with = |seed| {
            let mut setup = start.clone();
            setup.options.seed = Some(seed);
            setup
        };
        let mut history = History::default();
        assert!(history.now().is_none());
        history.open(start.clone());
        for seed in 1..=5 {
            history.change("seed", with(seed));
        }
        history.change("other", with(6));
        history.change("other", with(6));
        history.undo();
        assert_eq!(history.now(), Some(&with(5)));
        history.undo();
        assert_eq!(history.now(), Some(&start));
        assert!(!history.can_undo());
        history.redo();
        assert_eq!(history.now(), Some(&with(5)));
        history.change("seed", with(9));
        assert!(!history.can_redo());
        history.undo();
        assert_eq!(history.now(), Some(&with(5)), "after an undo a change is a step of its own");
        history.begin_here();
        assert!(!history.can_undo() && !history.can_redo() && history.now() == Some(&with(5)));
    }
}
