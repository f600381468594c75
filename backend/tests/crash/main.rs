//! Crashes: the real server is loaded by several clients and killed at random moments; then everything is read back and
//! compared with what it had acknowledged.
//!
//! * `ledger.rs`: what was acknowledged, and what is open because no answer came;
//! * `load.rs`: clients that write new, late and rewritten samples as JSON frames and as line protocol;
//! * `audit.rs`: reads all samples and envelopes back: nothing acknowledged lost, nothing doubled, no frame half stored,
//!   and every envelope equal to the samples;
//! * `campaign.rs`: round after round of load, crash, restart and audit, on one store;
//! * `database.rs`: the stores, and how their own servers crash;
//! * `failing_disk.rs`: a disk that is full, or that fails to sync, by a library put between the server and the system.
//!
//! The rounds here are few, so that they run with all tests. `cargo xtask crash` runs as many as are asked for. What
//! a client sends and when the server dies come from the seed that a failure names; what happens in between is up to
//! the scheduler of the machine, so that a seed makes the same attempt, and not always the same crash.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what a test needs and does not get is its failure, also outside of its own function; figures are printed"
)]

mod campaign;

mod load;

mod ledger;

mod audit;

mod database;

mod server;

mod failing_disk;

#[expect(dead_code, reason = "the store's own tests need more of it")]
#[path = "../../src/store/postgres/test_server.rs"]
mod test_server;

#[expect(dead_code, reason = "the store's own tests need more of it")]
#[path = "../../src/store/mongo/tests/server.rs"]
mod secantus;

use campaign::Campaign;
use database::Database;

#[test]
fn sqlite_keeps_what_was_acknowledged_through_crashes() {
    run("sqlite", 24, Database::sqlite());
}

#[test]
fn postgres_keeps_what_was_acknowledged_through_crashes_of_it_and_of_the_server() {
    run("postgres", 8, Database::postgres());
}

#[test]
fn mongodb_keeps_what_was_acknowledged_through_crashes() {
    run("mongodb", 5, Database::mongodb());
}

/// How many rounds to run and from which seed: what the environment says, else `n_rounds` and a new seed.
fn rounds_and_seed(n_rounds: u32) -> (u32, u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let n_rounds = number("WATCHROOM_CRASH_ROUNDS").map_or(n_rounds, |rounds| u32::try_from(rounds).unwrap());
    let seed = number("WATCHROOM_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    (n_rounds, seed)
}

/// Crashes a store, prints what was found, and fails where that is anything.
fn run(store: &str, n_rounds: u32, database: Database) {
    let (n_rounds, seed) = rounds_and_seed(n_rounds);
    let campaign = Campaign {
        store,
        n_rounds,
        seed,
        database,
    };
    let figures = campaign.run();
    println!("{figures}");
    assert_eq!(figures.n_crashes, n_rounds);
    assert!(
        0 < figures.n_samples,
        "nothing was acknowledged, so that nothing was tested"
    );
}
