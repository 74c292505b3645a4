//! The lessons: the list of them, or the text of one with buttons that do things in the window.

use crate::app::action::Action;
use crate::app::lessons::{LessonAction, Progress};
use crate::app::state::State;
use crate::model::lessons;
use crate::theme;
use crate::tr;
use egui::{Button, Id, RichText, ScrollArea, Ui};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};
use scenarios::lessons::{Block, Lesson, Page, Step};
use std::sync::{Arc, Mutex, PoisonError};

/// Draws the list, or the lesson that is open.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    match &state.lessons.open {
        None => list(ui, state, out),
        Some(lesson) => text(ui, state, lesson, out),
    }
}

fn want(out: &mut Vec<Action>, action: LessonAction) {
    out.push(Action::Lesson(action));
}

fn list(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let colors = theme::palette(state.settings.look.is_dark());
    let progress = |lesson: &Lesson| state.settings.lessons.get(&lesson.id).copied();
    let (mut all, mut done) = (0, 0);
    for lesson in lessons::all() {
        all += 1;
        done += usize::from(progress(lesson) == Some(Progress::Done));
    }
    ui.heading(tr!("lessons-title"));
    ui.weak(tr!("lessons-hint"));
    let part = done as f32 / all.max(1) as f32;
    let bar = egui::ProgressBar::new(part).desired_height(6.0).fill(colors.good);
    ui.add(bar).accessible_name(tr!("lessons-progress", done = done, all = all));
    ui.small(RichText::new(tr!("lessons-progress", done = done, all = all)).color(colors.weak));
    ScrollArea::vertical().auto_shrink(false).id_salt("lessons").show(ui, |ui| {
        let language = state.settings.language.code();
        let mut number = 0;
        for found in lessons::library() {
            ui.add_space(4.0);
            match found {
                Ok(lesson) => {
                    number += 1;
                    let page = lesson.page(language);
                    ui.horizontal_wrapped(|ui| {
                        let title = RichText::new(format!("{number}. {}", page.title)).strong().size(15.0);
                        let link = ui.link(title).on_hover_text(&page.summary);
                        if link.clicked() {
                            want(out, LessonAction::Open(lesson.id.clone()));
                        }
                        match progress(lesson) {
                            Some(Progress::Done) => {
                                ui.colored_label(colors.good, format!("✔ {}", tr!("lesson-is-done")));
                            }
                            Some(Progress::Begun) => {
                                ui.colored_label(colors.weak, tr!("lesson-is-begun"));
                            }
                            None => {}
                        }
                    });
                    ui.label(RichText::new(&page.summary).color(colors.weak));
                }
                Err((id, found)) => {
                    ui.strong(id);
                    for mistake in found.iter().take(3) {
                        ui.colored_label(
                            colors.bad,
                            format!("{}: {}", mistake.file, crate::catalog::mistake(mistake)),
                        );
                    }
                }
            }
        }
    });
}

fn text(ui: &mut Ui, state: &State, lesson: &Arc<Lesson>, out: &mut Vec<Action>) {
    let page = lesson.page(state.settings.language.code());
    ui.horizontal_wrapped(|ui| {
        if ui.button(tr!("lessons-all")).clicked() {
            want(out, LessonAction::List);
        }
        beside(ui, lesson, false, out);
        beside(ui, lesson, true, out);
    });
    ui.separator();
    let scroll = ScrollArea::vertical().auto_shrink(false).id_salt(("lesson", state.lessons.opened));
    scroll.show(ui, |ui| {
        ui.heading(&page.title);
        let mut reader = Reader { state, page, cache: cache(ui), answer: 0, part: 0, out };
        reader.blocks(ui, &page.blocks);
        ui.separator();
        end(ui, state, lesson, out);
        ui.add_space(12.0);
    });
}

