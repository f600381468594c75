//! What is known of pinned values: asked anew from the server, so that a link shows the same as the click did.

use leptos::prelude::untrack;
use shared::chart::pick::Extreme;
use shared::metric::ChannelSelection;
use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::query::raster::Statistic;
use shared::time::TimeRange;
use shared::value::Value;

use crate::api;
use crate::browser::number::number_of;
use crate::reactive::{Derived, Kept, State, effect, spawn_unowned};
use crate::state::address::Pinned;
use crate::state::pins::Pins;
use crate::state::refresh::use_refresh;

/// A value that stays.
#[derive(Clone, PartialEq, Debug)]
pub struct Pin {
    /// As the address has it.
    pub pinned: Pinned,
    /// The metric by name.
    pub metric: String,
    /// What of it.
    pub part: Part,
}

/// What of a metric is pinned.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Part {
    /// All channels together, written `metric:band`.
    Band,
    /// A channel: `metric:412`.
    Channel(u32),
    /// The channels of a row of cells: `metric:412-415`.
    Rows {
        /// The first of them.
        first: u32,
        /// The last, which may be the same.
        last: u32,
    },
    /// The samples of all channels with values from one number to below another: `metric:20.5~21`.
    Values {
        /// The least.
        low: f64,
        /// What they are below.
        high: f64,
    },
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        if text == "band" {
            return Some(Self::Band);
        }
        if let Some((low, high)) = text.split_once('~') {
            let (low, high) = (number_of(low)?, number_of(high)?);
            return Some(Self::Values { low, high });
        }
        if let Some((first, last)) = text.split_once('-') {
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            return (first <= last).then_some(Self::Rows { first, last });
        }
        text.parse().ok().map(Self::Channel)
    }
}

impl Pin {
    /// A value of the address; `None` where it cannot be told what it is of.
    pub fn of(pinned: Pinned) -> Option<Self> {
        let (metric, part) = pinned.what.rsplit_once(':')?;
        let part = Part::parse(part)?;
        Some(Self {
            metric: metric.to_owned(),
            part,
            pinned,
        })
    }

    /// The time from which the samples behind it are.
    pub const fn range(&self) -> TimeRange {
        self.pinned.range
    }

    /// The channels whose samples are behind it.
    pub fn channels(&self) -> ChannelSelection {
        match self.part {
            Part::Band | Part::Values { .. } => ChannelSelection::All,
            Part::Channel(channel) => ChannelSelection::List(vec![channel]),
            Part::Rows { first, last } => ChannelSelection::List((first..=last).collect()),
        }
    }

    /// Whether a sample is behind it.
    pub fn holds(&self, value: Value) -> bool {
        match self.part {
            Part::Values { low, high } => value.finite().is_some_and(|value| low <= value && value < high),
            Part::Band | Part::Channel(_) | Part::Rows { .. } => true,
        }
    }

    /// Whether all samples of its channels and time are.
    pub const fn has_all(&self) -> bool {
        !matches!(self.part, Part::Values { .. })
    }

    /// What is to be asked about it; steps of value say all themselves.
    fn query(&self) -> Option<EnvelopeQuery> {
        let channels = match self.part {
            Part::Values { .. } => return None,
            Part::Band => ChannelSelection::Band,
            Part::Channel(_) | Part::Rows { .. } => self.channels(),
        };
        Some(EnvelopeQuery {
            metric: self.metric.clone(),
            channels,
            from: self.range().start(),
            to: self.range().end(),
            columns: 1,
        })
    }
}

/// What came of the question about a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    /// It is awaited.
    Waiting,
    /// Why there is no answer.
    Failed(String),
    /// The answer.
    Known(Seen),
}

/// The samples behind a value, summed up.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Seen {
    /// When and what it is, if it is one sample alone; null and NaN are values too.
    pub only: Option<(i64, Value)>,
    /// The least and the greatest finite one.
    pub extremes: Option<[Extreme; 2]>,
    count: u64,
    sum: f64,
    last: Option<f64>,
}

