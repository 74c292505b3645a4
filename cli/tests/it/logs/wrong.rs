//! Logs that are none, or hostile: an error in words, quickly, and never a panic.

use super::{NGINX_END, gzip, run, services, times};

#[test]
fn what_is_no_log_is_named() {
    let kernel =
        "cpus=6\n rcuos/2-22 [001] 6550.018511: sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b\n";
    let tar: Vec<u8> = [&[b'a'; 257][..], b"ustar\0", &[0; 249]].concat();
    for (name, text, code, words) in [
        ("trace.txt", kernel.as_bytes().to_vec(), "S006", "a trace of the kernel"),
        ("a.log.bz2", b"BZh91AY&SY".to_vec(), "S006", "a bzip2 archive"),
        ("a.zip", b"PK\x03\x04aaaaa".to_vec(), "S006", "a zip archive"),
        ("a.tar.gz", gzip(&tar), "S006", "a tar archive"),
        ("a.pcap", b"\xd4\xc3\xb2\xa1\x02\0".to_vec(), "S006", "a packet capture"),
        ("a.db", b"SQLite format 3\0".to_vec(), "S006", "an SQLite database"),
        ("a.parquet", b"PAR1".to_vec(), "S006", "a Parquet file"),
        ("a.log", b"".to_vec(), "S002", "there is nothing in it"),
        ("a.log", b"\n\r\n\n".to_vec(), "S002", "there is nothing in it"),
        (
            "a.log",
            b"level=info msg=\"served\" status=200\n".to_vec(),
            "S074",
            "its columns: level, msg, status",
        ),
        ("a.log.gz", gzip(&gzip(NGINX_END.as_bytes())), "S006", "gzip in gzip"),
        (
            "j.log",
            b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1773309600000000\nMESSAGE=a b\n\n".to_vec(),
            "S006",
            "an export of the systemd journal",
        ),
        (
            "syslog",
            b"Mar 12 10:00:00 web1 sshd[12]: Accepted publickey for root\n\
              Mar 12 10:00:01 web1 cron[13]: (root) CMD (run-parts)\n"
                .to_vec(),
            "S006",
            "lines of syslog, and they hold no requests",
        ),
        ("a.log", b"hello\nworld\n".to_vec(), "S002", "known kind"),
        ("a.log", b"hello world\n".to_vec(), "S002", "line 1 is `hello world`"),
        ("a.log", b"\0\0\0\n\xff\xfe\xfd\n".to_vec(), "S002", "known kind"),
        ("a.log.gz", gzip(NGINX_END.as_bytes())[..60].to_vec(), "S007", "the archive ends early"),
    ] {
        let ended = run(name, text, &["--service", "1ms"]);
        assert_eq!(ended.code, 2, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(code) && ended.stderr.contains(words), "{name}: {}", ended.stderr);
    }
    let name = ["--service", "1ms", "--log-format", "traefik"];
    assert!(run("a.log", NGINX_END, &name).stderr.contains("no line of this log is in the format `traefik`"));
    for (format, words) in [
        ("comined", "did you mean `combined`?"),
        ("$a$b", "nothing stands between"),
        ("%{x", "`{` without `}`"),
    ] {
        let ended = run("a.log", NGINX_END, &["--service", "1ms", "--log-format", format]);
        assert!(ended.code == 2 && ended.stderr.contains(words), "{format}: {}", ended.stderr);
    }
    let ended = run("a.log", NGINX_END, &["--service", "1ms", "--log-format", "$remote_addr $status"]);
    assert!(ended.code == 2 && ended.stderr.contains("S076"), "no stamp: {}", ended.stderr);
}

#[test]
fn an_archive_that_unpacks_without_end_is_refused() {
    // A kibibyte of a gibibyte of zeros is no log, which its beginning tells.
    let one = gzip(&vec![0; 1 << 26]);
    let ended = run("a.log.gz", one.repeat(17), &["--service", "1ms"]);
    assert!(ended.code == 2 && ended.stderr.contains("known kind"), "{}", ended.stderr);
    // The limit holds for what comes out.
    let lines = gzip(&NGINX_END.as_bytes().repeat(1 << 15));
    let ended = run("a.log.gz", lines, &["--service", "1ms", "--max-input", "6MiB"]);
    assert!(ended.code == 2 && ended.stderr.contains("larger than 6 MiB"), "{}", ended.stderr);
    let zeros = [&b"task,arrival,cpu\n"[..], &vec![b'1'; 1 << 24]].concat();
    let ended = run("a.csv.gz", gzip(&zeros), &["--max-input", "6MiB"]);
    assert!(
        ended.code == 2 && ended.stderr.contains("larger than 6 MiB when it is unpacked"),
        "{}",
        ended.stderr
    );
}

