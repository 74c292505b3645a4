//! The task list as a table that can be changed.

use super::setup::{change, task_list};
use crate::app::action::Action;
use crate::app::state::State;
use crate::catalog;
use crate::theme;
use crate::tr;
use egui::{ComboBox, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

/// Draws the table; other inputs have none.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(setup) = state.setup() else {
        ui.weak(tr!("tasks-empty"));
        return;
    };
    let Some((text, table)) = task_list(setup) else {
        ui.weak(tr!("tasks-other"));
        return;
    };
    let colors = theme::palette(state.settings.look.is_dark());
    let wrong: Vec<usize> = state
        .mistakes
        .iter()
        .filter(|mistake| mistake.option.is_none())
        .filter_map(|mistake| table.row_at(mistake.span.as_ref()?.start))
        .collect();
    ui.horizontal(|ui| {
        if ui.button(tr!("tasks-add")).clicked() {
            let cells = [
                ("task", table.new_name()),
                ("arrival", "0".to_owned()),
                ("cpu", "1".to_owned()),
                ("program", "cpu 1".to_owned()),
            ];
            let cells: Vec<_> = cells.into_iter().filter(|(name, _)| has(&table, name)).collect();
            out.push(change("", setup.with_text(table.with_row(text, &cells))));
        }
        let missing = scenarios::COLUMNS.iter().filter(|column| !has(&table, column.name));
        let combo = ComboBox::from_id_salt("column").selected_text(tr!("tasks-column")).show_ui(ui, |ui| {
            for column in missing {
                if ui.selectable_label(false, column.name).on_hover_text(catalog::said(column.help)).clicked()
                {
                    out.push(change("", setup.with_text(table.with_column(text, column.name))));
                }
            }
        });
        combo.response.accessible_name(tr!("tasks-column"));
    });
    for mistake in state.mistakes.iter().take(6) {
        ui.colored_label(colors.bad, format!("✖ {}", catalog::mistake(mistake)));
    }
    if table.header.is_empty() {
        return;
    }
    let height = ui.text_style_height(&egui::TextStyle::Body) + 8.0;
    // A few columns share what there is; many are scrolled.
    let last = ui.spacing().interact_size.y + 2.0 * ui.spacing().button_padding.x;
    let between = ui.spacing().item_spacing.x;
    let room = ui.available_width() - last - between * (table.header.len() + 1) as f32;
    let each = (room / table.header.len() as f32).clamp(48.0, 70.0);
    egui::ScrollArea::horizontal().show(ui, |ui| {
        let builder = TableBuilder::new(ui)
            .striped(true)
            .columns(Column::initial(each).at_least(44.0).resizable(true), table.header.len())
            .column(Column::exact(last));
        let body = builder.header(height, |mut header| {
            for name in &table.header {
                header.col(|ui| {
                    let help = scenarios::COLUMNS.iter().find(|column| column.name == name);
                    ui.strong(name)
                        .on_hover_text(help.map_or_else(String::new, |column| catalog::said(column.help)));
                });
            }
            header.col(|_| {});
        });
        body.body(|body| {
            body.rows(height, table.rows.len(), |mut row| {
                let index = row.index();
                for (column, name) in table.header.iter().enumerate() {
                    row.col(|ui| {
                        let mut value = table.rows[index][column].clone();
                        let color = wrong.contains(&index).then_some(colors.bad);
                        let field = TextEdit::singleline(&mut value)
                            .desired_width(f32::INFINITY)
                            .text_color_opt(color)
                            .frame(egui::Frame::NONE);
                        let label = tr!("tasks-cell", column = name.clone(), row = index + 1);
                        if ui.add(field).accessible_name(label).changed() {
                            let what = format!("cell {index} {column}");
                            out.push(change(
                                &what,
                                setup.with_text(table.with_cell(text, index, column, &value)),
                            ));
                        }
                    });
                }
                row.col(|ui| {
                    let button = ui.small_button("🗑").accessible_name(tr!("tasks-delete", row = index + 1));
                    if button.on_hover_text(tr!("tasks-delete", row = index + 1)).clicked() {
                        out.push(change("", setup.with_text(table.without_row(text, index))));
                    }
                });
            });
        });
    });
}

fn has(table: &crate::model::tasks::Table, name: &str) -> bool {
    table.header.iter().any(|column| column == name)
}
