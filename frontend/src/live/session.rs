//! What the page has subscribed to, and up to where it has been told: no sockets, no clocks.
//!
//! A position is only believed where it is proven. An increment proves that of its own subscription. A heartbeat tells
//! that of all subscriptions that the server knew when it sent it, and those are at least the ones of every message that
//! came before one to whose subscriptions there was an increment.

use shared::live::{ClientMessage, MAX_SUBSCRIPTIONS, Position, Question, Subscription};

/// Heartbeats after which a line that was cut and is there again has delivered what was missed.
const BEATS_TO_CATCH_UP: u32 = 2;

#[derive(Clone, PartialEq, Debug)]
struct Entry {
    /// Its name in the page, which it keeps.
    key: u32,
    /// Its name on the line; another one when it begins anew.
    id: u32,
    question: Question,
    since: Option<Position>,
    /// In which message of this line it was named first, counted from 1; 0 for none.
    named_in: u32,
    is_refused: bool,
    /// Whether it goes on while the others are held.
    is_steady: bool,
}

/// All subscriptions of the page.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Session {
    entries: Vec<Entry>,
    last_key: u32,
    last_id: u32,
    /// Messages sent on this line.
    n_sent: u32,
    /// The last one of them that the server is known to have read.
    n_read: u32,
    /// Heartbeats since the first message of this line.
    n_beats: u32,
    /// The position in the first heartbeat of this line.
    floor: Option<Position>,
    has_caught_up: bool,
    is_held: bool,
}

impl Session {
    /// Takes on a question, and gives the key by which it is known from here on.
    pub fn open(&mut self, question: Question, since: Option<Position>, is_steady: bool) -> u32 {
        self.last_key += 1;
        self.last_id += 1;
        self.entries.push(Entry {
            key: self.last_key,
            id: self.last_id,
            question,
            since,
            named_in: 0,
            is_refused: false,
            is_steady,
        });
        self.last_key
    }

    /// Lets go of a question.
    pub fn close(&mut self, key: u32) {
        self.entries.retain(|entry| entry.key != key);
    }

    /// Whether increments come for a question, as long as the line is there: it is subscribed, and there is an answer.
    pub fn feeds(&self, key: u32) -> bool {
        let is_fed = |entry: &Entry| entry.named_in > 0 && entry.since.is_some() && !entry.is_refused;
        self.entries.iter().any(|entry| entry.key == key && is_fed(entry))
    }

    /// Whether what was missed while the line was cut is here.
    pub const fn has_caught_up(&self) -> bool {
        self.has_caught_up
    }

    /// A new line: the server knows nothing of the page.
    pub fn restart(&mut self) {
        for entry in &mut self.entries {
            (entry.named_in, entry.is_refused) = (0, false);
        }
        (self.n_sent, self.n_read, self.n_beats) = (0, 0, 0);
        (self.floor, self.has_caught_up) = (None, false);
    }

    /// Holds all but the steady questions: nothing comes for them, until they go on from where they are.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// What is to be sent: all that the page wants to hear.
    pub fn message(&mut self) -> ClientMessage {
        self.n_sent += 1;
        let mut named = Vec::new();
        for entry in &mut self.entries {
            let is_wanted = !entry.is_refused && (entry.is_steady || !self.is_held);
            if !is_wanted || named.len() == MAX_SUBSCRIPTIONS {
                entry.named_in = 0;
                continue;
            }
            if entry.named_in == 0 {
                entry.named_in = self.n_sent;
            }
            named.push(Subscription {
                id: entry.id,
                question: entry.question.clone(),
                since: entry.since,
            });
        }
        ClientMessage::Subscribe(named)
    }

    /// Takes the position of an increment, and tells whose it is; `None` for one that nobody waits for any more.
    pub fn increment(&mut self, id: u32, position: Position) -> Option<u32> {
        let is_named = |entry: &&mut Entry| entry.id == id && entry.named_in > 0;
        let entry = self.entries.iter_mut().find(is_named)?;
        entry.since = Some(position);
        self.n_read = self.n_read.max(entry.named_in);
        Some(entry.key)
    }

    /// Takes the position of a heartbeat.
    pub fn heartbeat(&mut self, position: Position) {
        let floor = *self.floor.get_or_insert(position);
        if self.n_sent > 0 {
            self.n_beats += 1;
        }
        self.has_caught_up |= self.n_beats >= BEATS_TO_CATCH_UP && position >= floor;
        for entry in &mut self.entries {
            let is_known = (1..=self.n_read).contains(&entry.named_in);
            let is_told = entry
                .since
                .is_some_and(|since| since.epoch == position.epoch && since < position);
            if is_known && is_told {
                entry.since = Some(position);
            }
        }
    }

    /// What the page has cannot be completed: the question begins anew, under another name, with all of its answer.
    pub fn resync(&mut self, id: u32) {
        let key = self.entries.iter().find(|entry| entry.id == id).map(|entry| entry.key);
        if let Some(key) = key {
            self.begin_anew(key);
        }
    }

