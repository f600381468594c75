//! What the parts of the panel share: the frame, where its points lie, and what is pointed at.

use std::sync::Arc;

use leptos::html::Div;
use shared::chart::axis_clock::AxisClock;
use shared::chart::curve::{Curve, CurveData, CurvePoint};
use shared::dashboard::{Curve as CurveSpec, Panel};
use shared::time::Timestamp;

use crate::browser::font::page_font;
use crate::chart::stage::{StageSize, use_stage_size};
use crate::dom::NodeRef;
use crate::format;
use crate::panels::camera::moment::Moment;
use crate::panels::camera::pointing::Pointer;
use crate::panels::camera::readings::{Reading, Readings};
use crate::panels::plot::chart::layout_of;
use crate::reactive::{Derived, Kept};
use crate::state::catalogue::{Catalogue, use_catalogue};
use crate::state::chosen_channel::{ChosenChannel, use_chosen_channel};
use crate::state::time_view::use_time_view;

/// The state of a panel.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The metrics and axes.
    pub spec: Kept<CurveSpec>,
    moment: Kept<Moment>,
    /// What all channels said.
    pub readings: Derived<Option<Arc<Readings>>>,
    /// The points; `None` until they have come.
    pub data: Derived<Option<Arc<CurveData>>>,
    /// The size of the stage; `None` until it is laid out.
    pub size: Derived<Option<StageSize>>,
    /// Where the points lie; `None` until all is known.
    pub curve: Derived<Option<Arc<Curve>>>,
    /// The point that is pointed at.
    pub pointer: Pointer,
    choice: Kept<ChosenChannel>,
    catalogue: Catalogue,
}

impl Shown {
    /// Follows the moment, as long as its owner lives.
    pub fn follow(panel: &Panel, spec: CurveSpec, stage: NodeRef<Div>) -> Self {
        let catalogue = use_catalogue();
        let names: Vec<String> = panel.show.metrics().into_iter().map(str::to_owned).collect();
        let moment = Moment::follow(names);
        let settled = use_time_view().settled();
        let panel = Kept::new(panel.clone());
        let readings_of = move |position: usize| {
            let (told, range) = (moment.told()?, settled.get()?);
            let ages = panel.with_value(|panel| catalogue.ages(panel));
            let latest = told.metrics.get(position)?;
            Some(Readings::new(latest, told.at, range.start(), ages))
        };
        let readings = Derived::new(move || Some(Arc::new(readings_of(0)?)));
        let spec = Kept::new(spec);
        let data = Derived::new(move || {
            let readings = readings.get()?;
            // A metric over itself is answered once.
            let given = spec.with_value(|spec| spec.x_metric.as_ref().map(|x_metric| *x_metric != spec.metric));
            let x = match given {
                Some(is_other) => Some(readings_of(usize::from(is_other))?),
                None => None,
            };
            Some(Arc::new(data_of(&spec.get_value(), &readings, x.as_ref())))
        });
        let size = use_stage_size(stage);
        let curve = Derived::new(move || {
            let (data, size) = (data.get()?, size.get()?);
            Some(Arc::new(Curve::new(
                layout_of(size, page_font(), AxisClock::utc()),
                &data,
            )))
        });
        Self {
            spec,
            moment: Kept::new(moment),
            readings,
            data,
            size,
            curve,
            pointer: Pointer::at_nothing(),
            choice: Kept::new(use_chosen_channel()),
            catalogue,
        }
    }

    /// The moment that is shown.
    pub fn moment(self) -> Moment {
        self.moment.get_value()
    }

    /// The metric by name.
    pub fn metric(self) -> String {
        self.spec.with_value(|spec| spec.metric.clone())
    }

    /// The unit of the metric; tracks.
    pub fn unit(self) -> String {
        let metric = self.catalogue.metric(&self.metric());
        metric.map(|metric| metric.unit).unwrap_or_default()
    }

    /// The unit of what is across; empty for numbers of channels. Tracks.
    pub fn x_unit(self) -> String {
        let name = self.spec.with_value(|spec| spec.x_metric.clone());
        let metric = name.and_then(|name| self.catalogue.metric(&name));
        metric.map(|metric| metric.unit).unwrap_or_default()
    }

