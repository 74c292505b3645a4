//! Formats of further programs. Each right value is derived by hand beside its log.

use super::{run, services, times};

/// IIS writes UTC date and time in two fields when the answer has been sent, and `time-taken` in milliseconds; a restart
/// writes the directives anew, here with other fields.
///
/// The first request: 10:00:05 minus 1.5 s is 10:00:03.5. The second: 10:00:08 minus 0.25 s is 10:00:07.75, 4250 ms later.
#[test]
fn iis() {
    let text = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-12 10:00:05\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status \
        sc-substatus sc-win32-status time-taken\r\n\
        2026-03-12 10:00:05 192.0.2.1 GET /a - 80 - 198.51.100.7 UA/1+x 200 0 0 1500\r\n\
        #Software: Microsoft Internet Information Services 10.0\r\n#Date: 2026-03-12 10:00:08\r\n\
        #Fields: time c-ip cs-uri-stem sc-status sc-substatus time-taken\r\n\
        10:00:08 198.51.100.7 /b 200 0 250\r\n";
    assert_eq!(times("u_ex.log", text, &["--service", "field"]), [(0.0, 1500.0), (4250.0, 250.0)]);
    assert_eq!(times("u_ex.log", text, &["--service", "field", "--only", "/b"]), [(0.0, 250.0)]);
    // Nothing but the program says what the unit of `time-taken` is.
    let bare = text.replace("sc-substatus", "x-1").replace("sc-win32-status", "x-2");
    let ended = run("u_ex.log", bare, &["--service", "field"]);
    assert_eq!(ended.code, 2);
    for reading in
        ["field:time-taken:s` reads `1500` as 1500s", "field:time-taken:ms` reads `1500` as 1500ms"]
    {
        let reading = reading.replace("1500ms", "1.5s");
        assert!(ended.stderr.contains(&reading), "{reading}: {}", ended.stderr);
    }
}

/// CloudFront has tabs, `time-taken` in seconds, and its time is that of the last byte.
///
/// 10:00:01 minus 0.250 s is 10:00:00.750; 10:00:03 minus 1.001 s is 10:00:01.999, 1249 ms later.
#[test]
fn cloudfront() {
    let fields = "date\ttime\tx-edge-location\tsc-bytes\tc-ip\tcs-method\tcs(Host)\tcs-uri-stem\tsc-status\ttime-taken";
    let text = format!(
        "#Version: 1.0\n#Fields: {}\n2026-03-12\t10:00:01\tFRA2\t900\t198.51.100.7\tGET\td.example\t/a b\t200\t0.250\n\
         2026-03-12\t10:00:03\tFRA2\t900\t198.51.100.8\tGET\td.example\t/b\t200\t1.001\n",
        fields.replace('\t', " ")
    );
    assert_eq!(times("E1.log", text, &["--service", "field"]), [(0.0, 250.0), (1249.0, 1001.0)]);
}

/// A load balancer of AWS: the request time is the sum of three, 0.001 + 0.250 + 0.002 s = 253 ms, and the log has the
/// start of the request besides its end. -1 is a request that no target answered.
#[test]
fn alb() {
    let line = |end: &str, start: &str, parts: &str| {
        format!(
            "https 2026-03-12T10:00:{end}Z app/lb/50dc 192.0.2.7:2817 10.0.0.1:80 {parts} 200 200 34 366 \
             \"GET https://www.example:443/a HTTP/1.1\" \"curl/7\" ECDHE TLSv1.2 arn:aws:tg \"Root=1-58\" \"www.example\" \
             \"arn:cert\" 0 2026-03-12T10:00:{start}Z \"forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\"\n"
        )
    };
    let text = line("02.000000", "01.747000", "0.001 0.250 0.002")
        + &line("03.000000", "02.500000", "-1 -1 -1")
        + &line("05.000000", "03.747000", "0.000 0.010 0.000");
    let ended = run("alb.log", &text, &["--service", "field"]);
    assert!(
        ended.stderr.contains("1 of 3 lines was skipped: without a request time (line 2)"),
        "{}",
        ended.stderr
    );
    assert_eq!(super::times_of(&ended), [(0.0, 253.0), (2000.0, 10.0)]);
    // By the end of the request: 02.000 - 0.253 = 01.747 and 05.000 - 0.010 = 04.990, 3243 ms later.
    let ends = times("alb.log", &text, &["--service", "field", "--stamp", "end"]);
    assert_eq!(ends, [(0.0, 253.0), (3243.0, 10.0)]);
}

