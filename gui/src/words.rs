//! What the window says, in the user's language: Fluent messages, English behind every other language.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use unic_langid::LanguageIdentifier;

/// A language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::German];

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
        }
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// What catalogs say of themselves, as it is written; nothing where the catalogs speak the language.
    pub fn catalog(self) -> &'static str {
        match self {
            Language::English => "",
            Language::German => include_str!("../locales/catalog.de.ftl"),
        }
    }

    /// Its messages as they are written.
    pub fn source(self) -> &'static str {
        match self {
            Language::English => include_str!("../locales/en.ftl"),
            Language::German => include_str!("../locales/de.ftl"),
        }
    }
}

struct Words {
    bundle: FluentBundle<FluentResource>,
    /// Messages without parameters.
    plain: BTreeMap<String, String>,
}

impl Words {
    fn new(language: Language) -> Words {
        let id: LanguageIdentifier = language.code().parse().expect("a language code");
        let mut plain = BTreeMap::new();
        let names: Vec<&str> = keys(language).chain(keys_of(language.catalog())).collect();
        let mut bundle = FluentBundle::new(vec![id]);
        // Marks of direction around parameters would be seen as boxes, and compared by nobody.
        bundle.set_use_isolating(false);
        for source in [language.source(), language.catalog()] {
            let resource = match FluentResource::try_new(source.to_owned()) {
                Ok(resource) => resource,
                Err((_, errors)) => panic!("{}: {errors:?}", language.name()),
            };
            let added = bundle.add_resource(resource);
            added.unwrap_or_else(|errors| panic!("{}: {errors:?}", language.name()));
        }
        for name in names {
            if let Some(pattern) = bundle.get_message(name).and_then(|message| message.value()) {
                let mut errors = Vec::new();
                let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
                if errors.is_empty() {
                    plain.insert(name.to_owned(), text);
                }
            }
        }
        Words { bundle, plain }
    }

    fn say(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
        if values.is_empty()
            && let Some(text) = self.plain.get(key)
        {
            return Some(text.clone());
        }
        let pattern = self.bundle.get_message(key)?.value()?;
        let arguments: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned())
    }
}

/// The keys of a language's messages.
pub fn keys(language: Language) -> impl Iterator<Item = &'static str> {
    keys_of(language.source())
}

/// The keys of the messages of a text.
pub fn keys_of(source: &'static str) -> impl Iterator<Item = &'static str> {
    let message = |line: &'static str| {
        let key = line.split_once(" =")?.0;
        let starts = line.starts_with(|c: char| c.is_ascii_lowercase());
        starts.then_some(key)
    };
    source.lines().filter_map(message)
}

thread_local! {
    static LANGUAGE: Cell<Language> = const { Cell::new(Language::English) };
    static ENGLISH: OnceCell<Words> = const { OnceCell::new() };
    static GERMAN: OnceCell<Words> = const { OnceCell::new() };
}

/// Says everything in this language from now on, on this thread.
pub fn set(language: Language) {
    LANGUAGE.set(language);
}

/// A message in the language in use, else in English, else its key.
pub fn say(key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
    let english =
        || ENGLISH.with(|words| words.get_or_init(|| Words::new(Language::English)).say(key, values));
    let found = match LANGUAGE.get() {
        Language::English => english(),
        Language::German => GERMAN
            .with(|words| words.get_or_init(|| Words::new(Language::German)).say(key, values))
            .or_else(english),
    };
    found.unwrap_or_else(|| key.to_owned())
}

/// What a catalog says, in the language in use; `None` where that is English or has no such message.
pub fn of_catalog(key: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
    match LANGUAGE.get() {
        Language::English => None,
        Language::German => {
            GERMAN.with(|words| words.get_or_init(|| Words::new(Language::German)).say(key, values))
        }
    }
}

/// `tr!("key")`, or `tr!("key", name = value)`: a message in the language in use.
#[macro_export]
macro_rules! tr {
    ($key:expr) => { $crate::words::say($key, &[]) };
    ($key:expr, $($name:ident = $value:expr),+) => {
        $crate::words::say($key, &[$((stringify!($name), ::fluent_bundle::FluentValue::from($value))),+])
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_language_has_every_message_once() {
        let english: Vec<&str> = keys(Language::English).collect();
        let all: BTreeSet<&str> = english.iter().copied().collect();
        assert_eq!(all.len(), english.len(), "a key stands twice");
        for language in Language::ALL {
            let found: Vec<&str> = keys(language).collect();
            let set: BTreeSet<&str> = found.iter().copied().collect();
            assert_eq!(set.len(), found.len(), "{language:?}: a key stands twice");
            let missing: Vec<_> = all.difference(&set).collect();
            let extra: Vec<_> = set.difference(&all).collect();
            assert!(missing.is_empty() && extra.is_empty(), "{language:?} lacks {missing:?}, has {extra:?}");
        }
    }

    #[test]
    fn messages_are_said_in_the_language_in_use() {
        assert_eq!(tr!("pane-events"), "Events");
        set(Language::German);
        assert_eq!(tr!("pane-events"), "Ereignisse");
        assert_eq!(tr!("no-such-key"), "no-such-key");
        set(Language::English);
    }
}
