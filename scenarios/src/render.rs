//! Diagnostics as text, with line, column and caret.

use crate::diagnostic::{Diagnostic, Severity};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use sim_core::shown::{is_unseen, shown, shown_lines};
use std::ops::Range;

/// Longer lines are not shown, only their place.
const LINE_MAX: usize = 2000;
/// Other places are shown if they are no further away than this, in bytes.
const LABEL_MAX: usize = 20_000;
/// Longer messages are cut.
const MESSAGE_MAX: usize = 800;

/// Renders diagnostics with line, column and caret. `texts` gives the text of each file by the name it has in
/// [`Diagnostic::file`]; mistakes in options bring their own. `width` is the width of the terminal in columns.
pub fn render(diagnostics: &[Diagnostic], texts: &[(&str, &str)], color: bool, width: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width.max(40));
    let mut out = String::new();
    let mut lines = Lines::default();
    for diagnostic in diagnostics {
        let text = match &diagnostic.option {
            Some(text) => Some(text.as_ref()),
            None => texts.iter().find(|(name, _)| *name == diagnostic.file).map(|(_, text)| *text),
        };
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = match (&diagnostic.span, text) {
            (Some(_), Some(_)) => diagnostic.message.clone(),
            _ if diagnostic.file.is_empty() => diagnostic.message.clone(),
            _ => format!("{}: {}", diagnostic.file, diagnostic.message),
        };
        let mut group =
            Group::with_title(level.primary_title(clean(&title).replace('\n', "\\n")).id(diagnostic.code));
        if let (Some(span), Some(text)) = (&diagnostic.span, text) {
            group = group.element(place(diagnostic, span, text, &mut lines));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(clean(help)));
        }
        out.push_str(&without_unseen(renderer.render(&[group]).trim_end()));
        out.push_str("\n\n");
    }
    out
}

/// Counts lines, going on from where it was last: diagnostics come in the order of the text.
#[derive(Default)]
struct Lines {
    text: (usize, usize),
    at: usize,
    before: usize,
}

impl Lines {
    /// The number of the line that `offset` is in, from 1.
    fn number(&mut self, text: &str, offset: usize) -> usize {
        let identity = (text.as_ptr() as usize, text.len());
        if self.text != identity || offset < self.at {
            *self = Lines { text: identity, at: 0, before: 0 };
        }
        self.before += text[self.at..offset].bytes().filter(|byte| *byte == b'\n').count();
        self.at = offset;
        self.before + 1
    }
}

/// The lines around a mistake, cut out first, so that rendering does not read the whole text.
fn place<'a>(
    diagnostic: &'a Diagnostic,
    span: &Range<usize>,
    text: &'a str,
    lines: &mut Lines,
) -> Element<'a> {
    let span = first_line(clamp(span, text), text);
    let near = |range: &Range<usize>| range.start.abs_diff(span.start) <= LABEL_MAX;
    let labels: Vec<(Range<usize>, &str)> = diagnostic
        .labels
        .iter()
        .map(|(range, label)| (first_line(clamp(range, text), text), label.as_str()))
        .filter(|(range, _)| near(range))
        .collect();
    let own_line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let own_end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    if own_end - own_line > LINE_MAX {
        let line = lines.number(text, own_line);
        let column = text[own_line..span.start].chars().count() + 1;
        return Origin::path(shown(&diagnostic.file).into_owned()).line(line).char_column(column).into();
    }
    let first = labels.iter().map(|(range, _)| range.start).fold(span.start, usize::min);
    let last = labels.iter().map(|(range, _)| range.end).fold(span.end, usize::max);
    let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let shift = |range: Range<usize>| range.start - from..range.end - from;
    let mut snippet = Snippet::source(&text[from..to])
        .line_start(lines.number(text, from))
        .path(shown(&diagnostic.file).into_owned())
        .annotation(AnnotationKind::Primary.span(shift(span)));
    for (range, label) in labels {
        snippet = snippet.annotation(AnnotationKind::Context.span(shift(range)).label(clean(label)));
    }
    snippet.into()
}

/// The range within the text, on character boundaries.
fn clamp(range: &Range<usize>, text: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start);
    start..floor(range.end).max(start)
}

/// Of a table that spans lines only the first line is marked.
fn first_line(range: Range<usize>, text: &str) -> Range<usize> {
    let length = text[range.clone()].find(['\r', '\n']).unwrap_or(range.len());
    range.start..range.start + length
}

/// Titles are printed as they are: what nobody sees must not reach the terminal.
fn clean(text: &str) -> String {
    let cut: String = text.chars().take(MESSAGE_MAX).collect();
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", shown_lines(&cut))
}

/// Source lines keep their columns until they are laid out; what is still unseen in them then is written out. The colors
/// are the renderer's own: it has replaced the escape character of the source.
fn without_unseen(text: &str) -> String {
    let is_bad = |c: char| is_unseen(c) && !matches!(c, '\n' | '\u{1b}');
    if !text.contains(is_bad) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bad(c) { out.push_str(&shown(c.encode_utf8(&mut [0; 4]))) } else { out.push(c) }
    }
    out
}
