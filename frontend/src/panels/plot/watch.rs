//! What the rules of alarms say about a panel's metrics: the ribbon under its plot, and their limits on its axes.

use std::sync::Arc;

use shared::alarm::{AlarmSpan, AlarmState, AlarmStatus};
use shared::chart::limit::LimitMark;
use shared::chart::ribbon::worst_of;
use shared::dashboard::{Axis, Severity};
use shared::time::{TimeRange, Timestamp};

use super::content::{Content, Swatch};
use super::marks::PanelLimit;
use super::readout::{Clock, Fact, Row};
use crate::components::alarm_state::word;
use crate::format;
use crate::reactive::Derived;
use crate::state::alarms::use_alarms;

/// The most rules that are told at once; the others are counted.
const MOST_TOLD: usize = 4;

/// The name of their limits in links and in the page.
const LIMITS_KEY: &str = "alarms:limits";

/// What the rules say that watch a panel.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Watch {
    /// Each rule.
    pub rules: Vec<Watched>,
    /// The most urgent of all at each moment.
    pub worst: Vec<AlarmSpan>,
    /// Whether what they said is known.
    pub is_known: bool,
}

/// A rule that watches a panel.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Watched {
    /// What is wrong when it fires.
    pub title: String,
    /// The metrics that it looks at.
    pub metrics: Vec<String>,
    /// Limits on the axes of those.
    pub limits: Vec<f64>,
    /// What it said.
    pub spans: Vec<AlarmSpan>,
}

/// What the rules say that watch some metrics; `None` where no rule does.
pub fn use_watch(metrics: Vec<String>) -> Derived<Option<Arc<Watch>>> {
    let alarms = use_alarms();
    Derived::new(move || {
        let rules = alarms.watching(&metrics);
        if rules.is_empty() {
            return None;
        }
        Some(Arc::new(alarms.past.with(|past| {
            let spans = |rule: &str| {
                let mut ribbons = past.iter().flat_map(|past| &past.history.ribbons);
                ribbons
                    .find(|ribbon| ribbon.rule == rule)
                    .map(|ribbon| ribbon.spans.clone())
            };
            let watched = |alarm: &AlarmStatus| Watched {
                title: alarm.title.clone(),
                metrics: alarm.metrics.clone(),
                limits: alarm.limits.clone(),
                spans: spans(&alarm.rule).unwrap_or_default(),
            };
            let rules: Vec<Watched> = rules.iter().map(watched).collect();
            Watch {
                worst: worst_of(rules.iter().flat_map(|rule| &rule.spans)),
                rules,
                is_known: past.is_some(),
            }
        })))
    })
}

