//! Tables in narrow panes.

use crate::support::{act, opened};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use egui_kittest::kittest::Queryable as _;

#[test]
fn the_first_row_stands_right_below_the_titles_however_narrow_the_pane() {
    for width in [560.0, 640.0, 800.0, 1280.0] {
        let mut harness = opened("stallings");
        harness.set_size(egui::vec2(width, 800.0));
        act(&mut harness, Action::Replications(2));
        act(&mut harness, Action::RunBatch);
        act(&mut harness, Action::Show(Pane::Events));
        for (pane, title, first) in [("replications", "metric", "response/mean"), ("events", "time", "0")] {
            let title = harness.get_all_by_label(title).next().expect("a title").rect();
            let rows = harness.query_all_by_label(first).map(|node| node.rect());
            let below =
                rows.filter(|row| row.top() >= title.bottom() && (row.left() - title.left()).abs() < 4.0);
            let top = below.map(|row| row.top()).fold(f32::INFINITY, f32::min);
            let gap = top - title.bottom();
            assert!(gap < title.height(), "{pane} at {width}: {gap} below the titles");
        }
    }
}
