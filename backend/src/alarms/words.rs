//! Rules and what they say, in words.

use std::fmt::Write as _;

use shared::alarm::AlarmState;
use shared::value::Value;

use super::judge::{Outcome, Why};
use super::rule::{Band, Condition, OpenRange, Rule, Test, Watch};
use super::state::{Decisive, Part, RuleState};
use super::step::Binding;

/// The rule in words: `camera.pacta > 24 °C, clears at 23.5 °C, for 2 min`.
pub fn condition(rule: &Rule) -> String {
    let mut text = match &rule.condition {
        Condition::Samples { watch, test } => of_samples(watch, test),
        Condition::Expression { expression, .. } => expression.to_string(),
    };
    let mut add = |part: String| {
        text.push_str(", ");
        text.push_str(&part);
    };
    if 0 < rule.delay_micros {
        add(format!("for {}", duration(rule.delay_micros)));
    }
    if 0 < rule.clear_delay_micros {
        add(format!("clears after {}", duration(rule.clear_delay_micros)));
    }
    if let Some(unless) = &rule.unless {
        add(format!("unless {}", unless.reason));
    }
    if let Condition::Samples { watch, test } = &rule.condition
        && !matches!(test, Test::Heartbeat { .. } | Test::Rate { .. })
        && let Some(limit) = watch.silence_micros
    {
        add(format!("no data after {}", duration(limit)));
    }
    text
}

fn of_samples(watch: &Watch, test: &Test) -> String {
    let who = whose(watch);
    let unit = &watch.unit;
    match test {
        Test::Threshold { warning, alarm } => {
            let both = warning.is_some() && alarm.is_some();
            let band = |band: &Option<Band>, word: &str| {
                let band = band.as_ref()?;
                let outside = outside(band, unit);
                Some(if both { format!("{word} {outside}") } else { outside })
            };
            let parts: Vec<String> = [band(warning, "warning"), band(alarm, "alarm")]
                .into_iter()
                .flatten()
                .collect();
            format!("{who} {}", parts.join("; "))
        }
        Test::Mean { last, range, .. } => {
            format!("mean of the last {last} of {who} not inside {}", inside(*range, unit))
        }
        Test::OfLast {
            last, outside, range, ..
        } => format!(
            "{outside} of the last {last} of {who} not inside {}",
            inside(*range, unit)
        ),
        Test::Step { most, .. } => format!(
            "{who} differs from the value before by more than {}",
            number(*most, unit)
        ),
        Test::RelativeStep { factor, .. } => {
            format!("{who} differs from the value before by more than a factor of {factor}")
        }
        Test::Change {
            most, per_micros, last, ..
        } => format!(
            "{who} changes by more than {} per {} over the last {last} values",
            number(*most, unit),
            duration(*per_micros)
        ),
        Test::Heartbeat { .. } => match watch.silence_micros {
            Some(limit) => format!("no sample of {who} for {}", duration(limit)),
            None => format!("no sample of {who}"),
        },
        Test::Rate {
            samples, within_micros, ..
        } => format!("fewer than {samples} samples of {who} in {}", duration(*within_micros)),
        Test::State { states, .. } => {
            let labels: Vec<&str> = states.iter().map(|(_, label)| label.as_str()).collect();
            format!("{who} is {}", labels.join(" or "))
        }
    }
}

/// Which channels of which metric.
fn whose(watch: &Watch) -> String {
    let metric = &watch.metric;
    let listed = match watch.channels.as_slice() {
        [] => String::new(),
        few if few.len() <= 4 => format!("[{}]", few.join(", ")),
        many => format!("[{} channels]", many.len()),
    };
    match (watch.at_least, watch.channels.len()) {
        (1, 1) => format!("{metric}{listed}"),
        (1, _) => format!("any channel of {metric}{listed}"),
        (u32::MAX, _) => format!("{metric}{listed}"),
        (k, _) => format!("at least {k} channels of {metric}{listed}"),
    }
}

fn outside(band: &Band, unit: &str) -> String {
    let mut parts = Vec::new();
    if band.low.is_finite() {
        parts.push(format!("< {}", number(band.low, unit)));
    }
    if band.high.is_finite() {
        parts.push(format!("> {}", number(band.high, unit)));
    }
    let mut text = parts.join(" or ");
    let clears: Vec<String> = [(band.low, band.clear_low), (band.high, band.clear_high)]
        .into_iter()
        .filter(|(end, clear)| end.is_finite() && !super::rule::same(*end, *clear))
        .map(|(_, clear)| number(clear, unit))
        .collect();
    if !clears.is_empty() {
        // Writing into a text cannot fail.
        let _written = write!(text, ", clears at {}", clears.join(" and "));
    }
    text
}

fn inside(range: OpenRange, unit: &str) -> String {
    match (range.low.is_finite(), range.high.is_finite()) {
        (true, true) => format!("({}, {}) {unit}", range.low, range.high).trim_end().to_owned(),
        (true, false) => format!("above {}", number(range.low, unit)),
        (false, _) => format!("below {}", number(range.high, unit)),
    }
}

fn number(number: f64, unit: &str) -> String {
    format!("{number} {unit}").trim_end().to_owned()
}

/// A value as people read it, cut to what a display needs.
fn shown(value: Value, unit: &str) -> String {
    match value.as_number() {
        None => "no value".to_owned(),
        Some(number) if number.is_finite() => {
            let rounded = format!("{number:.3}");
            let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
            let is_coarse = number.abs() < 0.01 && number != 0.0;
            let text = if is_coarse {
                format!("{number:.3e}")
            } else {
                rounded.to_owned()
            };
            format!("{text} {unit}").trim_end().to_owned()
        }
        Some(number) => number.to_string(),
    }
}

