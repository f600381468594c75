//! When samples are expected, and from which age on they are late or stale.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::query::latest::{Freshness, LATE_INTERVALS, STALE_INTERVALS, UNKNOWN_INTERVAL_LOOK_MICROS};

/// What the configuration says of some streams.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rule {
    /// Whom they come from.
    pub source: Option<String>,
    /// How often a sample is expected, in microseconds.
    pub interval_micros: Option<i64>,
    /// From which age on they are late, in microseconds.
    pub warn_after_micros: Option<i64>,
    /// From which age on they are stale, in microseconds.
    pub fail_after_micros: Option<i64>,
    /// Whether somebody is to be told when they are silent.
    pub expected: bool,
}

/// What the configuration says of all streams.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    by_name: BTreeMap<String, Arc<Rule>>,
    by_prefix: BTreeMap<String, Arc<Rule>>,
}

/// The sign that stands for the rest of a name.
const ANY: char = '*';

impl Rules {
    /// Adds a rule for metrics of a name, or of all that begin like a pattern with a `*` at its end. Gives `false`, and
    /// changes nothing, where there is one for just these already.
    pub fn add(&mut self, metrics: &str, rule: &Arc<Rule>) -> bool {
        let (rules, key) = match metrics.strip_suffix(ANY) {
            Some(prefix) => (&mut self.by_prefix, prefix),
            None => (&mut self.by_name, metrics),
        };
        if rules.contains_key(key) {
            return false;
        }
        rules.insert(key.to_owned(), Arc::clone(rule));
        true
    }

    /// The rule of a metric: that of its name, else that of the longest pattern.
    pub fn find(&self, metric: &str) -> Option<&Arc<Rule>> {
        let of_prefix = || {
            let mut prefixes = self.by_prefix.iter().filter(|(prefix, _)| metric.starts_with(*prefix));
            // Of several beginnings of one name, the longer are the greater.
            prefixes.next_back().map(|(_, rule)| rule)
        };
        self.by_name.get(metric).or_else(of_prefix)
    }

    /// The metrics that are named one by one, with their rules, by name.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.by_name.iter().map(|(name, rule)| (name.as_str(), &**rule))
    }
}

/// Whom a metric comes from, where nothing is configured: its name up to the first slash, which is the database it was
/// written to, else up to the first point.
pub fn source_of(metric: &str) -> &str {
    let database = metric.split_once('/').map(|(database, _)| database);
    let word = metric.split_once('.').map_or(metric, |(word, _)| word);
    database.filter(|database| !database.is_empty()).unwrap_or(word)
}

/// When the samples of a channel are expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    /// Microseconds between samples; `None` where neither configuration nor samples tell.
    pub interval_micros: Option<i64>,
    /// Whether that was learned from the samples.
    pub learned: bool,
    /// A sample of this age is late, in microseconds; `None` where no age is known to be.
    late_micros: Option<i64>,
    /// A sample of this age is stale, in microseconds.
    stale_micros: Option<i64>,
}

impl Expectation {
    /// What is to be expected by a rule, by what is known of the metric, and by what was learned; in this order.
    pub fn new(rule: Option<&Rule>, known_micros: Option<i64>, learned_micros: Option<i64>) -> Self {
        let configured = rule.and_then(|rule| rule.interval_micros).or(known_micros);
        let interval_micros = configured.or(learned_micros);
        let times = |factor: f64| move |micros: i64| scaled(micros, factor);
        let warn_after = rule.and_then(|rule| rule.warn_after_micros);
        let fail_after = rule.and_then(|rule| rule.fail_after_micros);
        let ratio = STALE_INTERVALS / LATE_INTERVALS;
        // One age alone says as much of the other as an interval would; stale never comes before late.
        let late = interval_micros.map(times(LATE_INTERVALS));
        let late_micros = match (warn_after, fail_after) {
            (Some(warn_after), _) => Some(warn_after),
            (None, Some(fail_after)) => {
                Some(late.map_or(scaled(fail_after, ratio.recip()), |late| late.min(fail_after)))
            }
            (None, None) => late,
        };
        let stale = interval_micros.map(times(STALE_INTERVALS));
        let stale_micros = match (fail_after, warn_after) {
            (Some(fail_after), _) => Some(fail_after),
            (None, Some(warn_after)) => stale.max(Some(scaled(warn_after, ratio))),
            (None, None) => stale,
        };
        Self {
            interval_micros,
            learned: configured.is_none() && learned_micros.is_some(),
            late_micros,
            stale_micros,
        }
    }

    /// What an age in microseconds means. Without anything known, nothing can be proven fresh: it is stale.
    pub fn freshness(&self, age_micros: i64) -> Freshness {
        match (self.late_micros, self.stale_micros) {
            (Some(late), _) if age_micros < late => Freshness::Fresh,
            (_, Some(stale)) if age_micros < stale => Freshness::Late,
            _ => Freshness::Stale,
        }
    }

