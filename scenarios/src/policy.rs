//! Which policy each station gets: what the input says, and `--policy` over it.

use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use crate::options::PolicyOption;
use policies::{Layer, PolicySpec};
use sim_core::policy::CpuScheduler;
use sim_core::ties::Ties;

/// A station or balancer that has a policy.
pub(crate) struct Seat {
    /// `cpu`, `web.cpu`, `lb`.
    pub name: String,
    /// What kind of policy it has.
    pub layer: Layer,
    /// A device: meant by a bare `--policy` only where nothing else is.
    pub device: bool,
    /// The spec as written, with its place, or the default.
    pub written: String,
    /// Its place; `None`: the default.
    pub place: Option<Place>,
}

/// Reads the specs of all seats, options over files. `None` where a spec is wrong.
pub(crate) fn resolve(seats: &[Seat], options: &[PolicyOption], sink: &mut Sink) -> Vec<Option<PolicySpec>> {
    let mut chosen: Vec<Option<PolicySpec>> = Vec::new();
    for seat in seats {
        let place = seat.place.unwrap_or(crate::diagnostic::WHOLE);
        chosen.push(read(seat.layer, &seat.written, place, sink));
    }
    let mut given = vec![false; seats.len()];
    for option in options {
        let place = sink.option("--policy", &option.text());
        let spec_place = place.part(place.end - option.spec.len()..place.end);
        let Some(index) = seat_of(seats, option, place, spec_place, sink) else { continue };
        if given[index] {
            sink.error("S062", place, format!("`{}` is given a second policy", seats[index].name))
                .help("one `--policy` a station");
            continue;
        }
        given[index] = true;
        chosen[index] = read(seats[index].layer, &option.spec, spec_place, sink);
    }
    chosen
}

/// How the policies in effect are written in results.
pub(crate) fn describe(seats: &[Seat], specs: &[Option<PolicySpec>]) -> String {
    let text = |spec: &Option<PolicySpec>| spec.as_ref().map_or(String::new(), |spec| spec.text.clone());
    if let ([_], [spec]) = (seats, specs) {
        return text(spec);
    }
    let parts: Vec<String> =
        seats.iter().zip(specs).map(|(seat, spec)| format!("{}={}", seat.name, text(spec))).collect();
    parts.join(" ")
}

/// Whether a scheduler shares its cores, so that switches have no meaning.
pub(crate) fn shares(spec: &PolicySpec) -> bool {
    matches!((spec.scheduler().build)(&Ties::default()), CpuScheduler::Shares(_))
}

/// Whether a higher priority number is more urgent to a policy.
pub(crate) fn high_first(spec: &PolicySpec) -> bool {
    let by_priority = spec.def.layer() == Layer::Scheduler && spec.def.id == "priority";
    by_priority && spec.params.word("order") == "high-first"
}

fn read(layer: Layer, text: &str, place: Place, sink: &mut Sink) -> Option<PolicySpec> {
    match policies::parse(layer, text) {
        Ok(spec) => Some(spec),
        Err(error) => {
            // The text of a plain TOML string begins after its quote; other strings are marked as a whole.
            let place = match place.end.wrapping_sub(place.start) {
                length if length == text.len() => place.part(error.range),
                length if length == text.len() + 2 => place.part(error.range.start + 1..error.range.end + 1),
                _ => place,
            };
            sink.error("S061", place, error.message).help_if(|| error.help);
            None
        }
    }
}

/// The seat with this name: `web.cpu`, else the only one with this role (`cpu`), else the only one of this group (`web`).
fn named(seats: &[Seat], name: &str) -> Option<usize> {
    let only = |fits: &dyn Fn(&Seat) -> bool| {
        let mut found = seats.iter().enumerate().filter(|(_, seat)| fits(seat)).map(|(index, _)| index);
        found.next().filter(|_| found.next().is_none())
    };
    let role = |seat: &Seat| seat.name.split_once('.').is_some_and(|(_, role)| role == name);
    let group =
        |seat: &Seat| !seat.device && seat.name.split_once('.').is_some_and(|(group, _)| group == name);
    seats.iter().position(|seat| seat.name == name).or_else(|| only(&role)).or_else(|| only(&group))
}

