//! What a condition says at a moment, by all samples that were ever learned, as the reference of the configuration has it.

use shared::alarm::AlarmState;

use super::history::Sample;
use super::rules::{Expression, Kind, Limit, Spec};
use super::told::Told;

/// All that is known, in the order in which it was learned.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Sample>);

impl Known {
    pub(super) fn learn(&mut self, samples: &[Sample]) {
        self.0.extend(samples);
    }

    /// Whether nothing later is known of its channel, and not the same: what is written again was judged when it came.
    pub(super) fn is_news(&self, sample: &Sample) -> bool {
        let at_its_time: Vec<_> = self
            .of(sample.channel)
            .filter(|known| known.time == sample.time)
            .map(|known| known.value)
            .collect();
        let is_known = match sample.channel {
            None => at_its_time.last() == Some(&sample.value),
            // What is no number does not undo one.
            Some(_) if sample.value.is_none() => !at_its_time.is_empty(),
            Some(_) => at_its_time.iter().flatten().last() == sample.value.as_ref(),
        };
        let was_heard = self.in_order(sample.channel).iter().map(heard).max();
        let is_known = is_known && Some(heard(sample)) <= was_heard;
        !is_known && self.of(sample.channel).all(|known| known.time <= sample.time)
    }

    fn of(&self, channel: Option<u32>) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| sample.channel == channel)
    }

    /// The samples of a channel without those that came when a later one was known.
    fn in_order(&self, channel: Option<u32>) -> Vec<Sample> {
        let mut kept: Vec<Sample> = Vec::new();
        for sample in self.of(channel) {
            if kept.last().is_none_or(|last| last.time <= sample.time) {
                kept.push(*sample);
            }
        }
        kept
    }

    /// The numbers of a channel by their times; of those written again the last counts, and what is no number has no
    /// place.
    fn numbers(&self, channel: u32) -> Vec<(i64, f64)> {
        let mut by_time = std::collections::BTreeMap::new();
        for sample in self.of(Some(channel)) {
            if let Some(value) = sample.value {
                by_time.insert(sample.time, value);
            }
        }
        by_time.into_iter().collect()
    }

    /// The last so many numbers, once there are as many.
    fn last(&self, channel: u32, count: usize) -> Option<Vec<(i64, f64)>> {
        let numbers = self.numbers(channel);
        let start = numbers.len().checked_sub(count)?;
        Some(numbers[start..].to_vec())
    }
}

/// When a sample was heard: nobody hears the future.
fn heard(sample: &Sample) -> i64 {
    sample.time.min(sample.arrival)
}

/// Whether a channel speaks as of a moment, by the last time that it was heard.
fn is_fresh(heard: Option<i64>, no_data: Option<i64>, as_of: i64) -> bool {
    heard.is_some_and(|heard| no_data.is_none_or(|no_data| as_of < heard + no_data))
}

/// Whether a rule is watched: not while the newest value is above the limit, and not too old.
pub(super) fn is_watched(spec: &Spec, known: &Known, as_of: i64) -> bool {
    let Some(unless) = spec.unless else { return true };
    let samples = known.in_order(None);
    let heard = samples.iter().map(heard).max();
    let value = samples.last().and_then(|newest| newest.value);
    !(is_fresh(heard, unless.no_data, as_of) && value.is_some_and(|value| unless.above < value))
}

/// How a channel stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stand {
    /// It speaks: what it says.
    Says(Says),
    /// It is silent; what it said last.
    Silent(Says),
    /// Nothing but null and NaN for as long as it may be silent; what it said last.
    NoNumbers(Says),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    Fine,
    Warning,
    Alarm,
    /// There are not enough values to tell.
    Open,
}

impl Says {
    const fn fires(self) -> bool {
        matches!(self, Self::Warning | Self::Alarm)
    }
}

/// What the condition of a rule by samples says as of a moment.
pub(super) fn condition(spec: &Spec, known: &Known, as_of: i64) -> AlarmState {
    let stands: Vec<Stand> = spec
        .selected()
        .into_iter()
        .map(|channel| stand(spec, known, channel, as_of))
        .collect();
    let count = |of: &dyn Fn(Stand) -> bool| stands.iter().filter(|stand| of(**stand)).count();
    let default = if matches!(spec.kind, Kind::Heartbeat) {
        u32::MAX
    } else {
        1
    };
    let needed = (spec.at_least.unwrap_or(default) as usize).min(stands.len());
    let alarms = count(&|stand| stand == Stand::Says(Says::Alarm));
    let firing = count(&|stand| matches!(stand, Stand::Says(says) if says.fires()));
    // Silence is never health: with those that fired and fell silent it would fire.
    let with_silent = firing + count(&|stand| matches!(stand, Stand::Silent(says) if says.fires()));
    let with_all = with_silent + count(&|stand| matches!(stand, Stand::NoNumbers(says) if says.fires()));
    if needed <= alarms {
        // A heartbeat without a severity says NO DATA.
        if spec.level() == AlarmState::NoData {
            AlarmState::NoData
        } else {
            AlarmState::Alarm
        }
    } else if needed <= firing {
        AlarmState::Warning
    } else if needed <= with_silent {
        AlarmState::NoData
    } else if needed <= with_all {
        AlarmState::Unknown
    } else if 0 < count(&|stand| matches!(stand, Stand::Says(says) if says != Says::Open)) {
        AlarmState::Ok
    } else if 0 < count(&|stand| !matches!(stand, Stand::Silent(_))) {
        AlarmState::Unknown
    } else {
        AlarmState::NoData
    }
}