#[test]
fn hostile_lines_cost_a_line_each() {
    let good = NGINX_END.as_bytes();
    let long = vec![b'a'; 3 << 20];
    let quotes = b"\\\"".repeat(1 << 20);
    let quoted = [&b"a - - [12/Mar/2026:10:00:10 +0000] \"GET "[..], &quotes, b"\n"].concat();
    let lists = [
        &b"a - - [12/Mar/2026:10:00:10 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"t\" "[..],
        &b"1, ".repeat(1 << 20),
        b"\n",
    ]
    .concat();
    let text = [
        good,
        &long,
        b"\n",
        &quoted,
        b"\0\0\xff\xfe \0\n",
        &lists,
        &good.to_ascii_lowercase(),
        b"\r\n",
        good,
    ]
    .concat();
    let started = std::time::Instant::now();
    let ended = run("a.log", text, &["--service", "1ms"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert!(ended.stderr.contains("lines were skipped: not in the format of the log"), "{}", ended.stderr);
    // Line ends of Windows, and lines without the last two fields among others.
    let windows = NGINX_END.replace('\n', "\r\n")
        + "192.0.2.4 - - [12/Mar/2026:10:00:11 +0000] \"GET / HTTP/1.1\" 200 10\r\n";
    assert_eq!(services("a.log", windows, &["--service", "5ms"]), [5.0; 4]);
}

/// Logs that went through a table or an editor have tabs; what stands in quotes keeps them.
#[test]
fn fields_may_have_tabs_between() {
    let expected = times("a.log", NGINX_END, &["--service", "field"]);
    let tabs = |line: &str| {
        line.replace(" - - [", "\t-\t-\t[")
            .replace("] \"", "]\t \"")
            .replace("\" 200 10 \"", "\"\t200\t10\t\"")
    };
    let text: String = NGINX_END.lines().map(|line| tabs(line) + "\n").collect();
    assert_eq!(times("a.log", &text, &["--service", "field"]), expected);
    assert_eq!(times("a.log", &text, &["--service", "field", "--log-format", "combined"]), expected);
    let format = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
                  \"$http_user_agent\" $request_time";
    assert_eq!(times("a.log", &text, &["--service", "field", "--log-format", format]), expected);
    let all = NGINX_END.replace(' ', "\t");
    let ended = run("a.log", all.replace("\t+0000", " +0000"), &["--service", "field"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

/// Nothing takes less than no time: field, value and line are named, and the other lines are read.
#[test]
fn a_request_time_below_zero_is_named() {
    let one = NGINX_END.replace("10.000\n", "-0.250\n");
    let ended = run("a.log", &one, &["--service", "field"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let words = "1 of 3 lines was skipped: with a request time below zero (line 1: field `-1` is `-0.250`)";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    let all: String = NGINX_END.lines().map(|line| line.replace("\"t/1\" ", "\"t/1\" -") + "\n").collect();
    let ended = run("a.log", &all, &["--service", "field"]);
    assert!(ended.code == 2 && ended.stderr.contains("line 1 ends with `-10.000`"), "{}", ended.stderr);
    let ended = run("a.log", &all, &["--service", "field:-1"]);
    assert!(ended.code == 2 && ended.stderr.contains("field `-1` is `-10.000`"), "{}", ended.stderr);
    let ended = run("t.csv", "arrival,took\n0,5\n1,-5\n", &["--map", "service=took"]);
    let words = "1 of 2 lines was skipped: with a service time below zero (line 3: field `took` is `-5`)";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}

/// `field` is the request time that the log has, not a column of this name.
#[test]
fn the_request_time_of_a_trace_is_a_column() {
    let text = "ts=2026-03-12T10:00:00Z msg=a took=5ms\nts=2026-03-12T10:00:01Z msg=b took=5ms\n";
    let ended = run("a.log", text, &["--map", "arrival=ts", "--service", "field"]);
    assert!(ended.code == 2 && ended.stderr.contains("S071"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`--map service=took`"), "{}", ended.stderr);
    assert_eq!(services("a.log", text, &["--map", "arrival=ts", "--service", "field:took"]), [5.0, 5.0]);
    assert_eq!(services("t.csv", "arrival,service\n0,5\n9,5\n", &["--service", "field"]), [5.0, 5.0]);
}