/// HAProxy behind syslog: the bracketed date is that of the accept, although the line is written at the end. Of
/// `TR/Tw/Tc/Tr/Ta` the last is the whole, 109 and 35 ms; a request that was cut off has -1 and `+`.
#[test]
fn haproxy() {
    let line = |ms: &str, timers: &str, status: &str, captured: &str| {
        format!(
            "Mar 12 10:00:09 lb1 haproxy[14389]: 192.0.2.7:33317 [12/Mar/2026:10:00:0{ms}] http-in~ static/srv1 {timers} \
             {status} 2750 - - ---- 1/1/1/1/0 0/0 {captured}\"GET /index.html HTTP/1.1\"\n"
        )
    };
    let text = line("1.655", "10/0/30/69/109", "200", "{1wt.eu} {} ")
        + &line("1.755", "0/0/0/-1/+35", "504", "")
        + &line("2.655", "-1/-1/-1/-1/7", "400", "{1wt.eu} ");
    let expected = [(0.0, 109.0), (100.0, 35.0), (1000.0, 7.0)];
    assert_eq!(times("haproxy.log", &text, &["--service", "field"]), expected);
    // The time until the server answered, which the second and third do not have.
    let ended = run("haproxy.log", &text, &["--service", "field:Tr"]);
    assert_eq!(super::times_of(&ended), [(0.0, 69.0)]);
    assert!(ended.stderr.contains("the log is read as haproxy-http"), "{}", ended.stderr);
}

/// Envoy's default: `%START_TIME%` is the start, `%DURATION%` is 226 and 40 ms.
#[test]
fn envoy() {
    let line = |time: &str, duration: u32| {
        format!(
            "[2026-03-12T10:00:0{time}Z] \"POST /api/v1 HTTP/2\" 204 - 154 0 {duration} 100 \"10.0.35.28, 10.0.0.1\" \
             \"nsq2http\" \"cc21d9b0\" \"locations\" \"tcp://10.0.2.1:80\"\n"
        )
    };
    let text = line("0.310", 226) + &line("0.410", 40);
    assert_eq!(times("envoy.log", &text, &["--service", "field"]), [(0.0, 226.0), (100.0, 40.0)]);
    let upstream = ["--service", "field:RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)"];
    assert_eq!(services("envoy.log", &text, &upstream), [100.0, 100.0]);
}

/// nginx in a format of one's own: a directive as it stands in the configuration. Upstream times of several servers add up:
/// 0.120 + 0.050 + 0.060 s = 230 ms, and the client is the first of `X-Forwarded-For`.
#[test]
fn nginx_of_ones_own() {
    let format = "log_format mine '$host $http_x_forwarded_for $msec \"$request\" $status '\n '$upstream_response_time $request_time';";
    let text = "h.example 192.0.2.7, 10.0.0.1 1773309600.500 \"GET /a HTTP/1.1\" 200 0.120, 0.050 : 0.060 0.300\n\
                h.example - 1773309601.000 \"GET /b HTTP/1.1\" 200 - 0.100\n";
    let args = ["--log-format", format];
    // 600.500 - 0.300 = 600.200; 601.000 - 0.100 = 600.900.
    let whole = times("a.log", text, &[&args[..], &["--service", "field"]].concat());
    assert_eq!(whole, [(0.0, 300.0), (700.0, 100.0)]);
    let ended = run("a.log", text, &[&args[..], &["--service", "field:upstream_response_time"]].concat());
    assert_eq!(super::times_of(&ended), [(0.0, 230.0)]);
    for note in [
        "the log is read as `--log-format` says",
        "1 of 2 lines was skipped: without a request time (line 2)",
    ] {
        assert!(ended.stderr.contains(note), "{note}: {}", ended.stderr);
    }
    let ended = run("a.log", text, &[&args[..], &["--service", "1ms"]].concat());
    assert!(ended.stderr.contains("1 request without a readable client"), "{}", ended.stderr);
}

