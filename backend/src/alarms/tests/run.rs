//! Rules with a clock that is set, and metrics that are made up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use shared::alarm::{AlarmAction, AlarmEvent, AlarmStatus};
use shared::time::Timestamp;
use shared::value::Value;

use crate::alarms::answers;
use crate::alarms::engine::Engine;
use crate::alarms::rule::Rule;
use crate::alarms::state::RuleState;
use crate::alarms::step::Happening;
use crate::config::{Config, Source};
use crate::store::{Channels, Frame, MetricId, MetricProperties, StoredMetric};

/// Rules under way.
#[derive(Debug)]
pub(super) struct Run {
    rules: Vec<Rule>,
    pub(super) engine: Engine,
    catalogue: Vec<StoredMetric>,
    now: i64,
    told: Vec<String>,
    log: Vec<String>,
    events: Vec<AlarmEvent>,
}

/// The rules of a configuration.
#[track_caller]
pub(super) fn rules(text: &str) -> Vec<Rule> {
    let source = Source {
        name: "watchroom.toml",
        text,
    };
    match Config::from_sources(source, &[]) {
        Ok(config) => config.alarms,
        Err(mistakes) => panic!("{mistakes}"),
    }
}

fn catalogue(metrics: &[(String, usize)]) -> Vec<StoredMetric> {
    let stored = |(id, (name, n_channels)): (u32, &(String, usize))| StoredMetric {
        id: MetricId(id),
        name: name.clone(),
        properties: MetricProperties::default(),
        channel_labels: (0..*n_channels).map(|channel| channel.to_string()).collect(),
    };
    (0..).zip(metrics).map(stored).collect()
}

impl Run {
    pub(super) fn new(text: &str, metrics: &[(String, usize)], now: i64) -> Self {
        let rules = rules(text);
        let mut engine = Engine::new(rules.clone(), now);
        let catalogue = catalogue(metrics);
        engine.bind(&catalogue);
        // How it begins is no news.
        engine.be_quiet(true);
        let mut run = Self {
            rules,
            engine,
            catalogue,
            now,
            told: Vec::new(),
            log: Vec::new(),
            events: Vec::new(),
        };
        run.advance(0);
        run.engine.be_quiet(false);
        run
    }

    pub(super) fn bind(&mut self, metrics: &[(String, usize)]) {
        self.catalogue = catalogue(metrics);
        self.engine.bind(&self.catalogue);
        self.advance(0);
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn advance(&mut self, micros: i64) {
        self.now += micros;
        let happened = self.engine.run(self.now);
        self.note(happened);
    }

    /// Takes samples in that come in one moment: metric, time, channel, value.
    pub(super) fn take(&mut self, samples: &[(String, i64, u32, Value)]) {
        let mut frames: BTreeMap<(MetricId, i64), BTreeMap<u32, Value>> = BTreeMap::new();
        for (metric, time, channel, value) in samples {
            let stored = self.catalogue.iter().find(|stored| stored.name == *metric).unwrap();
            frames.entry((stored.id, *time)).or_default().insert(*channel, *value);
        }
        let frames: Vec<Frame> = frames
            .into_iter()
            .map(|((metric_id, time), samples)| Frame {
                metric_id,
                time: Timestamp::saturating_from_micros(time),
                arrival: Timestamp::saturating_from_micros(self.now),
                channels: Channels::Sparse(samples.keys().copied().collect()),
                values: samples.into_values().collect(),
            })
            .collect();
        let happened = self.engine.take(self.now, &frames);
        self.note(happened);
    }

    /// Begins again with what would be in the store.
    pub(super) fn restart(&mut self) {
        let mut engine = Engine::new(self.rules.clone(), self.now);
        for watched in self.engine.rules() {
            let text = serde_json::to_string(&watched.state).unwrap();
            let state: RuleState = serde_json::from_str(&text).unwrap();
            engine.restore(&watched.rule.name, state);
        }
        engine.bind(&self.catalogue);
        self.engine = engine;
        self.advance(0);
    }

    pub(super) fn act(&mut self, name: &str, action: &AlarmAction) -> Result<(), String> {
        let happened = self
            .engine
            .act(self.now, name, action)
            .map_err(|error| error.to_string())?;
        self.note(happened);
        Ok(())
    }

    pub(super) fn status(&self, name: &str) -> AlarmStatus {
        let watched = self.engine.rule(name).unwrap();
        answers::status(&self.engine, watched)
    }

    /// All that happened.
    pub(super) fn events(&self) -> &[AlarmEvent] {
        &self.events
    }

    /// What people were told since the last call.
    pub(super) fn take_told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    /// How everything stands, and what happened.
    pub(super) fn standing(&self) -> String {
        let mut text = format!("at {}\n", Timestamp::saturating_from_micros(self.now));
        for watched in self.engine.rules() {
            let name = &watched.rule.name;
            let status = answers::status(&self.engine, watched);
            let since = Timestamp::saturating_from_micros(status.since_us);
            writeln!(
                text,
                "  {name}: {:?} since {since}, {}, {}",
                status.state, status.value, status.detail
            )
            .unwrap();
        }
        text.push_str("happened:\n");
        for line in &self.log {
            writeln!(text, "  {line}").unwrap();
        }
        text
    }

    fn note(&mut self, happened: Vec<Happening>) {
        for Happening { event, tell, .. } in happened {
            let state = event.state.as_str().to_uppercase().replace('_', " ");
            let time = Timestamp::saturating_from_micros(event.time_us);
            self.log.push(format!(
                "{time} {} {:?} {state}: {}",
                event.rule, event.kind, event.text
            ));
            if tell {
                self.told.push(format!("{} {state}", event.rule));
            }
            self.events.push(event);
        }
    }
}
