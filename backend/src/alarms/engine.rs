//! All rules together: which frames concern which rules, and what expressions make of the others. Pure, as the steps of
//! the rules are: no store, no clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::alarm::AlarmAction;

use super::actions::ActionError;
use super::rule::{Condition, Rule};
use super::state::RuleState;
use super::step::{Binding, Happening, Heard, Input, Selection, Step};
use crate::store::{Frame, MetricId, StoredMetric};

/// A rule, what its metrics are in the store, and how it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Watched {
    /// The rule.
    pub rule: Rule,
    /// What its metrics are in the store.
    pub binding: Binding,
    /// How it stands.
    pub state: RuleState,
}

/// All rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Engine {
    /// By name.
    rules: Vec<Watched>,
    /// The place of each rule, those first that others look at.
    order: Vec<usize>,
    /// Which rules look at a metric, and whether to know if they are watched.
    readers: BTreeMap<MetricId, Vec<(usize, bool)>>,
    clock: i64,
    is_quiet: bool,
}

impl Engine {
    /// Rules that are watched from `now` on. No two have the same name, and no expression leads back to its rule, which
    /// the configuration sees to.
    pub fn new(mut rules: Vec<Rule>, now: i64) -> Self {
        rules.sort_by(|left, right| left.name.cmp(&right.name));
        let order = order(&rules);
        let watched = |rule: Rule| Watched {
            state: RuleState::new(&rule, now),
            binding: Binding::default(),
            rule,
        };
        Self {
            rules: rules.into_iter().map(watched).collect(),
            order,
            readers: BTreeMap::new(),
            clock: now,
            is_quiet: false,
        }
    }

    /// The rules by name.
    pub fn rules(&self) -> &[Watched] {
        &self.rules
    }

    /// The rule of a name.
    pub fn rule(&self, name: &str) -> Option<&Watched> {
        self.position(name).map(|position| &self.rules[position])
    }

    /// Up to when everything is evaluated.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// Puts a rule where it was before a restart. An unknown one is left out.
    pub fn restore(&mut self, name: &str, state: RuleState) {
        if let Some(position) = self.position(name) {
            self.clock = self.clock.min(state.clock);
            // What the clock will change next is found by looking.
            let deadline = Some(state.clock);
            self.rules[position].state = RuleState { deadline, ..state };
        }
    }

    /// Says whether what happens from now on is kept from people: the past is gone through again.
    pub fn be_quiet(&mut self, is_quiet: bool) {
        self.is_quiet = is_quiet;
    }

    /// Takes in what the store knows. Rules of metrics that it does not know are UNKNOWN.
    pub fn bind(&mut self, catalogue: &[StoredMetric]) {
        let by_name: BTreeMap<&str, &StoredMetric> =
            catalogue.iter().map(|metric| (metric.name.as_str(), metric)).collect();
        self.readers.clear();
        let mut labels: BTreeMap<MetricId, Arc<[String]>> = BTreeMap::new();
        for (index, watched) in self.rules.iter_mut().enumerate() {
            let mut binding = Binding::default();
            if let Condition::Samples { watch, .. } = &watched.rule.condition
                && let Some(metric) = by_name.get(watch.metric.as_str())
            {
                let labels = labels
                    .entry(metric.id)
                    .or_insert_with(|| metric.channel_labels.clone().into());
                binding.watched = Some(select(labels, &watch.channels));
                self.readers.entry(metric.id).or_default().push((index, false));
            }
            if let Some(unless) = &watched.rule.unless
                && let Some(metric) = by_name.get(unless.metric.as_str())
            {
                let place = |label: &String| *label == unless.channel;
                let position = match unless.channel.as_str() {
                    "" => Some(0),
                    _ => metric.channel_labels.iter().position(place),
                };
                binding.unless_channel = position.and_then(|position| u32::try_from(position).ok());
                self.readers.entry(metric.id).or_default().push((index, true));
            }
            if binding != watched.binding {
                watched.binding = binding;
                // It is judged anew at once.
                watched.state.deadline = Some(watched.state.clock);
            }
        }
    }

    /// Whether a rule looks at a metric.
    pub fn reads(&self, metric_id: MetricId) -> bool {
        self.readers.contains_key(&metric_id)
    }