    /// The same for a question by its key.
    pub fn begin_anew(&mut self, key: u32) {
        self.last_id += 1;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            (entry.id, entry.since, entry.named_in) = (self.last_id, None, 0);
        }
    }

    /// The server does not want to.
    pub fn refuse(&mut self, id: u32) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            entry.is_refused = true;
        }
    }
}

/// How long to wait before the line is tried again, in milliseconds: twice as long after each failure, up to ten
/// seconds, and of that somewhere between half and all, so that the pages of a whole site do not come at once.
///
/// `random` is between 0 and 1.
pub fn wait_ms(n_failures: u32, random: f64) -> f64 {
    const FIRST_MS: f64 = 300.0;
    const LONGEST_MS: f64 = 10_000.0;
    let whole = (FIRST_MS * f64::from(1_u32 << n_failures.min(10))).min(LONGEST_MS);
    whole * f64::midpoint(1.0, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: u64) -> Position {
        Position { epoch: 1, sequence }
    }

    fn latest(name: &str) -> Question {
        Question::Latest(name.to_owned())
    }

    fn named(session: &mut Session) -> Vec<(u32, Option<u64>)> {
        let ClientMessage::Subscribe(all) = session.message();
        let told = all.iter().map(|one| (one.id, one.since.map(|since| since.sequence)));
        told.collect()
    }

    #[test]
    fn after_a_cut_each_question_goes_on_from_its_own_position() {
        let mut session = Session::default();
        let first = session.open(latest("a"), Some(at(5)), false);
        session.open(latest("b"), None, false);
        assert_eq!(named(&mut session), [(1, Some(5)), (2, None)]);
        assert_eq!(session.increment(1, at(9)), Some(first));
        session.restart();
        assert!(!session.feeds(first));
        assert_eq!(named(&mut session), [(1, Some(9)), (2, None)]);
        assert!(session.feeds(first));
    }

    #[test]
    fn a_heartbeat_that_may_have_been_sent_before_a_question_was_read_proves_nothing_about_it() {
        let mut session = Session::default();
        session.open(latest("a"), Some(at(5)), false);
        session.message();
        session.heartbeat(at(20));
        assert_eq!(
            named(&mut session),
            [(1, Some(5))],
            "nothing shows that the server read the message"
        );
        session.increment(1, at(21));
        session.open(latest("b"), Some(at(7)), false);
        session.message();
        session.heartbeat(at(30));
        assert_eq!(named(&mut session), [(1, Some(30)), (2, Some(7))]);
    }

    #[test]
    fn a_page_has_caught_up_with_the_second_heartbeat_that_is_not_behind_the_first() {
        let mut session = Session::default();
        session.open(latest("a"), Some(at(5)), false);
        session.heartbeat(at(40));
        session.message();
        session.heartbeat(at(12));
        session.heartbeat(at(12));
        assert!(!session.has_caught_up());
        session.heartbeat(at(40));
        assert!(session.has_caught_up());
        session.restart();
        assert!(!session.has_caught_up());
    }

    #[test]
    fn what_cannot_be_completed_begins_anew_under_another_name() {
        let mut session = Session::default();
        let key = session.open(latest("a"), Some(at(5)), false);
        session.message();
        session.resync(1);
        assert_eq!(named(&mut session), [(2, None)]);
        assert_eq!(
            session.increment(1, at(6)),
            None,
            "what was under way under the old name is of no use"
        );
        assert_eq!(session.increment(2, at(7)), Some(key));
        session.refuse(2);
        assert!(!session.feeds(key));
        assert!(named(&mut session).is_empty());
    }

    #[test]
    fn what_is_held_goes_on_from_where_it_was() {
        let mut session = Session::default();
        session.open(latest("a"), Some(at(5)), false);
        session.open(Question::Alarms, None, true);
        session.message();
        session.hold(true);
        assert_eq!(named(&mut session), [(2, None)]);
        assert_eq!(session.increment(1, at(6)), None, "nothing moves while it is held");
        session.hold(false);
        assert_eq!(named(&mut session), [(1, Some(5)), (2, None)]);
    }

    #[test]
    fn no_more_is_subscribed_than_the_server_takes() {
        let mut session = Session::default();
        let keys: Vec<u32> = (0..300)
            .map(|_| session.open(Question::Streams, Some(at(1)), false))
            .collect();
        assert_eq!(named(&mut session).len(), MAX_SUBSCRIPTIONS);
        let fed = keys.iter().filter(|key| session.feeds(**key)).count();
        assert_eq!(fed, MAX_SUBSCRIPTIONS, "the others are asked over HTTP");
    }

    #[test]
    fn the_wait_grows_up_to_ten_seconds_and_is_never_the_same_for_all() {
        let waits = [0, 1, 2, 5, 9].map(|failures| wait_ms(failures, 1.0));
        let wanted = [300.0, 600.0, 1_200.0, 9_600.0, 10_000.0];
        assert!(
            waits
                .iter()
                .zip(wanted)
                .all(|(wait, wanted)| (wait - wanted).abs() < 0.5),
            "{waits:?}"
        );
        assert!((wait_ms(5, 0.0) - 4_800.0).abs() < 1e-9);
        assert!(wait_ms(u32::MAX, 0.5) < 10_000.0);
    }
}
