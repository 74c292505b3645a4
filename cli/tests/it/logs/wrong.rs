//! Logs that are none, or hostile: an error in words, quickly, and never a panic.

use super::{NGINX_END, gzip, run, services};

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
