//! Forms made from the table of keys: whatever may stand in a scenario has a field here.

use crate::app::action::Action;
use crate::app::network::{Edit, NetworkAction};
use crate::catalog;
use crate::tr;
use egui::{Button, Checkbox, ComboBox, DragValue, Id, TextEdit, Ui};
use scenarios::draft::{Item, Path, Value, at, edit, key};
use scenarios::keys::{self, Key, Kind, Table};

/// Width of labels, in points.
const LABEL: f32 = 104.0;

/// What a form is about.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// The whole text.
    pub root: &'a Item,
    /// Amounts are counts, not times.
    pub counts: bool,
}

/// A change of the text, as an action.
pub fn edit(edit: Edit) -> Action {
    Action::Network(NetworkAction::Edit(edit))
}

fn set(path: &Path, value: String) -> Action {
    edit(Edit::Set(path.clone(), value))
}

impl Form<'_> {
    /// A row for each key of a table but its name and what is shown elsewhere.
    pub fn table(self, ui: &mut Ui, item: Option<&Item>, keys: &[Key], path: &Path, out: &mut Vec<Action>) {
        for found in keys {
            if found.name == "name"
                || matches!(found.kind, Kind::Steps | Kind::StepLists | Kind::List(_) | Kind::Named(_))
            {
                continue;
            }
            let path = key(path, found.name);
            let item = item.and_then(|item| item.get(found.name));
            self.row(ui, found, item, &path, out);
        }
    }

    fn row(self, ui: &mut Ui, found: &Key, item: Option<&Item>, path: &Path, out: &mut Vec<Action>) {
        let form = Form { counts: self.counts || matches!(found.kind, Kind::CountLaw), ..self };
        ui.push_id(found.name, |ui| {
            let help = catalog::said(found.help);
            ui.horizontal(|ui| {
                label(ui, found.name, &help);
                let Some(item) = item else {
                    let default =
                        help.rsplit_once(&tr!("network-default")).map_or("–", |(_, text)| text.trim());
                    let default = default.trim_start_matches(':').trim();
                    if !found.required && add(ui, found.name).on_hover_text(&help).clicked() {
                        out.push(set(path, starter(found.kind, form.counts)));
                    }
                    if found.required {
                        if ui.button(tr!("network-set", name = found.name)).clicked() {
                            out.push(set(path, starter(found.kind, form.counts)));
                        }
                    } else {
                        ui.add(egui::Label::new(egui::RichText::new(default).weak()).truncate());
                    }
                    return;
                };
                form.control(ui, found, item, path, out);
                if !found.required && take(ui, found.name).clicked() {
                    out.push(edit(Edit::Clear(path.clone())));
                }
            });
            if let Some(item) = item {
                form.below(ui, found.kind, item, path, out);
            }
        });
    }

    /// What stands beside the label.
    fn control(self, ui: &mut Ui, found: &Key, item: &Item, path: &Path, out: &mut Vec<Action>) {
        if let Some(names) = self.names(found.name) {
            let now = item.text().unwrap_or("").to_owned();
            if let Some(name) = pick(ui, found.name, &now, &names) {
                out.push(set(path, edit::string(&name)));
            }
            return;
        }
        match (found.kind, &item.value) {
            (Kind::Integer { min, max }, Value::Number(text)) => {
                let now: i64 = text.parse().unwrap_or(min);
                let mut value = now;
                let field = DragValue::new(&mut value).range(min..=max).speed(0.1);
                ui.add(field).accessible_name(found.name).on_hover_text(catalog::said(found.help));
                if value != now {
                    out.push(set(path, value.to_string()));
                }
            }
            (Kind::Number { min, max, .. }, Value::Number(text)) => {
                let now: f64 = text.parse().unwrap_or(min);
                let mut value = now;
                let field = DragValue::new(&mut value).range(min..=max).speed(0.01).max_decimals(6);
                ui.add(field).accessible_name(found.name).on_hover_text(catalog::said(found.help));
                if value != now {
                    out.push(set(path, format!("{:?}", (value * 1e6).round() / 1e6)));
                }
            }
            (Kind::Boolean, Value::Boolean(now)) => {
                let mut value = *now;
                if ui.add(Checkbox::without_text(&mut value)).accessible_name(found.name).changed() {
                    out.push(set(path, value.to_string()));
                }
            }
            (Kind::Choice(words), _) => {
                let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
                let now = item.text().unwrap_or("").to_owned();
                if let Some(word) = pick(ui, found.name, &now, &words) {
                    out.push(set(path, edit::string(&word)));
                }
            }
            (Kind::Law | Kind::CountLaw | Kind::Rates, _) => {
                let forms = if matches!(found.kind, Kind::Rates) { keys::RATES } else { keys::LAWS };
                self.law(ui, found.name, forms, item, path, out);
            }
            (Kind::Forms(forms), Value::Table(_)) => {
                self.choice_of_forms(ui, found.name, forms, item, path, out);
            }
            (Kind::Table(_) | Kind::Policy(_), _) => {}
            (Kind::Plain(_), Value::List(items)) => {
                ui.weak(items.len().to_string());
                if add(ui, found.name).clicked() {
                    let Kind::Plain(table) = found.kind else { return };
                    let value = required(table.keys, self.counts);
                    out.push(edit(Edit::Insert(path.clone(), items.len(), value)));
                }
            }
            (
                Kind::Text
                | Kind::Name
                | Kind::Span
                | Kind::SpanOrAuto
                | Kind::SpanOrNever
                | Kind::Rate
                | Kind::RateFromZero
                | Kind::Amount,
                Value::Text(text),
            ) => {
                let mut value = text.clone();
                let field = TextEdit::singleline(&mut value).desired_width(120.0);
                if ui
                    .add(field)
                    .accessible_name(found.name)
                    .on_hover_text(catalog::said(found.help))
                    .changed()
                {
                    out.push(set(path, edit::string(&value)));
                }
            }
            // Numbers in other words, arrays, and whatever was written wrong: as TOML.
            _ => {
                if let Some(text) = buffered(ui, found.name, &item.toml()) {
                    out.push(set(path, text));
                }
            }
        }
    }

    /// What stands below the label.
    fn below(self, ui: &mut Ui, kind: Kind, item: &Item, path: &Path, out: &mut Vec<Action>) {
        match (kind, &item.value) {
            (Kind::Table(table), Value::Table(_)) => {
                ui.indent("table", |ui| self.table(ui, Some(item), table.keys, path, out));
            }
            (Kind::Law | Kind::CountLaw, Value::Table(_)) => self.form(ui, keys::LAWS, item, path, out),
            (Kind::Rates, Value::Table(_)) => self.form(ui, keys::RATES, item, path, out),
            (Kind::Forms(forms), Value::Table(_)) => self.form(ui, forms, item, path, out),
            (Kind::Policy(layer), _) => {
                let spec = item.text().unwrap_or("").to_owned();
                ui.indent("policy", |ui| {
                    let name = tr!("controls-policy");
                    if let Some((_, spec)) = crate::views::setup::policy_picker(ui, layer, &spec, name) {
                        out.push(set(path, edit::string(&spec)));
                    }
                });
            }
            (Kind::Plain(table), Value::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let path = at(path, index);
                    ui.push_id(index, |ui| {
                        ui.horizontal(|ui| {
                            ui.strong(format!("{}.", index + 1));
                            if take(ui, &(index + 1).to_string()).clicked() {
                                out.push(edit(Edit::Clear(path.clone())));
                            }
                        });
                        ui.indent("element", |ui| self.table(ui, Some(item), table.keys, &path, out));
                    });
                }
            }
            _ => {}
        }
    }

    /// The rows of the form that a table has.
    fn form(self, ui: &mut Ui, forms: &[&Table], item: &Item, path: &Path, out: &mut Vec<Action>) {
        let Some(form) = forms.iter().find(|form| item.get(form.keys[0].name).is_some()) else { return };
        ui.indent("form", |ui| {
            let (first, rest) = (&form.keys[0], &form.keys[1..]);
            let inner = item.get(first.name);
            let path_of_first = key(path, first.name);
            match (first.kind, inner) {
                // The name of the form stands above already.
                (Kind::Table(table), Some(inner)) => {
                    self.table(ui, Some(inner), table.keys, &path_of_first, out);
                }
                (Kind::Forms(inner_forms), Some(inner)) => {
                    let several = inner_forms.len() > 1;
                    if several {
                        ui.horizontal(|ui| {
                            self.choice_of_forms(ui, first.name, inner_forms, inner, &path_of_first, out);
                        });
                    }
                    self.form(ui, inner_forms, inner, &path_of_first, out);
                }
                _ => self.row(ui, first, inner, &path_of_first, out),
            }
            for found in rest {
                self.row(ui, found, item.get(found.name), &key(path, found.name), out);
            }
        });
    }

    fn choice_of_forms(
        self,
        ui: &mut Ui,
        name: &str,
        forms: &[&Table],
        item: &Item,
        path: &Path,
        out: &mut Vec<Action>,
    ) {
        let now = forms.iter().find(|form| item.get(form.keys[0].name).is_some());
        let names: Vec<String> = forms.iter().map(|form| form.keys[0].name.to_owned()).collect();
        let shown = now.map_or("–", |form| form.keys[0].name);
        if let Some(chosen) = pick(ui, name, shown, &names) {
            let form = forms.iter().find(|form| form.keys[0].name == chosen);
            let form = form.map(|form| required(form.keys, self.counts));
            out.extend(form.map(|value| set(path, value)));
        }
    }

    /// A law: a fixed value, or one of the forms.
    fn law(self, ui: &mut Ui, name: &str, forms: &[&Table], item: &Item, path: &Path, out: &mut Vec<Action>) {
        let fixed = tr!("network-fixed");
        let now = forms.iter().find(|form| item.get(form.keys[0].name).is_some());
        let shown = now.map_or(fixed.as_str(), |form| form.keys[0].name);
        let mut names = vec![fixed.clone()];
        names.extend(forms.iter().map(|form| form.keys[0].name.to_owned()));
        if let Some(chosen) = pick(ui, name, shown, &names) {
            let form = forms.iter().find(|form| form.keys[0].name == chosen);
            let plain = if std::ptr::eq(forms, keys::RATES) {
                "\"10/s\"".to_owned()
            } else {
                starter(Kind::Amount, self.counts)
            };
            out.push(set(path, form.map_or(plain, |form| required(form.keys, self.counts))));
        }
        if now.is_some() {
            return;
        }
        match &item.value {
            Value::Text(text) => {
                let mut value = text.clone();
                let field = TextEdit::singleline(&mut value).desired_width(80.0);
                if ui.add(field).accessible_name(tr!("network-value-of", name = name)).changed() {
                    out.push(set(path, edit::string(&value)));
                }
            }
            _ => {
                if let Some(text) = buffered(ui, name, &item.toml()) {
                    out.push(set(path, text));
                }
            }
        }
    }

    /// What may be named by a key.
    fn names(self, key: &str) -> Option<Vec<String>> {
        let list = |list: &str| -> Vec<String> {
            let items = self.root.get(list).map_or(&[][..], Item::items);
            items.iter().filter_map(|item| item.text_of("name")).map(str::to_owned).collect()
        };
        let with_roles = |kind: &str| {
            let mut names = list(kind);
            for server in self.root.get("server").map_or(&[][..], Item::items) {
                for (role, _) in server.get(kind).map_or(&[][..], Item::fields) {
                    if !names.contains(role) {
                        names.push(role.clone());
                    }
                }
            }
            names
        };
        match key {
            "class" => Some(list("class")),
            "targets" => Some(list("server")),
            "work" => Some(with_roles("processor")),
            "hold" => Some(with_roles("pool")),
            "balance" => Some(list("balancer")),
            _ => None,
        }
    }
}