impl Content {
    /// With what the rules say, and those of their limits that the dashboard does not draw.
    #[must_use]
    pub fn watched_by(mut self, watch: Option<Arc<Watch>>) -> Self {
        let Some(watch) = watch else { return self };
        let mut marks: Vec<LimitMark> = Vec::new();
        for rule in &watch.rules {
            let line = self.lines.iter().find(|line| rule.metrics.contains(&line.metric));
            let Some(axis) = line.map(|line| line.axis) else {
                continue;
            };
            for value in &rule.limits {
                let is_same = |mark: &LimitMark| mark.axis == axis && is_near(mark.value, *value);
                let mut drawn = self.limits.iter().flat_map(|limit| &limit.marks);
                if !drawn.any(is_same) && !marks.iter().any(is_same) {
                    marks.push(mark(*value, axis));
                }
            }
        }
        if !marks.is_empty() {
            self.limits.push(PanelLimit {
                key: LIMITS_KEY.to_owned(),
                label: "limits of alarms".to_owned(),
                severity: Severity::Warning,
                marks,
                failure: None,
            });
        }
        self.watch = Some(watch);
        self
    }
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// A line alone: on which side of it the rule fires it does not say.
fn mark(value: f64, axis: Axis) -> LimitMark {
    LimitMark {
        value,
        label: format!("rule {}", format::number(value)),
        severity: Severity::Warning,
        axis,
        beyond: None,
    }
}

fn span_at(spans: &[AlarmSpan], at_us: i64) -> Option<AlarmSpan> {
    let at = spans.partition_point(|span| span.to_us <= at_us);
    spans.get(at).filter(|span| span.from_us <= at_us).copied()
}

/// What the rules said at a moment: each that was not OK, else all of them in one row.
pub fn watch_rows(watch: &Watch, at_us: i64, clock: Clock<'_>) -> Vec<Row> {
    let told = |label: &str, span: Option<AlarmSpan>, rest: &str| {
        let text = match span {
            Some(span) => word(span.state),
            None if watch.is_known => "not evaluated",
            None => "loading",
        };
        let detail = span.map(|span| format!("{} to {}{rest}", clock.text(span.from_us), clock.text(span.to_us)));
        let fact = Fact {
            value: span.map(|span| span.state.as_str().to_owned()),
            time_us: span.map(|span| span.from_us),
            ..Fact::word("alarm", text, detail.unwrap_or_default())
        };
        let swatch = Swatch::Alarm(span.map_or(AlarmState::Unknown, |span| span.state));
        Row::new("alarms", label, swatch, vec![fact])
    };
    let not_ok: Vec<(&Watched, AlarmSpan)> = watch
        .rules
        .iter()
        .filter_map(|rule| Some((rule, span_at(&rule.spans, at_us)?)))
        .filter(|(_, span)| span.state != AlarmState::Ok)
        .collect();
    if not_ok.is_empty() {
        let label = match watch.rules.as_slice() {
            [only] => only.title.clone(),
            rules => format!("{} rules", rules.len()),
        };
        return vec![told(&label, span_at(&watch.worst, at_us), "")];
    }
    let rows = not_ok.iter().take(MOST_TOLD).enumerate().map(|(at, (rule, span))| {
        let more = not_ok.len().saturating_sub(MOST_TOLD);
        let rest = if at + 1 == MOST_TOLD && more > 0 {
            format!("; and {more} more rules")
        } else {
            String::new()
        };
        told(&rule.title, Some(*span), &rest)
    });
    rows.collect()
}

/// Each rule for those who do not see the ribbon: when it was not OK first and last, for how long, and how bad.
pub fn summary_of(watch: &Watch, range: TimeRange) -> Vec<(String, Option<[String; 4]>)> {
    let (start, end) = (range.start().as_micros(), range.end().as_micros());
    let row = |rule: &Watched| {
        let in_range = |span: &&AlarmSpan| span.from_us < end && start < span.to_us;
        let label = format!("Alarm rule {}", rule.title);
        if !rule.spans.iter().any(|span| in_range(&span)) {
            return (label, None);
        }
        let not_ok: Vec<&AlarmSpan> = rule
            .spans
            .iter()
            .filter(in_range)
            .filter(|span| span.state != AlarmState::Ok)
            .collect();
        let at = |span: Option<&&AlarmSpan>| {
            span.map_or_else(
                || "always OK".to_owned(),
                |span| {
                    let time = format::date_and_minute(Timestamp::saturating_from_micros(span.from_us));
                    format!("{} at {time}", word(span.state))
                },
            )
        };
        let lasted: i64 = not_ok
            .iter()
            .map(|span| span.to_us.min(end) - span.from_us.max(start))
            .sum();
        let worst = not_ok.iter().map(|span| span.state).max_by_key(|state| state.urgency());
        let cells = [
            at(not_ok.first()),
            at(not_ok.last()),
            format!("not OK for {}", format::age(lasted)),
            format!("worst {}", word(worst.unwrap_or(AlarmState::Ok))),
        ];
        (label, Some(cells))
    };
    watch.rules.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use shared::chart::axis_clock::AxisClock;

    use super::*;

    fn span(from_s: i64, to_s: i64, state: AlarmState) -> AlarmSpan {
        AlarmSpan {
            from_us: from_s * 1_000_000,
            to_us: to_s * 1_000_000,
            state,
        }
    }

    fn watch() -> Watch {
        let rule = |title: &str, spans: Vec<AlarmSpan>| Watched {
            title: title.to_owned(),
            spans,
            ..Watched::default()
        };
        let rules = vec![
            rule(
                "hot",
                vec![span(0, 60, AlarmState::Ok), span(60, 90, AlarmState::Alarm)],
            ),
            rule(
                "wet",
                vec![span(0, 70, AlarmState::Ok), span(70, 100, AlarmState::Warning)],
            ),
        ];
        Watch {
            worst: worst_of(rules.iter().flat_map(|rule| &rule.spans)),
            rules,
            is_known: true,
        }
    }

    fn told(at_s: i64) -> Vec<String> {
        let (watch, axis) = (watch(), AxisClock::utc());
        let clock = Clock {
            clock: &axis,
            digits: 0,
            with_date: false,
        };
        let rows = watch_rows(&watch, at_s * 1_000_000, clock);
        let tell = |row: &Row| format!("{}: {} {}", row.label, row.facts[0].text, row.facts[0].detail);
        rows.iter().map(tell).collect()
    }

    #[test]
    fn a_moment_tells_each_rule_that_was_not_ok() {
        assert_eq!(told(10), ["2 rules: OK 00:00:00 to 00:01:00"]);
        assert_eq!(
            told(80),
            ["hot: ALARM 00:01:00 to 00:01:30", "wet: WARNING 00:01:10 to 00:01:40"]
        );
        assert_eq!(told(200), ["2 rules: not evaluated "]);
    }

    #[test]
    fn the_table_sums_up_each_rule() {
        let at = |secs: i64| Timestamp::from_micros(secs * 1_000_000).unwrap();
        let range = TimeRange::new(at(0), at(80)).unwrap();
        let told = summary_of(&watch(), range);
        let (label, cells) = &told[1];
        assert_eq!(label, "Alarm rule wet");
        let cells = cells.clone().unwrap();
        assert_eq!(cells[0], "WARNING at 1970-01-01 00:01");
        assert_eq!(cells[2], "not OK for 10 s");
        assert_eq!(cells[3], "worst WARNING");
        let beyond = TimeRange::new(at(500), at(600)).unwrap();
        assert_eq!(summary_of(&watch(), beyond)[0].1, None);
    }
}
