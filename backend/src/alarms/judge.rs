//! What the condition of a rule says at a moment, from what is known of its channels.
//!
//! A rule over several channels is judged by those that speak: a channel that is silent, or sends only null and NaN,
//! takes no part. But silence is never health: where a channel fired and then fell silent, so that with it the rule
//! would fire, the rule says NO DATA; where none speaks it says NO DATA, or UNKNOWN if what comes is no number.

use serde::{Deserialize, Serialize};
use shared::alarm::AlarmState;
use shared::value::Value;

use super::channels::{Channels, NEVER, level};
use super::rule::{Level, Test, Watch};

/// What a condition says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The state that it asks for.
    pub state: AlarmState,
    /// The channel that decided.
    pub channel: Option<u32>,
    /// Its newest number.
    pub value: Value,
    /// When that was taken; [`NEVER`] where there is none.
    pub time: i64,
    /// How many channels fulfil the condition.
    pub n_channels: u32,
    /// What cannot be told, and why.
    pub why: Why,
    /// What was computed: a mean, a difference, a count.
    pub figure: Option<Value>,
}

/// Why a rule cannot be judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It can be, or is silent.
    Nothing,
    /// It has not been yet.
    NotYet,
    /// The store knows no such metric.
    NoMetric,
    /// The metric has none of the channels.
    NoChannels,
    /// There are too many channels for so many values of each.
    TooMany,
    /// What comes is null or NaN.
    NoNumbers,
    /// There are not enough values.
    TooFew,
    /// Another rule cannot be told.
    Rule(String),
}

impl Outcome {
    /// Cannot be told.
    pub const fn unknown(why: Why) -> Self {
        Self {
            state: AlarmState::Unknown,
            channel: None,
            value: Value::NULL,
            time: NEVER,
            n_channels: 0,
            why,
            figure: None,
        }
    }
}

/// How the channels of a rule stand, and until when that is so if nothing comes.
#[derive(Debug)]
pub struct Judged {
    /// What the condition says.
    pub outcome: Outcome,
    /// When the clock alone may change it next.
    pub next: Option<i64>,
}

/// How many channels there are of each kind.
#[derive(Debug, Default)]
struct Tally {
    n_selected: u32,
    alarm: u32,
    warning: u32,
    ok: u32,
    open: u32,
    silent: u32,
    numberless: u32,
    /// Silent, and fired when last heard.
    silent_fired: u32,
    /// Sends no numbers, and fired when it last did.
    numberless_fired: u32,
    /// The one that decides: level, excess, channel.
    worst: Option<(u8, f64, usize)>,
}

/// Judges at a moment. `selected` are the channels that count, all of them without it; `began` is when the rule was first
/// watched.
pub fn judge(watch: &Watch, test: &Test, channels: &Channels, selected: Option<&[u32]>, at: i64, began: i64) -> Judged {
    let mut tally = Tally::default();
    let mut next = NextMoment { after: at, next: None };
    match selected {
        None => {
            for channel in 0..channels.len() {
                look(watch, test, channels, channel, at, began, &mut tally, &mut next);
            }
        }
        Some(selected) => {
            for channel in selected {
                let channel = *channel as usize;
                if channel < channels.len() {
                    look(watch, test, channels, channel, at, began, &mut tally, &mut next);
                }
            }
        }
    }
    Judged {
        outcome: decide(watch, test, channels, &tally),
        next: next.next,
    }
}

#[derive(Debug)]
struct NextMoment {
    after: i64,
    next: Option<i64>,
}