fn label(ui: &mut Ui, name: &str, help: &str) {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(egui::vec2(LABEL, 18.0), layout, |ui| {
        ui.set_min_width(LABEL);
        ui.add(egui::Label::new(name).truncate()).on_hover_text(help);
    });
}

/// A button that adds something.
pub fn add(ui: &mut Ui, name: &str) -> egui::Response {
    ui.add(Button::new("➕").small()).accessible_name(tr!("network-set", name = name))
}

/// A button that takes something away.
pub fn take(ui: &mut Ui, name: &str) -> egui::Response {
    ui.add(Button::new("✖").small())
        .accessible_name(tr!("network-clear", name = name))
        .on_hover_text(tr!("network-clear", name = name))
}

/// One of several words; the new one where it was changed.
pub fn pick(ui: &mut Ui, name: &str, now: &str, words: &[String]) -> Option<String> {
    let mut chosen = None;
    let combo = ComboBox::from_id_salt(("pick", name)).selected_text(now).width(110.0);
    let combo = combo.show_ui(ui, |ui| {
        for word in words {
            if ui.selectable_label(word == now, word).clicked() && word != now {
                chosen = Some(word.clone());
            }
        }
    });
    combo.response.accessible_name(name);
    chosen
}

/// A field whose text counts when it is left: names, and what is not right before it is whole.
pub fn buffered(ui: &mut Ui, name: &str, now: &str) -> Option<String> {
    let id: Id = ui.scope_id().with(("buffered", name));
    let mut text = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_else(|| now.to_owned());
    let response =
        ui.add(TextEdit::singleline(&mut text).desired_width(120.0)).accessible_name(name.to_owned());
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
        return None;
    }
    ui.data_mut(|data| data.remove_temp::<String>(id));
    let left =
        response.lost_focus() && text != now && !ui.input(|input| input.key_pressed(egui::Key::Escape));
    left.then_some(text)
}

