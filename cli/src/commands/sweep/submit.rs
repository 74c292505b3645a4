//! `dispatchlab sweep submit`: a job array of Slurm, or the manifest or command for other engines.
//!
//! Nothing is scheduled here. An array task is one shard: `sweep run DIR --shard i/n`, with n from the folder, so that
//! only what is missing can be submitted again. The script is kept in the folder, readable, for whoever runs the cluster.

use super::folder::{Folder, plain_path};
use super::status::{State, ranges, shards_in_words};
use super::{Engine, SubmitArgs};
use crate::args::GlobalArgs;
use crate::commands::run::print;
use crate::failure::Failure;
use crate::load;
use crate::output;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shards are cut so that one takes about this long.
const SHARD_SECONDS: f64 = 600.0;
/// Most shards that are chosen unasked.
const SHARDS_USUAL: u64 = 1_000;
/// Slurm's own limit where it does not say another: the stock value of MaxArraySize.
const ARRAY_USUAL: u64 = 1_001;
/// The pilot stops a cell after this long and reckons from how far it came.
const PILOT: Duration = Duration::from_secs(5);
/// Most cells of the pilot.
const PILOT_CELLS: u64 = 8;

/// Submits what is missing.
pub fn run(mut folder: Folder, args: &SubmitArgs, global: &GlobalArgs) -> Result<(), Failure> {
    plain_path(&folder.path)?;
    plain_path(Path::new(&program()))?;
    folder.refuse_changed(args.as_made)?;
    let state = State::read(&folder)?;
    if state.missing == 0 {
        let done = format!("all {} cells are done; nothing was submitted", folder.cells.count());
        load::notes(&[done], global);
        return Ok(());
    }
    let array_max = if args.engine == Engine::Slurm { max_array_size() } else { u64::MAX };
    let shards = match args.shards.map(u64::from).or(folder.plan.shards.map(|_| folder.shards)) {
        Some(shards) => shards,
        // Cut before: what was submitted then stays comparable.
        None if folder.shards > 1 => folder.shards,
        None => chosen(&folder, array_max, global)?,
    };
    if shards > array_max {
        return Err(Failure::Usage(format!(
            "{shards} shards are more than this Slurm takes in one job array (MaxArraySize {array_max}): \
             give --shards {array_max} or fewer"
        )));
    }
    let shards = shards.min(folder.cells.count());
    let missing_shards = if shards == folder.shards {
        state.missing_shards
    } else {
        if !args.dry_run {
            folder.set_shards(shards)?;
        }
        folder.shards = shards;
        State::read(&folder)?.missing_shards
    };
    match args.engine {
        Engine::Slurm => slurm(&folder, missing_shards, args, global),
        Engine::K8s => print(&kubernetes(&folder, args)),
        Engine::AwsBatch => print(&aws_batch(&folder, args)),
        Engine::Parallel => print(&parallel(&folder, &missing_shards)),
    }
}

