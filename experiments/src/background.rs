//! Work beside the caller: on a thread of its own, or at once where there are no threads.

use crate::run::Progress;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How background work ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<T> {
    /// With its result.
    Done(T),
    /// It panicked: a bug, in these words.
    Panicked(String),
}

/// Work that was started and may be done. Dropping it cancels it.
pub struct Background<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    cancelled: AtomicBool,
    progress: Mutex<Option<Progress>>,
    outcome: Mutex<Option<Outcome<T>>>,
    /// Told when the work has ended.
    ended: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is replaced whole: a panic cannot leave half of it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The worker's end: says how far it is, and hears whether to go on.
pub struct Reporter<'w> {
    cancelled: &'w AtomicBool,
    progress: &'w Mutex<Option<Progress>>,
    wake: &'w (dyn Fn() + Sync),
}

impl Reporter<'_> {
    /// Notes the progress; false where the work is not wanted any more. Fits [`crate::run::Watch`].
    pub fn watch(&self, progress: Progress) -> bool {
        *lock(self.progress) = Some(progress);
        (self.wake)();
        !self.cancelled.load(Ordering::Relaxed)
    }
}

impl<T: Send + 'static> Background<T> {
    /// Starts the work. `wake` is called from the worker whenever there is news.
    pub fn start(
        work: impl FnOnce(&Reporter<'_>) -> T + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Background<T> {
        let shared = Arc::new(Shared {
            cancelled: AtomicBool::new(false),
            progress: Mutex::new(None),
            outcome: Mutex::new(None),
            ended: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        spawn(move || {
            let reporter = Reporter { cancelled: &theirs.cancelled, progress: &theirs.progress, wake: &wake };
            let outcome = match catch_unwind(AssertUnwindSafe(|| work(&reporter))) {
                Ok(result) => Outcome::Done(result),
                Err(panic) => Outcome::Panicked(words(panic.as_ref())),
            };
            *lock(&theirs.outcome) = Some(outcome);
            theirs.ended.notify_all();
            wake();
        });
        Background { shared }
    }

    /// The result, once, when there is one.
    pub fn take(&self) -> Option<Outcome<T>> {
        lock(&self.shared.outcome).take()
    }

    /// Waits for the result, which must not have been taken: there is no second one.
    pub fn wait(self) -> Outcome<T> {
        let mut outcome = lock(&self.shared.outcome);
        loop {
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            outcome = self.shared.ended.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How far it is, where it has said so.
    pub fn progress(&self) -> Option<Progress> {
        *lock(&self.shared.progress)
    }
}

impl<T> Background<T> {
    /// Asks the work to stop; it does at its next report.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(feature = "threads")]
fn spawn(work: impl FnOnce() + Send + 'static) {
    // Where no thread can be started the caller waits instead.
    let work = Arc::new(Mutex::new(Some(work)));
    let theirs = Arc::clone(&work);
    let run = |work: &Mutex<Option<_>>| {
        let found = lock(work).take();
        if let Some(work) = found {
            let work: Box<dyn FnOnce()> = Box::new(work);
            work();
        }
    };
    if std::thread::Builder::new().name("run".to_owned()).spawn(move || run(&theirs)).is_err() {
        run(&work);
    }
}

#[cfg(not(feature = "threads"))]
fn spawn(work: impl FnOnce() + Send + 'static) {
    work();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn result<T: Send + 'static>(work: impl FnOnce(&Reporter<'_>) -> T + Send + 'static) -> Outcome<T> {
        let (sender, woken) = mpsc::channel();
        let background = Background::start(work, move || sender.send(()).unwrap_or_default());
        woken.recv().expect("the worker wakes us at its end");
        background.wait()
    }

    #[test]
    fn the_result_comes_once_and_a_panic_has_its_words() {
        assert_eq!(result(|_| 7), Outcome::Done(7));
        assert_eq!(result(|_| -> u8 { panic!("no core") }), Outcome::Panicked("no core".to_owned()));
    }

    #[test]
    fn work_that_is_cancelled_hears_of_it() {
        let progress = Progress { done: 0, total: 1, fraction: 0.5, events: 9 };
        let (sender, receiver) = mpsc::channel();
        let work = move |reporter: &Reporter<'_>| {
            while reporter.watch(progress) {}
            sender.send(()).unwrap_or_default();
        };
        let background = Background::start(work, || ());
        background.cancel();
        receiver.recv().expect("it stops");
        drop(background);
    }
}