fn stand(spec: &Spec, known: &Known, channel: u32, as_of: i64) -> Stand {
    let samples = known.in_order(Some(channel));
    let last_heard = samples.iter().map(heard).max();
    let fires = if spec.level() == AlarmState::Warning {
        Says::Warning
    } else {
        Says::Alarm
    };
    match spec.kind {
        Kind::Heartbeat => {
            // One that never spoke is expected from the beginning on.
            let is_fresh = is_fresh(last_heard.or(Some(0)), spec.no_data, as_of);
            return Stand::Says(if is_fresh { Says::Fine } else { fires });
        }
        Kind::Rate {
            samples: expected,
            within,
        } => {
            let mut came: Vec<(i64, i64)> = known
                .of(Some(channel))
                .map(|sample| (heard(sample), sample.time))
                .collect();
            came.sort_unstable();
            came.dedup();
            let count = came.iter().filter(|(heard, _)| as_of < heard + within).count();
            let says = match (expected <= count, within <= as_of) {
                (true, _) => Says::Fine,
                (false, true) => fires,
                // It was not watched for long enough.
                (false, false) => Says::Open,
            };
            return Stand::Says(says);
        }
        _ => {}
    }
    let says = says(spec, known, channel, fires);
    // A number holds, whatever comes after it that is none, for as long as a channel may be silent.
    let numbers = samples.iter().rposition(|sample| sample.value.is_some());
    let number_heard = numbers.and_then(|last| samples[..=last].iter().map(heard).max());
    let has_number = match spec.no_data {
        Some(_) => is_fresh(number_heard, spec.no_data, as_of),
        None => number_heard.is_some() && number_heard == last_heard,
    };
    if !is_fresh(last_heard, spec.no_data, as_of) {
        Stand::Silent(says)
    } else if !has_number {
        Stand::NoNumbers(says)
    } else {
        Stand::Says(says)
    }
}

/// What a channel says by its numbers alone.
fn says(spec: &Spec, known: &Known, channel: u32, fires: Says) -> Says {
    let told = |holds: Option<bool>| match holds {
        None => Says::Open,
        Some(false) => Says::Fine,
        Some(true) => fires,
    };
    // In the order in which they came, as far as they were the newest then.
    let newest = || {
        known
            .in_order(Some(channel))
            .into_iter()
            .filter_map(|sample| sample.value)
    };
    let step = |is_over: &dyn Fn(f64, f64) -> bool| known.last(channel, 2).map(|last| is_over(last[0].1, last[1].1));
    match &spec.kind {
        Kind::Threshold {
            above,
            below,
            warning_above,
        } => {
            let is_out = newest().fold(false, |was_out, value| {
                is_beyond(*above, was_out, value) || is_beyond(below.map(mirrored), was_out, -value)
            });
            let is_warned = newest().fold(false, |was_out, value| is_beyond(*warning_above, was_out, value));
            match (newest().next().is_some(), is_out, is_warned) {
                (false, ..) => Says::Open,
                (true, true, _) => fires,
                (true, false, true) => Says::Warning,
                (true, false, false) => Says::Fine,
            }
        }
        Kind::Mean { last, low, high } => told(known.last(channel, *last).map(|numbers| {
            let mean = numbers.iter().map(|(_, value)| value).sum::<f64>() / *last as f64;
            !is_inside(mean, *low, *high)
        })),
        Kind::OfLast {
            last,
            outside,
            low,
            high,
        } => told(known.last(channel, *last).map(|numbers| {
            *outside
                <= numbers
                    .iter()
                    .filter(|(_, value)| !is_inside(*value, *low, *high))
                    .count()
        })),
        // What cannot be told to be within, as from infinity to infinity, is not.
        Kind::Step { most } => told(step(&|before, last| {
            let difference = (last - before).abs();
            difference.is_nan() || *most < difference
        })),
        Kind::RelativeStep { factor } => told(step(&|before, last| {
            // Of the sizes; another sign is another size altogether.
            let (size, size_before) = if before < 0.0 { (-last, -before) } else { (last, before) };
            !(size_before / factor <= size && size <= size_before * factor)
        })),
        Kind::Change { most, per, last } => told(known.last(channel, *last).map(|numbers| {
            let ((from, first), (to, newest)) = (numbers[0], numbers[last - 1]);
            let change = (newest - first).abs() * *per as f64;
            change.is_nan() || *most * ((to - from) as f64) < change
        })),
        Kind::State { states } => told(newest().next_back().map(|value| states.contains(&value))),
        Kind::Heartbeat | Kind::Rate { .. } | Kind::Expression(_) => Says::Open,
    }
}

fn is_inside(value: f64, low: f64, high: f64) -> bool {
    low < value && value < high
}

/// Whether a value is beyond a limit, or was, and has not come back far enough.
fn is_beyond(limit: Option<Limit>, was_beyond: bool, value: f64) -> bool {
    limit.is_some_and(|Limit { at, clear }| if was_beyond { clear < value } else { at < value })
}

fn mirrored(limit: Limit) -> Limit {
    Limit {
        at: -limit.at,
        clear: -limit.clear,
    }
}

impl Expression {
    /// What it says of the first two rules: true or false where that does not depend on what is not known.
    pub(super) fn says(self, level: AlarmState, rules: &[Told]) -> AlarmState {
        let possible = |rule: &Told| match rule.fires() {
            Some(fires) => vec![fires],
            None => vec![false, true],
        };
        let mut outcomes = Vec::new();
        for a in possible(&rules[0]) {
            for b in possible(&rules[1]) {
                outcomes.push(self.holds([a, b]));
            }
        }
        outcomes.dedup();
        match outcomes[..] {
            [true] => level,
            [false] => AlarmState::Ok,
            _ => AlarmState::Unknown,
        }
    }
}