impl Seen {
    /// Those of an answer, of all its channels together. Of equal extremes the first one is told, with its channel.
    pub fn of(envelope: &Envelope) -> Self {
        let mut seen = Self::default();
        match envelope {
            Envelope::Samples { series, .. } => {
                let mut n_samples = 0;
                for series in series {
                    for (time_us, value) in series.time_us.iter().zip(&series.value) {
                        n_samples += 1;
                        seen.only = (n_samples == 1).then_some((*time_us, *value));
                        if let Some(number) = value.finite() {
                            let extreme = Extreme {
                                time_us: *time_us,
                                value: number,
                                channel: Some(series.channel),
                            };
                            seen.add([extreme; 2], 1, number, Some(&number));
                        }
                    }
                }
            }
            Envelope::Columns { series, .. } => {
                for series in series {
                    for at in 0..series.start_us.len() {
                        let extreme = |times: &[i64], values: &[f64], channels: &[u32]| {
                            Some(Extreme {
                                time_us: *times.get(at)?,
                                value: *values.get(at)?,
                                channel: channels.get(at).copied().or(series.channel),
                            })
                        };
                        let min = extreme(&series.min_us, &series.min, &series.min_channel);
                        let max = extreme(&series.max_us, &series.max, &series.max_channel);
                        let counted = series.count.get(at).zip(series.mean.get(at));
                        if let (Some(min), Some(max), Some((count, mean))) = (min, max, counted) {
                            seen.add([min, max], *count, *mean, series.last.get(at));
                        }
                    }
                }
                if seen.count == 1 {
                    seen.only = seen.extremes.map(|[min, _]| (min.time_us, min.value.into()));
                }
            }
        }
        seen
    }

    fn add(&mut self, [min, max]: [Extreme; 2], count: u64, mean: f64, newest: Option<&f64>) {
        let [least, greatest] = self.extremes.unwrap_or([min, max]);
        self.extremes = Some([
            if min.value < least.value { min } else { least },
            if max.value > greatest.value { max } else { greatest },
        ]);
        self.last = newest.copied().or(self.last);
        self.count += count;
        self.sum += mean * count as f64;
    }

    /// What a cell says of them; `None` without a finite one.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let [min, max] = self.extremes?;
        Some(match statistic {
            Statistic::Min => min.value,
            Statistic::Max => max.value,
            Statistic::Last => self.last?,
            Statistic::Mean | Statistic::Density => self.sum / self.count as f64,
        })
    }
}

/// The pinned values of a panel with what is known of each, in their order.
pub fn use_told(pins: Pins, panel_id: Kept<String>) -> Derived<Vec<(Pin, Told)>> {
    let known = State::new(Vec::<(Pinned, Told)>::new());
    let refresh = use_refresh();
    let listed = move || -> Vec<Pin> {
        let of_panel = panel_id.with_value(|panel| pins.of(panel));
        of_panel.into_iter().filter_map(Pin::of).collect()
    };
    effect(move || {
        // Also those that failed, once the server may answer again.
        refresh.track();
        let listed = listed();
        let is_open = |pin: &Pin| {
            let told = |(pinned, told): &(Pinned, Told)| *pinned == pin.pinned && !matches!(told, Told::Failed(_));
            !known.with_untracked(|known| known.iter().any(told))
        };
        let open: Vec<Pin> = listed.iter().filter(|pin| is_open(pin)).cloned().collect();
        let is_listed = |pinned: &Pinned| listed.iter().any(|pin| pin.pinned == *pinned);
        if open.is_empty() && known.with_untracked(|known| known.iter().all(|(pinned, _)| is_listed(pinned))) {
            return;
        }
        known.update(|known| {
            known.retain(|(pinned, told)| is_listed(pinned) && !matches!(told, Told::Failed(_)));
            known.extend(open.iter().map(|pin| (pin.pinned.clone(), Told::Waiting)));
        });
        for pin in open {
            ask(known, pin);
        }
    });
    Derived::new(move || {
        let told = |pin: Pin| {
            let found = known.with(|known| known.iter().find(|(pinned, _)| *pinned == pin.pinned).cloned());
            let told = found.map_or(Told::Waiting, |(_, told)| told);
            (pin, told)
        };
        listed().into_iter().map(told).collect()
    })
}

