//! Values that stay on the screen: pinned by a click, each with the raw samples behind it.

use leptos::prelude::*;
use shared::chart::pick::{Picked, pick};
use shared::dashboard::Axis;
use shared::metric::ChannelSelection;
use shared::time::{TimeRange, Timestamp};

use super::chart::{Chart, units_per_px};
use super::clock::use_zone;
use super::content::{Content, Swatch};
use super::hover::swatch;
use super::lines::PanelLine;
use super::raw_samples::RawSamples;
use super::readout::{Clock, REACH_PX, exact_text, nearest_row};
use crate::components::icon::{Icon, icon};
use crate::dom::view;
use crate::format;
use crate::panels::cells::choose::choose_at_cursor;
use crate::reactive::{Callback, State};

/// A value that stays.
#[derive(Clone, PartialEq, Debug)]
pub struct Pin {
    /// The line it is of, by its name in the page.
    pub key: String,
    /// The name of the line for people.
    pub label: String,
    /// The unit of its values.
    pub unit: String,
    /// The colour of the line, counted from 0.
    pub color: usize,
    /// On which axis it is read.
    pub axis: Axis,
    /// The metric by name.
    pub metric: String,
    /// The channel; `None` for all of them, of a band.
    pub channel: Option<u32>,
    /// What was under the cursor.
    pub picked: Picked,
}

impl Pin {
    fn of(line: &PanelLine, picked: Picked) -> Self {
        Self {
            key: line.key.clone(),
            label: line.label.clone(),
            unit: line.unit.clone(),
            color: line.color,
            axis: line.axis,
            metric: line.metric.clone(),
            channel: line.channel,
            picked,
        }
    }

    /// The channels whose samples are behind it.
    pub fn channels(&self) -> ChannelSelection {
        self.channel
            .map_or(ChannelSelection::All, |channel| ChannelSelection::List(vec![channel]))
    }

    /// The time from which the samples behind it are.
    pub fn range(&self) -> TimeRange {
        let (start_us, end_us) = match self.picked {
            Picked::Sample { time_us, .. } => (time_us, time_us + 1),
            Picked::Column { start_us, end_us, .. } => (start_us, end_us),
        };
        let time = Timestamp::saturating_from_micros;
        TimeRange::new(time(start_us), time(end_us)).unwrap_or(TimeRange::ALL)
    }

    /// Where it lies: time in microseconds and value, one for a sample and two for a column; none for null and NaN.
    pub fn points(&self) -> impl Iterator<Item = (i64, f64)> {
        let points = match self.picked {
            Picked::Sample { time_us, value } => [value.finite().map(|value| (time_us, value)), None],
            Picked::Column { min, max, .. } => [Some((max.time_us, max.value)), Some((min.time_us, min.value))],
        };
        points.into_iter().flatten()
    }

    /// The value in words: `22.82 °C`, `4.1 to 9.3 °C`, `null`.
    pub fn value_text(&self) -> String {
        let value = match self.picked {
            Picked::Sample { value, .. } => match value.finite() {
                Some(number) => exact_text(number),
                None => return format::value(value),
            },
            Picked::Column { min, max, .. } => format!("{} to {}", exact_text(min.value), exact_text(max.value)),
        };
        format!("{value} {}", self.unit).trim_end().to_owned()
    }

    /// The time in words: that of the sample, or the start of the column.
    fn time_text(&self, clock: Clock<'_>) -> String {
        clock.text(self.range().start().as_micros())
    }
}

/// Pins what is under the cursor, or lets go of it if it is pinned: of several lines the one nearest to the pointer or,
/// without one, the first that is not pinned yet.
pub fn pin_at_cursor(chart: Chart) -> Option<()> {
    if choose_at_cursor(chart).is_some() {
        return Some(());
    }
    let at = chart.cursor.0.get_untracked()?;
    let units_per_px = units_per_px(chart.size.get_untracked()?);
    let y = chart.cursor_y.get_untracked().map(|y_px| y_px * units_per_px);
    let pins = chart.pins.get_untracked();
    let found = chart.plot.with_untracked(|plot| {
        let plot = plot.as_ref()?;
        let reach_us = plot.time.micros_in(REACH_PX * units_per_px);
        chart.shown.with_untracked(|content: &Content| {
            let picks: Vec<(&PanelLine, Option<Picked>)> = content
                .lines
                .iter()
                .map(|line| {
                    (
                        line,
                        line.plot_line().and_then(|line| pick(&line, at.as_micros(), reach_us)),
                    )
                })
                .collect();
            let pin = |at: usize| picks.get(at).and_then(|(line, picked)| Some(Pin::of(line, (*picked)?)));
            if let Some(nearest) = nearest_row(&picks, plot, y) {
                return pin(nearest);
            }
            let all: Vec<Pin> = (0..picks.len()).filter_map(pin).collect();
            all.iter().find(|pin| !pins.contains(pin)).or(all.last()).cloned()
        })
    })?;
    chart
        .pins
        .update(|pins| match pins.iter().position(|pin| *pin == found) {
            Some(at) => drop(pins.remove(at)),
            None => pins.push(found),
        });
    Some(())
}

