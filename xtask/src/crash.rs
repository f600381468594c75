//! `cargo xtask crash`: the server killed again and again, and everything read back each time.

use crate::workspace::Workspace;
use crate::{apt, process, report, tools};
use anyhow::{Context as _, Result, bail, ensure};
use lexopt::Arg::Long;
use lexopt::ValueExt as _;

/// The stores by the names of their tests; the disk is that of SQLite.
const STORES: &[&str] = &["sqlite", "postgres", "mongodb", "failing-disk"];

/// How many crashes there are when nobody says.
const ROUNDS: u32 = 1000;

/// What to crash, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// One of [`STORES`].
    store: String,
    /// How many crashes.
    rounds: u32,
    /// What to repeat; a new one is chosen where none is given.
    seed: Option<u64>,
}

/// Reads `[--store NAME] [--rounds N] [--seed S]`.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Options> {
    let mut options = Options {
        store: "sqlite".to_owned(),
        rounds: ROUNDS,
        seed: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("store") => options.store = parser.value()?.to_string_lossy().into_owned(),
            Long("rounds") => options.rounds = parser.value()?.parse()?,
            Long("seed") => options.seed = Some(parser.value()?.parse()?),
            other => bail!("crash: {}", other.unexpected()),
        }
    }
    ensure!(
        STORES.contains(&options.store.as_str()),
        "crash: unknown store {:?}; the stores are {}",
        options.store,
        STORES.join(", ")
    );
    ensure!(0 < options.rounds, "crash: --rounds must be at least 1");
    Ok(options)
}

/// Runs the harness of the tests with as many rounds; it prints its figures, or what it found and its seed.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let Options { store, rounds, seed } = options;
    if store == "postgres" {
        apt::ensure(&[apt::POSTGRES])?;
    }
    if store == "mongodb" {
        tools::SECANTUS.ensure(workspace)?;
    }
    report::doing(&format!("{rounds} crashes of a server on {store}; a few per second"));
    let mut cargo = process::cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["test", "--package", "backend", "--test", "crash", "--"])
        .args(["--nocapture", &format!("{}_keeps", store.replace('-', "_"))])
        .env("WATCHROOM_CRASH_ROUNDS", rounds.to_string());
    if let Some(seed) = seed {
        cargo.env("WATCHROOM_CRASH_SEED", seed.to_string());
    }
    process::run(&mut cargo).context("the store does not keep what it acknowledged; above is what was found")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options> {
        parse(lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn what_a_failure_prints_can_be_run_again() {
        let options = parsed("--store postgres --rounds 14 --seed 312190626").unwrap();
        let expected = Options {
            store: "postgres".to_owned(),
            rounds: 14,
            seed: Some(312_190_626),
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn an_unknown_store_is_answered_with_the_known_ones() {
        let message = parsed("--store sqlit").unwrap_err().to_string();
        assert_eq!(
            message,
            "crash: unknown store \"sqlit\"; the stores are sqlite, postgres, mongodb, failing-disk"
        );
        assert!(parsed("--rounds 0").is_err());
        assert!(parsed("twice").is_err());
    }
}
