//! The panes of the window and how they stand at first.

use egui_tiles::{Container, Linear, LinearDir, Tabs, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

/// A part of the window that can be docked anywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Pane {
    /// The library: textbook, showcase, theory.
    Library,
    /// Policies, costs, tie rules.
    Controls,
    /// The task list as a table.
    Tasks,
    /// The text of the input.
    Text,
    /// Stations and flows.
    Network,
    /// The schedule.
    Chart,
    /// Queues and stations at the cursor.
    Live,
    /// Decisions at the cursor.
    Why,
    /// What happened.
    Events,
    /// The numbers.
    Metrics,
    /// Distributions.
    Plots,
    /// Policies side by side.
    Race,
    /// Replications.
    Batch,
    /// The lessons.
    Lessons,
    /// Predictions and problem sheets.
    Exercise,
}

impl Pane {
    /// All of them.
    pub const ALL: [Pane; 15] = [
        Pane::Library,
        Pane::Controls,
        Pane::Tasks,
        Pane::Text,
        Pane::Network,
        Pane::Chart,
        Pane::Live,
        Pane::Why,
        Pane::Events,
        Pane::Metrics,
        Pane::Plots,
        Pane::Race,
        Pane::Batch,
        Pane::Lessons,
        Pane::Exercise,
    ];

    /// The key of its title.
    pub fn key(self) -> &'static str {
        match self {
            Pane::Library => "pane-library",
            Pane::Controls => "pane-controls",
            Pane::Tasks => "pane-tasks",
            Pane::Text => "pane-text",
            Pane::Network => "pane-network",
            Pane::Chart => "pane-chart",
            Pane::Live => "pane-live",
            Pane::Why => "pane-why",
            Pane::Events => "pane-events",
            Pane::Metrics => "pane-metrics",
            Pane::Plots => "pane-plots",
            Pane::Race => "pane-race",
            Pane::Batch => "pane-batch",
            Pane::Lessons => "pane-lessons",
            Pane::Exercise => "pane-exercise",
        }
    }
}

/// How the panes stand at first: what is changed on the left, the schedule above what explains it.
pub fn first() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let mut tabs = |panes: &[Pane]| {
        let children: Vec<TileId> = panes.iter().map(|pane| tiles.insert_pane(*pane)).collect();
        let mut tabs = Tabs::new(children.clone());
        tabs.set_active(children[0]);
        tiles.insert_new(Tile::Container(Container::Tabs(tabs)))
    };
    let chart = tabs(&[Pane::Chart, Pane::Network, Pane::Race]);
    let left = tabs(&[Pane::Lessons, Pane::Library, Pane::Controls, Pane::Exercise]);
    let below = tabs(&[Pane::Live, Pane::Metrics, Pane::Plots, Pane::Batch]);
    // Not on the left: its tabs would not fit on a projector, and a lesson is read beside what it has one change.
    let beside = tabs(&[Pane::Why, Pane::Events, Pane::Tasks, Pane::Text]);
    let bottom = split(&mut tiles, LinearDir::Horizontal, [below, beside], 0.58);
    let right = split(&mut tiles, LinearDir::Vertical, [chart, bottom], 0.54);
    let root = split(&mut tiles, LinearDir::Horizontal, [left, right], 0.31);
    Tree::new(egui::Id::unique("panes"), root, tiles)
}

fn split(tiles: &mut Tiles<Pane>, direction: LinearDir, children: [TileId; 2], first: f32) -> TileId {
    let linear = Linear::new_binary(direction, children, first);
    tiles.insert_new(Tile::Container(Container::Linear(linear)))
}

/// Whether a kept layout has every pane exactly once: a layout of another version may not.
pub fn is_whole(tree: &Tree<Pane>) -> bool {
    let mut found: Vec<Pane> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            Tile::Pane(pane) => Some(*pane),
            Tile::Container(_) => None,
        })
        .collect();
    found.sort_unstable();
    found == Pane::ALL
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pane_has_its_place() {
        assert!(super::is_whole(&super::first()));
    }
}