/// What array tasks run: this very program, on this folder.
fn program() -> String {
    std::env::current_exe()
        .map_or_else(|_| "dispatchlab".to_owned(), |path| path.to_string_lossy().into_owned())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The greatest job array that this Slurm takes.
fn max_array_size() -> u64 {
    let output = Command::new("scontrol").args(["show", "config"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().find(|line| line.trim_start().starts_with("MaxArraySize"));
    line.and_then(|line| line.split('=').nth(1)?.trim().parse().ok()).unwrap_or(ARRAY_USUAL)
}

/// How many shards make one last about ten minutes, by a pilot of one cell for each policy at the first and the last point.
fn chosen(folder: &Folder, array_max: u64, global: &GlobalArgs) -> Result<u64, Failure> {
    let cells = folder.cells;
    let mut models: Vec<u64> = (0..cells.policies)
        .flat_map(|policy| [policy * cells.points, policy * cells.points + cells.points - 1])
        .collect();
    models.dedup();
    models.truncate(PILOT_CELLS as usize);
    let mut seconds = 0.0;
    for model in &models {
        let prepared = folder.prepare(*model)?;
        let start = Instant::now();
        let millionths = AtomicU64::new(1_000_000);
        let watch = |progress: experiments::Progress| {
            let goes_on = start.elapsed() < PILOT;
            if !goes_on {
                millionths.store((progress.fraction * 1e6) as u64, Ordering::Relaxed);
            }
            goes_on
        };
        // What it finds is not kept, nor whether it fails.
        let _ = prepared.run(0, &watch);
        let fraction = millionths.into_inner().max(1) as f64 / 1e6;
        seconds += start.elapsed().as_secs_f64() / fraction;
    }
    let whole = seconds / models.len().max(1) as f64 * cells.count() as f64;
    let shards =
        ((whole / SHARD_SECONDS).ceil() as u64).clamp(1, SHARDS_USUAL.min(array_max)).min(cells.count());
    let minutes = (whole / 60.0).ceil();
    let plural = if shards == 1 { "shard" } else { "shards" };
    load::notes(
        &[format!(
            "{} cells take about {minutes} min on one core: {shards} {plural}; --shards N says otherwise",
            cells.count()
        )],
        global,
    );
    Ok(shards)
}

fn slurm(folder: &Folder, missing: Vec<u64>, args: &SubmitArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let queued = if args.dry_run { Vec::new() } else { active(folder) };
    let wanted: Vec<u64> = missing.into_iter().filter(|shard| !queued.contains(shard)).collect();
    if wanted.is_empty() {
        let shards = shards_in_words(&queued, folder.shards);
        load::notes(
            &[format!("what is missing waits or runs already, in {shards}; nothing was submitted")],
            global,
        );
        return Ok(());
    }
    let script = script(folder, &wanted, args);
    if args.dry_run {
        return print(&script);
    }
    let place = folder.path.join("slurm");
    let file = place.join("sweep.sbatch");
    let failed = |error: &std::io::Error| Failure::writing(&file.display().to_string(), error);
    fs::create_dir_all(place.join("logs"))
        .and_then(|()| output::replace(&file, |out| out.write_all(script.as_bytes())))
        .map_err(|error| failed(&error))?;
    let shown = file.display();
    let by_hand = format!("the script is in `{shown}`: `sbatch {shown}` submits it where Slurm is");
    let output = Command::new("sbatch")
        .arg("--parsable")
        .arg(&file)
        .output()
        .map_err(|error| Failure::Run(format!("`sbatch` cannot be started: {error}; {by_hand}")))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // `job` or `job;cluster`.
    let job = text.split(';').next().unwrap_or_default();
    if !output.status.success() || job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::Run(format!("`sbatch` refused the job: {said}{text}; {by_hand}")));
    }
    let jobs = place.join("jobs.tsv");
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&jobs)
        .and_then(|mut file| writeln!(file, "{job}\t{}\t{}", folder.shards, ranges(&wanted)))
        .map_err(|error| Failure::writing(&jobs.display().to_string(), &error))?;
    let dir = folder.path.display();
    load::notes(
        &[format!(
            "job {job}: {}; `dispatchlab sweep status {dir}` follows it",
            shards_in_words(&wanted, folder.shards)
        )],
        global,
    );
    print(&format!("{job}\n"))
}

/// The batch script.
fn script(folder: &Folder, shards: &[u64], args: &SubmitArgs) -> String {
    let dir = absolute(&folder.path);
    let name: String = Path::new(&dir)
        .file_name()
        .map(|name| {
            name.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
        })
        .unwrap_or_default();
    let throttle = args.throttle.map(|most| format!("%{most}")).unwrap_or_default();
    // In names of logs a percent sign is a pattern.
    let logs = format!("{}/slurm/logs/%A_%a.log", dir.replace('%', "%%"));
    let mut text = String::from("#!/bin/bash\n");
    let _ = writeln!(
        text,
        "# Written by `dispatchlab sweep submit`: one array task computes one shard of the sweep."
    );
    let _ = writeln!(
        text,
        "# It may be stopped and started at any time: a shard goes on where it was. Exit code 75: stopped,"
    );
    let _ = writeln!(text, "# and `dispatchlab sweep submit` again submits what is missing.");
    let _ = writeln!(text, "#SBATCH --job-name=sweep-{name}");
    let _ = writeln!(text, "#SBATCH --array={}{throttle}", ranges(shards));
    let _ = writeln!(text, "#SBATCH --ntasks=1");
    let _ = writeln!(text, "#SBATCH --cpus-per-task={}", args.cpus_per_task);
    for (option, value) in [("time", &args.time), ("partition", &args.partition), ("account", &args.account)]
    {
        if let Some(value) = value {
            let _ = writeln!(text, "#SBATCH --{option}={}", quoted(value));
        }
    }
    let _ = writeln!(text, "#SBATCH --output=\"{}\"", logs.replace('"', "\\\""));
    let _ = writeln!(text, "#SBATCH --open-mode=append");
    let _ = writeln!(text, "#SBATCH --requeue");
    // To the batch process itself, which is the program: it finishes its cells within the minute.
    let _ = writeln!(text, "#SBATCH --signal=B:TERM@60");
    text.push_str("set -euo pipefail\n");
    let _ = writeln!(
        text,
        "exec {} sweep run {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --as-made",
        quoted(&program()),
        quoted(&dir),
        folder.shards
    );
    text
}

