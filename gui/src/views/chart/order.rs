//! Which rows are shown, in which order.

use crate::app::state::View;
use crate::model::rows::{RowKind, Rows};
use crate::model::snapshot::Snapshot;

/// Indices of the rows that are shown, from top to bottom: pinned ones, then the rest as the user moved them.
pub fn order(snapshot: &Snapshot, view: &View) -> Vec<usize> {
    let rows: &Rows = &snapshot.rows;
    let find = |kind: &RowKind| rows.rows.iter().position(|row| row.kind == *kind);
    let pinned: Vec<usize> = view.rows.pinned.iter().filter_map(find).collect();
    let wanted = |index: &usize| {
        let kind = rows.rows[*index].kind;
        let group = match kind {
            RowKind::Core { .. } => view.show_cores,
            RowKind::Task { .. } => view.show_tasks,
        };
        group && !pinned.contains(index) && !view.rows.hidden.contains(&kind)
    };
    let mut moved: Vec<usize> = view.rows.order.iter().filter_map(find).filter(wanted).collect();
    // Rows that the user never saw in another order keep their place behind.
    let new: Vec<usize> = (0..rows.rows.len()).filter(wanted).filter(|row| !moved.contains(row)).collect();
    moved.extend(new);
    pinned.iter().copied().chain(moved).collect()
}
