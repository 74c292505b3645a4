//! Sources: who makes jobs of which class, and when.

use super::Lowering;
use super::rates::{Rate, rate};
use crate::demand;
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::Input;
use crate::keys::{self, Kind, Table};
use crate::laws::{Unit, is_never_above_zero, law};
use crate::reader::{self, Fields};
use crate::traces::{self, TraceTarget};
use sim_core::law::Law;
use sim_core::model::{Arrivals, Attributes, Class, OnTimeout, Op, Source, Timeout, TimeoutUntil};
use sim_core::units::Span;
use sim_core::varying::Varying;
use std::sync::Arc;

impl<'a> Lowering<'a> {
    pub(super) fn sources(&mut self, fields: &Fields<'a>, input: &Input) {
        let of_class = std::mem::take(&mut self.model.attributes);
        for (class, attributes) in &mut self.made {
            attributes.clone_from(&of_class[*class]);
        }
        let mut used = vec![false; self.model.classes.len()];
        for item in self.list(fields, "source") {
            let name = item.name("name", self.sink).unwrap_or("").to_owned();
            let place = item.place("name");
            if let Some(first) =
                self.model.sources.iter().position(|source| source.name == name && !name.is_empty())
            {
                self.sink
                    .error("S034", place, format!("the source `{name}` is given twice"))
                    .label(self.source_places[first], "first here");
            }
            self.source_places.push(place);
            let class =
                item.text("class", self.sink).and_then(|class| self.class(class, item.place("class")));
            if item.get("class").is_none() {
                self.unknown_names = true;
            }
            if let Some(class) = class {
                used[class] = true;
            }
            let index = self.model.sources.len() as u32;
            let clients = item.integer("clients", self.sink).unwrap_or(0) as u32;
            let mut attributes = class.map_or_else(Attributes::default, |class| of_class[class].clone());
            (attributes.place, attributes.task) = (index, index);
            let arrivals = self.arrivals(&item, class, index, input);
            let timeout = timeout(&item, self.sink);
            if let (Some(timeout), Some(class)) = (&timeout, class) {
                self.served_somewhere(timeout, class, item.place("timeout_until"));
            }
            self.model.attributes.push(attributes);
            self.model.tasks.push(name.clone());
            self.model.sources.push(Source {
                name,
                class: class.unwrap_or(0) as u32,
                // Stands where the input's own are wrong, and causes no further mistakes.
                arrivals: Arrivals::Trace(Arc::default()),
                attributes: index,
                clients,
                timeout,
            });
            if let Some(arrivals) = self.scaled(&item, arrivals) {
                demand::replace(&mut self.model, index as usize, arrivals);
            }
        }
        if self.model.sources.is_empty() {
            self.sink
                .error("S040", WHOLE, "a scenario needs at least one [[source]]")
                .help("without one nothing ever happens");
        } else if !self.unknown_names {
            let unused = (0..used.len()).filter(|class| !used[*class] && !self.made.contains_key(class));
            for class in unused {
                let message =
                    format!("no source makes jobs of the class `{}`", self.model.classes[class].name);
                self.sink
                    .error("S041", self.class_places[class], message)
                    .help("add a [[source]] with this class, or remove it");
            }
        }
    }

    /// Clients that wait for the `first-run` need a class whose jobs queue for something.
    fn served_somewhere(&mut self, timeout: &Timeout, class: usize, place: Place) {
        if timeout.until != TimeoutUntil::FirstRun || self.unknown_names || self.sink.failed() {
            return;
        }
        // The programs of classes stand one behind the other.
        let entry = |class: &Class| class.entry as usize;
        let end = self.model.classes.get(class + 1).map_or(self.model.program.len(), entry);
        let program = &self.model.program[entry(&self.model.classes[class])..end];
        if !program.iter().any(|op| matches!(op, Op::Work { .. } | Op::Acquire { .. } | Op::Task(_))) {
            let name = &self.model.classes[class].name;
            let message = format!("jobs of the class `{name}` get no core, device or token to wait for");
            self.sink
                .error("S026", place, message)
                .help("a delay serves nobody: use timeout_until = \"completion\", or hold a token of a pool");
        }
    }

    /// The arrivals under the source's key `scale`.
    fn scaled(&mut self, item: &Fields<'a>, arrivals: Option<Arrivals>) -> Option<Arrivals> {
        if item.get("scale").is_none() {
            return arrivals;
        }
        let factor = item.ratio("scale", "1 is the demand as written", self.sink);
        let (arrivals, factor) = (arrivals?, factor?);
        match arrivals.scaled(factor) {
            Ok(arrivals) => Some(arrivals),
            Err(error) => {
                let message = format!("at {} times the demand: {error}", factor.as_f64());
                self.sink.error("S021", item.place("scale"), message);
                None
            }
        }
    }

