//! The JSON documents of `run`, `compare` and `plan`.

use super::{UNITS, word};
use crate::compare::{CompareDocument, CompareRow, Selection};
use crate::condition::ConditionRow;
use crate::plan::{
    AnswerRow, CheckRow, CostRow, CurveRow, GoalRow, KneeRow, LoadRow, PercentileRow, PlanDocument, ProbeRow,
    UslRow,
};
use crate::rows::{FindingRow, GanttRow, RunDocument, SummaryRow, TaskRow, TheoryRow};
use serde_json::{Map, Value};
use sim_core::ties::Ties;

type Read<T> = Result<T, String>;

/// Reads the text of a document.
///
/// # Errors
/// What is wrong with it, with line and column.
pub fn document(text: &[u8]) -> Read<Value> {
    serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))
}

/// The version of a document: `dispatchlab.run/1`.
pub fn schema_of(document: &Value) -> Option<&str> {
    document.get("schema")?.as_str()
}

/// The closing words of a comparison.
pub fn said(document: &Value) -> Option<&str> {
    document.get("conclusion")?.get("text")?.as_str()
}

/// An object and where it is, for messages.
struct Fields<'v> {
    place: String,
    map: &'v Map<String, Value>,
}

impl<'v> Fields<'v> {
    fn new(place: &str, value: &'v Value) -> Read<Fields<'v>> {
        let map = value.as_object().ok_or_else(|| format!("{place} is no object"))?;
        Ok(Fields { place: place.to_owned(), map })
    }

    fn wrong(&self, key: &str, what: &str) -> String {
        let dot = if self.place.is_empty() { "" } else { "." };
        format!("`{}{dot}{key}` is no {what}", self.place)
    }

    /// The value of a key; `None` where it is not there or null.
    fn get(&self, key: &str) -> Option<&'v Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Read<&'v str> {
        self.get(key).and_then(Value::as_str).ok_or_else(|| self.wrong(key, "text"))
    }

    fn owned(&self, key: &str) -> Read<String> {
        self.text(key).map(str::to_owned)
    }

    fn maybe_text(&self, key: &str) -> Read<Option<&'v str>> {
        self.get(key).map(|_| self.text(key)).transpose()
    }

    fn number(&self, key: &str) -> Read<f64> {
        self.get(key).and_then(Value::as_f64).ok_or_else(|| self.wrong(key, "number"))
    }

    fn maybe(&self, key: &str) -> Read<Option<f64>> {
        self.get(key).map(|_| self.number(key)).transpose()
    }

    fn whole(&self, key: &str) -> Read<u64> {
        self.get(key).and_then(Value::as_u64).ok_or_else(|| self.wrong(key, "whole number"))
    }

    fn maybe_whole(&self, key: &str) -> Read<Option<u64>> {
        self.get(key).map(|_| self.whole(key)).transpose()
    }

    fn small(&self, key: &str) -> Read<u32> {
        u32::try_from(self.whole(key)?).map_err(|_| self.wrong(key, "number below 2^32"))
    }

    fn flag(&self, key: &str) -> Read<bool> {
        self.get(key).and_then(Value::as_bool).ok_or_else(|| self.wrong(key, "true or false"))
    }

