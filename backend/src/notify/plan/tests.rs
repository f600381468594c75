//! Scheduling, with times in seconds.

use std::collections::BTreeMap;

use shared::alarm::AlarmState;

use super::super::notice::tests::notice;
use super::super::secret::Secret;
use super::super::settings::{Hook, Way};
use super::*;

const SECOND: i64 = 1_000_000;

pub(crate) fn receiver() -> Receiver {
    Receiver {
        name: "crew".to_owned(),
        way: Way::Slack(Hook {
            url: Secret::Text("http://127.0.0.1:1/".to_owned()),
            header: None,
            hmac: None,
        }),
        digest_after: 3,
        digest_window_micros: 600 * SECOND,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        give_up_after_micros: 3600 * SECOND,
        receivers: BTreeMap::from([("crew".to_owned(), receiver())]),
        ..Settings::default()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * SECOND).unwrap()
}

fn waiting(rule: &str, second: i64) -> Pending {
    let notice = notice(rule, AlarmState::Alarm, second * SECOND);
    Pending {
        version: 1,
        delivery: Delivery::new("crew", notice, second * SECOND),
    }
}

fn many(count: usize, second: i64) -> Vec<Pending> {
    (0..count).map(|index| waiting(&format!("r{index}"), second)).collect()
}

/// The tasks in short: the rules of each, and what is done with them.
fn told(settings: &Settings, second: i64, pending: Vec<Pending>, sent: &[i64]) -> String {
    let sent: Vec<i64> = sent.iter().map(|second| second * SECOND).collect();
    let rule = |pending: &Pending| pending.delivery.notice.rule.clone();
    let tasks = tasks(settings, &receiver(), at(second), pending, &sent);
    let words = tasks.iter().map(|task| match task {
        Task::Single(pending) => rule(pending),
        Task::GiveUp(pending) => format!("give up {}", rule(pending)),
        Task::Digest(together, reason) => {
            let rules: Vec<String> = together.iter().map(rule).collect();
            let why = match reason {
                Reason::TooMany { .. } => "digest",
                Reason::Maintenance(window) => &window.name,
            };
            format!("{why}({})", rules.join(" "))
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn few_go_one_by_one_by_their_time() {
    let settings = settings();
    let pending = vec![waiting("b", 20), waiting("a", 30), waiting("c", 10)];
    assert_eq!(told(&settings, 40, pending, &[]), "c, b, a");
}

#[test]
fn more_than_there_is_room_for_become_one_digest_and_then_one_each_while() {
    let settings = settings();
    assert_eq!(told(&settings, 10, many(4, 10), &[]), "digest(r0 r1 r2 r3)");
    // Two of three in the window are used up.
    assert_eq!(told(&settings, 400, many(1, 300), &[10, 20]), "r0");
    assert_eq!(told(&settings, 400, many(2, 300), &[10, 20]), "digest(r0 r1)");
    // All are: the next digest comes a third of the window after the last message.
    assert_eq!(told(&settings, 229, many(2, 100), &[10, 20, 30]), "");
    assert_eq!(told(&settings, 230, many(2, 100), &[10, 20, 30]), "digest(r0 r1)");
    assert_eq!(told(&settings, 230, many(1, 100), &[10, 20, 30]), "r0");
    // The window has gone by.
    assert_eq!(told(&settings, 630, many(3, 600), &[10, 20, 30]), "r0, r1, r2");
}

#[test]
fn what_is_claimed_or_waits_for_its_next_try_is_left_alone() {
    let settings = settings();
    let with = |claimed: Option<i64>, next: i64| {
        let mut pending = waiting("a", 0);
        pending.delivery.claimed_until_us = claimed.map(|second| second * SECOND);
        pending.delivery.next_try_us = next * SECOND;
        vec![pending]
    };
    assert_eq!(told(&settings, 10, with(Some(11), 0), &[]), "");
    assert_eq!(told(&settings, 11, with(Some(11), 0), &[]), "a");
    assert_eq!(told(&settings, 10, with(None, 11), &[]), "");
    assert_eq!(told(&settings, 11, with(None, 11), &[]), "a");
    assert_eq!(told(&settings, 3600, with(None, 9999), &[]), "give up a");
    assert_eq!(told(&settings, 3600, with(Some(3601), 0), &[]), "");
}

#[test]
fn nothing_is_sent_in_a_maintenance_and_all_of_it_is_told_afterwards() {
    let window = |name: &str, from, to, systems: &[&str]| Maintenance {
        name: name.to_owned(),
        from: at(from),
        to: at(to),
        systems: systems.iter().copied().map(str::to_owned).collect(),
    };
    let mut settings = Settings {
        maintenance: vec![window("washing", 100, 9000, &[])],
        ..settings()
    };
    let pending = vec![waiting("before", 99), waiting("in", 100), waiting("last", 8999)];
    assert_eq!(told(&settings, 100, pending.clone(), &[]), "");
    assert_eq!(told(&settings, 8999, pending.clone(), &[]), "");
    // The time in it does not count against what happened in it.
    assert_eq!(
        told(&settings, 9000, pending.clone(), &[]),
        "give up before, washing(in last)"
    );
    assert_eq!(
        told(&settings, 9000, vec![waiting("in", 200)], &[8900, 8910, 8920]),
        "washing(in)"
    );
    settings.maintenance = vec![window("other", 100, 9000, &["Drive"])];
    assert_eq!(told(&settings, 200, vec![waiting("a", 200)], &[]), "a");
    settings.maintenance = vec![window("camera", 100, 9000, &["Camera"])];
    assert_eq!(told(&settings, 200, vec![waiting("a", 200)], &[]), "");
}

#[test]
fn tries_come_ever_later_within_a_quarter_and_never_before_the_receiver_asks() {
    let next = |attempts, quarters: i64, asked: Option<i64>| {
        let asked = asked.map(|seconds| seconds * SECOND);
        next_try(0, attempts, |most| most * quarters / 4, asked) / (SECOND / 100)
    };
    let middle = [1, 2, 3, 7, 8, 9, 1000].map(|attempts| next(attempts, 2, None));
    assert_eq!(middle, [1500, 3000, 6000, 96_000, 180_000, 180_000, 180_000]);
    assert_eq!((next(1, 0, None), next(1, 4, None)), (1125, 1875));
    assert_eq!(next(1, 2, Some(100)), 10_000);
    assert_eq!(next(4, 2, Some(100)), 12_000);
}
