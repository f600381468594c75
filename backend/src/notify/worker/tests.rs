//! What is sent, and what is left where a server dies in the middle. The clock is set by hand.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use shared::alarm::AlarmState;

use super::super::notice::tests::notice;
use super::super::plan::tests::{receiver, settings};
use super::super::{list, retry};
use super::*;
use crate::clock::ManualClock;
use crate::store::memory::MemoryStore;

const SECOND: i64 = 1_000_000;

/// Takes messages, or fails as it is told; may be left at two points in the middle.
#[derive(Debug, Default)]
struct Noted {
    got: Mutex<Vec<Message>>,
    fails: Mutex<VecDeque<Failure>>,
}

#[async_trait]
impl Transport for Noted {
    async fn send(&self, message: &Message) -> std::result::Result<(), Failure> {
        tokio::task::yield_now().await;
        let failure = self.fails.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message.clone());
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// A night with one receiver.
struct Night {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    settings: Arc<Settings>,
    noted: Arc<Noted>,
}

impl Night {
    fn new() -> Self {
        Self::with(settings())
    }

    fn with(settings: Settings) -> Self {
        Self {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(ManualClock::new(Timestamp::EPOCH)),
            settings: Arc::new(settings),
            noted: Arc::default(),
        }
    }

    /// A server that has just started.
    fn worker(&self) -> Worker {
        let (store, noted) = (Arc::clone(&self.store), Arc::clone(&self.noted));
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        let mut worker = Worker::new(store, clock, Arc::clone(&self.settings), receiver(), noted);
        worker.random = fastrand::Rng::with_seed(7);
        worker
    }

    async fn enqueue(&self, rules: &[&str]) {
        let now_us = self.clock.now().as_micros();
        let put = |rule: &&str| Delivery::new("crew", notice(rule, AlarmState::Alarm, now_us), now_us).put();
        let changes: Vec<_> = rules.iter().map(put).collect();
        assert_eq!(self.store.records().apply(&changes).await.unwrap(), Applied::All);
    }

    fn fail(&self, failure: Failure) {
        self.noted.fails.lock().unwrap().push_back(failure);
    }

    /// The rules of each message so far.
    fn got(&self) -> Vec<String> {
        let rules = |message: &Message| {
            let rules: Vec<_> = message.notices.iter().map(|notice| notice.rule.as_str()).collect();
            rules.join("+")
        };
        self.noted.got.lock().unwrap().iter().map(rules).collect()
    }

    async fn count(&self, collection: &str) -> usize {
        self.store.records().records(collection).await.unwrap().len()
    }

