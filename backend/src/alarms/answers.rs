//! What is told of alarms: the list, a card, the history.

use shared::alarm::{
    AlarmCard, AlarmEvent, AlarmEventKind, AlarmHistory, AlarmRibbon, AlarmSpan, AlarmState, AlarmStatus, Evidence,
    MAX_CARD_EVENTS, MAX_HISTORY_EVENTS, MAX_OCCURRENCES, Note, Occurrence,
};
use shared::time::TimeRange;

use super::engine::{Engine, Watched};
use super::rule::Condition;
use super::words;

/// How every rule stands: the most urgent first, then the youngest.
pub fn list(engine: &Engine) -> Vec<AlarmStatus> {
    let mut alarms: Vec<AlarmStatus> = engine.rules().iter().map(|watched| status(engine, watched)).collect();
    alarms.sort_by(|left, right| {
        let urgency = |status: &AlarmStatus| {
            let now = if status.disabled.is_some() {
                0
            } else {
                status.state.urgency()
            };
            now.max(status.latched.map_or(0, AlarmState::urgency))
        };
        urgency(right)
            .cmp(&urgency(left))
            .then(right.since_us.cmp(&left.since_us))
            .then_with(|| left.rule.cmp(&right.rule))
    });
    alarms
}

/// How a rule stands.
pub fn status(engine: &Engine, watched: &Watched) -> AlarmStatus {
    let Watched { rule, binding, state } = watched;
    let outcome = &state.outcome;
    let unit = match &rule.condition {
        Condition::Samples { watch, .. } => watch.unit.clone(),
        Condition::Expression { .. } => String::new(),
    };
    let is_one_of_many = binding.watched.as_ref().is_some_and(|watched| 1 < watched.n_channels);
    AlarmStatus {
        rule: rule.name.clone(),
        title: rule.title.clone(),
        system: rule.system.clone(),
        owner: rule.owner.clone(),
        state: state.state,
        since_us: state.since,
        latched: state.latched,
        acknowledged: state.acknowledged.clone(),
        shelved: state.shelved.clone(),
        known_issue: state.known_issue.clone(),
        disabled: state.disabled.clone(),
        flapping: state.flapping,
        value: outcome.value,
        unit,
        detail: words::detail(rule, outcome),
        channel: outcome.channel.filter(|_| is_one_of_many),
        channel_label: if is_one_of_many {
            words::label(binding, outcome.channel)
        } else {
            String::new()
        },
        channels: outcome.n_channels,
        metrics: metrics(engine, watched, 0),
        limits: rule.limits(),
    }
}

/// The metrics of a rule, and of the rules that it looks at.
fn metrics(engine: &Engine, watched: &Watched, depth: usize) -> Vec<String> {
    let mut metrics: Vec<String> = watched.rule.metrics().into_iter().map(str::to_owned).collect();
    // Expressions do not lead back to themselves, but that is not checked here.
    if let Condition::Expression { expression, .. } = &watched.rule.condition
        && depth < 8
    {
        for child in expression.rules().into_iter().filter_map(|name| engine.rule(name)) {
            for metric in self::metrics(engine, child, depth + 1) {
                if !metrics.contains(&metric) {
                    metrics.push(metric);
                }
            }
        }
    }
    metrics
}

/// All that helps to judge a rule. `events` are what happened to it, newest first.
pub fn card(engine: &Engine, watched: &Watched, events: Vec<AlarmEvent>) -> AlarmCard {
    let Watched { rule, binding, state } = watched;
    let evidence = state.evidence.iter().map(|sample| Evidence {
        time_us: sample.time,
        channel_label: words::label(binding, sample.channel),
        value: sample.value,
        meaning: words::meaning(rule, sample),
    });
    AlarmCard {
        status: status(engine, watched),
        condition: words::condition(rule),
        guidance_html: rule.guidance_html.clone(),
        link: rule.link.clone(),
        evidence: evidence.collect(),
        earlier: occurrences(&events, state.state),
        events: events.into_iter().take(MAX_CARD_EVENTS).collect(),
    }
}

