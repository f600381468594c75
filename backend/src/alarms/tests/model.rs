//! A second model of what rules say, written from what is documented of them, and to be obvious rather than quick: at
//! every second, and at every time of a sample that comes, it looks at the whole history again. Random histories, with
//! restarts in the middle, must lead both models through the same states, at the same seconds.
//!
//! [`meaning`] tells what a condition says by all that is known, [`told`] what the rule makes of that with its delays,
//! [`rules`] and [`history`] make both up.

mod history;
mod meaning;
mod rules;
mod told;

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::alarm::{AlarmAction, AlarmActionKind, AlarmEventKind, AlarmState};
use shared::value::Value;

use self::history::{Event, Sample};
use self::meaning::Known;
use self::rules::{Kind, Spec};
use self::told::Told;
use super::run::Run;

const SECOND: i64 = 1_000_000;

/// How many channels the metric of the rules has.
const N_CHANNELS: u32 = 3;

/// How long after the last event the rules are still looked at, in seconds.
const AFTERWARDS: i64 = 25;

/// What both models tell of a rule: what happened at which second, and how it stands in the end.
type Story = (Vec<String>, String);

fn standing(state: AlarmState, latched: Option<AlarmState>, [is_acknowledged, is_watched]: [bool; 2]) -> String {
    format!("{state:?}, latched {latched:?}, acknowledged {is_acknowledged}, watched {is_watched}")
}

/// What the rules say by this model. `events` are by rising second.
fn expected(specs: &[Spec], events: &[(i64, Event)], end: i64) -> Vec<Story> {
    let mut known = Known::default();
    let mut all: Vec<Told> = specs.iter().cloned().map(Told::new).collect();
    for second in 0..=end {
        by_the_clock(&mut all, &known, second);
        for (_, event) in events.iter().filter(|(at, _)| *at == second) {
            match event {
                Event::Restart => {}
                Event::Acknowledge(rule) => all[*rule].acknowledge(),
                Event::Samples(samples) => {
                    take(&mut all, &mut known, samples, second);
                    by_the_clock(&mut all, &known, second);
                }
            }
        }
    }
    let story = |told: &Told| {
        let standing = standing(told.state, told.latched, [told.is_acknowledged, told.is_watched]);
        (told.happened.clone(), standing)
    };
    all.iter().map(story).collect()
}

fn by_the_clock(all: &mut [Told], known: &Known, second: i64) {
    for index in 0..all.len() {
        let spec = all[index].spec.clone();
        let raw = match &spec.kind {
            // Those that it looks at come before it.
            Kind::Expression(expression) => expression.says(spec.level(), &all[..index]),
            _ => meaning::condition(&spec, known, second),
        };
        all[index].judge(raw, meaning::is_watched(&spec, known, second), second, second);
    }
}

/// Samples that come together are learned by rising time, each time as a whole, and judged as of then; one that is older
/// than what is known of its channel is history, which is not judged again.
fn take(all: &mut [Told], known: &mut Known, samples: &[Sample], second: i64) {
    let mut by_time: BTreeMap<i64, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        by_time.entry(sample.time).or_default().push(*sample);
    }
    for (time, samples) in by_time {
        let concerns = |spec: &Spec| {
            let is_of = |sample: &&Sample| match sample.channel {
                None => spec.unless.is_some(),
                Some(channel) => spec.selected().contains(&channel),
            };
            samples.iter().filter(is_of).any(|sample| known.is_news(sample))
        };
        let concerned: Vec<bool> = all.iter().map(|told| concerns(&told.spec)).collect();
        known.learn(&samples);
        for (told, is_concerned) in all.iter_mut().zip(concerned) {
            // Other rules are known as of now only.
            if is_concerned && !matches!(told.spec.kind, Kind::Expression(_)) {
                let as_of = time.min(second);
                let raw = meaning::condition(&told.spec, known, as_of);
                told.judge(raw, meaning::is_watched(&told.spec, known, as_of), as_of, second);
            }
        }
    }
}

/// What the rules say as they are evaluated in earnest.
fn actual(specs: &[Spec], events: &[(i64, Event)], end: i64) -> (Vec<Story>, String) {
    let text: String = specs.iter().map(rules::text).collect();
    let metrics = [("m".to_owned(), N_CHANNELS as usize), ("u".to_owned(), 1)];
    let mut run = Run::new(&text, &metrics, 0);
    let mut second = 0;
    for (at, event) in events {
        run.advance((at - second) * SECOND);
        second = *at;
        match event {
            Event::Restart => run.restart(),
            Event::Acknowledge(rule) => {
                let action = AlarmAction {
                    action: AlarmActionKind::Acknowledge,
                    by: "anna".to_owned(),
                    comment: "seen".to_owned(),
                    until: None,
                };
                // Refused where there is nothing to acknowledge.
                let _refused = run.act(&specs[*rule].name, &action);
            }
            Event::Samples(samples) => {
                let taken = |sample: &Sample| {
                    let metric = if sample.channel.is_some() { "m" } else { "u" };
                    let value = sample.value.map_or(Value::NAN, Value::number);
                    let channel = sample.channel.unwrap_or(0);
                    (metric.to_owned(), sample.time * SECOND, channel, value)
                };
                run.take(&samples.iter().map(taken).collect::<Vec<_>>());
            }
        }
    }
    run.advance((end - second) * SECOND);
    let story = |spec: &Spec| {
        let status = run.status(&spec.name);
        let standing = standing(
            status.state,
            status.latched,
            [status.acknowledged.is_some(), status.disabled.is_none()],
        );
        let of_rule = run.events().iter().filter(|event| event.rule == spec.name);
        let happened = of_rule.filter_map(|event| {
            let what = match event.kind {
                AlarmEventKind::State => format!("{:?}", event.state),
                AlarmEventKind::Disabled => "not watched".to_owned(),
                AlarmEventKind::Enabled => "watched".to_owned(),
                _ => return None,
            };
            Some(format!("{} {what}", event.time_us as f64 / SECOND as f64))
        });
        (happened.collect(), standing)
    };
    (specs.iter().map(story).collect(), text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn both_models_go_through_the_same_states(specs in rules::rules(), later in history::history()) {
        let events = history::dated(&later);
        let end = events.last().map_or(0, |(at, _)| *at) + AFTERWARDS;
        let (stories, text) = actual(&specs, &events, end);
        for ((spec, story), expected) in specs.iter().zip(&stories).zip(expected(&specs, &events, end)) {
            prop_assert_eq!(story, &expected, "{}\n{}\n{:#?}", spec.name, text, events);
        }
    }
}
