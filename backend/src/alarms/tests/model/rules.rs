//! Random rules of all kinds, and how they are written.

use std::fmt::Write as _;

use proptest::prelude::*;
use shared::alarm::AlarmState;

use super::N_CHANNELS;

/// Two rules by samples, and one over them.
pub(super) const N_RULES: usize = 3;

/// A rule.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) severity: Option<&'static str>,
    /// All of them without it.
    pub(super) channels: Option<Vec<u32>>,
    /// `None` where the default counts.
    pub(super) at_least: Option<u32>,
    /// After so many seconds a channel is silent; never without it.
    pub(super) no_data: Option<i64>,
    pub(super) delay: i64,
    pub(super) clear_delay: i64,
    pub(super) latch: bool,
    pub(super) unless: Option<Unless>,
}

/// A rule is not watched while the value is above this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unless {
    pub(super) above: f64,
    pub(super) no_data: Option<i64>,
}

/// A limit, and what clears it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) at: f64,
    pub(super) clear: f64,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Threshold {
        above: Option<Limit>,
        below: Option<Limit>,
        warning_above: Option<Limit>,
    },
    Mean {
        last: usize,
        low: f64,
        high: f64,
    },
    OfLast {
        last: usize,
        outside: usize,
        low: f64,
        high: f64,
    },
    Step {
        most: f64,
    },
    RelativeStep {
        factor: f64,
    },
    Change {
        most: f64,
        per: i64,
        last: usize,
    },
    Heartbeat,
    Rate {
        samples: usize,
        within: i64,
    },
    State {
        states: Vec<f64>,
    },
    Expression(Expression),
}

/// Over the first two rules.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expression {
    And,
    Or,
    Not,
    OrNot,
    NotBoth,
}

impl Expression {
    const ALL: [Self; 5] = [Self::And, Self::Or, Self::Not, Self::OrNot, Self::NotBoth];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::And => "a and b",
            Self::Or => "a or b",
            Self::Not => "not a",
            Self::OrNot => "b or not a",
            Self::NotBoth => "not (a and b)",
        }
    }

    pub(super) const fn holds(self, [a, b]: [bool; 2]) -> bool {
        match self {
            Self::And => a && b,
            Self::Or => a || b,
            Self::Not => !a,
            Self::OrNot => b || !a,
            Self::NotBoth => !(a && b),
        }
    }
}

impl Spec {
    /// How bad it is when it fires; a heartbeat without a severity says NO DATA.
    pub(super) fn level(&self) -> AlarmState {
        match (self.severity, &self.kind) {
            (Some("warning"), _) => AlarmState::Warning,
            (None, Kind::Heartbeat) => AlarmState::NoData,
            _ => AlarmState::Alarm,
        }
    }

    /// The channels that count.
    pub(super) fn selected(&self) -> Vec<u32> {
        self.channels.clone().unwrap_or_else(|| (0..N_CHANNELS).collect())
    }
}

fn limit(is_above: bool) -> impl Strategy<Value = Limit> {
    (1..4_i8, 0..3_i8).prop_map(move |(at, width)| {
        let (at, width) = (f64::from(at), f64::from(width));
        let (at, clear) = if is_above {
            (at, at - width)
        } else {
            (at - 3.0, at - 3.0 + width)
        };
        Limit { at, clear }
    })
}

fn threshold() -> impl Strategy<Value = Kind> {
    let warning = prop::option::of((0..3_i8, 0..3_i8));
    (limit(true), prop::option::of(limit(false)), warning, 0..3_u8).prop_map(|(above, below, warning, sides)| {
        let warning_above = warning.map(|(before, width)| {
            let at = above.at - f64::from(before);
            let clear = (at - f64::from(width)).min(above.clear);
            Limit { at, clear }
        });
        match (sides, below) {
            (0, Some(below)) => Kind::Threshold {
                above: None,
                below: Some(below),
                warning_above: None,
            },
            (1, below) => Kind::Threshold {
                above: Some(above),
                below,
                warning_above: None,
            },
            _ => Kind::Threshold {
                above: Some(above),
                below: None,
                warning_above,
            },
        }
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    let range = (-1..2_i8, 1..5_i8).prop_map(|(low, width)| (f64::from(low), f64::from(low + width)));
    prop_oneof![
        3 => threshold(),
        1 => (1..4_usize, range.clone()).prop_map(|(last, (low, high))| Kind::Mean { last, low, high }),
        1 => (1..4_usize, 1..4_usize, range).prop_map(|(last, outside, (low, high))| Kind::OfLast {
            last,
            outside: outside.min(last),
            low,
            high
        }),
        1 => (1..5_u8).prop_map(|most| Kind::Step { most: f64::from(most) }),
        1 => prop::sample::select(vec![1.0, 1.5, 2.0, 3.0]).prop_map(|factor| Kind::RelativeStep { factor }),
        1 => (1..4_u8, 1..7_i64, 2..4_usize).prop_map(|(most, per, last)| Kind::Change {
            most: f64::from(most),
            per,
            last
        }),
        1 => Just(Kind::Heartbeat),
        1 => (1..4_usize, 3..15_i64).prop_map(|(samples, within)| Kind::Rate { samples, within }),
        1 => prop::collection::vec(-2..6_i8, 1..3).prop_map(|states| Kind::State {
            states: states.into_iter().map(f64::from).collect()
        }),
    ]
}

fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0_i64), 0..7_i64]
}

