//! Every scenario of the library loads, runs and agrees with the tables that the schema is made from.

use crate::support::{policies, shown, trace};
use scenarios::{Input, InputKind, Options, TEMPLATES, keys, library, load, template};
use std::collections::BTreeSet;
use std::path::Path;

fn options(kind: InputKind) -> Options {
    let mut options = Options::default();
    match kind {
        InputKind::AccessLog => options.service = Some("100ms + 1us/byte".to_owned()),
        InputKind::RequestTrace => options.service = Some("5ms".to_owned()),
        InputKind::Scenario | InputKind::TaskList => return options,
    }
    options.servers = Some(4);
    options
}

#[test]
fn every_entry_loads_and_runs() {
    for entry in library::list() {
        let input = Input::library(entry.name).unwrap();
        let mut options = options(entry.kind);
        if entry.kind == InputKind::Scenario {
            options.set.push(("stop.jobs".to_owned(), "300".to_owned()));
            options.warmup = Some("0".to_owned());
        }
        let loaded = load(&input, &options).unwrap_or_else(|found| panic!("{}", shown(&found, &input)));
        assert!(loaded.warnings.is_empty(), "{}: {:?}", entry.name, loaded.warnings);
        let (measures, _) = trace(&loaded);
        assert!(measures.released > 0, "{}", entry.name);
        // As written it loads too.
        let mut plain = options.clone();
        (plain.set, plain.warmup) = (Vec::new(), None);
        load(&input, &plain).unwrap_or_else(|found| panic!("{}", shown(&found, &input)));
    }
}

#[test]
fn every_template_loads_and_runs() {
    for (name, suffix, _) in TEMPLATES {
        let text = template(name).unwrap();
        let input = Input::of(&format!("{name}.{suffix}"), text.into(), None).unwrap();
        let mut options = options(input.kind);
        if input.kind == InputKind::Scenario {
            options.set.push(("stop".to_owned(), "{ after = \"2s\" }".to_owned()));
            options.warmup = Some("0".to_owned());
        }
        let loaded = load(&input, &options).unwrap_or_else(|found| panic!("{}", shown(&found, &input)));
        assert!(trace(&loaded).0.released > 0, "{name}");
    }
    assert!(template("nothing").is_none());
}

#[test]
fn the_list_is_the_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("library");
    let mut files = BTreeSet::new();
    let mut folders: Vec<String> =
        ["bench", "capacity", "regions", "showcase", "textbook", "theory"].map(str::to_owned).into();
    for lesson in std::fs::read_dir(root.join("lessons")).unwrap() {
        folders.push(format!("lessons/{}", lesson.unwrap().file_name().to_str().unwrap()));
    }
    for folder in folders {
        for file in std::fs::read_dir(root.join(&folder)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // Texts and facts of lessons are no inputs.
            if !scenarios::lessons::is_page(name) && name != "facts.toml" {
                files.insert(format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap()));
            }
        }
    }
    let listed: Vec<String> = library::list().iter().map(|entry| entry.name.to_owned()).collect();
    assert!(listed.is_sorted(), "{listed:?}");
    assert_eq!(files, listed.into_iter().collect());
}

#[test]
fn names_are_found_in_full_and_short() {
    assert_eq!(library::get("bench/mm1").unwrap().name, "bench/mm1");
    assert_eq!(library::get("convoy").unwrap().name, "textbook/convoy");
    assert!(library::get("no-such").is_none());
    assert_eq!(library::get("lessons/convoy/tasks").unwrap().name, "lessons/convoy/tasks");
    assert!(library::get("tasks").is_none(), "every lesson may have its `tasks`");
    assert!(library::get("bench/mm1").unwrap().title().starts_with("One server"));
}

