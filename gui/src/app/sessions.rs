//! What is kept of each input from one start to the next, apart from the input: bookmarks, and where its stations stand.

use super::state::Bookmark;
use crate::model::network::Places;
use serde::{Deserialize, Serialize};

/// Inputs that are remembered.
const INPUTS: usize = 40;

/// What is kept of one input.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The input's name.
    pub input: String,
    /// Bookmarks, by time.
    pub bookmarks: Vec<Bookmark>,
    /// Stations that somebody moved in the network view.
    pub places: Places,
}

/// Sessions, the last used first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    /// What is kept of an input, if anything.
    pub fn find(&self, input: &str) -> Option<&Session> {
        self.0.iter().find(|session| session.input == input)
    }

    /// The same to be changed; it becomes the last used.
    pub fn of(&mut self, input: &str) -> &mut Session {
        let found = self.0.iter().position(|session| session.input == input);
        let session = match found {
            Some(index) => self.0.remove(index),
            None => Session { input: input.to_owned(), ..Session::default() },
        };
        self.0.insert(0, session);
        self.0.truncate(INPUTS);
        &mut self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_used_are_kept() {
        let mut sessions = Sessions::default();
        for index in 0..100 {
            sessions.of(&index.to_string()).bookmarks = vec![Bookmark { at: index, note: String::new() }];
            sessions.of("0").input.push_str("");
        }
        assert_eq!(sessions.find("0").map(|session| session.bookmarks[0].at), Some(0));
        assert_eq!(sessions.0.len(), INPUTS);
        assert!(sessions.find("50").is_none());
    }
}
