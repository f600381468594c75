//! The kinds of rules.

use super::super::duration;
use super::super::key::Key;
use super::super::section::Section;
use super::{Known, watch};
use crate::alarms::expression;
use crate::alarms::rule::{Band, Condition, Level, OpenRange, Test, Watch};

/// A kind of rule, with what the reference says.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Kind {
    /// The word for it.
    pub(in crate::config) word: &'static str,
    /// When it fires.
    pub(in crate::config) meaning: &'static str,
    /// The keys that it has of its own.
    pub(in crate::config) keys: &'static [Key],
    /// The lines of a rule of this kind, below its title and kind.
    pub(in crate::config) example: &'static str,
    test: fn(&mut Section<'_>, Severity<'_>) -> Option<Test>,
}

/// What the readers of kinds get besides their section.
#[derive(Clone, Copy, Debug)]
struct Severity<'a> {
    level: Option<Level>,
    metric: Option<&'a str>,
    known: Known<'a>,
}

impl Severity<'_> {
    fn level(self) -> Level {
        self.level.unwrap_or_default()
    }
}

/// The most values that a rule looks back.
const MAX_LAST: usize = 10_000;

const LOW_KEY: Key = Key::optional(
    "low",
    "number",
    "no end",
    "The lower end of the range; it does not belong to it.",
);
const HIGH_KEY: Key = Key::optional(
    "high",
    "number",
    "no end",
    "The upper end of the range; it does not belong to it.",
);

const THRESHOLD_KEYS: &[Key] = &[
    Key::optional(
        "above",
        "number",
        "none",
        "It fires above this; the number itself is within.",
    ),
    Key::optional(
        "clear_above",
        "number, not above `above`",
        "`above`",
        "It clears at this or below.",
    ),
    Key::optional(
        "below",
        "number",
        "none",
        "It fires below this; the number itself is within.",
    ),
    Key::optional(
        "clear_below",
        "number, not below `below`",
        "`below`",
        "It clears at this or above.",
    ),
    Key::optional(
        "warning",
        "{ above, clear_above, below, clear_below }",
        "none",
        "Limits of a warning that comes before the alarm.",
    ),
];

/// Of `warning`.
pub(in crate::config) const WARNING_KEYS: &[Key] = &[
    Key::optional("above", "number", "none", "It is a warning above this."),
    Key::optional(
        "clear_above",
        "number, not above `above`",
        "`above`",
        "It clears at this or below.",
    ),
    Key::optional("below", "number", "none", "It is a warning below this."),
    Key::optional(
        "clear_below",
        "number, not below `below`",
        "`below`",
        "It clears at this or above.",
    ),
];