/// The examples of the reference are what they say they are.
#[test]
fn the_examples_of_the_reference_load() {
    let reference = include_str!("../../README.md");
    for (language, kind) in [("toml", InputKind::Scenario), ("csv", InputKind::TaskList)] {
        let start = reference.find(&format!("```{language}\n")).unwrap() + language.len() + 4;
        let text = &reference[start..start + reference[start..].find("```").unwrap()];
        let input = Input::from_text("README.md", kind, text);
        load(&input, &Options::default()).unwrap_or_else(|found| panic!("{}", shown(&found, &input)));
    }
    for form in keys::LAWS.iter().chain(keys::STEPS).chain(keys::ARRIVALS) {
        let name = form.keys[0].name;
        assert!(
            reference.contains(&format!("`{name}`")) || reference.contains(&format!("{{ {name} = ")),
            "{name}"
        );
    }
    for column in scenarios::COLUMNS {
        assert!(reference.contains(&format!("`{}`", column.name)), "{}", column.name);
    }
}

/// A small judge of JSON Schema: the words that the schema uses, patterns left out.
fn fits(
    schema: &serde_json::Value,
    value: &serde_json::Value,
    root: &serde_json::Value,
) -> Result<(), String> {
    use serde_json::Value;
    let word = |name: &str| schema.get(name);
    if let Some(reference) = word("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap();
        return fits(&root["definitions"][name], value, root);
    }
    for part in word("allOf").and_then(Value::as_array).into_iter().flatten() {
        fits(part, value, root)?;
    }
    if let Some(parts) = word("anyOf").and_then(Value::as_array) {
        let errors: Vec<String> = parts.iter().filter_map(|part| fits(part, value, root).err()).collect();
        if errors.len() == parts.len() {
            return Err(format!("{value} fits none: {}", errors.join("; ")));
        }
    }
    if let Some(kinds) = word("type") {
        let kinds = kinds.as_array().map_or(std::slice::from_ref(kinds), Vec::as_slice);
        let right = kinds.iter().filter_map(Value::as_str).any(|kind| match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            _ => value.is_boolean(),
        });
        if !right {
            return Err(format!("{value} is no {kinds:?}"));
        }
    }
    if let Some(words) = word("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return Err(format!("{value} is none of {words:?}"));
    }
    if word("const").is_some_and(|constant| constant != value) {
        return Err(format!("{value} is not constant"));
    }
    for item in value.as_array().into_iter().flatten() {
        if let Some(items) = word("items") {
            fits(items, item, root)?;
        }
    }
    for required in word("required").and_then(Value::as_array).into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            return Err(format!("{required} is missing in {value}"));
        }
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        match (word("properties").and_then(|p| p.get(key)), word("additionalProperties")) {
            (Some(property), _) => fits(property, item, root)?,
            (None, Some(Value::Bool(false))) => return Err(format!("unknown key {key}")),
            (None, Some(other)) => fits(other, item, root)?,
            (None, None) => {}
        }
    }
    Ok(())
}

