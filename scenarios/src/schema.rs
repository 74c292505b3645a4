//! JSON Schema of scenario files and sweep plans, for completion and checks in editors. Made from [`keys`](crate::keys); it stays
//! within draft-07.

use crate::keys::{ARRIVALS, Kind, LAWS, RATES, SCENARIO, STEPS, Table};
use crate::sweep_plan::{PLAN, RANGE};
use policies::Layer;
use serde_json::{Map, Value, json};
use sim_core::ties::{PRESETS, RULES};

/// Text of a duration.
const SPAN: &str = r"^\s*(0+(\.0*)?|[0-9_]+(\.[0-9]+)?([eE][-+]?[0-9]+)?\s*(ns|us|µs|μs|ms|s|min|h|d))\s*$";
/// Text of a rate.
const RATE: &str = r"^\s*[0-9_.]+([eE][-+]?[0-9]+)?\s*/\s*(ns|us|µs|μs|ms|s|min|h|d)\s*$";

/// The JSON Schema of scenario files.
pub fn schema() -> Value {
    document("DispatchLab scenario", table(&SCENARIO), definitions())
}

/// The JSON Schema of sweep plans.
pub fn sweep_schema() -> Value {
    let mut definitions = definitions();
    definitions.insert("scenario".into(), Value::Object(table(&SCENARIO)));
    // A bare dotted path is a table in a table; what stands at its end is a value.
    let value = json!({ "type": ["string", "number", "boolean", "array", "object"] });
    definitions.insert(
        "valuesOfPath".into(),
        json!({ "anyOf": [
            { "type": "array", "minItems": 1, "items": value },
            ends(),
            { "type": "object", "minProperties": 1, "additionalProperties": { "$ref": "#/definitions/valuesOfPath" } },
        ] }),
    );
    let mut root = table(&PLAN);
    let texts = |items: Value| json!({ "type": "array", "minItems": 1, "items": items });
    let text = || json!({ "type": "string" });
    let values = json!({ "type": "object", "minProperties": 1, "additionalProperties": value });
    for (key, shape) in [
        ("scenario", json!({ "anyOf": [text(), { "$ref": "#/definitions/scenario" }] })),
        ("policies", texts(json!({ "anyOf": [text(), texts(text())] }))),
        ("metrics", texts(text())),
        (
            "grid",
            json!({
                "type": "object",
                "minProperties": 1,
                "additionalProperties": { "$ref": "#/definitions/valuesOfPath" },
            }),
        ),
        ("point", json!({ "type": "array", "minItems": 1, "items": values })),
        ("set", json!({ "type": "object", "additionalProperties": value })),
    ] {
        let property = &mut root["properties"][key];
        let description = property["description"].take();
        *property = shape;
        property["description"] = description;
    }
    document("DispatchLab sweep plan", root, definitions)
}

/// A range of values.
fn ends() -> Value {
    let mut range = table(&RANGE);
    for key in RANGE.keys {
        range["properties"][key.name]["type"] = json!(["number", "string"]);
    }
    Value::Object(range)
}

fn document(title: &str, mut root: Map<String, Value>, definitions: Map<String, Value>) -> Value {
    root.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".into(), json!(title));
    root.insert("definitions".into(), Value::Object(definitions));
    Value::Object(root)
}

fn definitions() -> Map<String, Value> {
    let mut definitions = Map::new();
    definitions.insert("law".into(), json!({ "anyOf": [span(), forms(LAWS)] }));
    definitions
        .insert("countLaw".into(), json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, forms(LAWS)] }));
    definitions.insert("rate".into(), json!({ "anyOf": [rate(), forms(RATES)] }));
    definitions.insert("step".into(), forms(STEPS));
    definitions.insert("arrivals".into(), forms(ARRIVALS));
    definitions
}

fn table(table: &Table) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in table.keys {
        let mut value = kind(key.kind);
        if let Value::Object(value) = &mut value {
            value.insert("description".into(), json!(key.help));
        }
        properties.insert(key.name.into(), value);
    }
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("additionalProperties".into(), json!(false));
    object.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object
}

