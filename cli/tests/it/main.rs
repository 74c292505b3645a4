//! The built command, from outside: what it prints where, and how it ends.

mod attacks;
mod comparing;
mod coverage;
mod demand;
mod digits;
mod disks;
mod files;
mod folders;
mod growth;
mod logs;
mod overload;
mod patience;
mod planning;
mod policies;
mod repeating;
mod reporting;
mod running;
mod samples;
mod shares;
mod shells;
mod stopping;
mod submitting;
mod sweeping;
mod told;
mod tracing;
mod verifying;
mod windows;

use assert_cmd::Command;

/// The command with a clean environment.
fn dispatchlab(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dispatchlab"));
    command.args(args);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "CI", "TERM", "RAYON_NUM_THREADS", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// What a command left behind.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn end(args: &[&str]) -> Ended {
    end_with_input(args, "")
}

fn end_with_input(args: &[&str], stdin: &str) -> Ended {
    let output = dispatchlab(args).write_stdin(stdin).output().expect("the command starts");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// Standard output of a command that must succeed without a word on standard error.
fn stdout(args: &[&str]) -> String {
    let ended = end(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}\n{}", ended.stdout);
    ended.stdout
}
