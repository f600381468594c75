//! The lines of a panel: what the dashboard asks for, with the data that came.

use std::sync::Arc;

use shared::chart::legend::{line_key, line_label};
use shared::chart::shape::{PlotLine, Shape};
use shared::dashboard::{Axis, Line, Timeseries};
use shared::metric::{ChannelSelection, MetricInfo};
use shared::query::envelope::Envelope;

use super::data::{Ask, Slot};

/// One line of a panel, drawn or awaited.
#[derive(Clone, Debug)]
pub struct PanelLine {
    /// Its name in links and in the page.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// The unit of its values.
    pub unit: String,
    /// Which colour of the palette it has, counted from 0; the same whether others are hidden or not.
    pub color: usize,
    /// On which axis it is read.
    pub axis: Axis,
    /// Seconds between expected samples.
    pub interval_s: Option<f64>,
    /// Why there are no data, or why they are not the newest.
    pub failure: Option<String>,
    data: Option<SeriesOf>,
}

/// One series of an answer.
#[derive(Clone, Debug)]
struct SeriesOf {
    envelope: Arc<Envelope>,
    position: usize,
}

/// Answers are compared by identity: they are large, and each is a new one.
impl PartialEq for SeriesOf {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.envelope, &other.envelope) && self.position == other.position
    }
}

impl PartialEq for PanelLine {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data && self.key == other.key && self.label == other.label && self.failure == other.failure
    }
}

impl PanelLine {
    /// Its data; `None` until they are there.
    pub fn shape(&self) -> Option<Shape<'_>> {
        let SeriesOf { envelope, position } = self.data.as_ref()?;
        match envelope.as_ref() {
            Envelope::Samples { series, .. } => series.get(*position).map(Shape::Samples),
            Envelope::Columns { series, .. } => series.get(*position).map(|series| match series.channel {
                Some(_) => Shape::Columns(series),
                None => Shape::Band(series),
            }),
        }
    }

    /// How it is drawn; `None` until its data are there.
    pub fn plot_line(&self) -> Option<PlotLine<'_>> {
        Some(PlotLine {
            shape: self.shape()?,
            color: self.color,
            axis: self.axis,
            interval_s: self.interval_s,
            is_faded: false,
        })
    }
}

/// The lines of a panel in the order of its dashboard, each with what is known of it.
pub fn panel_lines(
    spec: &Timeseries,
    asks: &[Ask],
    slots: &[Slot],
    metric: impl Fn(&str) -> Option<MetricInfo>,
) -> Vec<PanelLine> {
    let mut lines = Vec::new();
    for line in &spec.lines {
        let is_band = line.channels == ChannelSelection::Band;
        let at = asks
            .iter()
            .position(|ask| ask.metric == line.metric && (ask.channels == ChannelSelection::Band) == is_band);
        let slot = at.and_then(|at| slots.get(at));
        let info = metric(&line.metric);
        for channel in channels_of(line, slot, info.as_ref()) {
            lines.push(panel_line(line, channel, slot, info.as_ref(), lines.len()));
        }
    }
    lines
}

/// The channels of a line of the dashboard; `None` stands for the band.
fn channels_of(line: &Line, slot: Option<&Slot>, info: Option<&MetricInfo>) -> Vec<Option<u32>> {
    match &line.channels {
        ChannelSelection::Band => vec![None],
        ChannelSelection::List(channels) => channels.iter().copied().map(Some).collect(),
        ChannelSelection::All => {
            let answered = slot
                .and_then(|slot| slot.answer.as_deref())
                .map(|envelope| match envelope {
                    Envelope::Samples { series, .. } => series.iter().map(|series| Some(series.channel)).collect(),
                    Envelope::Columns { series, .. } => series.iter().map(|series| series.channel).collect(),
                });
            answered.unwrap_or_else(|| (0..info.map_or(1, |info| info.channels)).map(Some).collect())
        }
    }
}

fn panel_line(
    line: &Line,
    channel: Option<u32>,
    slot: Option<&Slot>,
    info: Option<&MetricInfo>,
    color: usize,
) -> PanelLine {
    let envelope = slot.and_then(|slot| slot.answer.as_ref());
    let (position, channel_label) = envelope.and_then(|envelope| series_of(envelope, channel)).unzip();
    let channel_label = channel_label
        .or_else(|| channel.map(|channel| channel.to_string()))
        .unwrap_or_default();
    let title = info.map_or(line.metric.as_str(), |info| info.title.as_str());
    let n_channels = info.map_or(1, |info| info.channels);
    let unit = envelope.map(|envelope| match envelope.as_ref() {
        Envelope::Samples { unit, .. } | Envelope::Columns { unit, .. } => unit.clone(),
    });
    PanelLine {
        key: line_key(&line.metric, channel),
        label: line_label(line, title, n_channels, &channel_label),
        unit: unit.or_else(|| info.map(|info| info.unit.clone())).unwrap_or_default(),
        color,
        axis: line.axis,
        interval_s: info.and_then(|info| info.interval_s),
        failure: slot.and_then(|slot| slot.failure.clone()),
        data: envelope.zip(position).map(|(envelope, position)| SeriesOf {
            envelope: Arc::clone(envelope),
            position,
        }),
    }
}