    /// When the metric's last sample was taken; tracks.
    pub fn last(self) -> Option<Timestamp> {
        self.catalogue.metric(&self.metric())?.last
    }

    /// The position of the chosen channel's point; tracks.
    pub fn chosen_position(self) -> Option<usize> {
        let chosen = self.choice.get_value().of(&self.metric())?;
        self.data.with(|data| {
            let points = &data.as_ref()?.points;
            points.iter().position(|point| point.channel == chosen)
        })
    }

    /// Chooses the channel of a point, for the whole page.
    pub fn choose(self, position: usize) {
        let point = self
            .data
            .with_untracked(|data| data.as_ref()?.points.get(position).copied());
        if let Some(point) = point {
            self.choice.get_value().choose(&self.metric(), point.channel);
        }
    }

    /// How many channels have no value, in words; tracks.
    pub fn missing(self) -> String {
        let summary = self.readings.get().map(|readings| readings.summary());
        summary.map(|summary| summary.missing()).unwrap_or_default()
    }

    /// The curve in a few sentences, for those who do not see it; tracks.
    pub fn spoken(self, title: &str) -> String {
        let (Some(told), Some(readings)) = (self.moment().told(), self.readings.get()) else {
            return format!("{title}, curve");
        };
        let (summary, unit) = (readings.summary(), self.unit());
        let time = self.moment().zone.text(told.at);
        let mut sentences = vec![format!(
            "{title}, curve of {} channels at {time}",
            readings.by_channel.len()
        )];
        for (word, extreme) in [("least", summary.min), ("greatest", summary.max)] {
            if let Some((value, channel)) = extreme {
                sentences.push(format!("{word} {} {unit} in channel {channel}", format::number(value)));
            }
        }
        let missing = summary.missing();
        if !missing.is_empty() {
            sentences.push(missing);
        }
        sentences.push("arrows walk, Enter chooses".to_owned());
        sentences.join("; ")
    }
}

/// The points of a frame. What is too old is not drawn as if it were of the moment, unless all of it is: then it is the
/// picture of a source that stopped, and the panel says so.
fn data_of(spec: &CurveSpec, readings: &Readings, x: Option<&Readings>) -> CurveData {
    let number_of = |(readings, are_old): (&Readings, bool), channel| match readings.get(channel).0 {
        Reading::Value(value) => value,
        Reading::Old(value) if are_old => value,
        _ => f64::NAN,
    };
    let (x, y) = (x.map(|x| (x, x.are_old())), (readings, readings.are_old()));
    let channels = readings.by_channel.iter().zip(0_u32..);
    let points = channels.map(|(_, channel)| CurvePoint {
        channel,
        x: x.map_or_else(|| f64::from(channel), |x| number_of(x, channel)),
        y: number_of(y, channel),
    });
    CurveData {
        points: points.collect(),
        log_x: spec.log_x,
        log_y: spec.log_y,
        x_name: spec.x_label.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(values: &[Reading]) -> Readings {
        Readings {
            by_channel: values.iter().map(|reading| (*reading, None)).collect(),
        }
    }

    fn spec() -> CurveSpec {
        CurveSpec {
            metric: "m".to_owned(),
            x_metric: None,
            x_label: "Hz".to_owned(),
            log_x: false,
            log_y: true,
        }
    }

    #[test]
    fn only_values_of_the_moment_are_points() {
        let y = readings(&[
            Reading::Value(1.5),
            Reading::Old(2.0),
            Reading::Null,
            Reading::Value(4.0),
        ]);
        let data = data_of(&spec(), &y, None);
        let finite: Vec<(u32, f64)> = data
            .points
            .iter()
            .filter(|point| point.y.is_finite())
            .map(|point| (point.channel, point.x))
            .collect();
        assert_eq!(finite, [(0, 0.0), (3, 3.0)]);
        assert!(data.log_y && !data.log_x);
    }

    #[test]
    fn x_comes_from_the_other_metric_of_the_same_moment() {
        let y = readings(&[Reading::Value(1.0), Reading::Value(2.0)]);
        let x = readings(&[Reading::Value(10.0), Reading::Nan]);
        let data = data_of(&spec(), &y, Some(&x));
        assert!((data.points[0].x - 10.0).abs() < 1e-12);
        assert!(data.points[1].x.is_nan());
    }
}
