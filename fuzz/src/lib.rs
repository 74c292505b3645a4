//! What the targets share.

use scenarios::{Input, Loaded, Options};

/// A scenario that options are tried on.
pub const SMALL: &str = "stop = { jobs = 3 }\n[[class]]\nname = \"k\"\nsteps = [{ work = \"cpu\", demand = \"1ms\" }]\n\
                         [[source]]\nname = \"s\"\nclass = \"k\"\narrivals = { poisson = \"100/s\" }\n[[processor]]\nname = \"cpu\"\n";

/// Reads and compiles an input of this name. Mistakes are rendered, and must show nothing that nobody sees.
pub fn load(name: &str, data: &[u8], options: &Options) -> Option<Loaded> {
    let text = String::from_utf8_lossy(data).into_owned();
    let loaded = Input::of(name, data.to_vec(), None).and_then(|input| scenarios::load(&input, options));
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(found) => {
            let shown = scenarios::render(&found, &[(name, &text)], false, 100);
            assert_eq!(shown.chars().find(|c| *c != '\n' && sim_core::shown::is_unseen(*c)), None);
            None
        }
    }
}

/// The first line as text, and the rest.
pub fn first_line(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let rest = data.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&data[..end]).into_owned(), rest)
}