/// The button to the next lesson, or the last one.
fn beside(ui: &mut Ui, lesson: &Lesson, next: bool, out: &mut Vec<Action>) {
    let (icon, name) = if next { ("⏵", tr!("cmd-next-lesson")) } else { ("⏴", tr!("cmd-last-lesson")) };
    let there = lessons::beside(Some(&lesson.id), next);
    let response = ui.add_enabled(there.is_some(), Button::new(icon)).accessible_name(&name);
    if response.on_hover_text(name).clicked() {
        want(out, LessonAction::Beside(next));
    }
}

/// What stands below the text: whether it is done, and what comes next.
fn end(ui: &mut Ui, state: &State, lesson: &Lesson, out: &mut Vec<Action>) {
    let mut done = state.settings.lessons.get(&lesson.id) == Some(&Progress::Done);
    if ui.checkbox(&mut done, tr!("lesson-done")).changed() {
        want(out, LessonAction::Done(done));
    }
    let next = lessons::beside(Some(&lesson.id), true).filter(|next| next.id != lesson.id);
    if let Some(next) = next {
        let title = next.page(state.settings.language.code()).title.clone();
        if ui.add(Button::new(tr!("lesson-next", title = title)).wrap()).clicked() {
            want(out, LessonAction::Open(next.id.clone()));
        }
    }
}

/// What the Markdown viewer keeps from one frame to the next.
fn cache(ui: &Ui) -> Arc<Mutex<CommonMarkCache>> {
    ui.data_mut(|data| {
        Arc::clone(data.get_temp_mut_or_default::<Arc<Mutex<CommonMarkCache>>>(Id::unique("lesson cache")))
    })
}

/// Draws the blocks of a page, and says which links were clicked.
struct Reader<'a, 'o> {
    state: &'a State,
    page: &'a Page,
    cache: Arc<Mutex<CommonMarkCache>>,
    /// Answers so far.
    answer: usize,
    /// Texts so far.
    part: usize,
    out: &'o mut Vec<Action>,
}

impl Reader<'_, '_> {
    fn blocks(&mut self, ui: &mut Ui, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Text(markdown) => self.markdown(ui, markdown),
                Block::Buttons(links) => {
                    for index in links {
                        let link = &self.page.links[*index];
                        if let [Step::Dial(name)] = link.steps.as_slice() {
                            super::setup::dial(ui, self.state, name, &link.text, self.out);
                            continue;
                        }
                        let text = RichText::new(format!("▶ {}", link.text));
                        let button = Button::new(text).wrap();
                        if ui.add(button).accessible_name(&link.text).clicked() {
                            want(self.out, LessonAction::Follow(*index));
                        }
                    }
                    ui.add_space(4.0);
                }
                Block::Answer { title, blocks } => {
                    let index = self.answer;
                    self.answer += 1;
                    let open = self.state.lessons.unfolded.contains(&index);
                    ui.add_space(6.0);
                    let header = egui::CollapsingHeader::new(RichText::new(title).strong().size(15.0))
                        .id_salt(("answer", self.state.lessons.opened, index))
                        .open(Some(open));
                    let shown = header.show(ui, |ui| self.blocks(ui, blocks));
                    if shown.header_response.clicked() {
                        want(self.out, LessonAction::Unfold(index));
                    }
                    ui.add_space(6.0);
                }
            }
        }
    }

    fn markdown(&mut self, ui: &mut Ui, markdown: &str) {
        let cache = Arc::clone(&self.cache);
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.link_hooks_clear();
        for link in self.page.links.iter().filter(|link| markdown.contains(&link.target)) {
            cache.add_link_hook(link.target.clone());
        }
        self.part += 1;
        ui.push_id(("part", self.part), |ui| {
            // Numbers of lists are as high as a line of text: taller lines would have them above their words.
            ui.spacing_mut().interact_size.y = ui.text_style_height(&egui::TextStyle::Body);
            CommonMarkViewer::new().show(ui, &mut cache, markdown);
        });
        for (index, link) in self.page.links.iter().enumerate() {
            if cache.get_link_hook(&link.target) == Some(true) {
                want(self.out, LessonAction::Follow(index));
                break;
            }
        }
    }
}