    fn class(&mut self, name: &str, place: Place) -> Option<usize> {
        let found = self.model.classes.iter().position(|class| class.name == name);
        if found.is_none() {
            let known: Vec<&str> = self.model.classes.iter().map(|class| class.name.as_str()).collect();
            self.sink
                .error("S031", place, format!("there is no class `{name}`"))
                .help_if(|| did_you_mean_or_list(name, "classes", &known));
            self.unknown_names = true;
        }
        found
    }

    fn arrivals(
        &mut self,
        item: &Fields<'a>,
        class: Option<usize>,
        index: u32,
        input: &Input,
    ) -> Option<Arrivals> {
        let node = item.get("arrivals")?;
        let form = reader::open_form(node, "`arrivals`", keys::ARRIVALS, self.sink)?;
        let sink = &mut *self.sink;
        let key = form.table.keys[0].name;
        let inner = form.get(key)?;
        match key {
            "poisson" => Some(match rate(inner, key, sink)? {
                Rate::Constant(mean) => Arrivals::Renewal(Law::Exponential { mean }),
                Rate::Varying(rate) => Arrivals::Varying(Arc::new(Varying::poisson(rate))),
            }),
            "renewal" => {
                let law = law(inner, key, Unit::Time, sink);
                if let Some(node) = form.get("rate") {
                    let Some(profile) = rate(node, "rate", sink)?.profile() else {
                        sink.error(
                            "S021",
                            node.place,
                            "only Poisson arrivals have a rate that changes at random",
                        )
                        .help("write arrivals = { poisson = { states = [...] } }");
                        return None;
                    };
                    let varying = Varying::renewal(law?, profile);
                    if varying.is_none() {
                        let message =
                            "the mean of this law is 0, infinite or not known, so no rate can replace it";
                        sink.error("S021", inner.place, message)
                            .help("leave out `rate`, or choose another law, such as `erlang` or `lognormal`");
                    }
                    return varying.map(|varying| Arrivals::Varying(Arc::new(varying)));
                }
                let law = law?;
                if is_never_above_zero(&law) {
                    sink.error(
                        "S021",
                        inner.place,
                        "gaps of 0 would release jobs without end at one instant",
                    );
                    return None;
                }
                Some(Arrivals::Renewal(law))
            }
            "closed" => {
                let fields = reader::open(inner, inner_table(&form, key)?, sink)?;
                let customers = fields.integer("customers", sink);
                let think = fields.get("think").and_then(|node| law(node, "think", Unit::Time, sink));
                Some(Arrivals::Closed { customers: customers? as u32, think: think? })
            }
            "periodic" => {
                let fields = reader::open(inner, inner_table(&form, key)?, sink)?;
                let period = fields.positive_span("period", sink);
                let offset = fields.span("offset", sink).unwrap_or(Span::ZERO);
                let count = fields.integer("count", sink).map(|count| count as u64);
                Some(Arrivals::Periodic { offset, period: period?, count })
            }
            _ => {
                let class = &self.model.classes[class?];
                let unit_nanos = if key == "trace" && form.get("unit").is_some() {
                    let units = ["ns", "us", "ms", "s", "min", "h", "d"];
                    form.choice("unit", sink).and_then(|unit| sim_core::quantity::time_unit(units[unit]))
                } else {
                    None
                };
                let constant = |law: &Law| match law {
                    Law::Deterministic { value } => Some(*value),
                    _ => None,
                };
                let sizes = class.draws.iter().map(constant).collect();
                let target = TraceTarget { entry: class.entry, sizes, attributes: index, unit_nanos };
                let data = if key == "rows" {
                    traces::inline(inner, &target, sink)
                } else {
                    let name = form.text(key, sink)?;
                    traces::file(name, inner.place, input.folder.as_deref(), &target, sink)
                };
                Some(Arrivals::Trace(Arc::new(data?)))
            }
        }
    }
}

/// When the clients of a source give up.
fn timeout(item: &Fields<'_>, sink: &mut Sink) -> Option<Timeout> {
    let until = item.choice("timeout_until", sink);
    let then = item.choice("on_timeout", sink);
    let Some(node) = item.get("timeout") else {
        for key in ["timeout_until", "on_timeout"] {
            if item.get(key).is_some() {
                sink.error("S026", item.place(key), format!("`{key}` without `timeout`"))
                    .help("say how long clients wait, such as timeout = \"2s\"");
            }
        }
        return None;
    };
    let until = [TimeoutUntil::Completion, TimeoutUntil::FirstRun][until.unwrap_or(0)];
    let then = [OnTimeout::Withdraw, OnTimeout::Abandon][then.unwrap_or(0)];
    if until == TimeoutUntil::FirstRun && then == OnTimeout::Abandon {
        sink.error(
            "S026",
            item.place("on_timeout"),
            "a job that nobody waits for before it runs is withdrawn",
        )
        .help("use timeout_until = \"completion\", or leave `on_timeout` out");
    }
    Some(Timeout { after: law(node, "timeout", Unit::Time, sink)?, until, then })
}

fn inner_table(form: &Fields<'_>, key: &str) -> Option<&'static Table> {
    match form.table.key(key)?.kind {
        Kind::Table(table) => Some(table),
        _ => None,
    }
}
