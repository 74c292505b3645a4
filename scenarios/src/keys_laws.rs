//! Keys of laws.

use super::{Key, Kind, Table, int, key, must, table};

/// The laws.
pub static LAWS: &[&Table] = &[
    &table("`deterministic`", &[must("deterministic", Kind::Amount, "always this value")]),
    &table("`exponential`", &[must("exponential", Kind::Table(&EXPONENTIAL), "exponential")]),
    &table("`uniform`", &[must("uniform", Kind::Table(&UNIFORM), "uniform between two values")]),
    &table("`erlang`", &[must("erlang", Kind::Table(&ERLANG), "sum of equal exponentials")]),
    &table(
        "`hyperexponential`",
        &[must("hyperexponential", Kind::Forms(HYPEREXPONENTIAL), "one of several exponentials")],
    ),
    &table("`lognormal`", &[must("lognormal", Kind::Forms(LOGNORMAL), "exp of a normal")]),
    &table("`weibull`", &[must("weibull", Kind::Forms(SCALED), "Weibull")]),
    &table("`gamma`", &[must("gamma", Kind::Forms(SCALED), "gamma")]),
    &table("`pareto`", &[must("pareto", Kind::Table(&PARETO), "Pareto, from `scale` up")]),
    &table(
        "`bounded-pareto`",
        &[must("bounded-pareto", Kind::Table(&BOUNDED_PARETO), "Pareto cut to an interval")],
    ),
    &table(
        "`normal`",
        &[must("normal", Kind::Table(&NORMAL), "normal, drawn again until within the bounds")],
    ),
    &table("`empirical`", &[must("empirical", Kind::Table(&EMPIRICAL), "given values")]),
];

static EXPONENTIAL: Table = table("`exponential`", &[must("mean", Kind::Amount, "the mean")]);
static UNIFORM: Table = table(
    "`uniform`",
    &[must("low", Kind::Amount, "least value"), must("high", Kind::Amount, "greatest value")],
);
static ERLANG: Table = table(
    "`erlang`",
    &[must("shape", int(1, 1000), "number of phases"), must("mean", Kind::Amount, "the mean of the sum")],
);
static HYPEREXPONENTIAL: &[&Table] = &[
    &table(
        "`hyperexponential`",
        &[
            must("mean", Kind::Amount, "the mean; two branches with balanced means"),
            must(
                "scv",
                Kind::Number { min: 1.0, max: 1e6, inclusive: true },
                "squared coefficient of variation, at least 1",
            ),
        ],
    ),
    &table(
        "`hyperexponential`",
        &[must("branches", Kind::Plain(&PHASE), "the exponentials; probabilities sum to 1")],
    ),
];
static PHASE: Table = table(
    "a branch",
    &[
        must("p", Kind::Number { min: 0.0, max: 1.0, inclusive: false }, "its probability"),
        must("mean", Kind::Amount, "its mean"),
    ],
);
static LOGNORMAL: &[&Table] = &[
    &table(
        "`lognormal`",
        &[
            must("mean", Kind::Amount, "the mean"),
            must("cv", Kind::Number { min: 0.0, max: 1e3, inclusive: false }, "coefficient of variation"),
        ],
    ),
    &table(
        "`lognormal`",
        &[
            must("median", Kind::Amount, "the median"),
            must(
                "sigma",
                Kind::Number { min: 0.0, max: 20.0, inclusive: false },
                "standard deviation of the logarithm",
            ),
        ],
    ),
];
const SHAPE: Key = must("shape", Kind::Number { min: 0.01, max: 1e6, inclusive: true }, "the shape");
static SCALED: &[&Table] = &[
    &table("a law by scale", &[must("scale", Kind::Amount, "the scale"), SHAPE]),
    &table("a law by mean", &[must("mean", Kind::Amount, "the mean"), SHAPE]),
];
const TAIL: Key = must("shape", Kind::Number { min: 0.01, max: 1e3, inclusive: true }, "tail index");
static PARETO: Table = table("`pareto`", &[TAIL, must("scale", Kind::Amount, "least value")]);
static BOUNDED_PARETO: Table = table(
    "`bounded-pareto`",
    &[TAIL, must("low", Kind::Amount, "least value"), must("high", Kind::Amount, "greatest value")],
);
static NORMAL: Table = table(
    "`normal`",
    &[
        must("mean", Kind::Amount, "mean before the cut"),
        must("sd", Kind::Amount, "standard deviation before the cut"),
        key("low", Kind::Amount, "least value; default 0"),
        key("high", Kind::Amount, "greatest value; default: no bound"),
    ],
);
static EMPIRICAL: Table = table(
    "`empirical`",
    &[
        must("values", Kind::Amounts, "the values"),
        key(
            "weights",
            Kind::Integers { min: 0, max: 1_000_000_000 },
            "one weight a value; default: all equal",
        ),
    ],
);