/// Where in an answer a channel is, and what it is called.
fn series_of(envelope: &Envelope, channel: Option<u32>) -> Option<(usize, String)> {
    match envelope {
        Envelope::Samples { series, .. } => {
            let position = series.iter().position(|series| Some(series.channel) == channel)?;
            Some((position, series.get(position)?.label.clone()))
        }
        Envelope::Columns { series, .. } => {
            let position = series.iter().position(|series| series.channel == channel)?;
            Some((position, series.get(position)?.label.clone()))
        }
    }
}

/// The units of some lines, each once, as they stand beside a title or an axis.
pub fn units_of<'a>(lines: impl Iterator<Item = &'a PanelLine>) -> String {
    let mut units: Vec<&str> = Vec::new();
    for line in lines {
        if !line.unit.is_empty() && !units.contains(&line.unit.as_str()) {
            units.push(&line.unit);
        }
    }
    units.join(", ")
}

#[cfg(test)]
mod tests {
    use shared::metric::MetricKind;
    use shared::query::envelope::SampleSeries;

    use super::*;
    use crate::panels::timeseries::data::asks_of;

    fn spec(channels: &str) -> Timeseries {
        let line = |metric: &str, channels: &str| Line {
            metric: metric.to_owned(),
            channels: channels.parse().unwrap(),
            label: String::new(),
            axis: Axis::Left,
        };
        Timeseries {
            lines: vec![line("hv", channels), line("t", "all")],
            ..Timeseries::default()
        }
    }

    fn metric(name: &str) -> Option<MetricInfo> {
        let channels = match name {
            "hv" => 4,
            "t" => 1,
            _ => return None,
        };
        Some(MetricInfo {
            name: name.to_owned(),
            title: name.to_uppercase(),
            unit: "V".to_owned(),
            kind: MetricKind::Gauge,
            channels,
            interval_s: Some(60.0),
            first: None,
            last: None,
        })
    }

    fn answer(channels: &[u32]) -> Slot {
        let series = channels.iter().map(|channel| SampleSeries {
            channel: *channel,
            label: format!("module {channel}"),
            ..SampleSeries::default()
        });
        Slot {
            answer: Some(Arc::new(Envelope::Samples {
                metric: "hv".to_owned(),
                unit: "kV".to_owned(),
                series: series.collect(),
            })),
            ..Slot::default()
        }
    }

    fn told(lines: &[PanelLine]) -> Vec<String> {
        let word = |line: &PanelLine| {
            let data = if line.shape().is_some() { "drawn" } else { "awaited" };
            format!("{} {} {} {} {data}", line.color, line.key, line.label, line.unit)
        };
        lines.iter().map(word).collect()
    }

    #[test]
    fn colours_stay_while_answers_are_awaited() {
        let spec = spec("2,0");
        let asks = asks_of(&spec);
        let awaited = panel_lines(&spec, &asks, &[Slot::default(), Slot::default()], metric);
        assert_eq!(
            told(&awaited),
            ["0 hv:2 2 V awaited", "1 hv:0 0 V awaited", "2 t:0 T V awaited"]
        );
        let drawn = panel_lines(&spec, &asks, &[answer(&[0, 2]), Slot::default()], metric);
        assert_eq!(
            told(&drawn),
            [
                "0 hv:2 module 2 kV drawn",
                "1 hv:0 module 0 kV drawn",
                "2 t:0 T V awaited"
            ]
        );
    }

    #[test]
    fn a_failed_metric_leaves_the_others() {
        let spec = spec("all");
        let failed = Slot {
            failure: Some("no metric \"t\"".to_owned()),
            ..Slot::default()
        };
        let lines = panel_lines(&spec, &asks_of(&spec), &[answer(&[0]), failed], metric);
        assert_eq!(told(&lines), ["0 hv:0 module 0 kV drawn", "1 t:0 T V awaited"]);
        assert!(lines[0].failure.is_none() && lines[1].failure.is_some());
        assert_eq!(units_of(lines.iter()), "kV, V");
    }
}