    fn word(&self, key: &str, known: &[&'static str]) -> Read<&'static str> {
        let text = self.text(key)?;
        word(text, known).ok_or_else(|| self.wrong(key, &format!("word that is known here: `{text}`")))
    }

    fn unit(&self) -> Read<&'static str> {
        self.word("unit", &UNITS)
    }

    /// The objects of a list; none where there is no such key.
    fn list<T>(&self, key: &str, one: impl Fn(&Fields<'v>) -> Read<T>) -> Read<Vec<T>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(key, "list"))?;
        let dot = if self.place.is_empty() { "" } else { "." };
        let read = |(index, item): (usize, &'v Value)| {
            one(&Fields::new(&format!("{}{dot}{key}[{index}]", self.place), item)?)
        };
        items.iter().enumerate().map(read).collect()
    }

    /// The plain values of a list.
    fn plain<T>(&self, key: &str, what: &str, one: impl Fn(&'v Value) -> Option<T>) -> Read<Vec<T>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(key, "list"))?;
        items.iter().map(|item| one(item).ok_or_else(|| self.wrong(key, what))).collect()
    }

    fn ties(&self) -> Read<Ties> {
        let mut ties = Ties::default();
        if let Some(entries) = self.get("ties").and_then(Value::as_object) {
            for (key, value) in entries {
                let known = value.as_str().is_some_and(|value| ties.set(key, value));
                if !known {
                    return Err(format!("`ties.{key}` is no tie rule that is known here"));
                }
            }
        }
        Ok(ties)
    }

    fn findings(&self) -> Read<Vec<FindingRow>> {
        self.list("findings", |row| {
            Ok(FindingRow {
                kind: row.owned("kind")?,
                text: row.owned("text")?,
                of: row.maybe_text("of")?.map(str::to_owned),
                station: row.maybe_text("station")?.map(str::to_owned),
                value: row.maybe("value")?,
                unit: row.owned("unit")?,
            })
        })
    }

    /// What was assumed.
    fn notes(&self) -> Read<Vec<String>> {
        match self.get("notes") {
            Some(_) => self.plain("notes", "list of texts", |item| item.as_str().map(str::to_owned)),
            None => Ok(Vec::new()),
        }
    }

    fn conditions(&self) -> Read<Vec<ConditionRow>> {
        self.list("conditions", |row| {
            Ok(ConditionRow {
                condition: row.owned("condition")?,
                policy: row.maybe_text("policy")?.map(str::to_owned),
                outcome: row.word("outcome", &["true", "false", "undecided"])?,
                value: row.maybe("value")?,
                unit: row.unit()?,
                ci_low: row.maybe("ci_low")?,
                ci_high: row.maybe("ci_high")?,
                remark: row.maybe_text("remark")?.map(str::to_owned),
            })
        })
    }
}

/// The summary of a run's document.
pub fn summary_rows(document: &Value) -> Read<Vec<SummaryRow>> {
    Fields::new("", document)?.list("summary", |row| {
        Ok(SummaryRow {
            metric: row.owned("metric")?,
            statistic: row.owned("statistic")?,
            scope: row.owned("scope")?,
            class: row.owned("class")?,
            value: row.maybe("value")?,
            unit: row.unit()?,
            n: row.whole("n")?,
            ci_low: row.maybe("ci_low")?,
            ci_high: row.maybe("ci_high")?,
            above: row.get("above").and_then(Value::as_u64),
        })
    })
}

/// The document of a run; its summary was read before.
pub fn run_document<'v>(document: &'v Value, summary: &'v [SummaryRow]) -> Read<RunDocument<'v>> {
    let fields = Fields::new("", document)?;
    let digest = fields.maybe_text("digest")?.map(|digest| u64::from_str_radix(digest, 16));
    Ok(RunDocument {
        findings: fields.findings()?,
        exact: fields.get("exact").and_then(Value::as_bool).unwrap_or(false),
        sample: fields.get("sample").and_then(Value::as_u64),
        notes: fields.notes()?,
        scenario: fields.text("scenario")?,
        policy: fields.text("policy")?,
        seed: fields.whole("seed")?,
        ties: fields.ties()?,
        digest: digest.transpose().map_err(|_| fields.wrong("digest", "digest"))?,
        tasks: fields.list("tasks", task)?,
        gantt: fields.list("gantt", gantt)?,
        decisions: None,
        summary,
        conditions: fields.conditions()?,
        theory: fields.list("theory", theory)?,
    })
}

fn theory(row: &Fields<'_>) -> Read<TheoryRow> {
    Ok(TheoryRow {
        metric: row.owned("metric")?,
        statistic: row.owned("statistic")?,
        scope: row.owned("scope")?,
        class: row.owned("class")?,
        exact: row.number("exact")?,
        z: row.maybe("z")?,
        source: row.owned("source")?,
    })
}

fn task<'v>(row: &Fields<'v>) -> Read<TaskRow<'v>> {
    Ok(TaskRow {
        task: row.text("task")?,
        job: row.whole("job")?,
        class: row.text("class")?,
        status: row.word("status", &["completed", "unfinished", "lost", "timed-out"])?,
        arrival_ns: row.whole("arrival_ns")?,
        first_run_ns: row.maybe_whole("first_run_ns")?,
        finish_ns: row.maybe_whole("finish_ns")?,
        first_response_ns: row.maybe_whole("first_response_ns")?,
        response_ns: row.maybe_whole("response_ns")?,
        waiting_ns: row.maybe_whole("waiting_ns")?,
        ready_ns: row.whole("ready_ns")?,
        overhead_ns: row.whole("overhead_ns")?,
        blocked_ns: row.whole("blocked_ns")?,
        preemptions: row.small("preemptions")?,
        migrations: row.small("migrations")?,
        deadline_ns: row.maybe_whole("deadline_ns")?,
        missed: row.get("missed").and_then(Value::as_bool),
    })
}

fn gantt<'v>(row: &Fields<'v>) -> Read<GanttRow<'v>> {
    let (start_ns, end_ns) = (row.whole("start_ns")?, row.whole("end_ns")?);
    if end_ns < start_ns {
        return Err(format!("`{}` ends before it starts", row.place));
    }
    Ok(GanttRow {
        station: row.text("station")?,
        core: row.small("core")?,
        task: row.maybe_text("task")?,
        job: row.maybe_whole("job")?,
        start_ns,
        end_ns,
        kind: row.word("kind", &["run", "switch", "dispatch", "idle"])?,
        share: row.maybe("share")?,
        level: row.get("level").and_then(Value::as_u64),
    })
}