/// A time as people say it: `90 s`, `2 min`, `1.5 h`.
pub fn duration(micros: i64) -> String {
    let units = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "min"),
        (1_000_000, "s"),
        (1_000, "ms"),
    ];
    for (unit, word) in units {
        if unit <= micros && micros % (unit / 10).max(1) == 0 {
            return format!("{} {word}", micros as f64 / unit as f64);
        }
    }
    format!("{micros} µs")
}

/// One line about how a rule stands: `limit 24`, `needs tib-busy`, `of 265 channels 3`.
pub fn detail(rule: &Rule, outcome: &Outcome) -> String {
    match (&outcome.why, &rule.condition) {
        (Why::Rule(name), _) => format!("needs {name}"),
        (Why::NotYet, _) => "not evaluated yet".to_owned(),
        (Why::NoMetric, Condition::Samples { watch, .. }) => format!("there is no metric {}", watch.metric),
        (Why::NoChannels, Condition::Samples { watch, .. }) => format!("{} has none of its channels", watch.metric),
        (Why::TooMany, _) => "too many channels to look back so far".to_owned(),
        (Why::NoNumbers, _) => "what comes is no number".to_owned(),
        (
            Why::TooFew,
            Condition::Samples {
                test: Test::Rate { .. },
                ..
            },
        ) => "not watched for long enough yet".to_owned(),
        (Why::TooFew, _) => "not enough values yet".to_owned(),
        (_, Condition::Expression { expression, .. }) => expression.to_string(),
        (_, Condition::Samples { watch, test }) => of_outcome(watch, test, outcome),
    }
}

fn of_outcome(watch: &Watch, test: &Test, outcome: &Outcome) -> String {
    let unit = &watch.unit;
    let figure = || outcome.figure.map_or_else(String::new, |figure| shown(figure, unit));
    match test {
        _ if outcome.state == AlarmState::NoData && !matches!(test, Test::Heartbeat { .. }) => {
            match watch.silence_micros {
                Some(limit) => format!("silent for more than {}", duration(limit)),
                None => "silent".to_owned(),
            }
        }
        Test::Threshold { warning, alarm } => {
            let band = if outcome.state == AlarmState::Alarm {
                alarm
            } else {
                &warning.or(*alarm)
            };
            let number = outcome.value.as_number();
            let limit = band.zip(number).map(|(band, number)| {
                if band.high - number < number - band.low {
                    band.high
                } else {
                    band.low
                }
            });
            limit.map_or_else(String::new, |limit| format!("limit {}", number_of(limit)))
        }
        Test::Mean { last, .. } => format!("mean of the last {last}: {}", figure()),
        Test::OfLast { last, outside, .. } => {
            let count = outcome.figure.and_then(Value::as_number).unwrap_or(0.0);
            format!("{count} of the last {last} outside, limit {outside}")
        }
        Test::Step { .. } | Test::RelativeStep { .. } => format!("before {}", figure()),
        Test::Change { per_micros, most, .. } => {
            format!("{} per {}, limit {most}", figure(), duration(*per_micros))
        }
        Test::Heartbeat { .. } => match watch.silence_micros {
            Some(limit) => format!("expected within {}", duration(limit)),
            None => String::new(),
        },
        Test::Rate {
            samples, within_micros, ..
        } => format!("expected {samples} in {}", duration(*within_micros)),
        Test::State { states, .. } => {
            let number = outcome.value.as_number();
            let state = states
                .iter()
                .find(|(state, _)| number.is_some_and(|number| super::rule::same(*state, number)));
            state.map_or_else(String::new, |(_, label)| label.clone())
        }
    }
}

fn number_of(limit: f64) -> String {
    format!("{limit}")
}

/// What changed, for the history: `24.6 °C, limit 24, channel 1203`.
pub fn happened(rule: &Rule, binding: &Binding, state: &RuleState) -> String {
    let outcome = &state.outcome;
    let mut parts = Vec::new();
    if let Condition::Samples { watch, .. } = &rule.condition
        && !outcome.value.is_null()
    {
        parts.push(shown(outcome.value, &watch.unit));
    }
    parts.push(detail(rule, outcome));
    let label = label(binding, outcome.channel);
    if !label.is_empty() && binding.watched.as_ref().is_some_and(|watched| 1 < watched.n_channels) {
        parts.push(format!("channel {label}"));
    }
    if 1 < outcome.n_channels {
        parts.push(format!("{} channels", outcome.n_channels));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// That a rule changes too often.
pub fn flapping(rule: &Rule) -> String {
    rule.flap.map_or_else(String::new, |flap| {
        format!("more than {} changes in {}", flap.changes, duration(flap.within_micros))
    })
}

/// The label of a channel; empty without one.
pub fn label(binding: &Binding, channel: Option<u32>) -> String {
    let labels = binding.watched.as_ref().map_or(&[][..], |watched| &watched.labels);
    channel
        .map(|channel| {
            labels
                .get(channel as usize)
                .cloned()
                .unwrap_or_else(|| channel.to_string())
        })
        .unwrap_or_default()
}

/// What a sample meant.
pub fn meaning(rule: &Rule, sample: &Decisive) -> String {
    match sample.part {
        Part::Before => String::new(),
        Part::First => "the condition holds".to_owned(),
        Part::Again => "it still holds".to_owned(),
        Part::DelayOver => format!("it still holds: delay of {} over", duration(rule.delay_micros)),
        Part::Clearing => "it does not hold any more".to_owned(),
    }
}
