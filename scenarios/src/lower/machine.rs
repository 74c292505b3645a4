//! Policies and the machine options of the command line, put into the stations.

use super::Lowering;
use crate::diagnostic::Place;
use crate::keys::CORES_MAX;
use crate::policy;
use crate::run_options;
use policies::Layer;
use sim_core::units::Span;

impl Lowering<'_> {
    /// Puts the policies and the machine options in; says which are in effect.
    pub(super) fn policies(&mut self) -> String {
        self.machine_options();
        let specs = policy::resolve(&self.seats, &self.options.policies, self.sink);
        for role in &self.processors {
            let Some(spec) = &specs[role.seat] else { continue };
            if let (Some(place), true) = (role.cost, policy::shares(spec)) {
                run_options::sharing_cost(&spec.text, place, self.sink);
            }
            let first = self.model.processors.get(role.base as usize);
            if first
                .is_some_and(|p| p.interrupts.is_some() && p.context_switch + p.dispatch_latency > Span::ZERO)
            {
                run_options::double_cost(role.cost.unwrap_or(role.place), self.sink);
            }
            let scheduler = spec.scheduler();
            let members = role.base as usize..(role.base + role.count) as usize;
            for processor in self.model.processors.iter_mut().take(members.end).skip(members.start) {
                processor.scheduler = scheduler.clone();
            }
        }
        self.high_first = specs.iter().flatten().any(policy::high_first);
        let balancers = self.seats.iter().zip(&specs).filter(|(seat, _)| seat.layer == Layer::Balancer);
        for (balancer, (_, spec)) in self.model.balancers.iter_mut().zip(balancers) {
            if let Some(spec) = spec {
                balancer.policy = spec.balancer();
            }
        }
        policy::describe(&self.seats, &specs)
    }

    /// `--cores`, `--context-switch`, `--dispatch-latency`, `--interrupts`: for the only processor there is.
    fn machine_options(&mut self) {
        let options = self.options;
        let cores = options.cores.map(|cores| cores.to_string());
        let given = [
            ("--cores", "cores", &cores),
            ("--context-switch", "context_switch", &options.context_switch),
            ("--dispatch-latency", "dispatch_latency", &options.dispatch_latency),
            ("--interrupts", "interrupts", &options.interrupts),
        ];
        for (flag, key, text) in given {
            let Some(text) = text else { continue };
            let place = self.sink.option(flag, text);
            let mut main: Vec<usize> = (0..self.processors.len()).filter(|i| !self.is_device(*i)).collect();
            if main.is_empty() {
                main = (0..self.processors.len()).collect();
            }
            let [index] = main.as_slice() else {
                let paths: Vec<String> = main
                    .iter()
                    .take(6)
                    .map(|i| {
                        format!("`--set {}.{key}=...`", set_path(&self.seats[self.processors[*i].seat].name))
                    })
                    .collect();
                self.sink
                    .error(
                        "S064",
                        place,
                        format!("`{flag}` is for scenarios with one processor; there are {}", main.len()),
                    )
                    .help_if(|| (!paths.is_empty()).then(|| format!("write {}", paths.join(" or "))));
                continue;
            };
            self.machine_option(*index, flag, text, place);
        }
        self.limits_again();
    }

    fn is_device(&self, index: usize) -> bool {
        self.seats[self.processors[index].seat].device
    }

    fn interrupts_option(&mut self, index: usize, text: &str, place: Place) {
        let Some(costs) = run_options::interrupts(text, place, self.sink) else { return };
        let role = &mut self.processors[index];
        role.cost.get_or_insert(place);
        let members = role.base as usize..(role.base + role.count) as usize;
        for processor in self.model.processors.iter_mut().take(members.end).skip(members.start) {
            processor.interrupts = Some(costs);
        }
    }

    fn machine_option(&mut self, index: usize, flag: &str, text: &str, place: Place) {
        if flag == "--interrupts" {
            return self.interrupts_option(index, text, place);
        }
        let span = if flag == "--cores" { None } else { Some(run_options::span(text, place, self.sink)) };
        let role = &mut self.processors[index];
        let members = role.base as usize..(role.base + role.count) as usize;
        let cores = self.options.cores.unwrap_or(1);
        match span {
            None if cores == 0 || i64::from(cores) > CORES_MAX => {
                self.sink.error(
                    "S021",
                    place,
                    format!("`--cores` is {cores}; it must be from 1 to {CORES_MAX}"),
                );
                return;
            }
            None => {
                role.cores = cores;
                role.place = place;
            }
            Some(None) => return,
            Some(Some(span)) if span > Span::ZERO => role.cost = Some(place),
            Some(Some(_)) => {}
        }
        for processor in self.model.processors.iter_mut().take(members.end).skip(members.start) {
            match span.flatten() {
                None => processor.cores = cores,
                Some(span) if flag == "--context-switch" => processor.context_switch = span,
                Some(span) => processor.dispatch_latency = span,
            }
        }
    }

    fn limits_again(&mut self) {
        if self.options.cores.is_some() {
            self.limits();
        }
    }
}

/// The path of `--set` to a processor.
fn set_path(name: &str) -> String {
    match name.split_once('.') {
        Some((group, role)) => format!("{group}.processor.{role}"),
        None => name.to_owned(),
    }
}