/// The seat that a `--policy` is for.
fn seat_of(
    seats: &[Seat],
    option: &PolicyOption,
    place: Place,
    spec_place: Place,
    sink: &mut Sink,
) -> Option<usize> {
    let id = option.spec.split(':').next().unwrap_or("").trim();
    if let Some(station) = &option.station {
        let found = named(seats, station);
        if found.is_none() {
            let names: Vec<&str> = seats.iter().map(|seat| seat.name.as_str()).collect();
            sink.error(
                "S062",
                place.part(0..station.len()),
                format!("no station or balancer `{station}` has a policy"),
            )
            .help_if(|| did_you_mean_or_list(station, "there are", &names));
        }
        return found;
    }
    let known: Vec<Layer> = [Layer::Scheduler, Layer::Balancer]
        .into_iter()
        .filter(|layer| policies::find(*layer, id).is_some())
        .collect();
    let has = |layer: Layer| seats.iter().any(|seat| seat.layer == layer);
    let has_main = |layer: Layer| seats.iter().any(|seat| seat.layer == layer && !seat.device);
    let layer = match known.as_slice() {
        [] => {
            unknown_policy(seats, &option.spec, id, spec_place, sink);
            return None;
        }
        // A list of tasks has no balancers: say that there is no such scheduler, and what there is.
        [layer] if !has(*layer) => {
            let word = layer.word();
            let message = format!("`{id}` is a {word}, and there is no {word} to choose here");
            let other = if *layer == Layer::Balancer { Layer::Scheduler } else { Layer::Balancer };
            let ids: Vec<&str> =
                policies::catalog().filter(|def| def.layer() == other).map(|def| def.id).collect();
            let help = format!("the {}s are {}", other.word(), ids.join(", "));
            sink.error("S062", spec_place, message).help(help);
            return None;
        }
        [layer] => *layer,
        // Devices are meant only by name.
        _ => match (has_main(Layer::Scheduler), has(Layer::Balancer)) {
            (true, true) => {
                let message = format!("`{id}` is both a scheduler and a balancer; which station is meant?");
                sink.error("S062", spec_place, message).help(station_help(seats.iter(), &option.spec));
                return None;
            }
            (_, true) => Layer::Balancer,
            _ => Layer::Scheduler,
        },
    };
    let of_layer: Vec<usize> = (0..seats.len()).filter(|i| seats[*i].layer == layer).collect();
    let main: Vec<usize> = of_layer.iter().copied().filter(|i| !seats[*i].device).collect();
    match (main.as_slice(), of_layer.as_slice()) {
        ([one], _) | ([], [one]) => Some(*one),
        ([], []) => None,
        _ => {
            let message = format!("several stations have a {}; which one is meant?", layer.word());
            let candidates = of_layer.iter().map(|i| &seats[*i]);
            sink.error("S062", spec_place, message).help(station_help(candidates, &option.spec));
            None
        }
    }
}

fn station_help<'a>(candidates: impl Iterator<Item = &'a Seat>, spec: &str) -> String {
    let forms: Vec<String> = candidates.take(8).map(|seat| format!("`{}={spec}`", seat.name)).collect();
    format!("write {}", forms.join(" or "))
}

fn unknown_policy(seats: &[Seat], spec: &str, id: &str, place: Place, sink: &mut Sink) {
    // Only one layer in question: its own message is the best one.
    let layers: Vec<Layer> = [Layer::Scheduler, Layer::Balancer]
        .into_iter()
        .filter(|layer| seats.iter().any(|seat| seat.layer == *layer))
        .collect();
    if let [layer] = layers.as_slice() {
        read(*layer, spec, place, sink);
        return;
    }
    let ids: Vec<&str> = policies::catalog().map(|def| def.id).collect();
    sink.error("S061", place.part(0..id.len()), format!("unknown policy `{id}`")).help(
        crate::diagnostic::did_you_mean(id, ids)
            .unwrap_or_else(|| "`dispatchlab policies` lists them all".into()),
    );
}
