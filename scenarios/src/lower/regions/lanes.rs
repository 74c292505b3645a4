//! Queues of a region, and which processes serve them.

use crate::diagnostic::WHOLE;
use crate::keys::{self, Kind};
use crate::lower::Lowering;
use crate::reader::{self, Fields};
use crate::regions::{Region, outcome};
use crate::tree::Node;
use sim_core::model::{InstanceKind, Instances, Lane, TaskLimit};

impl<'a> Lowering<'a> {
    /// Queues and kinds of SEPs, now that the steps have said which there are.
    pub(in crate::lower) fn finish_regions(&mut self, fields: &Fields<'a>) {
        if self.model.laws.len() > usize::from(u16::MAX) {
            let place = self.stations.regions.first().map_or(WHOLE, |region| region.place);
            let message = format!("{} laws that are drawn on the spot; at most 65535", self.model.laws.len());
            self.sink.error("S046", place, message).help("write fewer regions, or fewer requests");
        }
        let items = Self::tables(fields, "region", &keys::REGION);
        let regions = std::mem::take(&mut self.stations.regions);
        for (region, item) in regions.iter().zip(&items) {
            let Some(mut instances) = self.model.pools[region.seps as usize].instances.take() else {
                continue;
            };
            self.lanes(region, item, &mut instances);
            self.model.pools[region.seps as usize].instances = Some(instances);
        }
        self.stations.regions = regions;
    }

    fn lanes(&mut self, region: &Region, item: &Fields<'a>, instances: &mut Instances) {
        let size = instances.kind_of.len() as u32;
        let named = region.lanes.borrow();
        if instances.bound {
            let limited = self.transactions(region, item, instances);
            let limit = |name: &str| limited.iter().position(|other| other == name).map(|id| id as u32);
            instances.kind_of = (0..size).collect();
            instances.lanes = named
                .iter()
                .flat_map(|(class, _)| {
                    (0..size).map(|sep| Lane { limit: limit(class), kinds: vec![sep], own: false })
                })
                .collect();
            let lanes = |sep| (0..named.len() as u32).map(|lane| lane * size + sep).collect();
            instances.kinds =
                (0..size).map(|sep| InstanceKind { lanes: lanes(sep), in_order: false }).collect();
            return;
        }
        let limited = self.transactions(region, item, instances);
        let limit =
            |transaction: &str| limited.iter().position(|name| name == transaction).map(|id| id as u32);
        if item.get("initiators").is_some() {
            let lists = item.get("initiators").map_or(&[][..], Node::elements);
            instances.lanes = named
                .iter()
                .map(|(class, _)| Lane { limit: limit(class), kinds: Vec::new(), own: false })
                .collect();
            let mut seen: Vec<Vec<&str>> = Vec::new();
            for (sep, list) in lists.iter().enumerate().take(size as usize) {
                let classes: Vec<&str> = list.elements().iter().filter_map(Node::as_text).collect();
                let known = seen.iter().position(|other| *other == classes);
                instances.kind_of[sep] = known.unwrap_or(seen.len()) as u32;
                if known.is_some() {
                    continue;
                }
                let kind = seen.len();
                let in_order = !list.elements().is_empty();
                let mut of_kind = InstanceKind { lanes: Vec::new(), in_order };
                if !in_order {
                    of_kind.lanes = (0..named.len() as u32).collect();
                    instances.lanes.iter_mut().for_each(|lane| lane.kinds.push(kind as u32));
                }
                for class in &classes {
                    for (lane, (name, _)) in named.iter().enumerate() {
                        if name == class && !of_kind.lanes.contains(&(lane as u32)) {
                            of_kind.lanes.push(lane as u32);
                            instances.lanes[lane].kinds.push(kind as u32);
                        }
                    }
                }
                instances.kinds.push(of_kind);
                seen.push(classes);
            }
            return;
        }
        // Kind 0 serves everybody; those that are reserved serve their tag alone.
        let mut seen = vec![false; size as usize];
        let mut of_tag: Vec<u32> = Vec::new();
        instances.kinds.push(InstanceKind { lanes: (0..named.len() as u32).collect(), in_order: false });
        for entry in item.get("reserved").map_or(&[][..], Node::entries) {
            let kind = instances.kinds.len() as u32;
            let lanes = (0..).zip(named.iter());
            let lanes = lanes.filter(|(_, (_, tag))| tag.as_deref() == Some(entry.key.as_str()));
            let lanes = lanes.map(|(lane, _)| lane).collect();
            instances.kinds.push(InstanceKind { lanes, in_order: false });
            for sep in self.sep_numbers(&entry.node, "reserved", size, &mut seen) {
                instances.kind_of[sep as usize] = kind;
            }
            of_tag.push(kind);
        }
        for (class, tag) in named.iter() {
            let own = region.tags.iter().position(|of| Some(of) == tag.as_ref());
            let kinds = own.map(|place| of_tag[place]).into_iter().chain([0]).collect();
            instances.lanes.push(Lane { limit: limit(class), kinds, own: own.is_some() });
        }
        let anybody = named.iter().any(|(_, tag)| tag.is_none());
        if anybody && !instances.kind_of.contains(&0) && self.sink.count() == 0 {
            self.sink
                .error(
                    "S026",
                    item.place("reserved"),
                    "every SEP is reserved, and there are requests without a tag",
                )
                .help("they would wait for ever: leave a SEP that is not reserved");
        }
    }

    /// The limits of transaction classes; their names in order.
    fn transactions(&mut self, region: &Region, item: &Fields<'a>, instances: &mut Instances) -> Vec<String> {
        let Some(Kind::Named(table)) = keys::REGION.key("classes").map(|key| key.kind) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        let entries = item.get("classes").map_or(&[][..], Node::entries);
        for entry in entries {
            let Some(fields) = reader::open(&entry.node, table, self.sink) else { continue };
            let active = fields.integer("max_active", self.sink).map(|most| most as u32);
            let purge = fields.integer("purge", self.sink).map(|most| (most as u32, outcome("AKCC")));
            if fields.get("max_active").is_none() && fields.get("purge").is_none() {
                self.sink.error(
                    "S011",
                    entry.node.place,
                    "a transaction class needs `max_active` or `purge`",
                );
            }
            instances.limits.push(TaskLimit { active, purge });
            names.push(entry.key.clone());
            let is_used = region.lanes.borrow().iter().any(|(class, _)| *class == entry.key);
            if !is_used && !self.unknown_names {
                self.sink.error(
                    "S041",
                    entry.key_place,
                    format!("no request is of the class `{}`", entry.key),
                );
            }
        }
        names
    }
}