/// The document of a comparison, without the first differences of its policies and its closing words ([`said`]).
pub fn compare_document(document: &Value) -> Read<CompareDocument<'_>> {
    let fields = Fields::new("", document)?;
    let rows = fields.list("rows", |row| {
        let verdicts =
            ["reference", "better", "worse", "no difference shown", "no practical difference", "equal"];
        Ok(CompareRow {
            policy: row.owned("policy")?,
            metric: row.owned("metric")?,
            statistic: row.owned("statistic")?,
            scope: row.owned("scope")?,
            class: row.owned("class")?,
            value: row.maybe("value")?,
            unit: row.unit()?,
            n: row.whole("n")?,
            ci_low: row.maybe("ci_low")?,
            ci_high: row.maybe("ci_high")?,
            above: row.get("above").and_then(Value::as_u64),
            best: row.flag("best")?,
            difference: row.maybe("difference")?,
            difference_low: row.maybe("difference_low")?,
            difference_high: row.maybe("difference_high")?,
            p_holm: row.maybe("p_holm")?,
            verdict: row.get("verdict").map(|_| row.word("verdict", &verdicts)).transpose()?,
        })
    })?;
    Ok(CompareDocument {
        findings: fields.findings()?,
        exact: fields.get("exact").and_then(Value::as_bool).unwrap_or(false),
        sample: fields.get("sample").and_then(Value::as_u64),
        notes: fields.notes()?,
        scenario: fields.text("scenario")?,
        seed: fields.whole("seed")?,
        replications: fields.small("replications")?,
        confidence: fields.number("confidence")?,
        ties: fields.ties()?,
        reference: fields.text("reference")?,
        policies: fields.plain("policies", "list of texts", |item| item.as_str().map(str::to_owned))?,
        rows,
        first_difference: None,
        noise: fields.maybe("noise")?.unwrap_or(0.0),
        conclusion: None,
        selection: fields.get("selection").map(selection).transpose()?,
        conditions: fields.conditions()?,
    })
}

fn selection(value: &Value) -> Read<Selection> {
    let fields = Fields::new("selection", value)?;
    Ok(Selection {
        metric: fields.owned("metric")?,
        best: fields.owned("best")?,
        probability: fields.number("probability")?,
        confidence: fields.number("confidence")?,
        replications: fields.small("replications")?,
        budget: fields.small("budget")?,
        caveat: fields.maybe_text("caveat")?.map(str::to_owned),
    })
}

const OUTCOMES: [&str; 3] = ["feasible", "infeasible", "undecided"];
const STATISTICS: [&str; 6] = ["p50", "p90", "p95", "p99", "p99.9", "p99.99"];

/// The document of a plan.
pub fn plan_document(document: &Value) -> Read<PlanDocument<'_>> {
    let fields = Fields::new("", document)?;
    let replications = fields.plain("replications", "list of two numbers", Value::as_u64)?;
    let [least, most] = replications[..] else {
        return Err(fields.wrong("replications", "list of two numbers"));
    };
    let cost = fields.get("cost").map(|cost| Fields::new("cost", cost)).transpose()?;
    let cost = cost.map(|cost| {
        Ok::<_, String>(CostRow { price: cost.owned("price")?, per_hour: cost.number("per_hour")? })
    });
    Ok(PlanDocument {
        scenario: fields.text("scenario")?,
        seed: fields.whole("seed")?,
        ties: fields.ties()?,
        vary: fields.text("vary")?,
        low: fields.whole("low")?,
        high: fields.whole("high")?,
        goals: fields.list("goals", goal)?,
        confidence: fields.number("confidence")?,
        deterministic: fields.flag("deterministic")?,
        sample: fields.get("sample").and_then(Value::as_u64),
        replications: (least as u32, most as u32),
        headroom: fields.number("headroom")?,
        spare: fields.whole("spare")?,
        cost: cost.transpose()?,
        policies: fields.plain("policies", "list of texts", |item| item.as_str().map(str::to_owned))?,
        demands: fields.plain("demands", "list of numbers", Value::as_f64)?,
        answers: fields.list("answers", answer)?,
        probes: fields.list("probes", probe)?,
        curve: fields.list("curve", |row| {
            Ok(CurveRow {
                policy: row.owned("policy")?,
                count: row.whole("count")?,
                demand: row.number("demand")?,
                load: load(row)?,
            })
        })?,
        knees: fields.list("knees", |row| {
            Ok(KneeRow {
                policy: row.owned("policy")?,
                count: row.whole("count")?,
                definition: row.word("definition", &["power", "double", "fourfold", "tangent"])?,
                meaning: "",
                demand: row.maybe("demand")?,
                throughput: row.maybe("throughput")?,
                utilization: row.maybe("utilization")?,
                response: row.maybe("response")?,
            })
        })?,
        usl: fields.list("usl", |row| {
            Ok(UslRow {
                policy: row.owned("policy")?,
                count: row.whole("count")?,
                gamma: row.number("gamma")?,
                alpha: row.number("alpha")?,
                beta: row.number("beta")?,
                peak: row.maybe("peak")?,
                error: row.number("error")?,
                points: row.whole("points")? as usize,
            })
        })?,
    })
}