/// All of them, as the reference lists them.
pub(in crate::config) const KINDS: [Kind; 10] = [
    Kind {
        word: "threshold",
        meaning: "The newest value is beyond a limit.",
        keys: THRESHOLD_KEYS,
        example: "metric = \"camera.temperature\"\nabove = 24.0\nclear_above = 23.5\nwarning = { above = 22.0 }\ndelay = \"2m\"",
        test: |section, severity| read_threshold(section, severity.level()),
    },
    Kind {
        word: "mean",
        meaning: "The mean of the last values is not inside a range.",
        keys: &[
            Key::required(
                "last",
                "whole number",
                "How many values. Before there are as many the rule is UNKNOWN.",
            ),
            LOW_KEY,
            HIGH_KEY,
        ],
        example: "metric = \"camera.temperature\"\nlast = 5\nlow = 0.0\nhigh = 100.0",
        test: |section, severity| {
            let last = count(section, "last", 1);
            let range = read_range(section);
            Some(Test::Mean {
                level: severity.level(),
                last: last?,
                range: range?,
            })
        },
    },
    Kind {
        word: "of_last",
        meaning: "Some of the last values are not inside a range.",
        keys: &[
            Key::required(
                "last",
                "whole number",
                "How many values are looked at. Before there are as many the rule is UNKNOWN.",
            ),
            Key::required("outside", "whole number", "How many of them must not be inside."),
            LOW_KEY,
            HIGH_KEY,
        ],
        example: "metric = \"camera.temperature\"\nlast = 5\noutside = 3\nlow = 0.0\nhigh = 100.0",
        test: |section, severity| {
            let (last, outside) = (count(section, "last", 1), count(section, "outside", 1));
            let range = read_range(section);
            if let (Some(last), Some(outside)) = (last, outside)
                && last < outside
            {
                section.add_at("outside", &format!("is more than last, which is {last}"));
            }
            Some(Test::OfLast {
                level: severity.level(),
                last: last?,
                outside: outside?,
                range: range?,
            })
        },
    },
    Kind {
        word: "step",
        meaning: "A value differs too much from the one before.",
        keys: &[Key::required(
            "most",
            "number",
            "The greatest difference that is within.",
        )],
        example: "metric = \"camera.temperature\"\nmost = 1.0",
        test: |section, severity| {
            Some(Test::Step {
                level: severity.level(),
                most: positive(section, "most")?,
            })
        },
    },
    Kind {
        word: "relative_step",
        meaning: "A value is too many times the one before, or too small a part of it. Below zero the same holds of the sizes.",
        keys: &[Key::required(
            "factor",
            "number above 1",
            "A value from the one before divided by it up to the one before times it is within.",
        )],
        example: "metric = \"camera.rate\"\nfactor = 2.0",
        test: |section, severity| {
            let factor = positive(section, "factor")?;
            if factor < 1.0 {
                section.add_at("factor", "is below 1");
            }
            Some(Test::RelativeStep {
                level: severity.level(),
                factor,
            })
        },
    },
    Kind {
        word: "change",
        meaning: "The values change too fast, up or down.",
        keys: &[
            Key::required("most", "number", "The fastest change that is within."),
            Key::required("per", "duration such as \"1m\"", "In which time."),
            Key::optional(
                "last",
                "whole number, 2 at least",
                "2",
                "Over how many of the last values it is measured.",
            ),
        ],
        example: "metric = \"camera.temperature\"\nmost = 0.5\nper = \"1m\"\nlast = 5",
        test: |section, severity| {
            let most = positive(section, "most");
            let per_micros = section.required("per", "a duration such as \"1m\"", duration::parse_micros);
            let last = section.integer("last", 2..=MAX_LAST).unwrap_or(2);
            Some(Test::Change {
                level: severity.level(),
                most: most?,
                per_micros: per_micros?,
                last,
            })
        },
    },
    Kind {
        word: "heartbeat",
        meaning: "No samples come, for as long as `no_data` says. With `at_least = 1` a single silent channel is enough.",
        keys: &[],
        example: "metric = \"camera.temperature\"\nno_data = \"5m\"\nat_least = 1",
        test: |_, severity| Some(Test::Heartbeat { level: severity.level }),
    },
    Kind {
        word: "rate",
        meaning: "Fewer samples come than expected.",
        keys: &[
            Key::required("samples", "whole number", "How many are expected of each channel …"),
            Key::required("within", "duration such as \"10m\"", "… in this time."),
        ],
        example: "metric = \"camera.temperature\"\nsamples = 8\nwithin = \"10m\"",
        test: |section, severity| {
            let samples = count(section, "samples", 1);
            let within_micros = section.required("within", "a duration such as \"10m\"", duration::parse_micros);
            Some(Test::Rate {
                level: severity.level(),
                samples: samples?,
                within_micros: within_micros?,
            })
        },
    },
    Kind {
        word: "state",
        meaning: "The newest value is one of some states.",
        keys: &[Key::required(
            "states",
            "[label or number as text, …]",
            "The states, by the labels that the metric's `states` give them, or by their numbers.",
        )],
        example: "metric = \"camera.busy\"\nstates = [\"busy\"]",
        test: |section, severity| {
            if section.texts("states").is_empty() {
                section.add_at("states", "there are none; write at least one, such as [\"stuck\"]");
            }
            let states = read_states(section, severity.metric, severity.known);
            Some(Test::State {
                level: severity.level(),
                states,
            })
        },
    },
    Kind {
        word: "expression",
        meaning: "Other rules fire, or do not. A rule that fires is true, one that is OK is false; where it cannot be told, the \
                  expression is UNKNOWN unless the others decide.",
        keys: &[Key::required(
            "when",
            "text",
            "Names of rules with `and`, `or`, `not` and parentheses.",
        )],
        example: "when = \"camera-hot and not (dome-open or calibrating)\"",
        test: |_, _| None,
    },
];

impl Kind {
    /// Reads the condition of a rule of this kind; `None` where a mistake is noted.
    pub(super) fn read(&self, section: &mut Section<'_>, level: Option<Level>, known: Known<'_>) -> Option<Condition> {
        if self.word == "expression" {
            let expression = section.required("when", "names of rules with and, or, not", |text| {
                expression::parse(text).map_err(|error| format!("at byte {}: {}", error.offset + 1, error.message))
            });
            return Some(Condition::Expression {
                level: level.unwrap_or_default(),
                expression: expression?,
            });
        }
        let watch = watch::read(section, known, self.word == "heartbeat");
        let metric = watch.as_ref().map(|watch: &Watch| watch.metric.clone());
        let severity = Severity {
            level,
            metric: metric.as_deref(),
            known,
        };
        let test = (self.test)(section, severity);
        Some(Condition::Samples {
            watch: watch?,
            test: test?,
        })
    }
}

