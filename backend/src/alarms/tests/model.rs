//! A second model of what a rule says, written to be obvious rather than quick: it looks at every second of the whole
//! history again, keeps nothing between them but the samples, and finds delays by looking back. Random histories, with
//! restarts in the middle, must give the same in both.

use proptest::prelude::*;
use shared::alarm::AlarmState;
use shared::value::Value;

use super::run::Run;

const SECOND: i64 = 1_000_000;

/// What comes in: so many seconds later, some samples that were taken so many seconds ago.
#[derive(Clone, Debug)]
struct Arrival {
    pause: i64,
    samples: Vec<(u32, i64, Option<f64>)>,
    is_restarted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Numbers {
    above: f64,
    clear: f64,
    delay: i64,
    clear_delay: i64,
    no_data: i64,
    at_least: u32,
}

/// A moment at which the rule is judged: as of when, and at which second by the clock.
#[derive(Clone, Copy, Debug)]
struct Judgement {
    as_of: i64,
    is_now: bool,
    raw: AlarmState,
}

const N_CHANNELS: u32 = 3;

/// Channel, time, value.
type Samples = Vec<(u32, i64, Option<f64>)>;

/// What is known at a moment: second of arrival, channel, time, value; in the order in which it was learned.
type Known = Vec<(i64, u32, i64, Option<f64>)>;

/// Whether a channel is out by all that is known: goes through its samples, leaving out those that came out of order.
fn is_out(numbers: Numbers, known: &Known, channel: u32) -> bool {
    let mut newest = i64::MIN;
    let mut is_out = false;
    for (_, of, time, value) in known {
        if *of != channel || *time < newest {
            continue;
        }
        newest = *time;
        if let Some(value) = value {
            let limit = if is_out { numbers.clear } else { numbers.above };
            is_out = *value > limit;
        }
    }
    is_out
}

/// The last moment at which a channel was heard, by samples of some kind.
fn heard(known: &Known, channel: u32, counts: impl Fn(Option<f64>) -> bool) -> Option<i64> {
    let mut newest = i64::MIN;
    let mut heard: Option<i64> = None;
    let mut last_heard: Option<i64> = None;
    for (arrival, of, time, value) in known {
        if *of != channel || *time < newest {
            continue;
        }
        newest = *time;
        last_heard = last_heard.max(Some((*time).min(*arrival)));
        if counts(*value) {
            heard = last_heard;
        }
    }
    heard
}

fn raw(numbers: Numbers, known: &Known, as_of: i64) -> AlarmState {
    let is_fresh = |heard: Option<i64>| heard.is_some_and(|heard| as_of < heard + numbers.no_data);
    let (mut firing, mut fine, mut mute_fired, mut numberless_fired, mut numberless) = (0, 0, 0, 0, 0);
    for channel in 0..N_CHANNELS {
        let fired = u32::from(is_out(numbers, known, channel));
        if !is_fresh(heard(known, channel, |_| true)) {
            mute_fired += fired;
        } else if !is_fresh(heard(known, channel, |value| value.is_some())) {
            numberless += 1;
            numberless_fired += fired;
        } else {
            firing += fired;
            fine += 1 - fired;
        }
    }
    match numbers.at_least {
        k if k <= firing => AlarmState::Alarm,
        k if k <= firing + mute_fired => AlarmState::NoData,
        k if k <= firing + mute_fired + numberless_fired => AlarmState::Unknown,
        _ if 0 < firing + fine => AlarmState::Ok,
        _ if 0 < numberless => AlarmState::Unknown,
        _ => AlarmState::NoData,
    }
}

/// Every moment at which the rule is judged, up to and with a second.
fn judgements(numbers: Numbers, arrivals: &[(i64, Samples)], until: i64) -> Vec<Judgement> {
    let mut known = Known::new();
    let mut all = Vec::new();
    for second in 0..=until {
        let mut judge = |known: &Known, as_of: i64| {
            all.push(Judgement {
                as_of,
                is_now: as_of == second,
                raw: raw(numbers, known, as_of),
            });
        };
        judge(&known, second);
        for (_, samples) in arrivals.iter().filter(|(at, _)| *at == second) {
            let mut times: Vec<i64> = samples.iter().map(|(_, time, _)| *time).collect();
            times.sort_unstable();
            times.dedup();
            for time in times {
                let before = known.len();
                for (channel, of, value) in samples {
                    if *of == time {
                        known.push((second, *channel, time, *value));
                    }
                }
                // What is older than what was known of its channel changes nothing.
                let is_news = known[before..].iter().any(|(_, channel, time, _)| {
                    let earlier = known[..before].iter().filter(|(_, of, ..)| of == channel);
                    earlier
                        .map(|(_, _, time, _)| *time)
                        .max()
                        .is_none_or(|newest| newest <= *time)
                });
                if is_news {
                    judge(&known, time.min(second));
                }
            }
            judge(&known, second);
        }
    }
    all
}

/// What the rule says after all that: it turns when the condition has said the other thing for long enough.
fn settled(numbers: Numbers, judgements: &[Judgement]) -> AlarmState {
    let is_blind = |raw: AlarmState| matches!(raw, AlarmState::NoData | AlarmState::Unknown);
    let mut on = false;
    let mut told = AlarmState::Unknown;
    // Where the present stretch of judgements begins that say the other thing.
    let mut other_since: Option<usize> = None;
    for (index, judgement) in judgements.iter().enumerate() {
        let turn_if_due = |on: &mut bool, other_since: &mut Option<usize>, told: &mut AlarmState| {
            let wait = if *on { numbers.clear_delay } else { numbers.delay };
            let since = other_since.map(|first| judgements[first].as_of);
            if since.is_some_and(|since| since + wait <= judgement.as_of) {
                *on = !*on;
                *other_since = None;
                *told = if *on { AlarmState::Alarm } else { AlarmState::Ok };
            }
        };
        turn_if_due(&mut on, &mut other_since, &mut told);
        if is_blind(judgement.raw) {
            if judgement.is_now {
                other_since = None;
                told = judgement.raw;
            }
            continue;
        }
        if (judgement.raw == AlarmState::Alarm) == on {
            other_since = None;
        } else {
            other_since.get_or_insert(index);
        }
        turn_if_due(&mut on, &mut other_since, &mut told);
        if other_since.is_none() {
            told = if on { AlarmState::Alarm } else { AlarmState::Ok };
        }
    }
    told
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let value = prop_oneof![
        6 => (0..6_u8).prop_map(|value| Some(f64::from(value))),
        1 => Just(None),
    ];
    // Late, on time, or from a clock that is ahead.
    let late = prop_oneof![4 => Just(0_i64), 3 => 0..12_i64, 1 => -5..0_i64];
    let samples = prop::collection::vec((0..N_CHANNELS, late, value), 0..5);
    let arrival = (0..9_i64, samples, prop::bool::weighted(0.15));
    let arrival = arrival.prop_map(|(pause, samples, is_restarted)| Arrival {
        pause,
        samples,
        is_restarted,
    });
    prop::collection::vec(arrival, 1..16)
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let limits = (1..4_u8, 0..3_u8);
    (limits, 0..6_i64, 0..6_i64, 3..15_i64, 1..3_u32).prop_map(
        |((above, below), delay, clear_delay, no_data, at_least)| {
            let above = f64::from(above);
            Numbers {
                above,
                clear: (above - f64::from(below)).max(0.0),
                delay,
                clear_delay,
                no_data,
                at_least,
            }
        },
    )
}

fn rule(numbers: Numbers) -> String {
    let Numbers {
        above,
        clear,
        delay,
        clear_delay,
        no_data,
        at_least,
    } = numbers;
    let wait = |key: &str, seconds: i64| match seconds {
        0 => String::new(),
        _ => format!("{key} = \"{seconds}s\"\n"),
    };
    format!(
        "[alarms.a]\ntitle = \"A\"\nkind = \"threshold\"\nmetric = \"m\"\nabove = {above:?}\nclear_above = {clear:?}\n\
         at_least = {at_least}\nno_data = \"{no_data}s\"\n{}{}",
        wait("delay", delay),
        wait("clear_delay", clear_delay)
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn both_models_say_the_same_after_every_arrival(numbers in numbers(), arrivals in arrivals()) {
        let mut run = Run::new(&rule(numbers), &[("m".to_owned(), N_CHANNELS as usize)], 0);
        let mut history = Vec::new();
        let mut second = 0;
        for Arrival { pause, samples, is_restarted } in arrivals {
            run.advance(pause * SECOND);
            second += pause;
            if is_restarted {
                run.restart();
            }
            if !samples.is_empty() {
                // Of several samples of one channel and time the last counts, in both.
                let taken: Vec<_> = samples
                    .iter()
                    .map(|(channel, late, value)| {
                        let value = value.map_or(Value::NAN, Value::number);
                        ("m".to_owned(), (second - late) * SECOND, *channel, value)
                    })
                    .collect();
                run.take(&taken);
                let mut known: Vec<(u32, i64, Option<f64>)> = Vec::new();
                for (channel, late, value) in samples {
                    let time = second - late;
                    known.retain(|(of, at, _)| (*of, *at) != (channel, time));
                    known.push((channel, time, value));
                }
                history.push((second, known));
            }
            let expected = settled(numbers, &judgements(numbers, &history, second));
            prop_assert_eq!(run.status("a").state, expected, "after {} s\n{}", second, run.standing());
        }
    }
}
