//! What the fields of logs mean: the words of nginx, Apache, HAProxy, Envoy and the W3C, and of what writes JSON.

use super::stamp::Part;

/// The lengths of units in nanoseconds.
pub(super) const NS: u64 = 1;
pub(super) const US: u64 = 1_000;
pub(super) const MS: u64 = 1_000_000;
pub(super) const S: u64 = 1_000_000_000;

/// When a time stamp was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    /// When the request came in.
    Start,
    /// When its answer was written.
    End,
    /// The format does not tell.
    Unknown,
}

/// Which duration a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Took {
    /// The whole request.
    Whole,
    /// One of the parts that add up to the whole.
    Part,
    /// What the servers behind took to answer.
    Upstream,
    /// A stage of the request, such as connecting.
    Stage,
}

/// What a field is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// Nothing that is needed.
    Ignored,
    /// Who sent the request, as the server saw it.
    Client,
    /// Who sent the request, as proxies in between say.
    Forwarded,
    /// When.
    Stamp(Part, Moment),
    /// `GET /a HTTP/1.1`.
    Request,
    /// `GET`.
    Method,
    /// `/a?b`.
    Path,
    /// `200`.
    Status,
    /// Bytes sent.
    Bytes,
    /// How long; the unit of bare numbers in nanoseconds, where it is known.
    Took(Took, Option<u64>),
}

/// A field of a format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    /// As the format has it: `request_time`, `%D`, `request.remote_ip`.
    pub name: String,
    /// What it is.
    pub meaning: Meaning,
}