/// The pinned values under the plot, each with a way to its raw samples and a way to let go of it.
pub fn pin_list(chart: Chart) -> AnyView {
    let zone = use_zone();
    let opened = State::new(None::<Pin>);
    let entries = move || {
        let pins = chart.pins.get();
        if pins.is_empty() {
            return None;
        }
        let axis_clock = chart.clock.get()?;
        let clock = Clock {
            clock: &axis_clock,
            digits: 0,
            with_date: true,
        };
        let entries = pins
            .iter()
            .enumerate()
            .map(|(at, pin)| {
                let when = format!(
                    "{} {}",
                    pin.time_text(clock),
                    zone.name(pin.range().start().as_micros())
                );
                entry(chart, at, pin.clone(), when, opened)
            })
            .collect_view();
        Some(view! { <ul class="pins" aria-label="Pinned values" aria-live="polite">{entries}</ul> }.into_any())
    };
    let samples = move || {
        let pin = opened.get()?;
        Some(view! { <RawSamples chart pin on_close=Callback::new(move |()| opened.set(None)) /> }.into_any())
    };
    view! {
        {entries}
        {samples}
    }
    .into_any()
}

fn entry(chart: Chart, at: usize, pin: Pin, when: String, opened: State<Option<Pin>>) -> AnyView {
    let value = pin.value_text();
    let (label, mark) = (pin.label.clone(), Swatch::Line(pin.color));
    let unpin_label = format!("Unpin {value} at {when}");
    let (unpinned, key) = (pin.clone(), pin.key.clone());
    let unpin = move |_| chart.pins.update(|pins| pins.retain(|pin| *pin != unpinned));
    view! {
        <li class="pin" data-line=key>
            <button
                type="button"
                class="pin__open"
                title="Show the raw samples behind this value"
                on:click=move |_| opened.set(Some(pin.clone()))
            >
                <span class="pin__number">{(at + 1).to_string()}</span>
                {swatch(mark)}
                <b class="pin__value">{value}</b>
                " "
                <span>{label}</span>
                " · "
                <span>{when}</span>
            </button>
            <button type="button" class="iconbutton pin__remove" aria-label=unpin_label on:click=unpin>
                {icon(Icon::Close)}
            </button>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use shared::chart::pick::Extreme;
    use shared::value::Value;

    use super::*;

    fn pin(picked: Picked) -> Pin {
        Pin {
            key: "t:0".to_owned(),
            label: "T".to_owned(),
            unit: "°C".to_owned(),
            color: 0,
            axis: Axis::Left,
            metric: "t".to_owned(),
            channel: Some(3),
            picked,
        }
    }

    #[test]
    fn a_pinned_sample_is_asked_for_alone() {
        let pin = pin(Picked::Sample {
            time_us: 5_000_000,
            value: 22.82.into(),
        });
        assert_eq!(pin.value_text(), "22.82 °C");
        assert_eq!((pin.range().start().as_micros(), pin.range().micros()), (5_000_000, 1));
        assert_eq!(pin.channels(), ChannelSelection::List(vec![3]));
        assert_eq!(pin.points().count(), 1);
    }

    #[test]
    fn a_pinned_column_is_asked_for_whole() {
        let extreme = |time_us, value| Extreme {
            time_us,
            value,
            channel: None,
        };
        let pin = Pin {
            channel: None,
            ..pin(Picked::Column {
                start_us: 0,
                end_us: 60,
                count: 9,
                mean: 1.0,
                min: extreme(20, -1.0),
                max: extreme(50, 4.5),
            })
        };
        assert_eq!(pin.value_text(), "\u{2212}1 to 4.5 °C");
        assert_eq!(pin.range().micros(), 60);
        assert_eq!(pin.channels(), ChannelSelection::All);
        assert_eq!(pin.points().collect::<Vec<_>>(), [(50, 4.5), (20, -1.0)]);
    }

    #[test]
    fn a_pinned_null_says_so_and_lies_nowhere() {
        let pin = pin(Picked::Sample {
            time_us: 0,
            value: Value::NULL,
        });
        assert_eq!(pin.value_text(), "null");
        assert_eq!(pin.points().count(), 0);
    }
}
