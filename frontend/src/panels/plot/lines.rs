//! The lines of a panel: what the dashboard asks for, with the data that came.

use std::sync::Arc;

use shared::chart::legend::{line_key, line_label};
use shared::chart::shape::{PlotLine, Shape};
use shared::dashboard::{Axis, Line};
use shared::metric::{ChannelSelection, MetricInfo};
use shared::query::envelope::Envelope;

use super::data::Slot;

/// One line of a panel, drawn or awaited.
#[derive(Clone, Debug)]
pub struct PanelLine {
    /// Its name in links and in the page.
    pub key: String,
    /// The metric by name.
    pub metric: String,
    /// The channel; `None` for the band.
    pub channel: Option<u32>,
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
pub fn panel_lines(lines: &[Line], slots: &[Slot], metric: impl Fn(&str) -> Option<MetricInfo>) -> Vec<PanelLine> {
    let mut drawn = Vec::new();
    for line in lines {
        let slot = slots.iter().find(|slot| slot.ask.holds(&line.metric, &line.channels));
        let info = metric(&line.metric);
        for channel in channels_of(line, slot, info.as_ref()) {
            drawn.push(panel_line(line, channel, slot, info.as_ref(), drawn.len()));
        }
    }
    drawn
}

/// The channels of a line of the dashboard; `None` stands for the band.
fn channels_of(line: &Line, slot: Option<&Slot>, info: Option<&MetricInfo>) -> Vec<Option<u32>> {
    match &line.channels {
        ChannelSelection::Band => vec![None],
        ChannelSelection::List(channels) => channels.iter().copied().map(Some).collect(),
        ChannelSelection::All => {
            let answered = slot
                .and_then(|slot| slot.envelope())
                .map(|envelope| match envelope.as_ref() {
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
    let envelope = slot.and_then(Slot::envelope);
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
        metric: line.metric.clone(),
        channel,
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
mod tests;