/// Marks the keys of all kinds as known.
pub(super) fn know_all(section: &mut Section<'_>) {
    for kind in KINDS {
        let names: Vec<&'static str> = kind.keys.iter().map(|key| key.name).collect();
        section.know(&names);
    }
    let names: Vec<&'static str> = watch::WATCH_KEYS.iter().map(|key| key.name).collect();
    section.know(&names);
}

fn read_threshold(section: &mut Section<'_>, level: Level) -> Option<Test> {
    let band = read_band(section, true);
    if band.is_none() {
        section.add_at("above", "is missing; write above or below, or both");
    }
    let has_warning = section.has("warning");
    let warning = section.table("warning").and_then(|mut table| {
        let warning = read_band(&mut table, true);
        if warning.is_none() {
            table.add_at("above", "is missing; write above or below, or both");
        }
        if let (Some(warning), Some(band)) = (warning, band)
            && (band.high < warning.high || warning.low < band.low)
        {
            table.add_here("lies beyond the limits of the alarm");
        }
        table.finish();
        warning
    });
    if has_warning && level == Level::Warning {
        section.add_at("warning", "has no meaning beside severity = \"warning\"");
    }
    let band = band?;
    Some(match level {
        Level::Warning => Test::Threshold {
            warning: Some(band),
            alarm: None,
        },
        Level::Alarm => Test::Threshold {
            warning,
            alarm: Some(band),
        },
    })
}

/// Limits; `None` where there are none.
pub(super) fn read_band(section: &mut Section<'_>, has_hysteresis: bool) -> Option<Band> {
    let (above, below) = (section.number("above"), section.number("below"));
    let mut clear = (None, None);
    if has_hysteresis {
        clear = (section.number("clear_above"), section.number("clear_below"));
        for (key, limit, clear, is_wrong) in [
            (
                "clear_above",
                above,
                clear.0,
                (|limit, clear| limit < clear) as fn(f64, f64) -> bool,
            ),
            ("clear_below", below, clear.1, |limit, clear| clear < limit),
        ] {
            match (limit, clear) {
                (None, Some(_)) => section.add_at(key, "has no meaning without its limit"),
                (Some(limit), Some(clear)) if is_wrong(limit, clear) => {
                    section.add_at(key, &format!("lies beyond the limit, which is {limit}"));
                }
                _ => {}
            }
        }
    }
    if let (Some(above), Some(below)) = (above, below)
        && above < below
    {
        section.add_at(
            "below",
            &format!("is above `above`, which is {above}; no value would be within"),
        );
    }
    if above.is_none() && below.is_none() {
        return None;
    }
    let (high, low) = (above.unwrap_or(f64::INFINITY), below.unwrap_or(f64::NEG_INFINITY));
    Some(Band {
        low,
        high,
        clear_low: clear.1.unwrap_or(low),
        clear_high: clear.0.unwrap_or(high),
    })
}

fn read_range(section: &mut Section<'_>) -> Option<OpenRange> {
    let (low, high) = super::super::scale::read_ends(section);
    if low.is_none() && high.is_none() {
        section.add_at("low", "is missing; write low or high, or both");
        return None;
    }
    Some(OpenRange {
        low: low.unwrap_or(f64::NEG_INFINITY),
        high: high.unwrap_or(f64::INFINITY),
    })
}

fn count(section: &mut Section<'_>, key: &'static str, least: usize) -> Option<usize> {
    let count = section.integer(key, least..=MAX_LAST);
    if count.is_none() && !section.has(key) {
        section.add_at(key, "is missing; write a whole number");
    }
    count
}

fn positive(section: &mut Section<'_>, key: &'static str) -> Option<f64> {
    let number = section.number(key);
    match number {
        None if !section.has(key) => section.add_at(key, "is missing; write a number"),
        Some(number) if number < 0.0 => section.add_at(key, "is below zero"),
        _ => {}
    }
    number
}

/// States by their labels, or by their numbers.
pub(super) fn read_states(section: &mut Section<'_>, metric: Option<&str>, known: Known<'_>) -> Vec<(f64, String)> {
    let display = known
        .displays
        .iter()
        .find(|display| Some(display.metric.as_str()) == metric);
    let named = display.map_or(&[][..], |display| &display.states);
    let mut states = Vec::new();
    for (text, offset) in section.texts("states") {
        let by_label = named.iter().find(|state| state.label == text);
        let number = text.parse::<i32>().ok();
        match (by_label, number) {
            (Some(state), _) => states.push((state.value as f64, state.label.clone())),
            (None, Some(number)) => {
                let label = named.iter().find(|state| state.value == i64::from(number));
                let label = label.map_or_else(|| text.to_owned(), |state| state.label.clone());
                states.push((f64::from(number), label));
            }
            (None, None) => {
                let hint = super::super::suggestion::hint(text, named.iter().map(|state| state.label.as_str()));
                section.add(offset, "states", &format!("the metric has no state {text:?}{hint}"));
            }
        }
    }
    states
}
