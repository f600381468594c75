//! One job: how late it is, since when it runs, and when it hangs.

use crate::demo::noise::{bell, hash, pick, signed, unit, wander};

/// What jobs do: the first part of their labels, the first of them, and their usual latency, in seconds.
const STAGES: [(&str, usize, f64); 3] = [("filter", 0, 6.0), ("rank", 240, 9.0), ("upload", 280, 3.0)];

/// A job that is set up, but was never started.
pub(super) const NEVER_STARTED: usize = 287;

/// Minutes in which something befalls a job at most once.
const BLOCK: i64 = 2 * 1440;
/// Minutes after which a job is started anew in any case.
const WEEK: i64 = 7 * 1440;

/// A job of the cluster.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Job {
    pub(super) label: String,
    number: usize,
    /// Its usual latency, in seconds.
    base: f64,
}

/// Keys of the noise of jobs.
#[derive(Clone, Copy)]
enum Trait {
    Base = 0x9000,
    Latency,
    Stuck,
    Late,
    Restart,
    Drift,
}

impl Job {
    pub(super) fn new(number: usize) -> Self {
        let stage = STAGES.into_iter().rev().find(|(_, first, _)| *first <= number);
        let (name, first, base) = stage.unwrap_or(STAGES[0]);
        let own = signed(hash(Trait::Base as u64, index_of(number)));
        Self {
            label: format!("{name}-{:03}", number - first),
            number,
            base: base * (1.0 + 0.2 * own),
        }
    }

    /// Whether it sends anything.
    pub(super) fn reports(&self, minute: i64) -> bool {
        self.number != NEVER_STARTED && self.spell(Trait::Stuck, minute).is_none_or(|spell| spell.end <= minute)
    }

    /// How long after they were taken it has searched its data, in seconds: some, and up to hours while it falls behind.
    pub(super) fn latency(&self, minute: i64) -> f64 {
        let key = self.key(Trait::Latency);
        let chance = hash(key, minute);
        // Most often short, now and then long.
        let jitter = 0.25 * -(1.0 - unit(chance)).ln();
        let drift = 0.1 * wander(self.key(Trait::Drift), minute, 300);
        let start_up = 40.0 * (-self.uptime(minute) / 120.0).exp();
        let usual = self.base * (1.0 + drift + jitter + 0.02 * bell(chance)) + start_up;
        rounded(usual + self.behind(minute))
    }

    /// How long it has been running, in seconds.
    pub(super) fn uptime(&self, minute: i64) -> f64 {
        let planned_at = pick(hash(self.key(Trait::Restart), -1), WEEK);
        let planned = (minute - planned_at).div_euclid(WEEK) * WEEK + planned_at;
        // It is started anew after it hung.
        let freed = self.spell(Trait::Stuck, minute).map(|spell| spell.end);
        let since = freed
            .filter(|end| *end <= minute)
            .map_or(planned, |end| end.max(planned));
        ((minute - since) * 60) as f64
    }

    /// How far it has fallen behind, in seconds: nothing is searched while others need its machine, then all at five
    /// times the usual pace.
    fn behind(&self, minute: i64) -> f64 {
        let Some(spell) = self.spell(Trait::Late, minute) else {
            return 0.0;
        };
        let grown = (minute.min(spell.end) - spell.start) * 54;
        let caught_up = (minute - spell.end).max(0) * 270;
        (grown - caught_up).max(0) as f64
    }

    /// The last time when something befell it that began until a minute, unless that was more than a week ago.
    fn spell(&self, what: Trait, minute: i64) -> Option<Spell> {
        // Each job has blocks of its own, so that no minute is the end of all.
        let phase = pick(hash(self.key(what), -1), BLOCK);
        let block = (minute - phase).div_euclid(BLOCK);
        let spell_in = |block: i64| {
            let chance = |which: i64| hash(self.key(what), block * 3 + which);
            if unit(chance(2)) >= 0.95 {
                return None;
            }
            // It ends in the same block.
            let start = phase + block * BLOCK + pick(chance(0), BLOCK - 200);
            let end = start + 30 + pick(chance(1), 150);
            (start <= minute).then_some(Spell { start, end })
        };
        (block - WEEK / BLOCK - 1..=block).rev().find_map(spell_in)
    }

    fn key(&self, what: Trait) -> u64 {
        ((what as u64) << 32) + self.number as u64
    }
}

/// A time in which something is amiss, in minutes.
#[derive(Clone, Copy, Debug)]
struct Spell {
    start: i64,
    /// The first minute after it.
    end: i64,
}

fn index_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// In steps that 32-bit floats hold exactly.
fn rounded(seconds: f64) -> f64 {
    (seconds * 64.0).round() / 64.0
}