    /// Whether anything is known by which an age could be judged.
    pub fn is_known(&self) -> bool {
        self.late_micros.is_some()
    }

    /// From which age on a sample is late, in microseconds.
    pub fn late_micros(&self) -> Option<i64> {
        self.late_micros
    }

    /// From which age on a sample is stale, in microseconds.
    pub fn stale_micros(&self) -> Option<i64> {
        self.stale_micros
    }

    /// How far back a moment of the past looks for samples, in microseconds: one that is as old as this is not found.
    pub fn look_back_micros(&self) -> i64 {
        self.stale_micros.unwrap_or(UNKNOWN_INTERVAL_LOOK_MICROS).max(1)
    }

    /// How long after a sample the next one is due, in microseconds; 0 where nothing is known.
    pub fn due_micros(&self) -> i64 {
        let known = self.interval_micros.or(self.late_micros).unwrap_or(0);
        known.min(self.late_micros.unwrap_or(known))
    }
}

fn scaled(micros: i64, factor: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float stops at the ends of i64"
    )]
    let scaled = (micros as f64 * factor) as i64;
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn rule(interval: Option<i64>, warn_after: Option<i64>, fail_after: Option<i64>) -> Rule {
        let micros = |secs: Option<i64>| secs.map(|secs| secs * SECOND);
        Rule {
            interval_micros: micros(interval),
            warn_after_micros: micros(warn_after),
            fail_after_micros: micros(fail_after),
            ..Rule::default()
        }
    }

    #[test]
    fn configured_comes_before_known_and_known_before_learned() {
        let of = |rule: Option<&Rule>, known, learned| {
            let Expectation {
                interval_micros,
                learned,
                ..
            } = Expectation::new(rule, known, learned);
            (interval_micros, learned)
        };
        let ten = rule(Some(10), None, None);
        assert_eq!(of(Some(&ten), Some(2), Some(3)), (Some(10 * SECOND), false));
        assert_eq!(of(Some(&rule(None, None, None)), Some(2), Some(3)), (Some(2), false));
        assert_eq!(of(None, None, Some(3)), (Some(3), true));
        assert_eq!(of(None, None, None), (None, false));
    }

    #[test]
    fn ages_are_judged_by_intervals_or_as_configured() {
        use Freshness::{Fresh, Late, Stale};

        for (interval, warn_after, fail_after, late, stale) in [
            (Some(60), None, None, 120, 180),
            (Some(60), Some(90), None, 90, 180),
            (Some(60), Some(600), None, 600, 900),
            (Some(60), None, Some(100), 100, 100),
            (Some(60), None, Some(600), 120, 600),
            (Some(60), Some(70), Some(80), 70, 80),
            (None, Some(60), None, 60, 90),
            (None, None, Some(90), 60, 90),
        ] {
            let rule = rule(interval, warn_after, fail_after);
            let expectation = Expectation::new(Some(&rule), None, None);
            let state = |secs: i64, micros: i64| expectation.freshness(secs * SECOND + micros);
            assert_eq!(state(late, -1), Fresh, "{rule:?}");
            assert_eq!(state(late, 0), if late < stale { Late } else { Stale }, "{rule:?}");
            assert_eq!(state(stale, -1), if late < stale { Late } else { Fresh }, "{rule:?}");
            assert_eq!(state(stale, 0), Stale, "{rule:?}");
            assert_eq!(state(-1, 0), Fresh, "{rule:?}");
        }
        assert_eq!(Expectation::default().freshness(0), Stale);
    }

    #[test]
    fn the_name_wins_over_patterns_and_the_longer_pattern_over_the_shorter() {
        let mut rules = Rules::default();
        for metrics in ["dome.*", "dome.door.*", "dome.door.state", "*"] {
            let named = Rule {
                source: Some(metrics.to_owned()),
                ..Rule::default()
            };
            assert!(rules.add(metrics, &Arc::new(named)));
        }
        assert!(!rules.add("dome.*", &Arc::new(Rule::default())));
        let found = |metric: &str| rules.find(metric).and_then(|rule| rule.source.clone());
        for (metric, expected) in [
            ("dome.door.state", "dome.door.state"),
            ("dome.door.states", "dome.door.*"),
            ("dome.lamp", "dome.*"),
            ("domes", "*"),
            ("weather", "*"),
        ] {
            assert_eq!(found(metric).as_deref(), Some(expected), "{metric}");
        }
    }

    #[test]
    fn a_source_is_the_database_or_the_first_word() {
        for (metric, source) in [
            ("camera.temperature", "camera"),
            ("camera.temperature.avg", "camera"),
            ("site/camera.temperature", "site"),
            ("a.b/c", "a.b"),
            ("rate", "rate"),
            ("/rate.x", "/rate"),
        ] {
            assert_eq!(source_of(metric), source);
        }
    }
}