    /// The metrics that rules look at.
    pub fn metrics(&self) -> impl Iterator<Item = MetricId> + '_ {
        self.readers.keys().copied()
    }

    /// Lets time pass until `now`, and tells what happened.
    pub fn run(&mut self, now: i64) -> Vec<Happening> {
        let mut happened = Vec::new();
        let now = now.max(self.clock);
        // Deadlines in their order, so that expressions see the others as they were.
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= now) {
            let moment = deadline.max(self.clock);
            self.step_all(moment, &mut happened);
        }
        self.step_all(now, &mut happened);
        happened
    }

    /// Takes in frames that came at `now`, and tells what happened.
    pub fn take(&mut self, now: i64, frames: &[Frame]) -> Vec<Happening> {
        let mut happened = self.run(now);
        let now = self.clock;
        let mut heard: BTreeMap<usize, Vec<Heard<'_>>> = BTreeMap::new();
        for frame in frames {
            for (index, is_unless) in self.readers.get(&frame.metric_id).into_iter().flatten() {
                heard.entry(*index).or_default().push(Heard {
                    is_unless: *is_unless,
                    time: frame.time.as_micros(),
                    arrival: frame.arrival.as_micros().min(now),
                    channels: &frame.channels,
                    values: &frame.values,
                });
            }
        }
        // Those first that others look at: an expression is judged once, with what the others say then.
        for place in 0..self.order.len() {
            let index = self.order[place];
            if let Some(frames) = heard.get(&index) {
                self.weigh(index);
                self.step(index, &mut happened, |step| step.run(now, &Input::Frames(frames)));
            } else {
                self.step_expression(index, now, &mut happened);
            }
        }
        happened
    }

    /// Does what a person does at `now`, and tells what happened.
    pub fn act(&mut self, now: i64, name: &str, action: &AlarmAction) -> Result<Vec<Happening>, ActionError> {
        let mut happened = self.run(now);
        let now = self.clock;
        let Some(position) = self.position(name) else {
            let names = self.rules.iter().map(|watched| watched.rule.name.as_str());
            return Err(ActionError::UnknownRule {
                nearest: crate::nearest::nearest(name, names).map(str::to_owned),
                name: name.chars().take(100).collect(),
            });
        };
        let mut done = Ok(());
        self.step(position, &mut happened, |step| done = step.act(now, action));
        done.map(|()| happened)
    }

    /// Tells people of what they have not been told, after the past was gone through again. What is told is in the
    /// history already.
    pub fn speak(&mut self) -> Vec<Happening> {
        let mut happened = Vec::new();
        for index in 0..self.rules.len() {
            self.step(index, &mut happened, |step| {
                if step.is_to_be_told() {
                    let (from, since) = (
                        step.state.told.unwrap_or(shared::alarm::AlarmState::Ok),
                        step.state.since,
                    );
                    let text = super::words::happened(step.rule, step.binding, step.state);
                    step.happen(shared::alarm::AlarmEventKind::State, from, since, text, "", true);
                }
            });
        }
        for happening in &mut happened {
            happening.is_known = true;
        }
        happened
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.rules
            .binary_search_by(|watched| watched.rule.name.as_str().cmp(name))
            .ok()
    }

    fn next_deadline(&self) -> Option<i64> {
        self.rules.iter().filter_map(|watched| watched.state.deadline).min()
    }

    fn step_all(&mut self, now: i64, happened: &mut Vec<Happening>) {
        self.clock = now;
        for place in 0..self.order.len() {
            let index = self.order[place];
            if !self.step_expression(index, now, happened) {
                self.step(index, happened, |step| step.run(now, &Input::Clock));
            }
        }
    }

    /// Finds out what an expression is worth now, and which rule keeps it from being told; says whether that is something
    /// else than it was. Of another rule nothing changes.
    fn weigh(&mut self, index: usize) -> bool {
        let Watched { rule, state, .. } = &self.rules[index];
        let Condition::Expression { expression, .. } = &rule.condition else {
            return false;
        };
        let fires = |name: &str| self.rule(name).and_then(|child| child.state.fires(&child.rule));
        let value = expression.value(&fires);
        let unknown = match value {
            Some(_) => "",
            None => expression
                .rules()
                .into_iter()
                .find(|name| fires(name).is_none())
                .unwrap_or_default(),
        };
        if value == state.expression && unknown == state.unknown_rule {
            return false;
        }
        let unknown = unknown.to_owned();
        let state = &mut self.rules[index].state;
        (state.expression, state.unknown_rule) = (value, unknown);
        true
    }

    /// Whether the rule is an expression that is worth something else now.
    fn step_expression(&mut self, index: usize, now: i64, happened: &mut Vec<Happening>) -> bool {
        let is_other = self.weigh(index);
        if is_other {
            self.step(index, happened, |step| step.run(now, &Input::Others));
        }
        is_other
    }

    fn step(&mut self, index: usize, happened: &mut Vec<Happening>, run: impl FnOnce(&mut Step<'_>)) {
        let Watched { rule, binding, state } = &mut self.rules[index];
        run(&mut Step {
            rule,
            binding,
            state,
            happened,
            is_quiet: self.is_quiet,
        });
    }
}

/// Those of all channels that a rule names; all of them if it names none.
fn select(all: &Arc<[String]>, named: &[String]) -> Selection {
    let places: BTreeMap<&str, usize> = match named {
        [] => BTreeMap::new(),
        _ => all.iter().map(String::as_str).zip(0..).collect(),
    };
    let mut selected: Vec<u32> = named
        .iter()
        .filter_map(|label| u32::try_from(*places.get(label.as_str())?).ok())
        .collect();
    selected.sort_unstable();
    selected.dedup();
    Selection {
        n_channels: all.len(),
        selected: (!named.is_empty()).then_some(selected),
        labels: Arc::clone(all),
    }
}

/// The places of rules, those first that others look at. Rules that lead back to themselves come last.
fn order(rules: &[Rule]) -> Vec<usize> {
    let mut order = Vec::with_capacity(rules.len());
    let mut is_placed = vec![false; rules.len()];
    let position = |name: &str| rules.binary_search_by(|rule| rule.name.as_str().cmp(name)).ok();
    loop {
        let before = order.len();
        for (index, rule) in rules.iter().enumerate() {
            let children = match &rule.condition {
                Condition::Samples { .. } => Vec::new(),
                Condition::Expression { expression, .. } => expression.rules(),
            };
            let is_ready = children.into_iter().filter_map(position).all(|child| is_placed[child]);
            if is_ready && !is_placed[index] {
                is_placed[index] = true;
                order.push(index);
            }
        }
        if order.len() == before {
            order.extend((0..rules.len()).filter(|index| !is_placed[*index]));
            return order;
        }
    }
}
