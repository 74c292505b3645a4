//! Work beside the caller: on a thread of its own, or step by step in the caller's pauses where there are no threads.

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
    /// One step of the work; nobody else does it.
    #[cfg(not(feature = "threads"))]
    work: Mutex<Option<Box<dyn FnMut() -> bool + Send>>>,
    /// The caller had a pause to say that work is under way.
    #[cfg(not(feature = "threads"))]
    announced: AtomicBool,
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

/// Two results at once, side by side where there are threads: for the two halves of something that is waited for.
pub fn both<A, B: Send>(a: impl FnOnce() -> A, b: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "threads")]
    {
        // Where no thread can be started the caller does both.
        let b = Mutex::new(Some(b));
        let run = || lock(&b).take().map(|b| b());
        let (a, found) = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, run);
            let a = a();
            // A panic goes on where it would have been without a thread.
            let found = thread.map(|b| b.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            (a, found.unwrap_or_else(|_| run()))
        });
        (a, found.expect("it was run once"))
    }
    #[cfg(not(feature = "threads"))]
    (a(), b())
}

impl<T: Send + 'static> Background<T> {
    /// Starts the work. `wake` is called from the worker whenever there is news.
    pub fn start(
        work: impl FnOnce(&Reporter<'_>) -> T + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Background<T> {
        let mut work = Some(work);
        Background::in_steps(move |reporter| work.take().map(|work| work(reporter)), wake)
    }

    /// Starts work that is done in steps: `step` is called until it has a result, which it must have soon after its reporter
    /// told it to stop.
    pub fn in_steps(
        mut step: impl FnMut(&Reporter<'_>) -> Option<T> + Send + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Background<T> {
        let shared = Arc::new(Shared {
            cancelled: AtomicBool::new(false),
            progress: Mutex::new(None),
            outcome: Mutex::new(None),
            ended: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        // Whether there is a result.
        let once = move || {
            let reporter = Reporter { cancelled: &theirs.cancelled, progress: &theirs.progress, wake: &wake };
            let outcome = match catch_unwind(AssertUnwindSafe(|| step(&reporter))) {
                Ok(None) => {
                    wake();
                    return false;
                }
                Ok(Some(result)) => Outcome::Done(result),
                Err(panic) => Outcome::Panicked(words(panic.as_ref())),
            };
            *lock(&theirs.outcome) = Some(outcome);
            theirs.ended.notify_all();
            wake();
            true
        };
        Background::begin(shared, once)
    }

    #[cfg(feature = "threads")]
    fn begin(shared: Arc<Shared<T>>, mut once: impl FnMut() -> bool + Send + 'static) -> Background<T> {
        spawn(move || while !once() {});
        Background { shared }
    }

    #[cfg(not(feature = "threads"))]
    fn begin(shared: Arc<Shared<T>>, once: impl FnMut() -> bool + Send + 'static) -> Background<T> {
        let work: Box<dyn FnMut() -> bool + Send> = Box::new(once);
        Background { shared, work: Mutex::new(Some(work)), announced: AtomicBool::new(false) }
    }

    /// Goes on with the work where there are no threads: a step, and more while `more` says so. The first pause does
    /// nothing, so that it can be said that work is under way. True while there is more to do.
    #[cfg(not(feature = "threads"))]
    pub fn turn(&self, more: &dyn Fn() -> bool) -> bool {
        let mut work = lock(&self.work);
        if !self.announced.swap(true, Ordering::Relaxed) {
            return work.is_some();
        }
        while let Some(once) = work.as_mut() {
            if once() {
                *work = None;
            } else if !more() {
                return true;
            }
        }
        false
    }

    /// Goes on with the work where there are no threads; here there are.
    #[cfg(feature = "threads")]
    pub fn turn(&self, _more: &dyn Fn() -> bool) -> bool {
        false
    }

    /// The result, once, when there is one.
    pub fn take(&self) -> Option<Outcome<T>> {
        lock(&self.shared.outcome).take()
    }

    /// Waits for the result, which must not have been taken: there is no second one.
    pub fn wait(self) -> Outcome<T> {
        while self.turn(&|| true) {}
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

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "threads")]
    use std::sync::mpsc;

    fn result<T: Send + 'static>(work: impl FnOnce(&Reporter<'_>) -> T + Send + 'static) -> Outcome<T> {
        Background::start(work, || ()).wait()
    }

    #[test]
    fn the_result_comes_once_and_a_panic_has_its_words() {
        assert_eq!(result(|_| 7), Outcome::Done(7));
        assert_eq!(result(|_| -> u8 { panic!("no core") }), Outcome::Panicked("no core".to_owned()));
    }

    #[test]
    fn steps_are_taken_until_there_is_a_result() {
        let mut left = 5;
        let step = move |reporter: &Reporter<'_>| {
            left -= 1;
            let done = 5 - left;
            let wanted =
                reporter.watch(Progress { done, total: 5, fraction: f64::from(done) / 5.0, events: 0 });
            (left == 0 || !wanted).then_some(done)
        };
        assert_eq!(Background::in_steps(step, || ()).wait(), Outcome::Done(5));
        let cancelled = Background::in_steps(step, || ());
        cancelled.cancel();
        // On a thread some steps may have been taken before.
        assert!(matches!(cancelled.wait(), Outcome::Done(1..=5)));
    }

    #[cfg(not(feature = "threads"))]
    #[test]
    fn without_threads_nothing_happens_but_in_pauses() {
        let background = Background::in_steps(|_| None::<u8>, || ());
        assert!(background.turn(&|| true), "the first pause is for saying so");
        assert!(background.turn(&|| false));
        assert_eq!(background.take(), None);
    }

    #[cfg(feature = "threads")]
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