/// Shards of this folder that wait or run at Slurm, as far as it can be asked.
pub fn active(folder: &Folder) -> Vec<u64> {
    let Ok(text) = fs::read_to_string(folder.path.join("slurm/jobs.tsv")) else { return Vec::new() };
    let jobs: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(_, shards)| shards.parse() == Ok(folder.shards))
        .collect();
    let mut shards = Vec::new();
    for (job, _) in jobs {
        // One job at a time: a job that Slurm has forgotten is an error, and hides the others.
        let Ok(output) = Command::new("squeue").args(["-h", "-r", "-o", "%K", "-j", job]).output() else {
            break;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        shards.extend(text.lines().filter_map(|line| line.trim().parse::<u64>().ok()));
    }
    shards.sort_unstable();
    shards.dedup();
    shards
}

/// An Indexed Job: every index is one shard.
fn kubernetes(folder: &Folder, args: &SubmitArgs) -> String {
    let (shards, cpus) = (folder.shards, args.cpus_per_task);
    let parallelism = args.throttle.map_or(shards, u64::from).min(shards);
    format!(
        "# Kubernetes Indexed Job, not exercised by the tests of dispatchlab. Fill in the image and the volume: every pod must\n\
         # see the folder of the sweep as /sweep. Shards that are complete end at once, so that it may be applied again.\n\
         apiVersion: batch/v1\n\
         kind: Job\n\
         metadata:\n  \
           name: dispatchlab-sweep\n\
         spec:\n  \
           completionMode: Indexed\n  \
           completions: {shards}\n  \
           parallelism: {parallelism}\n  \
           backoffLimitPerIndex: 10\n  \
           template:\n    \
             spec:\n      \
               restartPolicy: Never\n      \
               terminationGracePeriodSeconds: 60\n      \
               containers:\n        \
               - name: worker\n          \
                 image: IMAGE-WITH-DISPATCHLAB\n          \
                 command: [\"/bin/sh\", \"-c\"]\n          \
                 args: ['exec dispatchlab sweep run /sweep --shard \"$JOB_COMPLETION_INDEX/{shards}\" --threads {cpus} --as-made']\n          \
                 resources:\n            \
                   requests: {{cpu: \"{cpus}\"}}\n          \
                 volumeMounts:\n            \
                 - {{name: sweep, mountPath: /sweep}}\n      \
               volumes:\n        \
               - name: sweep\n          \
                 persistentVolumeClaim: {{claimName: CLAIM-WITH-THE-FOLDER}}\n"
    )
}

/// An array job of AWS Batch, which has 2 to 10000 children.
fn aws_batch(folder: &Folder, args: &SubmitArgs) -> String {
    let (shards, cpus) = (folder.shards, args.cpus_per_task);
    let size = if shards > 1 { format!("  --array-properties size={shards} \\\n") } else { String::new() };
    let index = if shards > 1 { "$AWS_BATCH_JOB_ARRAY_INDEX" } else { "0" };
    let overrides = format!(
        "{{\"command\": [\"/bin/sh\", \"-c\", \"exec dispatchlab sweep run /sweep --shard {index}/{shards} --threads {cpus} --as-made\"]}}"
    );
    format!(
        "# AWS Batch array job, not exercised by the tests of dispatchlab. The job definition needs an image with dispatchlab\n\
         # and a file system (EFS) with the folder of the sweep at /sweep. Shards that are complete end at once. An array has\n\
         # 2 to 10000 children.\n\
         aws batch submit-job \\\n  \
           --job-name dispatchlab-sweep \\\n  \
           --job-queue QUEUE \\\n  \
           --job-definition DEFINITION \\\n\
         {size}  \
           --retry-strategy attempts=5 \\\n  \
           --container-overrides {}\n",
        quoted(&overrides)
    )
}

/// GNU parallel, on this machine or on several that see the folder.
fn parallel(folder: &Folder, missing: &[u64]) -> String {
    let list: Vec<String> = missing.iter().map(u64::to_string).collect();
    format!(
        "# GNU parallel; for several machines add -S host1,host2. A shard that was stopped is started again by the same line.\n\
         parallel --jobs 2 {} sweep run {} --shard {{}}/{} --threads 1 --as-made ::: {}\n",
        quoted(&program()),
        quoted(&absolute(&folder.path)),
        folder.shards,
        list.join(" ")
    )
}
