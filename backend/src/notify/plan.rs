//! What is to be done now for one receiver: a pure function of the time, of what waits and of what was sent.

use super::delivery::Delivery;
use super::digest::Reason;
use super::settings::{Maintenance, Receiver, Settings};
use shared::time::Timestamp;

/// How long to wait after the first failure; twice as long after each further one.
const FIRST_BACKOFF_MICROS: i64 = 15 * 1_000_000;

const MAX_BACKOFF_MICROS: i64 = 30 * 60 * 1_000_000;

/// A delivery as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Pending {
    /// The version of its record.
    pub(super) version: u64,
    pub(super) delivery: Delivery,
}

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Task {
    /// Send it by itself.
    Single(Pending),
    /// Send these together; more than one, or after a maintenance.
    Digest(Vec<Pending>, Reason),
    /// It was tried for too long.
    GiveUp(Pending),
}

/// What is to be done of deliveries to `receiver`; `sent` are the times of the messages that it got, in microseconds.
pub(super) fn tasks(
    settings: &Settings,
    receiver: &Receiver,
    now: Timestamp,
    mut waiting: Vec<Pending>,
    sent: &[i64],
) -> Vec<Task> {
    let now_us = now.as_micros();
    waiting.sort_by(|left, right| order(&left.delivery).cmp(&order(&right.delivery)));
    let mut tasks = Vec::new();
    let mut due = Vec::new();
    let mut silenced: Vec<(&Maintenance, Vec<Pending>)> = Vec::new();
    for pending in waiting {
        let delivery = &pending.delivery;
        let is_claimed = delivery.claimed_until_us.is_some_and(|until| now_us < until);
        if is_claimed || holds(settings, delivery, now) {
            continue;
        }
        let window = silencing(settings, delivery);
        let since_us = window.map_or(delivery.since_us, |window| window.to.as_micros().max(delivery.since_us));
        if settings.give_up_after_micros <= now_us - since_us {
            tasks.push(Task::GiveUp(pending));
        } else if delivery.next_try_us <= now_us {
            match window {
                None => due.push(pending),
                Some(window) => match silenced.iter_mut().find(|(of, _)| *of == window) {
                    Some((_, together)) => together.push(pending),
                    None => silenced.push((window, vec![pending])),
                },
            }
        }
    }
    for (window, together) in silenced {
        tasks.push(Task::Digest(together, Reason::Maintenance(window.clone())));
    }
    tasks.extend(within_rate(receiver, now_us, due, sent));
    tasks
}

/// Messages one by one while there is room for them, else one digest of all, or nothing while the next digest is not due.
fn within_rate(receiver: &Receiver, now_us: i64, mut due: Vec<Pending>, sent: &[i64]) -> Vec<Task> {
    let window_us = receiver.digest_window_micros;
    let recent = sent.iter().filter(|at| now_us - window_us < **at).count();
    if due.len() <= receiver.digest_after.saturating_sub(recent) {
        return due.into_iter().map(Task::Single).collect();
    }
    let pause_us = window_us / i64::try_from(receiver.digest_after.max(1)).unwrap_or(i64::MAX);
    let last = sent.iter().copied().max();
    if last.is_some_and(|last| now_us < last + pause_us) {
        return Vec::new();
    }
    let reason = Reason::TooMany {
        after: receiver.digest_after,
        window_micros: window_us,
    };
    match due.len() {
        1 => due.drain(..).map(Task::Single).collect(),
        _ => vec![Task::Digest(due, reason)],
    }
}

fn order(delivery: &Delivery) -> (i64, &str) {
    (delivery.notice.at_us, &delivery.key)
}

/// Whether it must wait for the end of a maintenance.
pub(super) fn holds(settings: &Settings, delivery: &Delivery, now: Timestamp) -> bool {
    let system = &delivery.notice.system;
    settings.maintenance.iter().any(|window| window.covers(system, now))
}

/// The maintenance in which it came about.
fn silencing<'a>(settings: &'a Settings, delivery: &Delivery) -> Option<&'a Maintenance> {
    let created = Timestamp::saturating_from_micros(delivery.created_us);
    let system = &delivery.notice.system;
    settings
        .maintenance
        .iter()
        .find(|window| window.covers(system, created))
}

/// When to try again after so many attempts. `by_chance` gives a number from 0 to the one it gets, which makes the wait a quarter
/// shorter or longer.
pub(super) fn next_try(
    now_us: i64,
    attempts: u32,
    by_chance: impl FnOnce(i64) -> i64,
    retry_after_micros: Option<i64>,
) -> i64 {
    let doubled = FIRST_BACKOFF_MICROS.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    let half = doubled.min(MAX_BACKOFF_MICROS) / 2;
    let asked = retry_after_micros.unwrap_or(0);
    now_us.saturating_add((half + half / 2 + by_chance(half)).max(asked))
}

#[cfg(test)]
pub(super) mod tests;
