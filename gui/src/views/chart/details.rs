//! What is known of a job at an instant: on the pointer, and for what is selected.

use crate::model::rows::Activity;
use crate::model::snapshot::{Snapshot, Waker};
use crate::tr;
use egui::{Grid, Ui};
use sim_core::units::Span;

/// Draws what is known of the job's stretch that begins at `start`; `short` for a tooltip.
pub fn ui(ui: &mut Ui, snapshot: &Snapshot, job: u32, start: u64, short: bool) {
    let Some(record) = snapshot.trace().jobs.get(job as usize) else { return };
    ui.strong(snapshot.job_name(job));
    let span = |nanos: u64| Span(nanos).to_string();
    Grid::new(("details", job, start, short)).num_columns(2).spacing([12.0, 2.0]).show(ui, |ui| {
        let mut row = |name: String, value: String| {
            ui.weak(name);
            ui.label(value);
            ui.end_row();
        };
        if let Some(bar) = snapshot.rows.of_job_at(job, start) {
            let station = snapshot.station_name(bar.activity, bar.station);
            let state = tr!(bar.activity.key());
            row(
                tr!("details-state"),
                if station.is_empty() { state } else { format!("{state} · {station}") },
            );
            row(
                tr!("details-span"),
                format!("{} – {} ({})", span(bar.start), span(bar.end), span(bar.length())),
            );
            if matches!(bar.activity, Activity::Run | Activity::Switch | Activity::Dispatch) {
                row(tr!("details-waited"), span(snapshot.wait_before(job, bar.start)));
            } else if let Some(waker) = snapshot.waker(job, bar.start) {
                row(tr!("details-waker"), waker_text(snapshot, waker));
            }
        }
        row(tr!("details-arrival"), span(record.arrival.0));
        if short {
            return;
        }
        row(tr!("details-status"), tr!(&format!("status-{}", record.status.word())));
        let optional = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), span);
        row(tr!("quantity-first-response"), optional(record.first_response().map(|span| span.0)));
        row(tr!("quantity-response"), optional(record.response().map(|span| span.0)));
        row(tr!("quantity-waiting"), optional(record.waiting().map(|span| span.0)));
        row(tr!("details-served"), span(record.served.0));
        row(tr!("details-overhead"), span(record.overhead.0));
        row(tr!("details-blocked"), span(record.blocked.0));
        row(tr!("details-preemptions"), record.preemptions.to_string());
        if let Some(deadline) = record.deadline {
            let fate = match record.missed {
                Some(true) => tr!("deadline-missed"),
                Some(false) => tr!("deadline-met"),
                None => tr!("deadline-open"),
            };
            row(tr!("details-deadline"), format!("{} ({fate})", span(deadline.0)));
        }
    });
}

/// Who woke a job, in words.
pub fn waker_text(snapshot: &Snapshot, waker: Waker) -> String {
    match waker {
        Waker::Release => tr!("waker-release"),
        Waker::Timer => tr!("waker-timer"),
        Waker::Own => tr!("waker-own"),
        Waker::Job(job) => tr!("waker-job", job = snapshot.job_name(job)),
        Waker::Preempted => tr!("waker-preempted"),
    }
}