/// Apache with `%D` behind a virtual host: microseconds, and `%t` is the start. `%{end:msec}t` is the end.
#[test]
fn apache_of_ones_own() {
    let text = "www.example:443 192.0.2.7 - - [12/Mar/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"t\" 1500\n\
                www.example:443 192.0.2.8 - - [12/Mar/2026:10:00:02 +0000] \"GET /b HTTP/1.1\" 200 10 \"-\" \"t\" 2500000\n";
    let format = r#"LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D" timed"#;
    let args = ["--service", "field", "--log-format", format];
    assert_eq!(times("a.log", text, &args), [(0.0, 1.5), (2000.0, 2500.0)]);
    assert_eq!(services("a.log", text, &["--service", "field:-1:us"]), [1.5, 2500.0]);
    assert_eq!(services("a.log", text, &["--service", "field-us"]), [1.5, 2500.0]);
    // Without the format the unit could be any.
    let ended = run("a.log", text, &["--service", "field"]);
    for word in ["S075", "in which unit", "field:-1:us` reads `1500` as 1.5ms", "field:-1:ms`", "field:-1:s`"]
    {
        assert!(ended.code == 2 && ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
    // 1773309600.400 - 0.100 = .300; 1773309600.900 - 0.050 = .850.
    let ends = "192.0.2.7 1773309600400 100 GET /a\n192.0.2.7 1773309600900 50 GET /b?c=d\n";
    let args = ["--service", "field", "--log-format", "%h %{end:msec}t %{ms}T %m %U%q"];
    assert_eq!(times("a.log", ends, &args), [(0.0, 100.0), (550.0, 50.0)]);
    let forms = "192.0.2.7 12.03.2026 10:00:00.250 +0100 5\n192.0.2.7 12.03.2026 10:00:00.500 +0100 5\n";
    let args = ["--service", "field", "--log-format", "%h %{%d.%m.%Y %T}t.%{msec_frac}t %{%z}t %{ms}T"];
    assert_eq!(times("a.log", forms, &args), [(0.0, 5.0), (250.0, 5.0)]);
}

/// Squid's native log: seconds with milliseconds when the answer was complete, and the time in milliseconds, filled up.
///
/// 600.500 - 0.250 = 600.250 and 600.600 - 0.005 = 600.595, 345 ms later.
#[test]
fn squid() {
    let text = "1773309600.500    250 192.0.2.7 TCP_MISS/200 1024 GET http://www.example/a - HIER_DIRECT/192.0.2.9 text/html\n\
                1773309600.600      5 192.0.2.8 TCP_HIT/304 100 GET http://www.example/b - HIER_NONE/- -\n";
    assert_eq!(times("access.log", text, &["--service", "field"]), [(0.0, 250.0), (345.0, 5.0)]);
    assert_eq!(times("access.log", text, &["--service", "field", "--only", "/b"]).len(), 1);
}

/// Tables: headers in quotes, a byte order mark, semicolons or tabs, decimal commas; what could be two things is asked.
#[test]
fn tables() {
    let expected = [(0.0, 2.5), (1.25, 4.0)];
    for text in [
        "arrival,service\n0,2.5\n1.25,4\n",
        "\u{feff}\"arrival\";\"service\"\r\n0;2,5\r\n1,25;4\r\n",
        "Arrival\tService\n0\t2,5\n1,25\t4\n",
        "arrival,service\n0,\"2,5\"\n\"1,25\",4\n",
        "arrival,service\n0us,2500us\n1250us,4e0\n",
    ] {
        assert_eq!(times("a.csv", text, &[]), expected, "{text}");
    }
    let mapped = times(
        "a.csv",
        "when;took;x\n0;2500;1\n1250;4000;1\n",
        &["--map", "arrival=when:us", "--service", "field:took:us"],
    );
    assert_eq!(mapped, expected);
    for (text, words) in [
        (
            "arrival,service,service\n0,1,2\n",
            "columns 2 and 3 (`service`, `service`) could both be the service",
        ),
        ("timestamp,arrival,service\n0,1,2\n", "could both be the arrival"),
        ("arrival,service\n1773309600,5\n1773309601,5\n", "could be seconds since 1970 or milliseconds"),
    ] {
        let ended = run("a.csv", text, &[]);
        assert!(
            ended.code == 2 && ended.stderr.contains("S075") && ended.stderr.contains(words),
            "{}",
            ended.stderr
        );
    }
    let text = "arrival,service\n1773309600,5\n1773309601,5\n";
    assert_eq!(times("a.csv", text, &["--map", "arrival=arrival:s"]), [(0.0, 5.0), (1000.0, 5.0)]);
    assert_eq!(services("a.csv", "arrival,service,service\n0,1,2\n", &["--map", "service=#3"]), [2.0]);
    // A thousand or a decimal: refused, and counted.
    let ended = run("a.csv", "arrival,service\n0,\"1,234\"\n0,5\n", &[]);
    assert!(
        ended.stderr.contains("1 of 2 lines was skipped: without a valid service time"),
        "{}",
        ended.stderr
    );
}