    async fn outbox(&self) -> shared::outbox::Outbox {
        list(self.store.records(), &self.settings, self.clock.now())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn what_waits_is_sent_once_and_remembered() {
    let night = Night::new();
    night.enqueue(&["a", "b"]).await;
    let mut worker = night.worker();
    worker.step().await.unwrap();
    worker.step().await.unwrap();
    assert_eq!(night.got(), ["a", "b"]);
    assert_eq!((night.count(OUTBOX).await, night.count(DONE).await), (0, 2));
    // Whoever tells it a second time, by the same key, also after a restart.
    night.enqueue(&["a"]).await;
    night.worker().step().await.unwrap();
    assert_eq!(night.got(), ["a", "b"]);
    assert_eq!(night.count(OUTBOX).await, 0);
}

#[tokio::test]
async fn nothing_is_lost_wherever_a_server_dies() {
    for n_polls in 1..12 {
        let night = Night::new();
        night.enqueue(&["a", "b"]).await;
        {
            let mut dying = night.worker();
            let mut step = std::pin::pin!(dying.step());
            for _ in 0..n_polls {
                if futures_util::poll!(&mut step).is_ready() {
                    break;
                }
            }
        }
        let before = night.got();
        let mut next = night.worker();
        next.step().await.unwrap();
        // What the dead server had claimed is free when the claim has ended.
        night.clock.advance_micros(CLAIM_MICROS);
        next.step().await.unwrap();
        let after = night.got();
        for rule in ["a", "b"] {
            let count = after.iter().filter(|got| *got == rule).count();
            // Twice only what was sent in the very moment.
            assert!((1..=2).contains(&count), "{n_polls}: {before:?} {after:?}");
        }
        assert!(after.len() <= 3, "{n_polls}: {after:?}");
        assert_eq!(night.count(OUTBOX).await, 0, "{n_polls}");
        assert_eq!(night.count(DONE).await, 2, "{n_polls}");
    }
}

#[tokio::test]
async fn of_several_servers_one_sends() {
    let night = Night::new();
    night.enqueue(&["a", "b", "c"]).await;
    let (mut one, mut two, mut three) = (night.worker(), night.worker(), night.worker());
    for _ in 0..3 {
        let (first, second, third) = tokio::join!(one.step(), two.step(), three.step());
        first.and(second).and(third).unwrap();
    }
    let mut got = night.got();
    got.sort();
    assert_eq!(got, ["a", "b", "c"]);
}

#[tokio::test]
async fn what_fails_is_tried_again_ever_later_and_given_up_in_the_end() {
    let night = Night::new();
    night.enqueue(&["a"]).await;
    let mut worker = night.worker();
    let mut tries = Vec::new();
    for second in 0..4000 {
        night.clock.set(Timestamp::from_micros(second * SECOND).unwrap());
        night.fail(Failure::later("it is down"));
        worker.step().await.unwrap();
        let mut fails = night.noted.fails.lock().unwrap();
        if fails.is_empty() {
            tries.push(second);
        }
        fails.clear();
    }
    let pauses: Vec<i64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        pauses
            .iter()
            .zip([15, 30, 60, 120, 240, 480, 960])
            .all(|(pause, expected)| { (expected * 3 / 4..=expected * 5 / 4 + 1).contains(pause) }),
        "{pauses:?}"
    );
    let outbox = night.outbox().await;
    assert!(outbox.pending.is_empty());
    let dead = &outbox.dead_letters[0];
    assert_eq!(
        dead.error,
        format!("given up after {} attempts: it is down", tries.len())
    );
    // A person sends it again.
    assert!(retry(night.store.records(), &dead.id, night.clock.now()).await.unwrap());
    night.clock.advance_micros(120 * SECOND);
    worker.step().await.unwrap();
    assert_eq!(night.got(), ["a"]);
    assert_eq!(night.outbox().await.dead_letters, []);
    assert!(
        !retry(night.store.records(), "unknown", night.clock.now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn what_is_refused_is_given_up_at_once_and_the_rest_goes_on() {
    let night = Night::new();
    night.enqueue(&["a", "b"]).await;
    night.fail(Failure::Refused("no such user".to_owned()));
    night.worker().step().await.unwrap();
    assert_eq!(night.got(), ["b"]);
    let outbox = night.outbox().await;
    assert_eq!(outbox.dead_letters[0].error, "no such user");
    assert_eq!(
        outbox.dead_letters[0].subject,
        "[LST-1] ALARM PACTA temperature too high: 24.9 °C"
    );
}

#[tokio::test]
async fn after_a_failure_the_receiver_is_left_in_peace_for_a_while() {
    let night = Night::new();
    night.enqueue(&["a", "b", "c"]).await;
    night.fail(Failure::Later {
        why: "too many requests".to_owned(),
        retry_after_micros: Some(100 * SECOND),
    });
    let mut worker = night.worker();
    worker.step().await.unwrap();
    night.clock.advance_micros(99 * SECOND);
    worker.step().await.unwrap();
    assert!(night.got().is_empty());
    night.clock.advance_micros(SECOND);
    worker.step().await.unwrap();
    assert_eq!(night.got(), ["a", "b", "c"]);
}

#[tokio::test]
async fn what_a_person_wants_to_be_tried_does_not_wait_for_the_end_of_a_pause() {
    let night = Night::new();
    night.enqueue(&["a", "b"]).await;
    night.fail(Failure::later("down"));
    let mut worker = night.worker();
    worker.step().await.unwrap();
    let failed = night.outbox().await.pending.into_iter().find(|item| item.attempts == 1);
    night.clock.advance_micros(SECOND);
    assert!(
        retry(night.store.records(), &failed.unwrap().id, night.clock.now())
            .await
            .unwrap()
    );
    worker.step().await.unwrap();
    assert_eq!(night.got(), ["a"]);
}

#[tokio::test]
async fn a_storm_is_one_digest_that_lists_all() {
    let night = Night::new();
    let rules: Vec<String> = (0..900).map(|number| format!("r{number:03}")).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    night.enqueue(&rules).await;
    night.worker().step().await.unwrap();
    let got = night.got();
    assert_eq!(got.iter().map(|message| message.split('+').count()).sum::<usize>(), 900);
    let text = night
        .noted
        .got
        .lock()
        .unwrap()
        .iter()
        .map(|message| message.text.clone())
        .collect::<String>();
    assert!(text.lines().count() >= 900);
    assert_eq!(night.count(OUTBOX).await, 0);
}

#[tokio::test]
async fn what_is_old_or_for_nobody_is_tidied_away() {
    let night = Night::new();
    night.enqueue(&["a"]).await;
    night.worker().step().await.unwrap();
    let stray = Delivery::new("gone", notice("b", AlarmState::Alarm, 0), 0);
    night.store.records().apply(&[stray.put()]).await.unwrap();
    tidy(night.store.records(), &night.settings, night.clock.now())
        .await
        .unwrap();
    assert_eq!((night.count(DONE).await, night.count(OUTBOX).await), (1, 0));
    assert_eq!(
        night.outbox().await.dead_letters[0].error,
        "there is no receiver \"gone\" in the configuration any more"
    );
    night.clock.advance_micros(REMEMBER_MICROS + 1);
    tidy(night.store.records(), &night.settings, night.clock.now())
        .await
        .unwrap();
    assert_eq!(night.count(DONE).await, 0);
}