fn goal(row: &Fields<'_>) -> Read<GoalRow> {
    Ok(GoalRow {
        goal: row.owned("goal")?,
        metric: row.owned("metric")?,
        statistic: row.owned("statistic")?,
        scope: row.owned("scope")?,
        class: row.owned("class")?,
        comparison: row.word("comparison", &["<", "<=", ">", ">="])?,
        limit: row.number("limit")?,
        unit: row.unit()?,
    })
}

fn answer(row: &Fields<'_>) -> Read<AnswerRow> {
    let texts = |key: &str| row.plain(key, "list of texts", |item| item.as_str().map(str::to_owned));
    Ok(AnswerRow {
        policy: row.owned("policy")?,
        demand: row.number("demand")?,
        simulated_demand: row.number("simulated_demand")?,
        exact: row.flag("exact")?,
        status: row.word("status", &["met", "not met", "undecided"])?,
        count: row.maybe_whole("count")?,
        infeasible: row.maybe_whole("infeasible")?,
        undecided: row.plain("undecided", "list of whole numbers", Value::as_u64)?,
        exceptions: row.plain("exceptions", "list of whole numbers", Value::as_u64)?,
        count_with_spare: row.maybe_whole("count_with_spare")?,
        bottleneck: row.maybe_text("bottleneck")?.map(str::to_owned),
        offered_load: row.maybe("offered_load")?,
        why: row.maybe_text("why")?.map(str::to_owned),
        utilization: row.maybe("utilization")?,
        utilization_busiest: row.maybe("utilization_busiest")?,
        cost_per_hour: row.maybe("cost_per_hour")?,
        cost_per_million: row.maybe("cost_per_million")?,
        warnings: texts("warnings")?,
    })
}

fn probe(row: &Fields<'_>) -> Read<ProbeRow> {
    Ok(ProbeRow {
        policy: row.owned("policy")?,
        demand: row.number("demand")?,
        simulated_demand: row.number("simulated_demand")?,
        count: row.whole("count")?,
        verdict: row.word("verdict", &OUTCOMES)?,
        reason: row.maybe_text("reason")?.map(str::to_owned),
        checks: row.list("checks", |check| {
            Ok(CheckRow {
                goal: check.owned("goal")?,
                value: check.maybe("value")?,
                ci_low: check.maybe("ci_low")?,
                ci_high: check.maybe("ci_high")?,
                met_fraction: check.maybe("met_fraction")?,
                verdict: check.word("verdict", &OUTCOMES)?,
            })
        })?,
        load: load(row)?,
        cost_per_hour: row.maybe("cost_per_hour")?,
    })
}

fn load(row: &Fields<'_>) -> Read<LoadRow> {
    Ok(LoadRow {
        replications: row.small("replications")?,
        arrival_rate: row.maybe("arrival_rate")?,
        offered_load: row.maybe("offered_load")?,
        throughput: row.maybe("throughput")?,
        bottleneck: row.maybe_text("bottleneck")?.map(str::to_owned),
        utilization: row.maybe("utilization")?,
        utilization_busiest: row.maybe("utilization_busiest")?,
        overhead: row.maybe("overhead")?,
        bottleneck_share: row.maybe("bottleneck_share")?,
        released: row.maybe("released")?,
        completed: row.maybe("completed")?,
        lost: row.maybe("lost")?,
        timed_out: row.maybe("timed_out")?,
        in_system: row.maybe("in_system")?,
        waiting: row.maybe("waiting")?,
        response: row.maybe("response")?,
        response_low: row.maybe("response_low")?,
        response_high: row.maybe("response_high")?,
        percentiles: row.list("percentiles", |percentile| {
            Ok(PercentileRow {
                statistic: percentile.word("statistic", &STATISTICS)?,
                value: percentile.maybe("value")?,
                ci_low: percentile.maybe("ci_low")?,
                ci_high: percentile.maybe("ci_high")?,
            })
        })?,
    })
}