fn forms(forms: &[&Table]) -> Value {
    json!({ "anyOf": forms.iter().map(|form| Value::Object(table(form))).collect::<Vec<_>>() })
}

fn span() -> Value {
    json!({ "type": "string", "pattern": SPAN })
}

fn rate() -> Value {
    json!({ "type": "string", "pattern": RATE })
}

fn reference(name: &str) -> Value {
    // Siblings of `$ref` are ignored in draft-07, so that the description goes around it.
    json!({ "allOf": [{ "$ref": format!("#/definitions/{name}") }] })
}

fn policy_ids(layer: Layer) -> Value {
    let ids: Vec<&str> = policies::catalog().filter(|def| def.layer() == layer).map(|def| def.id).collect();
    json!({ "type": "string", "pattern": format!(r"^\s*({})\s*(:.*)?$", ids.join("|")), "examples": ids })
}

fn kind(of: Kind) -> Value {
    match of {
        Kind::Text => json!({ "type": "string" }),
        Kind::Name => json!({ "type": "string", "minLength": 1, "maxLength": crate::keys::NAME_BYTES_MAX }),
        Kind::Span => span(),
        Kind::SpanOrAuto => json!({ "anyOf": [span(), { "const": "auto" }] }),
        Kind::SpanOrNever => json!({ "anyOf": [span(), { "const": "never" }] }),
        Kind::Rate | Kind::RateFromZero => rate(),
        Kind::Rates => reference("rate"),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number { min, max, inclusive } => {
            let lower = if inclusive { "minimum" } else { "exclusiveMinimum" };
            json!({ "type": "number", lower: min, "maximum": max })
        }
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Amount => json!({ "anyOf": [span(), { "type": "number", "minimum": 0 }] }),
        Kind::Amounts => json!({ "type": "array", "minItems": 1, "items": kind(Kind::Amount) }),
        Kind::Integers { min, max } => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": min, "maximum": max } })
        }
        Kind::IntegerLists { min, max } => {
            json!({ "type": "array", "items": kind(Kind::Integers { min, max }) })
        }
        Kind::IntegersByName { min, max } => {
            json!({ "type": "object", "additionalProperties": kind(Kind::Integers { min, max }) })
        }
        Kind::NameLists => {
            json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } } })
        }
        Kind::Law => reference("law"),
        Kind::CountLaw => reference("countLaw"),
        Kind::Ratio => {
            json!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "string" }] })
        }
        Kind::Policy(layer) => policy_ids(layer),
        Kind::Join => json!({ "anyOf": [{ "const": "all" }, { "type": "integer", "minimum": 1 }] }),
        Kind::Steps => json!({ "type": "array", "items": { "$ref": "#/definitions/step" } }),
        Kind::StepLists => json!({ "type": "array", "minItems": 1, "items": kind(Kind::Steps) }),
        Kind::Rows => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "array", "minItems": 1, "items": span() } })
        }
        Kind::Ties => ties(),
        Kind::Table(of) => Value::Object(table(of)),
        Kind::List(of) | Kind::Plain(of) => json!({ "type": "array", "items": Value::Object(table(of)) }),
        Kind::Named(of) => json!({ "type": "object", "additionalProperties": Value::Object(table(of)) }),
        Kind::Forms(of) if std::ptr::eq(of, ARRIVALS) => reference("arrivals"),
        Kind::Forms(of) => forms(of),
    }
}

fn ties() -> Value {
    let mut properties = Map::new();
    properties
        .insert("preset".into(), json!({ "enum": PRESETS, "description": "a set of rules to start from" }));
    for rule in RULES {
        properties.insert(rule.key.into(), json!({ "enum": rule.values, "description": rule.help }));
    }
    json!({ "type": "object", "additionalProperties": false, "properties": Value::Object(properties) })
}