fn spec(name: &'static str, kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = Spec> {
    let severity = prop::option::of(prop::sample::select(vec!["warning", "alarm"]));
    let channels = prop::option::weighted(0.3, prop::sample::select(vec![vec![0], vec![1, 2]]));
    let unless = (1..5_i8, prop::option::of(2..12_i64)).prop_map(|(above, no_data)| Unless {
        above: f64::from(above),
        no_data,
    });
    let whom = (
        channels,
        prop::option::of(1..4_u32),
        prop::option::weighted(0.8, 3..15_i64),
    );
    let how = (seconds(), seconds(), any::<bool>(), prop::option::weighted(0.3, unless));
    (kind, severity, whom, how).prop_map(
        move |(kind, severity, (channels, at_least, no_data), (delay, clear_delay, latch, unless))| Spec {
            name: name.to_owned(),
            // A warning before the alarm needs an alarm.
            severity: match &kind {
                Kind::Threshold {
                    warning_above: Some(_), ..
                } => Some("alarm"),
                _ => severity,
            },
            no_data: match &kind {
                Kind::Heartbeat => no_data.or(Some(5)),
                _ => no_data,
            },
            kind,
            channels,
            at_least,
            delay,
            clear_delay,
            latch,
            unless,
        },
    )
}

/// Three rules, the last over the others.
pub(super) fn rules() -> impl Strategy<Value = Vec<Spec>> {
    let expression = prop::sample::select(Expression::ALL.to_vec()).prop_map(Kind::Expression);
    (spec("a", kind()), spec("b", kind()), spec("x", expression)).prop_map(|(a, b, x)| vec![a, b, x])
}

/// The rule as it stands in a configuration.
pub(super) fn text(spec: &Spec) -> String {
    let name = &spec.name;
    let mut text = format!("[alarms.{name}]\ntitle = \"{name}\"\n");
    let mut line = |line: std::fmt::Arguments<'_>| writeln!(text, "{line}").unwrap();
    if let Some(severity) = spec.severity {
        line(format_args!("severity = {severity:?}"));
    }
    for (key, seconds) in [("delay", spec.delay), ("clear_delay", spec.clear_delay)] {
        if 0 < seconds {
            line(format_args!("{key} = \"{seconds}s\""));
        }
    }
    line(format_args!("latch = {}", spec.latch));
    let no_data = |no_data: Option<i64>| no_data.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds}s"));
    if let Some(unless) = spec.unless {
        let (above, no_data) = (unless.above, no_data(unless.no_data));
        line(format_args!(
            "unless = {{ metric = \"u\", above = {above:?}, reason = \"away\", no_data = {no_data:?} }}"
        ));
    }
    if let Kind::Expression(expression) = &spec.kind {
        line(format_args!("kind = \"expression\"\nwhen = {:?}\n", expression.text()));
        return text;
    }
    line(format_args!("metric = \"m\"\nno_data = {:?}", no_data(spec.no_data)));
    if let Some(channels) = &spec.channels {
        let labels: Vec<String> = channels.iter().map(u32::to_string).collect();
        line(format_args!("channels = {labels:?}"));
    }
    if let Some(at_least) = spec.at_least {
        line(format_args!("at_least = {at_least}"));
    }
    line(format_args!("{}", kind_text(&spec.kind)));
    text
}

fn kind_text(kind: &Kind) -> String {
    match kind {
        Kind::Threshold {
            above,
            below,
            warning_above,
        } => {
            let mut text = "kind = \"threshold\"".to_owned();
            for (side, limit) in [("above", above), ("below", below)] {
                if let Some(Limit { at, clear }) = limit {
                    write!(text, "\n{side} = {at:?}\nclear_{side} = {clear:?}").unwrap();
                }
            }
            if let Some(Limit { at, clear }) = warning_above {
                write!(text, "\nwarning = {{ above = {at:?}, clear_above = {clear:?} }}").unwrap();
            }
            text
        }
        Kind::Mean { last, low, high } => format!("kind = \"mean\"\nlast = {last}\nlow = {low:?}\nhigh = {high:?}"),
        Kind::OfLast {
            last,
            outside,
            low,
            high,
        } => format!("kind = \"of_last\"\nlast = {last}\noutside = {outside}\nlow = {low:?}\nhigh = {high:?}"),
        Kind::Step { most } => format!("kind = \"step\"\nmost = {most:?}"),
        Kind::RelativeStep { factor } => format!("kind = \"relative_step\"\nfactor = {factor:?}"),
        Kind::Change { most, per, last } => {
            format!("kind = \"change\"\nmost = {most:?}\nper = \"{per}s\"\nlast = {last}")
        }
        Kind::Heartbeat => "kind = \"heartbeat\"".to_owned(),
        Kind::Rate { samples, within } => format!("kind = \"rate\"\nsamples = {samples}\nwithin = \"{within}s\""),
        Kind::State { states } => {
            let states: Vec<String> = states.iter().map(f64::to_string).collect();
            format!("kind = \"state\"\nstates = {states:?}")
        }
        Kind::Expression(_) => String::new(),
    }
}