/// A table with all keys that it must have.
fn required(keys: &[Key], counts: bool) -> String {
    let fields = keys.iter().filter(|found| found.required).map(|found| {
        let value = match (found.kind, found.name) {
            (Kind::Steps, _) => "[{ delay = \"10ms\" }]".to_owned(),
            // Above the least value.
            (Kind::Amount, "high") => if counts { "4" } else { "\"20ms\"" }.to_owned(),
            _ => starter(found.kind, counts),
        };
        format!("{} = {value}", found.name)
    });
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

/// Something to begin with.
fn starter(kind: Kind, counts: bool) -> String {
    match kind {
        Kind::Text | Kind::Name => "\"\"".to_owned(),
        Kind::Rate | Kind::RateFromZero | Kind::Rates => "\"10/s\"".to_owned(),
        Kind::Integer { min, max } => 1i64.clamp(min, max).to_string(),
        Kind::Number { min, max, .. } => format!("{:?}", if max <= 1.0 { 0.5 } else { f64::max(min, 1.0) }),
        Kind::Boolean => "true".to_owned(),
        // The first word is what holds anyway.
        Kind::Choice(words) => edit::string(words.get(1).or(words.first()).unwrap_or(&"")),
        Kind::Amount if counts => "2".to_owned(),
        Kind::Amount | Kind::Span | Kind::SpanOrAuto | Kind::SpanOrNever => "\"10ms\"".to_owned(),
        Kind::Amounts if counts => "[1, 2]".to_owned(),
        Kind::Amounts => "[\"10ms\", \"20ms\"]".to_owned(),
        Kind::Integers { min, .. } => format!("[{}]", min.max(1)),
        Kind::Law => "{ exponential = { mean = \"10ms\" } }".to_owned(),
        Kind::CountLaw => "2".to_owned(),
        Kind::Policy(policies::Layer::Scheduler) => "\"fcfs\"".to_owned(),
        Kind::Policy(policies::Layer::Balancer) => "\"round-robin\"".to_owned(),
        Kind::Join | Kind::Ratio => "1".to_owned(),
        Kind::Steps | Kind::StepLists | Kind::List(_) | Kind::Rows => "[]".to_owned(),
        Kind::IntegerLists { min, .. } => format!("[[{}]]", min.max(1)),
        Kind::NameLists => "[[]]".to_owned(),
        Kind::Ties | Kind::Named(_) | Kind::IntegersByName { .. } => "{}".to_owned(),
        Kind::Table(table) => required(table.keys, counts),
        // One state of a rate is no change.
        Kind::Plain(table) => {
            let element = required(table.keys, counts);
            let is_state = table.key("mean_stay").is_some();
            if is_state { format!("[{element}, {element}]") } else { format!("[{element}]") }
        }
        Kind::Forms(forms) => {
            forms.first().map_or_else(|| "{}".to_owned(), |form| required(form.keys, counts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every law, every rate and every kind of arrival begins with something that is right.
    #[test]
    fn what_a_form_begins_with_can_be_run() {
        let run = |arrivals: &str, demand: &str, steps: &str| {
            let text = format!(
                "stop = {{ jobs = 3 }}\n[[class]]\nname = \"a\"\nsteps = [{{ work = \"cpu\", demand = {demand} }}, {steps}]\n\
                 [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = {arrivals}\n[[processor]]\nname = \"cpu\"\n"
            );
            let input = scenarios::Input::of("a.toml", text.clone().into_bytes(), None).expect("a scenario");
            let loaded = scenarios::load(&input, &scenarios::Options::default());
            if let Err(mistakes) = loaded {
                panic!("{text}\n{mistakes:#?}");
            }
        };
        let delay = "{ delay = \"1ms\" }";
        for form in keys::LAWS {
            run("{ poisson = \"10/s\" }", &required(form.keys, false), delay);
            let repeat = format!("{{ repeat = {}, steps = [{delay}] }}", required(form.keys, true));
            run("{ poisson = \"10/s\" }", "\"1ms\"", &repeat);
        }
        for form in keys::RATES {
            run(&format!("{{ poisson = {} }}", required(form.keys, false)), "\"1ms\"", delay);
        }
        for form in keys::ARRIVALS.iter().filter(|form| !["trace", "rows"].contains(&form.keys[0].name)) {
            run(&required(form.keys, false), "\"1ms\"", delay);
        }
    }
}