impl NextMoment {
    fn add(&mut self, moment: i64) {
        if self.after < moment && self.next.is_none_or(|next| moment < next) {
            self.next = Some(moment);
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the body of a loop over channels, in one place"
)]
fn look(
    watch: &Watch,
    test: &Test,
    channels: &Channels,
    channel: usize,
    at: i64,
    began: i64,
    tally: &mut Tally,
    next: &mut NextMoment,
) {
    tally.n_selected += 1;
    let heard = channels.heard.0[channel];
    let mut is_over = |since: i64, limit: i64| {
        let moment = since.saturating_add(limit);
        next.add(moment);
        moment <= at
    };
    match test {
        Test::Heartbeat { level } => {
            let limit = watch.silence_micros.unwrap_or(i64::MAX);
            // A channel that never spoke is expected from when the rule was first watched.
            let since = if heard == NEVER { began } else { heard };
            let is_silent = is_over(since, limit);
            let level = if is_silent {
                fired(level.unwrap_or_default())
            } else {
                level::OK
            };
            tally.add(level, -(since as f64), channel);
        }
        Test::Rate {
            level,
            samples,
            within_micros,
        } => {
            let times = channels.ring.times(channel);
            let is_watched = is_over(began, *within_micros);
            let is_slow = if channels.ring.is_full(channel) {
                is_over(times.first().copied().unwrap_or(NEVER), *within_micros)
            } else {
                true
            };
            let level = match (is_slow, is_watched) {
                (false, _) => level::OK,
                (true, true) => fired(*level),
                (true, false) => level::OPEN,
            };
            debug_assert!(times.len() <= *samples);
            tally.add(level, -(heard.max(began) as f64), channel);
        }
        _ => {
            let said = channels.level(channel);
            let has_fired = said == level::WARNING || said == level::ALARM;
            let number_heard = channels.number_heard.0[channel];
            if heard == NEVER {
                tally.silent += 1;
                return;
            }
            let limit = watch.silence_micros;
            if limit.is_some_and(|limit| is_over(heard, limit)) {
                tally.silent += 1;
                tally.silent_fired += u32::from(has_fired);
                return;
            }
            // Null and NaN leave the last number standing, for as long as a channel may be silent.
            let has_number = match limit {
                _ if number_heard == NEVER => false,
                Some(limit) => !is_over(number_heard, limit),
                None => number_heard == heard,
            };
            if has_number {
                let excess = excess(test, channels.value(channel));
                tally.add(said, excess, channel);
            } else {
                tally.numberless += 1;
                tally.numberless_fired += u32::from(has_fired);
            }
        }
    }
}

impl Tally {
    fn add(&mut self, level: u8, excess: f64, channel: usize) {
        match level {
            level::ALARM => self.alarm += 1,
            level::WARNING => self.warning += 1,
            level::OK => self.ok += 1,
            _ => {
                self.open += 1;
                return;
            }
        }
        let is_worse = self
            .worst
            .is_none_or(|(worst, most, _)| worst < level || (worst == level && most < excess));
        if is_worse {
            self.worst = Some((level, excess, channel));
        }
    }
}

const fn fired(level: Level) -> u8 {
    match level {
        Level::Warning => level::WARNING,
        Level::Alarm => level::ALARM,
    }
}

/// How far a value is beyond what is allowed, to find the channel that is worst, or nearest to it.
fn excess(test: &Test, value: Value) -> f64 {
    let Test::Threshold { warning, alarm } = test else {
        return 0.0;
    };
    let band = warning.or(*alarm);
    match (band, value.as_number()) {
        (Some(band), Some(number)) => band.excess(number),
        _ => f64::NEG_INFINITY,
    }
}

fn decide(watch: &Watch, test: &Test, channels: &Channels, tally: &Tally) -> Outcome {
    let needed = watch.at_least.min(tally.n_selected).max(1);
    let firing = tally.alarm + tally.warning;
    let (state, why) = if tally.n_selected == 0 {
        (AlarmState::Unknown, Why::NoChannels)
    } else if needed <= tally.alarm {
        (AlarmState::Alarm, Why::Nothing)
    } else if needed <= firing {
        (AlarmState::Warning, Why::Nothing)
    } else if needed <= firing + tally.silent_fired {
        (AlarmState::NoData, Why::Nothing)
    } else if needed <= firing + tally.silent_fired + tally.numberless_fired {
        (AlarmState::Unknown, Why::NoNumbers)
    } else if 0 < firing + tally.ok {
        (AlarmState::Ok, Why::Nothing)
    } else if 0 < tally.numberless {
        (AlarmState::Unknown, Why::NoNumbers)
    } else if 0 < tally.open {
        (AlarmState::Unknown, Why::TooFew)
    } else {
        (AlarmState::NoData, Why::Nothing)
    };
    let state = match (test, state) {
        (Test::Heartbeat { level: None }, AlarmState::Alarm | AlarmState::Warning) => AlarmState::NoData,
        (_, state) => state,
    };
    let worst = tally.worst.map(|(.., channel)| channel);
    let newest = || {
        // Of silent channels the one that was heard last.
        (0..channels.len()).max_by_key(|channel| channels.heard.0[*channel])
    };
    let channel = worst.or_else(|| if state == AlarmState::NoData { newest() } else { None });
    Outcome {
        state,
        channel: channel.and_then(|channel| u32::try_from(channel).ok()),
        value: channel.map_or(Value::NULL, |channel| channels.value(channel)),
        time: channel.map_or(NEVER, |channel| channels.time.0[channel]),
        n_channels: firing,
        why,
        figure: channel
            .and_then(|channel| figure(test, channels, channel))
            .map(Value::number),
    }
}

fn figure(test: &Test, channels: &Channels, channel: usize) -> Option<f64> {
    use super::channels::{change, count_outside, mean, step};

    let ring = &channels.ring;
    let is_full = ring.is_full(channel);
    match test {
        Test::Mean { .. } => is_full.then(|| mean(ring, channel)),
        Test::OfLast { range, .. } => is_full.then(|| count_outside(ring, channel, *range) as f64),
        Test::Step { .. } | Test::RelativeStep { .. } => step(ring, channel).map(|(before, _)| before),
        Test::Change { per_micros, .. } => is_full.then(|| change(ring, channel, *per_micros)),
        Test::Rate { .. } | Test::Threshold { .. } | Test::Heartbeat { .. } | Test::State { .. } => None,
    }
}
