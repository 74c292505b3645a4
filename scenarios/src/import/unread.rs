//! Formats that are recognized and not read: they are named, so that nobody looks for the mistake elsewhere.

/// What begins with these bytes.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"BZh", "a bzip2 archive: unpack it with `bunzip2`"),
    // What is read here has been unpacked once.
    (0, b"\x1f\x8b", "an archive within an archive (gzip in gzip): unpack it once more with `gunzip`"),
    (0, b"\x28\xb5\x2f\xfd", "an archive within an archive (Zstandard): unpack it once more with `unzstd`"),
    (0, b"\xfd7zXZ\0", "an xz archive: unpack it with `unxz`"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (0, b"\x04\x22\x4d\x18", "an LZ4 archive: unpack it with `unlz4`"),
    (0, b"LZIP", "an lzip archive: unpack it first"),
    (0, b"\x1f\x9d", "an archive of `compress`: unpack it with `uncompress`"),
    (0, b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (257, b"ustar", "a tar archive: unpack it and name one of its files"),
    (0, b"\xd4\xc3\xb2\xa1", "a packet capture (pcap), which has packets and no requests"),
    (0, b"\xa1\xb2\xc3\xd4", "a packet capture (pcap), which has packets and no requests"),
    (0, b"\x4d\x3c\xb2\xa1", "a packet capture (pcap), which has packets and no requests"),
    (0, b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng), which has packets and no requests"),
    (0, b"SQLite format 3\0", "an SQLite database: export the table as CSV"),
    (0, b"PAR1", "a Parquet file: export it as CSV"),
    (0, b"ORC", "an ORC file: export it as CSV"),
    (0, b"Obj\x01", "an Avro file: export it as CSV or JSON lines"),
    (0, b"ARROW1", "an Arrow file: export it as CSV"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (Excel): save it as CSV"),
    (0, b"PERFILE2", "a recording of perf: it has no requests, `perf script` shows it as text"),
    (
        0,
        b"\x17\x08\x44tracing",
        "a recording of trace-cmd: it has no requests, `trace-cmd report` shows it as text",
    ),
    (0, b"%PDF", "a PDF"),
    (0, b"\x7fELF", "a program"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"\xff\xfe", "UTF-16 text: write it as UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`"),
    (0, b"\xfe\xff", "UTF-16 text: write it as UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`"),
];

/// The name of a format that is not read, and what to do.
pub(crate) fn named(text: &[u8]) -> Option<&'static str> {
    if let Some((_, _, name)) =
        MAGIC.iter().find(|(at, magic, _)| text.get(*at..).is_some_and(|t| t.starts_with(magic)))
    {
        return Some(name);
    }
    if text.starts_with(b"PK\x03\x04") || text.starts_with(b"PK\x05\x06") {
        let head = &text[..text.len().min(4000)];
        let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
        return Some(if has(b"xl/") || has(b"[Content_Types].xml") {
            "an Excel workbook: save the sheet as CSV"
        } else if has(b"opendocument") {
            "an OpenDocument file: save the sheet as CSV"
        } else {
            "a zip archive: unpack it and name one of its files"
        });
    }
    let lines: Vec<&[u8]> =
        text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(50).collect();
    let first = *lines.first()?;
    let begins =
        |word: &str| first.get(..word.len()).is_some_and(|f| f.eq_ignore_ascii_case(word.as_bytes()));
    if begins("# tracer:")
        || begins("cpus=")
        || lines.iter().filter(|line| is_kernel_event(line)).count() * 2 > lines.len()
    {
        return Some(
            "a trace of the kernel (ftrace, trace-cmd, perf), which has events of tasks and no requests",
        );
    }
    if lines.iter().take(3).any(|line| line.starts_with(b"cpus=") || line.starts_with(b"version = "))
        && lines.iter().any(|line| is_kernel_event(line))
    {
        return Some(
            "a trace of the kernel (ftrace, trace-cmd, perf), which has events of tasks and no requests",
        );
    }
    if begins("{\"traceevents\"")
        || first.starts_with(b"{") && lines.iter().take(3).any(|l| l.starts_with(b"\"traceEvents\""))
    {
        return Some(
            "a trace of a program for a browser's viewer (Chrome, Perfetto), which has spans and no requests",
        );
    }
    if begins("{\"log\":{\"version\"") || begins("{\"log\":{\"creator\"") {
        return Some("an HTTP archive of a browser (HAR): export its entries as CSV");
    }
    let all = |is: fn(&str) -> bool| {
        let texts = lines.iter().filter_map(|line| std::str::from_utf8(line).ok());
        texts.filter(|line| is(line)).count() * 2 > lines.len()
    };
    if all(is_lttng) {
        return Some("a trace of the kernel (LTTng), which has events of tasks and no requests");
    }
    if all(is_dmesg) {
        return Some("a log of the kernel (dmesg), which has messages and no requests");
    }
    if all(|line| line.contains(") = ") && line.contains('(') && !line.contains('[')) {
        return Some("a trace of system calls (strace), which has no requests");
    }
    if begins("__CURSOR=") || begins("__REALTIME_TIMESTAMP=") {
        return Some(
            "an export of the systemd journal, which has entries of many lines: `journalctl -u UNIT -o cat` writes the \
             lines that a program logged",
        );
    }
    if begins("# help ") || begins("# type ") {
        return Some(
            "a page of metrics (Prometheus), which are sums over requests: the access log has them one by one",
        );
    }
    if begins("<?xml") || begins("<!doctype") || begins("<html") {
        return Some("XML or HTML");
    }
    if first.starts_with(b";")
        && lines.iter().filter(|line| line.starts_with(b";")).any(|line| {
            line.windows(8).any(|w| w == b"Computer")
                || line.windows(8).any(|w| w == b"MaxProcs")
                || line.windows(7).any(|w| w == b"Version")
        })
    {
        return Some("a trace in the Standard Workload Format of batch systems");
    }
    if lines.iter().filter(|line| is_error_line(line)).count() * 2 > lines.len() {
        return Some("an error log, which has messages and no requests: the access log is another file");
    }
    None
}

/// `task-123 [001] d..2 12.345678: sched_switch: ...`.
fn is_kernel_event(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut words = line.split_whitespace().skip_while(|word| {
        let inner = word.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
        !inner.is_some_and(|cpu| cpu.len() == 3 && cpu.bytes().all(|b| b.is_ascii_digit()))
    });
    let time = |word: &str| {
        word.strip_suffix(':')
            .is_some_and(|t| t.contains('.') && t.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    words.next().is_some() && words.take(3).any(time)
}

/// `[10:00:00.123456789] (+0.000001234) host sched_switch: { cpu_id = 0 }, ...`.
fn is_lttng(line: &str) -> bool {
    line.starts_with('[') && line.contains("] (+") && line.contains(": { ")
}

/// `[    1.234567] usb 1-1: new device`.
fn is_dmesg(line: &str) -> bool {
    let time = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    time.is_some_and(|(time, _)| {
        let time = time.trim_start();
        time.contains('.') && time.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    })
}

/// `2026/03/12 10:00:00 [error] 12#12: ...` of nginx, `[Thu Mar 12 10:00:00.1 2026] [core:error] ...` of Apache.
fn is_error_line(line: &[u8]) -> bool {
    let has = |text: &[u8]| line.windows(text.len()).any(|window| window == text);
    let level = ["error]", "warn]", "notice]", "crit]", "alert]", "emerg]", "info]"]
        .iter()
        .any(|l| has(l.as_bytes()));
    level
        && (line.first() == Some(&b'[') || line.first().is_some_and(u8::is_ascii_digit))
        && !has(b"HTTP/1.1\" ")
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn formats_that_are_not_read_have_names() {
        for (text, word) in [
            (&b"BZh91AY"[..], "bzip2"),
            (b"PK\x03\x04..........xl/workbook.xml", "Excel"),
            (b"PK\x03\x04..........a.log", "zip"),
            (b"cpus=6\n   rcuos/2-22    [001]  6550.018511: sched_load: cpus=2\n", "kernel"),
            (b"# tracer: nop\n", "kernel"),
            (b" <idle>-0 [001] d.h2 6550.018511: sched_wakeup: comm=a\n", "kernel"),
            (b"2026/03/12 10:00:00 [error] 12#12: *1 open() failed\n", "error log"),
            (b"{\"traceEvents\":[{\"ph\":\"X\"}]}", "Perfetto"),
            (b"{\"log\":{\"version\":\"1.2\"}}", "HAR"),
            (b"[10:00:00.123456789] (+0.000001234) host sched_switch: { cpu_id = 0 }\n", "LTTng"),
            (b"[    0.000000] Linux version 6.1.0\n[    1.5] usb\n", "dmesg"),
            (b"12:00:00.01 read(3, \"abc\", 4) = 3 <0.000004>\n", "strace"),
            (b"# HELP a The total.\n", "Prometheus"),
            (b"; Version: 2.2\n; MaxProcs: 8\n1 0 1\n", "Standard Workload"),
            (b"<?xml version='1.0'?>", "XML"),
            (b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1773309600000000\nMESSAGE=a\n", "systemd journal"),
            (b"\x1f\x8b\x08\0", "gzip in gzip"),
        ] {
            assert!(named(text).is_some_and(|name| name.contains(word)), "{word}");
        }
        for text in [&b""[..], b"name = \"a\"\n", b"task,arrival,cpu\n", b"{\"a\":1}\n", b"\n\n"] {
            assert_eq!(named(text), None);
        }
    }
}