#[test]
fn the_schema_accepts_the_library_and_refuses_the_unknown() {
    let schema = scenarios::schema();
    for entry in library::list().iter().filter(|entry| entry.kind == InputKind::Scenario) {
        let value: toml::Value = toml::from_str(entry.text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        fits(&schema, &value, &schema).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    }
    let wrong = serde_json::json!({ "sed": 1 });
    assert!(fits(&schema, &wrong, &schema).is_err());
    let wrong = serde_json::json!({ "class": [{ "name": "a", "steps": [{ "wrok": "cpu" }] }] });
    assert!(fits(&schema, &wrong, &schema).is_err());
}

#[test]
fn the_schema_of_sweep_plans_knows_every_form_of_them() {
    let schema = scenarios::sweep_schema();
    let check = |text: &str| {
        let value: toml::Value = toml::from_str(text).unwrap();
        fits(&schema, &serde_json::to_value(value).unwrap(), &schema)
    };
    for (name, text) in scenarios::sweep_plan::LIBRARY {
        check(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let all = r#"
        scenario = "web-shop"
        policies = ["lb=random", ["lb=round-robin", "web.cpu=ps"]]
        metrics = ["response/p99"]
        replications = 3
        [set]
        "stop.after" = "2s"
        [grid]
        "web.count" = { from = 4, to = 12, step = 2 }
        visitors.arrivals.poisson = ["1000/s", "1400/s"]
        [[point]]
        "web.count" = 40
    "#;
    check(all).unwrap();
    for (wrong, with) in [
        ("policies", "polices"),
        ("to = 12", "until = 12"),
        ("[\"response/p99\"]", "\"response/p99\""),
        ("replications = 3", "replications = \"3\""),
        ("scenario = \"web-shop\"", "[scenario]\nsed = 1"),
    ] {
        assert!(check(&all.replace(wrong, with)).is_err(), "{with}");
    }
}

/// Mean waiting or turnaround in milliseconds, as the first lines of the files and their books have them.
#[test]
fn textbook_entries_give_the_textbook_answers() {
    for (name, policy, waiting, turnaround) in [
        ("convoy", "fcfs", Some(17.0), None),
        ("convoy", "sjf", Some(3.0), None),
        ("srtf", "srtf", Some(6.5), None),
        ("srtf", "sjf", Some(7.75), None),
        ("priority", "priority:preemptive=false", Some(8.2), None),
        ("stallings", "fcfs", None, Some(8.6)),
        ("stallings", "round-robin:quantum=1ms", None, Some(10.8)),
        ("stallings", "sjf", None, Some(7.6)),
        ("stallings", "srtf", None, Some(7.2)),
        ("stallings", "hrrn", None, Some(8.0)),
    ] {
        let input = Input::library(name).unwrap();
        let loaded =
            load(&input, &policies(&[policy])).unwrap_or_else(|found| panic!("{}", shown(&found, &input)));
        let (measures, _) = trace(&loaded);
        let total = measures.total();
        for (expected, found) in [(waiting, &total.waiting), (turnaround, &total.response)] {
            let found = found.mean().unwrap() / 1e6;
            assert!(
                expected.is_none_or(|expected: f64| (expected - found).abs() < 1e-9),
                "{name} {policy}: {found}"
            );
        }
    }
}

/// What a theory entry measures, one number a replication.
type Measure = fn(&sim_core::measure::Measures) -> f64;

/// Closed forms against 30 replications: within 4 standard errors; moved by the larger of 5 % and 10 standard errors
/// they must be refused.
#[test]
fn theory_entries_agree_with_their_closed_forms() {
    let waiting: Measure = |m| m.total().waiting.mean().unwrap() / 1e6;
    let response: Measure = |m| m.total().response.mean().unwrap() / 1e6;
    let lost: Measure = |m| m.total().lost as f64 / m.total().released as f64;
    let entries: [(&str, &str, Measure, f64); 6] = [
        ("theory/mmc", "Erlang C, ms", waiting, 5.0943),
        ("theory/md1", "Pollaczek-Khinchine, ms", waiting, 20.0),
        ("theory/mg1", "Pollaczek-Khinchine, ms", waiting, 58.3333),
        ("theory/mg1-ps", "insensitivity, ms", response, 33.3333),
        ("theory/erlang-b", "Erlang B", lost, 0.018_385),
        ("theory/mm1-loss", "M/M/1/4", lost, 0.121_847),
    ];
    for (name, law, measure, exact) in entries {
        let input = Input::library(name).unwrap();
        let options = Options { set: vec![("stop.jobs".into(), "20_000".into())], ..Options::default() };
        let model = load(&input, &options).unwrap_or_else(|found| panic!("{}", shown(&found, &input))).model;
        let values: Vec<f64> = (0..30)
            .map(|replication| {
                let run = sim_core::run(
                    &model,
                    replication,
                    &sim_core::Limits::default(),
                    sim_core::record::Nothing,
                );
                measure(&run.unwrap().0)
            })
            .collect();
        let mean = values.iter().sum::<f64>() / 30.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 29.0;
        let error = (variance / 30.0).sqrt();
        let accepted = |exact: f64| (mean - exact).abs() <= 4.0 * error;
        assert!(accepted(exact), "{name}, {law}: {mean} +- {error} against {exact}; seed {}", model.seed);
        let shift = (0.05 * exact).max(10.0 * error);
        assert!(!accepted(exact + shift) && !accepted(exact - shift), "{name}: the test could not fail");
    }
}
