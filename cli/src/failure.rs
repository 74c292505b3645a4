//! How a command can fail.

use std::io;

/// Why a command did not do what was asked. Messages are lower case, without a full stop.
#[derive(Debug)]
pub enum Failure {
    /// Arguments that make no sense, or a file that cannot be used.
    Usage(String),
    /// Invalid input, rendered with its places.
    Diagnostics(String),
    /// The run itself failed.
    Run(String),
    /// There is no room for what is to be written.
    Full(String),
    /// The result is there, and it is not what was asked for: a condition holds that must not, a target is missed.
    Verdict(String),
    /// The result is there, but not as sure as was asked for.
    Precision(String),
    /// Something is missing that the result needs.
    Incomplete(String),
    /// Stopped before the end; the same command goes on.
    Interrupted(String),
    /// Whoever read the output has gone.
    ClosedPipe,
}

impl Failure {
    /// The documented exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Run(_) | Failure::Full(_) => 1,
            Failure::Usage(_) | Failure::Diagnostics(_) => 2,
            Failure::Verdict(_) => 4,
            Failure::Precision(_) => 5,
            Failure::Incomplete(_) => 3,
            Failure::Interrupted(_) => 75,
            Failure::ClosedPipe => 0,
        }
    }

    /// Output that could not be written.
    pub fn writing(to: &str, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::ClosedPipe
        } else if is_full(error) {
            Failure::Full(format!("cannot write `{to}`: {error}"))
        } else {
            Failure::Run(format!("cannot write `{to}`: {error}"))
        }
    }

    /// The same of a command that goes on where it was, once there is room.
    pub fn resumable(self) -> Failure {
        match self {
            Failure::Full(text) => {
                Failure::Interrupted(format!("{text}; make room and run the same command again"))
            }
            other => other,
        }
    }
}

/// Whether there is no room for more: on the disk, in a quota, under a limit on the size of files.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
