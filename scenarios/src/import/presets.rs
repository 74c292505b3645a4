//! The formats that have names.

use super::fields::{ALB, CADDY, ENVOY_JSON, Moment, NGINX, Named, SQUID, TRAEFIK};
use super::format::Format;

/// How the fields of a preset are known.
pub(super) enum Fields {
    /// Format strings, the newest first: lines are read by the one that fits.
    Text(&'static [&'static str]),
    /// Keys of JSON objects; those that tell it from others.
    Json(&'static [&'static str]),
    /// From directives in the file.
    Directives,
}

/// A format with a name.
pub(super) struct Preset {
    /// Its name.
    pub name: &'static str,
    /// How lines look.
    pub fields: Fields,
    /// What names mean that are not of the format string's own language, or mean something else here.
    pub table: &'static [Named],
    /// When stamps are taken where the server is known only by the name; `None`: as the fields say.
    pub moment: Option<Moment>,
}

const INGRESS: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                       \"$http_referer\" \"$http_user_agent\" $request_length $request_time";

/// All of them. Of those that fit a log equally well, the one with more fields is meant, then the first.
pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "nginx-ingress",
        fields: Fields::Text(&[
            "[$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length \
             $upstream_response_time $upstream_status $req_id",
            "[$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length \
             $upstream_response_time $upstream_status",
            "[$proxy_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time \
             $upstream_status $req_id",
            "[$proxy_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time \
             $upstream_status",
        ]),
        table: &[],
        moment: None,
    },
    Preset {
        name: "traefik",
        fields: Fields::Text(&[
            "$ClientHost - $ClientUsername [$StartUTC] \"$request\" $OriginStatus $OriginContentSize \"$referer\" \
             \"$user_agent\" $RequestCount \"$RouterName\" \"$ServiceURL\" $Duration",
        ]),
        table: TRAEFIK,
        moment: None,
    },
    Preset {
        name: "haproxy-http",
        fields: Fields::Text(&[
            "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs \
             \"%r\"",
        ]),
        table: &[],
        moment: None,
    },
    Preset {
        name: "envoy",
        fields: Fields::Text(&[
            "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% \
             %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
             \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
             %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \
             \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER% \
             %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% \
             %REQUESTED_SERVER_NAME% %ROUTE_NAME%",
            "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% \
             %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \
             \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \
             \"%UPSTREAM_HOST%\"",
        ]),
        table: &[],
        moment: None,
    },
    Preset {
        name: "aws-alb",
        fields: Fields::Text(&[
            "${type} ${time} ${elb} ${client:port} ${target:port} ${request_processing_time} \
             ${target_processing_time} ${response_processing_time} ${elb_status_code} ${target_status_code} \
             ${received_bytes} ${sent_bytes} \"${request}\" \"${user_agent}\" ${ssl_cipher} ${ssl_protocol} \
             ${target_group_arn} \"${trace_id}\" \"${domain_name}\" \"${chosen_cert_arn}\" \
             ${matched_rule_priority} ${request_creation_time}",
            "${type} ${time} ${elb} ${client:port} ${target:port} ${request_processing_time} \
             ${target_processing_time} ${response_processing_time} ${elb_status_code} ${target_status_code} \
             ${received_bytes} ${sent_bytes} \"${request}\" \"${user_agent}\" ${ssl_cipher} ${ssl_protocol}",
        ]),
        table: ALB,
        moment: None,
    },
    Preset {
        name: "vhost-combined",
        fields: Fields::Text(&[
            "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"",
            "%v %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"",
        ]),
        table: &[],
        moment: Some(Moment::Unknown),
    },
    Preset {
        name: "combined",
        fields: Fields::Text(&["%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""]),
        table: &[],
        moment: Some(Moment::Unknown),
    },
    Preset {
        name: "common",
        fields: Fields::Text(&["%h %l %u %t \"%r\" %>s %b", "%v %h %l %u %t \"%r\" %>s %b"]),
        table: &[],
        moment: Some(Moment::Unknown),
    },
    Preset {
        name: "squid",
        fields: Fields::Text(&["${ts} ${tr} ${>a} ${Ss}/${Hs} ${st} ${rm} ${ru} ${un} ${Sh/<a} ${mt}"]),
        table: SQUID,
        moment: None,
    },
    Preset {
        name: "traefik",
        fields: Fields::Json(&["Duration", "ClientHost|ClientAddr", "StartUTC|StartLocal"]),
        table: TRAEFIK,
        moment: None,
    },
    Preset {
        name: "caddy",
        fields: Fields::Json(&["ts", "request.uri|request.remote_ip|request.remote_addr", "duration"]),
        table: CADDY,
        moment: None,
    },
    Preset {
        name: "envoy",
        fields: Fields::Json(&["start_time", "response_code", "duration"]),
        table: ENVOY_JSON,
        moment: None,
    },
    Preset {
        name: "nginx",
        fields: Fields::Json(&[
            "time_local|time_iso8601|msec",
            "request_time|status",
            "request|request_uri|uri",
        ]),
        table: NGINX,
        moment: None,
    },
    Preset { name: "w3c", fields: Fields::Directives, table: &[], moment: None },
];

impl Preset {
    /// Its format strings, read.
    pub fn formats(&self) -> Vec<Format> {
        let Fields::Text(forms) = self.fields else { return Vec::new() };
        let whole = |form: &&str| match self.name {
            "nginx-ingress" => format!("{INGRESS} {form}"),
            _ => (**form).to_owned(),
        };
        let read = |form: &&str| {
            let mut format = Format::parse(&whole(form), self.table).expect("a test reads all presets");
            if self.name.ends_with("combined") {
                // Lines without the last two are of Common Log Format, which such logs have too.
                format.least = format.fields.len() - 2;
            }
            format
        };
        forms.iter().map(read).collect()
    }
}

/// The names, each once.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for preset in PRESETS {
        if !names.contains(&preset.name) {
            names.push(preset.name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_formats() {
        for preset in PRESETS {
            let formats = preset.formats();
            assert_eq!(formats.is_empty(), !matches!(preset.fields, Fields::Text(_)), "{}", preset.name);
        }
    }
}