/// A row of a table of names.
pub(super) type Named = (&'static str, Meaning);

const fn stamp(moment: Moment) -> Meaning {
    Meaning::Stamp(Part::Any, moment)
}

const fn took(took: Took, unit: u64) -> Meaning {
    Meaning::Took(took, Some(unit))
}

/// nginx's variables. It writes a line when the request has ended. Other programs' JSON often has the same names.
pub(super) const NGINX: &[Named] = &[
    ("remote_addr", Meaning::Client),
    ("realip_remote_addr", Meaning::Ignored),
    ("the_real_ip", Meaning::Client),
    ("http_x_forwarded_for", Meaning::Forwarded),
    ("proxy_add_x_forwarded_for", Meaning::Forwarded),
    ("time_local", stamp(Moment::End)),
    ("time_iso8601", stamp(Moment::End)),
    ("msec", stamp(Moment::End)),
    ("request", Meaning::Request),
    ("request_method", Meaning::Method),
    ("request_uri", Meaning::Path),
    ("uri", Meaning::Path),
    ("status", Meaning::Status),
    ("body_bytes_sent", Meaning::Bytes),
    ("bytes_sent", Meaning::Bytes),
    ("request_time", took(Took::Whole, S)),
    ("upstream_response_time", took(Took::Upstream, S)),
    ("upstream_header_time", took(Took::Stage, S)),
    ("upstream_connect_time", took(Took::Stage, S)),
];

/// Apache's directives. `%t` is when the request came in.
pub(super) const APACHE: &[Named] = &[
    ("h", Meaning::Client),
    ("a", Meaning::Client),
    ("t", stamp(Moment::Start)),
    ("r", Meaning::Request),
    ("m", Meaning::Method),
    ("U", Meaning::Path),
    ("s", Meaning::Status),
    ("b", Meaning::Bytes),
    ("B", Meaning::Bytes),
    ("O", Meaning::Bytes),
    ("D", took(Took::Whole, US)),
    ("T", took(Took::Whole, S)),
    ("{s}T", took(Took::Whole, S)),
    ("{ms}T", took(Took::Whole, MS)),
    ("{us}T", took(Took::Whole, US)),
    ("^FB", took(Took::Stage, US)),
    ("{X-Forwarded-For}i", Meaning::Forwarded),
];

/// HAProxy's names. Every date is when the connection or the request came in, although the line is written at its end.
pub(super) const HAPROXY: &[Named] = &[
    ("ci", Meaning::Client),
    ("t", stamp(Moment::Start)),
    ("T", stamp(Moment::Start)),
    ("Tl", stamp(Moment::Start)),
    ("tr", stamp(Moment::Start)),
    ("trg", stamp(Moment::Start)),
    ("trl", stamp(Moment::Start)),
    ("Ts", Meaning::Stamp(Part::Since(S), Moment::Start)),
    ("ms", Meaning::Stamp(Part::Within(MS), Moment::Start)),
    ("r", Meaning::Request),
    ("HM", Meaning::Method),
    ("HU", Meaning::Path),
    ("HP", Meaning::Path),
    ("HPO", Meaning::Path),
    ("ST", Meaning::Status),
    ("B", Meaning::Bytes),
    ("Ta", took(Took::Whole, MS)),
    ("Tt", took(Took::Whole, MS)),
    ("Tr", took(Took::Upstream, MS)),
    ("TR", took(Took::Stage, MS)),
    ("Tq", took(Took::Stage, MS)),
    ("Tw", took(Took::Stage, MS)),
    ("Tc", took(Took::Stage, MS)),
    ("Td", took(Took::Stage, MS)),
    ("Th", took(Took::Stage, MS)),
    ("Ti", took(Took::Stage, MS)),
    ("Tu", took(Took::Stage, MS)),
];

/// Envoy's command operators.
pub(super) const ENVOY: &[Named] = &[
    ("START_TIME", stamp(Moment::Start)),
    ("REQ(:METHOD)", Meaning::Method),
    ("REQ(X-ENVOY-ORIGINAL-PATH?:PATH)", Meaning::Path),
    ("REQ(:PATH)", Meaning::Path),
    ("RESPONSE_CODE", Meaning::Status),
    ("BYTES_SENT", Meaning::Bytes),
    ("DURATION", took(Took::Whole, MS)),
    ("RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)", took(Took::Upstream, MS)),
    ("REQ(X-FORWARDED-FOR)", Meaning::Forwarded),
    ("DOWNSTREAM_REMOTE_ADDRESS", Meaning::Client),
    ("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Meaning::Client),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS", Meaning::Client),
    ("DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", Meaning::Client),
];

/// Names of the W3C's Extended Log File Format: its time is when the transaction completed. The unit of `time-taken` is
/// that of the program.
pub(super) const W3C: &[Named] = &[
    ("date", stamp(Moment::End)),
    ("time", stamp(Moment::End)),
    ("c-ip", Meaning::Client),
    ("x-forwarded-for", Meaning::Forwarded),
    ("X-Forwarded-For", Meaning::Forwarded),
    ("cs(X-Forwarded-For)", Meaning::Forwarded),
    ("cs-method", Meaning::Method),
    ("cs-uri-stem", Meaning::Path),
    ("cs-uri", Meaning::Path),
    ("sc-status", Meaning::Status),
    ("sc-bytes", Meaning::Bytes),
    ("time-taken", Meaning::Took(Took::Whole, None)),
];

/// The fields of load balancers of AWS. The request time is the sum of three.
pub(super) const ALB: &[Named] = &[
    ("time", stamp(Moment::End)),
    ("client:port", Meaning::Client),
    ("request_processing_time", took(Took::Part, S)),
    ("target_processing_time", took(Took::Part, S)),
    ("response_processing_time", took(Took::Part, S)),
    ("elb_status_code", Meaning::Status),
    ("sent_bytes", Meaning::Bytes),
    ("request_creation_time", stamp(Moment::Start)),
];

/// Traefik, as text and as JSON. Its stamp is when it began with the request.
pub(super) const TRAEFIK: &[Named] = &[
    ("ClientHost", Meaning::Client),
    ("ClientAddr", Meaning::Client),
    ("request_X-Forwarded-For", Meaning::Forwarded),
    ("StartUTC", stamp(Moment::Start)),
    ("StartLocal", stamp(Moment::Start)),
    ("RequestMethod", Meaning::Method),
    ("RequestPath", Meaning::Path),
    ("DownstreamStatus", Meaning::Status),
    ("OriginStatus", Meaning::Status),
    ("DownstreamContentSize", Meaning::Bytes),
    ("OriginContentSize", Meaning::Bytes),
    ("Duration", took(Took::Whole, NS)),
    ("OriginDuration", took(Took::Upstream, NS)),
    ("Overhead", took(Took::Stage, NS)),
];

/// Caddy's JSON, written when the request has ended.
pub(super) const CADDY: &[Named] = &[
    ("ts", stamp(Moment::End)),
    ("request.remote_ip", Meaning::Client),
    ("request.remote_addr", Meaning::Client),
    ("request.headers.X-Forwarded-For.0", Meaning::Forwarded),
    ("request.method", Meaning::Method),
    ("request.uri", Meaning::Path),
    ("status", Meaning::Status),
    ("size", Meaning::Bytes),
    ("duration", took(Took::Whole, S)),
];

/// Envoy's JSON, as Istio has it.
pub(super) const ENVOY_JSON: &[Named] = &[
    ("start_time", stamp(Moment::Start)),
    ("downstream_remote_address", Meaning::Client),
    ("x_forwarded_for", Meaning::Forwarded),
    ("method", Meaning::Method),
    ("path", Meaning::Path),
    ("response_code", Meaning::Status),
    ("bytes_sent", Meaning::Bytes),
    ("duration", took(Took::Whole, MS)),
    ("upstream_service_time", took(Took::Upstream, MS)),
];

/// Squid's native log, written when the answer is complete.
pub(super) const SQUID: &[Named] = &[
    ("ts", stamp(Moment::End)),
    ("tr", took(Took::Whole, MS)),
    (">a", Meaning::Client),
    ("Hs", Meaning::Status),
    ("st", Meaning::Bytes),
    ("rm", Meaning::Method),
    ("ru", Meaning::Path),
];

/// What a name means in a table.
pub(super) fn meaning(table: &[Named], name: &str) -> Meaning {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map_or(Meaning::Ignored, |(_, meaning)| meaning.clone())
}
