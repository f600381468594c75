//! `cargo xtask fuzz`: searches for input that breaks a parser, led by what it reaches in the code.
//!
//! libFuzzer does the search; the stable compiler can count for it what is reached. What it has learned stays in
//! `target/fuzz`, and the next run goes on from there.

use crate::workspace::Workspace;
use crate::{apt, process, report};
use anyhow::{Context as _, Result, bail, ensure};
use lexopt::Arg::{Long, Value};
use lexopt::ValueExt as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The targets, as in `backend/src/fuzz.rs`.
const TARGETS: &[&str] = &["line_protocol", "json_frames", "json_lines", "csv", "compact", "tile"];

/// How long each target runs when nobody says.
const SECONDS: u32 = 60;

/// More memory than this is a finding.
const MAX_MEMORY_MIB: u32 = 1024;

/// Longer input is not tried, in bytes.
const MAX_INPUT_BYTES: u32 = 8192;

/// What the compiler adds for libFuzzer: counters of what is reached, and the numbers that are compared.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What to search, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Of [`TARGETS`]; all of them where none is named.
    targets: Vec<String>,
    /// For each target.
    seconds: u32,
}

/// Reads `[TARGET…] [--seconds N]`.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Options> {
    let (mut targets, mut seconds) = (Vec::new(), SECONDS);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => seconds = parser.value()?.parse()?,
            Value(target) => {
                let target = target.to_string_lossy().into_owned();
                let known = TARGETS.join(", ");
                ensure!(
                    TARGETS.contains(&target.as_str()),
                    "fuzz: unknown target {target:?}; the targets are {known}"
                );
                targets.push(target);
            }
            other => bail!("fuzz: {}", other.unexpected()),
        }
    }
    ensure!(0 < seconds, "fuzz: --seconds must be at least 1");
    if targets.is_empty() {
        targets = TARGETS.iter().map(|target| (*target).to_owned()).collect();
    }
    Ok(Options { targets, seconds })
}

/// Builds the fuzzer and runs each target.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    apt::ensure(&[apt::CXX])?;
    let program = build(workspace)?;
    for target in &options.targets {
        report::heading(&format!("{target}: {} s", options.seconds));
        let mut fuzzer = command(workspace, &program, target, options.seconds)?;
        process::run(&mut fuzzer).with_context(|| {
            format!(
                "{target} breaks; the input is the file named above: mend it, and keep the file in \
                 backend/fuzz/seeds/{target}, where every run of the tests tries it"
            )
        })?;
    }
    Ok(())
}

/// Compiles with coverage, apart from all other builds, and with the versions of the workspace.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("backend/fuzz");
    let lock = "Cargo.lock";
    fs::copy(workspace.root.join(lock), folder.join(lock)).context("cannot copy Cargo.lock")?;
    let host = process::output(process::command("rustc").args(["--print", "host-tuple"]))?;
    let host = host.trim();
    let target = workspace.target.join("fuzz");
    report::doing("Building the fuzzer; the first time all crates are compiled for it, about five minutes");
    let mut cargo = process::cargo();
    // With a target named, programs that run during the build are compiled without coverage.
    cargo
        .current_dir(&folder)
        .args(["build", "--target", host])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", COVERAGE);
    process::run(&mut cargo)?;
    Ok(target.join(host).join("debug/fuzz"))
}

/// libFuzzer on one target: seeds are read, what is learned is kept below `target`.
fn command(workspace: &Workspace, program: &PathBuf, target: &str, seconds: u32) -> Result<Command> {
    let kept = workspace.target.join("fuzz/corpus").join(target);
    let findings = workspace.target.join("fuzz/findings").join(target);
    for folder in [&kept, &findings] {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut fuzzer = process::command(program);
    fuzzer
        .env("WATCHROOM_FUZZ_TARGET", target)
        .arg(&kept)
        .arg(workspace.root.join("backend/fuzz/seeds").join(target));
    if target == "tile" {
        fuzzer.arg(workspace.root.join("backend/src/pyramid/codec/fixtures"));
    }
    fuzzer.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={MAX_INPUT_BYTES}"),
        format!("-rss_limit_mb={MAX_MEMORY_MIB}"),
        format!("-artifact_prefix={}/", findings.display()),
        "-timeout=10".to_owned(),
        "-print_final_stats=1".to_owned(),
        "-verbosity=0".to_owned(),
    ]);
    Ok(fuzzer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parsed(line: &str) -> Result<Options> {
        parse(lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn all_targets_are_run_unless_some_are_named() {
        assert_eq!(parsed("").unwrap().targets, TARGETS);
        let options = parsed("csv --seconds 5 tile").unwrap();
        assert_eq!((options.targets.join(" "), options.seconds), ("csv tile".to_owned(), 5));
        let message = parsed("cvs").unwrap_err().to_string();
        assert!(message.starts_with("fuzz: unknown target \"cvs\"; the targets are line_protocol, "));
    }

    #[test]
    fn the_targets_are_those_of_the_server() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backend/src/fuzz.rs");
        let source = fs::read_to_string(source).unwrap();
        let list = source
            .split("pub const TARGETS")
            .nth(1)
            .unwrap()
            .split("];")
            .next()
            .unwrap();
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(names, TARGETS);
    }
}