/// When a rule was not OK, newest first; the present time is left out if it is not over. `events` are newest first.
fn occurrences(events: &[AlarmEvent], now: AlarmState) -> Vec<Occurrence> {
    let mut occurrences: Vec<Occurrence> = Vec::new();
    let mut open: Option<Occurrence> = None;
    for event in events.iter().rev() {
        let is_over = event.kind == AlarmEventKind::Disabled
            || event.kind == AlarmEventKind::State && matches!(event.state, AlarmState::Ok | AlarmState::Unknown);
        match event.kind {
            _ if is_over => {
                if let Some(mut over) = open.take() {
                    over.to_us = Some(event.time_us);
                    occurrences.push(over);
                }
            }
            AlarmEventKind::State => {
                let occurrence = open.get_or_insert_with(|| Occurrence {
                    from_us: event.time_us,
                    to_us: None,
                    worst: event.state,
                    channel_label: channel_in(&event.text),
                    acknowledged: None,
                });
                if occurrence.worst.urgency() < event.state.urgency() {
                    occurrence.worst = event.state;
                }
            }
            AlarmEventKind::Acknowledged => {
                let note = Note {
                    by: event.by.clone(),
                    comment: event.text.clone(),
                    at_us: event.time_us,
                    until_us: None,
                };
                // Of a latched rule also what is over is acknowledged.
                if let Some(occurrence) = open.as_mut().or(occurrences.last_mut()) {
                    occurrence.acknowledged = Some(note);
                }
            }
            _ => {}
        }
    }
    if now == AlarmState::Ok {
        occurrences.extend(open);
    }
    occurrences.reverse();
    occurrences.truncate(MAX_OCCURRENCES);
    occurrences
}

/// The channel that a text of [`words::happened`] names.
fn channel_in(text: &str) -> String {
    let named = text.split(", ").find_map(|part| part.strip_prefix("channel "));
    named.unwrap_or_default().to_owned()
}

/// What rules said over a range. `before` are the last events of each rule before it, newest first, `events` those in it
/// by rising time; after `until` nothing is known.
pub fn history(range: TimeRange, until: i64, before: Vec<Vec<AlarmEvent>>, events: Vec<AlarmEvent>) -> AlarmHistory {
    let (from, to) = (range.start().as_micros(), range.end().as_micros().min(until));
    let mut ribbons: std::collections::BTreeMap<String, Drawn> = std::collections::BTreeMap::new();
    let says = |event: &AlarmEvent| match event.kind {
        AlarmEventKind::State | AlarmEventKind::Enabled => Some(Some(event.state)),
        AlarmEventKind::Disabled => Some(None),
        _ => None,
    };
    for events in before {
        if let Some((event, state)) = events.iter().find_map(|event| Some((event, says(event)?))) {
            ribbons.entry(event.rule.clone()).or_default().open = state.map(|state| (from, state));
        }
    }
    for event in &events {
        if let Some(state) = says(event) {
            let drawn = ribbons.entry(event.rule.clone()).or_default();
            drawn.end(event.time_us);
            drawn.open = state.map(|state| (event.time_us, state));
        }
    }
    let ribbons = ribbons.into_iter().filter_map(|(rule, mut drawn)| {
        drawn.end(to);
        (!drawn.spans.is_empty()).then_some(AlarmRibbon {
            rule,
            spans: drawn.spans,
        })
    });
    let skipped = events.len().saturating_sub(MAX_HISTORY_EVENTS);
    AlarmHistory {
        ribbons: ribbons.collect(),
        events: events.into_iter().skip(skipped).collect(),
    }
}

/// A ribbon as far as it is drawn.
#[derive(Debug, Default)]
struct Drawn {
    spans: Vec<AlarmSpan>,
    open: Option<(i64, AlarmState)>,
}

impl Drawn {
    fn end(&mut self, at: i64) {
        let Some((from_us, state)) = self.open.take().filter(|(from, _)| *from < at) else {
            return;
        };
        match self.spans.last_mut() {
            Some(last) if last.state == state && last.to_us == from_us => last.to_us = at,
            _ => self.spans.push(AlarmSpan {
                from_us,
                to_us: at,
                state,
            }),
        }
    }
}
