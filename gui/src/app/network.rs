//! The network view: what is selected in it, and the changes of the text that it asks for.

use super::App;
use super::state::State;
use crate::model::network::{Graph, of_model, of_text};
use crate::model::setup::Setup;
use crate::model::snapshot::Snapshot;
use crate::tr;
use crate::words::Language;
use egui::Rect;
use scenarios::draft::{self, Item, Part, Path, at, edit, key};
use scenarios::{Diagnostic, InputKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longer texts are not drawn, in bytes.
const DRAWN: usize = 200_000;

/// A change of the text.
#[derive(Clone, PartialEq, Debug)]
pub enum Edit {
    /// A value, as TOML.
    Set(Path, String),
    /// A key or an element goes, whatever becomes of the rest.
    Clear(Path),
    /// A station, source or class is added: the name of its list.
    Add(&'static str),
    /// An element of an array, as TOML, before another one.
    Insert(Path, usize, String),
    /// A copy behind the original.
    Duplicate(Path),
    /// An element one place later or earlier.
    Shift(Path, bool),
    /// Another name, wherever it is named.
    Rename(Path, String),
}

/// What a user can want of the network.
#[derive(Clone, PartialEq, Debug)]
pub enum NetworkAction {
    /// Select a part of the text, or nothing.
    Select(Option<Path>),
    /// See this part of the canvas.
    See(Rect),
    /// See all of it.
    Fit,
    /// Put nodes somewhere.
    Place(Vec<(String, [f32; 2])>),
    /// Put them back where they belong.
    Tidy,
    /// Change the text.
    Edit(Edit),
    /// Take something away: at once where nothing names it.
    AskRemove(Path),
    /// Take it away, and with `true` all that names it.
    Remove(bool),
    /// Let it be.
    Keep,
}

/// Something that is named elsewhere and to be taken away.
#[derive(Clone, PartialEq, Debug)]
pub struct Removal {
    /// What.
    pub path: Path,
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub named: Vec<String>,
    /// The mistakes that the text would have without it.
    pub mistakes: Vec<String>,
}

/// The graph on show, and what it was made of.
pub struct Drawn {
    /// The graph.
    pub graph: Graph,
    /// The tree of the text.
    pub root: Item,
    /// Processors of the model by the name of their component.
    pub processors: BTreeMap<String, Vec<u32>>,
    /// Pools likewise.
    pub pools: BTreeMap<String, Vec<u32>>,
    /// Rows of cores of each processor.
    pub cores: BTreeMap<u32, Vec<usize>>,
    /// Upper left corners of nodes where nobody moved them.
    pub usual: Vec<[f32; 2]>,
    setup: Setup,
    mistakes: Vec<Diagnostic>,
    snapshot: Option<Arc<Snapshot>>,
    language: Language,
}

/// What the network view knows.
#[derive(Default)]
pub struct Network {
    /// What is selected, by its place in the text.
    pub selection: Option<Path>,
    /// The part of the canvas that is seen; `None`: all.
    pub scene: Option<Rect>,
    /// What is asked about.
    pub removal: Option<Removal>,
    /// The graph.
    pub drawn: Option<Arc<Drawn>>,
}

/// Makes the graph anew where what it is made of has changed.
pub fn refresh(state: &mut State) {
    let Some(setup) = state.setup().cloned() else {
        state.network.drawn = None;
        return;
    };
    let language = state.settings.language;
    let same_run = |drawn: &Drawn| match (&drawn.snapshot, &state.snapshot) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    if let Some(drawn) = &state.network.drawn
        && drawn.language == language
        && drawn.setup == setup
        && drawn.mistakes == state.mistakes
        && same_run(drawn)
    {
        return;
    }
    let written = setup.text().filter(|text| setup.input.kind == InputKind::Scenario && text.len() <= DRAWN);
    let mut found = state.mistakes.clone();
    if let Some(snapshot) = state.snapshot.as_ref().filter(|_| state.is_current()) {
        found.extend(snapshot.loaded.warnings.iter().cloned());
    }
    let (graph, root) = match (written, &state.snapshot) {
        (Some(text), _) => (of_text(text, &found), draft::read(text)),
        (None, Some(snapshot)) => (of_model(snapshot.model()), draft::read("")),
        (None, None) => (Graph::default(), draft::read("")),
    };
    let mut drawn = Drawn {
        usual: graph.layout(&BTreeMap::new()),
        graph,
        root,
        processors: BTreeMap::new(),
        pools: BTreeMap::new(),
        cores: BTreeMap::new(),
        setup,
        mistakes: state.mistakes.clone(),
        snapshot: state.snapshot.clone(),
        language,
    };
    if let Some(snapshot) = &state.snapshot {
        drawn.index(snapshot);
    }
    state.network.drawn = Some(Arc::new(drawn));
}

impl Drawn {
    fn index(&mut self, snapshot: &Snapshot) {
        let model = snapshot.model();
        let name = |component: u32| model.components.get(component as usize).map(|found| found.name.clone());
        for (index, processor) in model.processors.iter().enumerate() {
            if let Some(name) = name(processor.component) {
                self.processors.entry(name).or_default().push(index as u32);
            }
        }
        for (index, pool) in model.pools.iter().enumerate() {
            if let Some(name) = name(pool.component) {
                self.pools.entry(name).or_default().push(index as u32);
            }
        }
        for (index, row) in snapshot.rows.rows.iter().enumerate() {
            if let crate::model::rows::RowKind::Core { processor, .. } = row.kind {
                self.cores.entry(processor).or_default().push(index);
            }
        }
    }
}

impl App {
    pub(super) fn network(&mut self, action: NetworkAction) {
        let state = &mut self.state;
        let input = state.setup().map(|setup| setup.input.name.clone()).unwrap_or_default();
        match action {
            NetworkAction::Select(path) => state.network.selection = path,
            NetworkAction::See(rect) => state.network.scene = Some(rect),
            NetworkAction::Fit => state.network.scene = None,
            NetworkAction::Place(places) => {
                state.settings.sessions.of(&input).places.extend(places);
            }
            NetworkAction::Tidy => {
                state.settings.sessions.of(&input).places.clear();
                state.network.scene = None;
            }
            NetworkAction::Edit(edit) => {
                let what = match &edit {
                    Edit::Set(path, _) => format!("network {path:?}"),
                    _ => String::new(),
                };
                let Some(text) = state.setup().and_then(Setup::text).map(str::to_owned) else { return };
                let changed = carried_out(&text, &edit);
                self.change_text(&what, changed, &edit);
            }
            NetworkAction::AskRemove(path) => self.ask_remove(path),
            NetworkAction::Remove(all) => {
                let Some(removal) = state.network.removal.take() else { return };
                let Some(text) = state.setup().and_then(Setup::text).map(str::to_owned) else { return };
                let changed =
                    if all { without(&text, &removal.path) } else { edit::remove(&text, &removal.path) };
                let edit = Edit::Clear(removal.path);
                self.change_text("", changed.map(|text| (text, None)), &edit);
            }
            NetworkAction::Keep => state.network.removal = None,
        }
    }

    fn change_text(
        &mut self,
        what: &str,
        changed: Result<(String, Option<Path>), edit::EditError>,
        edit: &Edit,
    ) {
        let state = &mut self.state;
        let Some(setup) = state.setup().cloned() else { return };
        match changed {
            Ok((text, select)) => {
                let mut setup = setup.with_text(text);
                if let Edit::Set(path, _) = edit {
                    let root = draft::read(setup.text().unwrap_or_default());
                    forget_overrides(&mut setup, &root, path);
                }
                if what.is_empty() {
                    state.history.settle();
                }
                state.history.change(what, setup);
                match (select, edit) {
                    (Some(path), _) => state.network.selection = Some(path),
                    (None, Edit::Clear(_)) => state.network.selection = None,
                    _ => {}
                }
                self.rerun();
            }
            Err(error) => state.news.push((false, error.to_string())),
        }
    }

    fn ask_remove(&mut self, path: Path) {
        let Some(setup) = self.state.setup().cloned() else { return };
        let Some(text) = setup.text() else { return };
        let root = draft::read(text);
        let named: Vec<String> = draft::references(&root)
            .iter()
            .filter(|(place, target)| {
                target.as_ref().is_some_and(|target| target.starts_with(&path)) && !place.starts_with(&path)
            })
            .map(|(place, _)| place_in_words(&root, place))
            .collect();
        if named.is_empty() {
            let changed = edit::remove(text, &path).map(|text| (text, None));
            self.change_text("", changed, &Edit::Clear(path));
            return;
        }
        let mistakes = match edit::remove(text, &path) {
            Ok(text) => {
                let setup = setup.with_text(text);
                scenarios::load(&setup.input, &setup.options).err().unwrap_or_default()
            }
            Err(_) => Vec::new(),
        };
        let old = &self.state.mistakes;
        let new = mistakes.iter().filter(|mistake| old.iter().all(|old| old.message != mistake.message));
        let mistakes = new.map(crate::catalog::mistake).collect();
        let name = root.at(&path).and_then(|item| item.text_of("name")).map(str::to_owned);
        let name = name.unwrap_or_else(|| match path.last() {
            Some(Part::Key(key)) => key.clone(),
            _ => String::new(),
        });
        self.state.network.removal = Some(Removal { path, name, named, mistakes });
    }
}

/// `class page: work`, `source visitors`.
fn place_in_words(root: &Item, place: &Path) -> String {
    let (Some(Part::Key(list)), Some(Part::Key(word))) = (place.first(), place.last()) else {
        return String::new();
    };
    let name = root.at(&place[..2]).and_then(|item| item.text_of("name")).unwrap_or("");
    if list == "class" { format!("{list} {name}: {word}") } else { format!("{list} {name}") }
}

/// The text after a change, and what is to be selected then.
fn carried_out(text: &str, edit: &Edit) -> Result<(String, Option<Path>), edit::EditError> {
    Ok(match edit {
        Edit::Set(path, value) => (edit::set(text, path, value)?, None),
        Edit::Clear(path) => (edit::remove(text, path)?, None),
        Edit::Insert(list, index, value) => {
            (edit::insert(text, list, *index, value)?, Some(at(list, *index)))
        }
        Edit::Duplicate(path) => {
            let (text, copy) = edit::duplicate(text, path)?;
            (text, Some(copy))
        }
        Edit::Shift(path, later) => {
            let other = match path.last() {
                Some(Part::At(index)) if *later => index + 1,
                Some(Part::At(index)) => index.saturating_sub(1),
                _ => 0,
            };
            (edit::shift(text, path, *later)?, Some(at(&path[..path.len() - 1], other)))
        }
        Edit::Rename(path, name) => {
            let renamed = edit::rename(text, path, name)?;
            let select = match path.last() {
                Some(Part::Key(_)) => key(&path[..path.len() - 1], name),
                _ => path.clone(),
            };
            (renamed, Some(select))
        }
        Edit::Add(list) => {
            let root = draft::read(text);
            let path = vec![Part::Key((*list).to_owned())];
            let count = root.get(list).map_or(0, |items| items.items().len());
            (edit::insert(text, &path, count, &new_item(&root, list))?, Some(at(&path, count)))
        }
    })
}

/// The first name in a list.
fn first<'a>(root: &'a Item, list: &str, usual: &'a str) -> &'a str {
    root.get(list).and_then(|items| items.items().first()?.text_of("name")).unwrap_or(usual)
}

/// Something new of a list, as TOML.
fn new_item(root: &Item, list: &str) -> String {
    let name = |usual: &str| edit::string(&edit::new_name(root, usual));
    match list {
        "processor" => format!("{{ name = {}, cores = 1, scheduler = \"fcfs\" }}", name("cpu")),
        "pool" => format!("{{ name = {}, size = 1 }}", name("tokens")),
        "server" => {
            format!("{{ name = {}, count = 2, processor = {{ cpu = {{ cores = 1 }} }} }}", name("farm"))
        }
        "balancer" => {
            let targets = edit::string(first(root, "server", "farm"));
            format!("{{ name = {}, policy = \"round-robin\", targets = {targets} }}", name("lb"))
        }
        "class" => format!("{{ name = {}, steps = [{}] }}", name("job"), new_step(root, "work", None)),
        _ => {
            let class = edit::string(first(root, "class", "job"));
            format!("{{ name = {}, class = {class}, arrivals = {{ poisson = \"10/s\" }} }}", name("arrivals"))
        }
    }
}

/// A new step, as TOML, at the station of this name or at the first one.
pub fn new_step(root: &Item, kind: &str, station: Option<&str>) -> String {
    let station = |list: &str, usual: &str| {
        edit::string(station.map_or_else(|| first(root, list, usual).to_owned(), str::to_owned).as_str())
    };
    match kind {
        "work" => {
            let demand = "{ exponential = { mean = \"10ms\" } }";
            format!("{{ work = {}, demand = {demand} }}", station("processor", "cpu"))
        }
        "hold" => format!("{{ hold = {}, steps = [] }}", station("pool", "tokens")),
        "balance" => format!("{{ balance = {} }}", station("balancer", "lb")),
        "branch" => "{ branch = [{ p = 0.5, steps = [{ delay = \"10ms\" }] }] }".to_owned(),
        "repeat" => "{ repeat = 2, steps = [{ delay = \"10ms\" }] }".to_owned(),
        "fork" => "{ fork = [[{ delay = \"10ms\" }], [{ delay = \"10ms\" }]] }".to_owned(),
        _ => "{ delay = \"10ms\" }".to_owned(),
    }
}

/// The text without something and all that names it: steps that hold something stay without it.
fn without(text: &str, path: &Path) -> Result<String, edit::EditError> {
    let root = draft::read(text);
    let mut owners: Vec<Path> = draft::references(&root)
        .into_iter()
        .filter(|(place, target)| {
            target.as_ref().is_some_and(|target| target.starts_with(path)) && !place.starts_with(path)
        })
        .map(|(place, _)| place[..place.len() - 1].to_vec())
        .collect();
    // The last first, what is inside before what is around it: the places of the others stay. Steps come before
    // balancers, which take steps with them.
    owners.sort();
    owners.dedup();
    let mut text = text.to_owned();
    for owner in owners.into_iter().rev() {
        text = match owner.first() {
            Some(Part::Key(list)) if list == "class" => edit::unwrap(&text, &owner)?,
            _ => without(&text, &owner)?,
        };
    }
    edit::remove(&text, path)
}

/// A change in the text takes the place of what a setting says over it.
fn forget_overrides(setup: &mut Setup, root: &Item, path: &Path) {
    let (Some(item), Some(Part::Key(word))) = (path.get(..2).and_then(|head| root.at(head)), path.last())
    else {
        return;
    };
    let Some(name) = item.text_of("name") else { return };
    let role = path.get(3).and_then(|part| match part {
        Part::Key(role) => Some(role.as_str()),
        Part::At(_) => None,
    });
    let is_role = matches!(path.get(2), Some(Part::Key(list)) if list == "processor" || list == "pool");
    let station = match role {
        Some(role) if is_role => format!("{name}.{role}"),
        _ => name.to_owned(),
    };
    let options = &mut setup.options;
    match word.as_str() {
        "scheduler" | "policy" => {
            options.policies.retain(|option| option.station.as_ref().is_some_and(|other| *other != station));
        }
        "cores" => options.cores = None,
        "context_switch" => options.context_switch = None,
        "dispatch_latency" => options.dispatch_latency = None,
        _ => {}
    }
    if path.iter().any(|part| *part == Part::Key("interrupts".to_owned())) {
        options.interrupts = None;
    }
    let rest = path[2..].iter().map(|part| match part {
        Part::Key(key) => key.clone(),
        Part::At(index) => index.to_string(),
    });
    let own = std::iter::once(name.to_owned()).chain(rest).collect::<Vec<_>>().join(".");
    options.set.retain(|(other, _)| *other != own);
}

/// A sentence that says what a removal means.
pub fn removal_in_words(removal: &Removal) -> String {
    tr!("network-remove-named", name = removal.name.clone(), count = removal.named.len())
}