fn ask(known: State<Vec<(Pinned, Told)>>, pin: Pin) {
    let Some(query) = pin.query() else { return };
    spawn_unowned(async move {
        let told = match api::envelope(&query).await {
            Ok((envelope, _)) => Told::Known(Seen::of(&envelope)),
            Err(failure) => Told::Failed(failure.to_string()),
        };
        untrack(|| {
            known.update(|known| {
                for (_, waiting) in known.iter_mut().filter(|(pinned, _)| *pinned == pin.pinned) {
                    *waiting = told.clone();
                }
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use shared::query::envelope::{ColumnSeries, SampleSeries};
    use shared::time::Timestamp;

    use super::*;

    fn pin(what: &str) -> Option<Pin> {
        let time = Timestamp::saturating_from_micros;
        Pin::of(Pinned {
            panel: "p".to_owned(),
            what: what.to_owned(),
            range: TimeRange::new(time(0), time(60)).unwrap(),
        })
    }

    #[test]
    fn what_is_pinned_is_read_from_its_name() {
        let part = |what| pin(what).map(|pin| (pin.metric, pin.part));
        let of = |part| Some(("cam:hv".to_owned(), part));
        assert_eq!(part("cam:hv:412"), of(Part::Channel(412)));
        assert_eq!(part("cam:hv:band"), of(Part::Band));
        assert_eq!(part("cam:hv:12-15"), of(Part::Rows { first: 12, last: 15 }));
        assert_eq!(
            part("cam:hv:-2.5~1000"),
            of(Part::Values {
                low: -2.5,
                high: 1000.0
            })
        );
        for strange in ["", "hv", "hv:", "hv:x", "hv:5-2", "hv:~", "hv:-3"] {
            assert_eq!(part(strange), None, "{strange}");
        }
    }

    #[test]
    fn the_samples_behind_a_step_of_value_are_those_within_it() {
        let pin = pin("t:20~21").unwrap();
        let values = [
            19.9.into(),
            20.0.into(),
            21.0.into(),
            21.1.into(),
            Value::NAN,
            Value::NULL,
        ];
        assert_eq!(
            values.map(|value| pin.holds(value)),
            [false, true, false, false, false, false]
        );
        assert_eq!((pin.channels(), pin.query()), (ChannelSelection::All, None));
    }

    #[test]
    fn one_sample_alone_is_told_as_it_is() {
        let samples = |time_us: Vec<i64>, value: Vec<Value>| {
            let series = SampleSeries {
                time_us,
                value,
                ..SampleSeries::default()
            };
            Seen::of(&Envelope::Samples {
                metric: String::new(),
                unit: String::new(),
                series: vec![series],
            })
        };
        assert_eq!(samples(vec![7], vec![Value::NULL]).only, Some((7, Value::NULL)));
        let two = samples(vec![7, 8], vec![2.0.into(), 1.0.into()]);
        let [min, max] = two.extremes.unwrap();
        assert_eq!((two.only, min.value, max.time_us), (None, 1.0, 7));
        assert_eq!(samples(vec![], vec![]), Seen::default());
    }

    #[test]
    fn a_cell_of_several_channels_says_what_it_was_folded_by() {
        let series = |channel, count, mean, min, max, last| ColumnSeries {
            channel: Some(channel),
            start_us: vec![0],
            end_us: vec![60],
            count: vec![count],
            mean: vec![mean],
            min: vec![min],
            max: vec![max],
            last: vec![last],
            min_us: vec![20],
            max_us: vec![50],
            ..ColumnSeries::default()
        };
        let seen = Seen::of(&Envelope::Columns {
            metric: String::new(),
            unit: String::new(),
            series: vec![series(4, 3, 2.0, -1.0, 5.0, 3.0), series(5, 1, 6.0, 6.0, 6.0, 6.0)],
        });
        let told = [Statistic::Min, Statistic::Max, Statistic::Mean, Statistic::Last];
        assert_eq!(
            told.map(|statistic| seen.statistic(statistic)),
            [-1.0, 6.0, 3.0, 6.0].map(Some)
        );
    }
}
