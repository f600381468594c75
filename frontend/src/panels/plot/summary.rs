//! The plot in words, for those who do not see it.

use std::mem;
use std::time::Duration;

use leptos::prelude::*;
use shared::chart::event::EventMoment;
use shared::chart::shape::Shape;
use shared::chart::strip::{OnOff, Stretch};
use shared::time::{TimeRange, Timestamp};

use super::chart::Chart;
use super::content::Content;
use super::watch::summary_of;
use crate::dom::view;
use crate::format;
use crate::panels::cells::summary::summary_rows;
use crate::reactive::{Kept, State, effect};

/// The most lines in the table, and in the name of the plot.
const MOST_ROWS: usize = 50;
const MOST_NAMED: usize = 3;

/// So much later than what is drawn the table tells it.
const LATER: Duration = Duration::from_millis(100);

/// A value and when it was taken.
type Point = (f64, Timestamp);

/// First, last, least and greatest value that a line shows.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Summary {
    first: Point,
    last: Point,
    min: Point,
    max: Point,
}

/// What a line shows of a range; `None` if it shows no finite value. Means stand for the ends of a band.
fn summarize(shape: Shape<'_>, range: TimeRange) -> Option<Summary> {
    let visible = shape.visible(range);
    let at = Timestamp::saturating_from_micros;
    match shape {
        Shape::Samples(samples) => {
            let finite = visible.filter_map(|position| {
                let value = samples.value.get(position)?.finite()?;
                Some((value, at(*samples.time_us.get(position)?)))
            });
            let points: Vec<Point> = finite.collect();
            Some(Summary {
                first: *points.first()?,
                last: *points.last()?,
                min: points.iter().copied().reduce(|a, b| if b.0 < a.0 { b } else { a })?,
                max: points.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a })?,
            })
        }
        Shape::Columns(columns) | Shape::Band(columns) => {
            let (first, last) = (
                visible.start,
                visible.end.checked_sub(1).filter(|last| visible.start <= *last)?,
            );
            let firsts = if columns.first.is_empty() {
                &columns.mean
            } else {
                &columns.first
            };
            let lasts = if columns.last.is_empty() {
                &columns.mean
            } else {
                &columns.last
            };
            let min = visible
                .clone()
                .min_by(|a, b| columns.min[*a].total_cmp(&columns.min[*b]))?;
            // The first of equals, as everywhere.
            let max = visible.min_by(|a, b| columns.max[*b].total_cmp(&columns.max[*a]))?;
            Some(Summary {
                first: (*firsts.get(first)?, at(*columns.start_us.get(first)?)),
                last: (*lasts.get(last)?, at(columns.end_us.get(last)? - 1)),
                min: (*columns.min.get(min)?, at(*columns.min_us.get(min)?)),
                max: (*columns.max.get(max)?, at(*columns.max_us.get(max)?)),
            })
        }
    }
}

/// The plot in a few sentences: what, when, and how far the first lines reach.
pub fn spoken(title: &str, content: &Content, range: Option<TimeRange>) -> String {
    let lines = &content.lines;
    let Some(range) = range else {
        return format!("{title}, plot");
    };
    let (from, to) = (
        format::date_and_minute(range.start()),
        format::date_and_minute(range.end()),
    );
    let mut told_all = vec![format!("{title}, plot from {from} to {to} UTC")];
    for line in lines.iter().take(MOST_NAMED) {
        let told = line.shape().and_then(|shape| summarize(shape, range));
        let told = told.map_or_else(
            || "no data".to_owned(),
            |Summary { last, min, max, .. }| {
                let [last, min, max] = [last, min, max].map(|(value, _)| format::number(value));
                format!("last {last}, min {min}, max {max} {}", line.unit)
            },
        );
        told_all.push(format!("{}: {}", line.label, told.trim_end()));
    }
    let more = lines.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        told_all.push(format!("and {more} more lines"));
    }
    if let Some(cells) = content.cells.as_ref().filter(|_| lines.is_empty()) {
        told_all.push(cells.spoken());
    }
    told_all.join("; ")
}

/// A table of what each line shows, out of sight, headed with the title.
pub fn summary_table(chart: Chart, title: String) -> AnyView {
    let shown = after_the_picture(chart.calm().shown);
    let rows = move || {
        // By the range at rest: a gesture would fill the table anew with each frame.
        let Some(range) = chart.view().settled().get() else {
            return Vec::new();
        };
        shown.with(|content| {
            let lines = content.lines.iter().take(MOST_ROWS).map(|line| {
                let told = line.shape().and_then(|shape| summarize(shape, range));
                row(&line.label, told.map(|summary| summary_cells(summary, &line.unit)))
            });
            let events = content.events.iter().map(|event| {
                let moments = event
                    .events
                    .as_ref()
                    .map(|events| events.visible(range))
                    .unwrap_or_default();
                row(&event.label, event_cells(moments, &event.unit))
            });
            let strips = content.strips.iter().map(|strip| {
                let stretches = strip.stretches.as_ref().map(|stretches| stretches.as_slice());
                row(&strip.label, strip_cells(stretches.unwrap_or_default(), range))
            });
            // Beneath lines they are another picture of the same samples.
            let cells = content.cells.as_ref().filter(|_| content.lines.is_empty());
            let cells = cells.map(summary_rows).unwrap_or_default().into_iter();
            let cells = cells.map(|(label, told)| row(&label, told));
            let rules = content.watch.as_ref().map(|watch| summary_of(watch, range));
            let rules = rules
                .unwrap_or_default()
                .into_iter()
                .map(|(label, told)| row(&label, told));
            lines
                .chain(events)
                .chain(strips)
                .chain(cells)
                .chain(rules)
                .collect::<Vec<_>>()
        })
    };
    view! {
        // A table itself would not shrink to nothing, and widen the page.
        <div class="visually-hidden">
        <table>
            <caption>{title}</caption>
            <thead>
                <tr>
                    <th scope="col">"Line"</th>
                    <th scope="col">"First"</th>
                    <th scope="col">"Last"</th>
                    <th scope="col">"Min"</th>
                    <th scope="col">"Max"</th>
                </tr>
            </thead>
            <tbody>{move || rows().collect_view()}</tbody>
        </table>
        </div>
    }
    .into_any()
}

/// What is shown; of cells a little later: nobody sees their table, which takes as long as the picture, and the picture
/// waits for it.
fn after_the_picture(shown: State<Content>) -> State<Content> {
    let told = State::new(shown.get_untracked());
    let is_waiting = Kept::new(false);
    effect(move || {
        if shown.with(|content| content.cells.is_none()) {
            told.follow(shown.into());
        } else if is_waiting.try_update_value(|is_waiting| mem::replace(is_waiting, true)) == Some(false) {
            let tell = move || {
                is_waiting.set_value(false);
                told.follow(shown.into());
            };
            set_timeout(tell, LATER);
        }
    });
    told
}

/// A row: its name, and four cells or the word that there are no data.
fn row(label: &str, cells: Option<[String; 4]>) -> AnyView {
    let cells = match cells {
        None => view! { <td colspan="4">"no data"</td> }.into_any(),
        Some(cells) => cells
            .map(|cell| view! { <td>{cell}</td> }.into_any())
            .collect_view()
            .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{label.to_owned()}</th>
            {cells}
        </tr>
    }
    .into_any()
}

fn summary_cells(summary: Summary, unit: &str) -> [String; 4] {
    let Summary { first, last, min, max } = summary;
    [first, last, min, max].map(|(value, time)| point_text(value, unit, time))
}

fn point_text(value: f64, unit: &str, time: Timestamp) -> String {
    format!("{} {unit} at {}", format::number(value), format::date_and_minute(time))
}

/// First, last, least and greatest event.
fn event_cells(moments: &[EventMoment], unit: &str) -> Option<[String; 4]> {
    let by_value = |one: &&EventMoment, other: &&EventMoment| one.value.total_cmp(&other.value);
    let told = [
        moments.first()?,
        moments.last()?,
        moments.iter().min_by(by_value)?,
        moments.iter().max_by(by_value)?,
    ];
    Some(told.map(|moment| point_text(moment.value, unit, Timestamp::saturating_from_micros(moment.time_us))))
}

/// When it was on first and last, and for how long it was off and on.
fn strip_cells(stretches: &[Stretch], range: TimeRange) -> Option<[String; 4]> {
    let (start, end) = (range.start().as_micros(), range.end().as_micros());
    let seen = || {
        stretches
            .iter()
            .filter(|stretch| stretch.start_us < end && start < stretch.end_us)
    };
    seen().next()?;
    let at = |stretch: Option<&Stretch>| {
        stretch.map_or_else(
            || "never on".to_owned(),
            |stretch| {
                format!(
                    "on at {}",
                    format::date_and_minute(Timestamp::saturating_from_micros(stretch.start_us))
                )
            },
        )
    };
    let is_on = |stretch: &&Stretch| stretch.state != OnOff::Off;
    let lasted = |state: OnOff| -> i64 {
        let of_state = seen().filter(|stretch| stretch.state == state);
        of_state
            .map(|stretch| stretch.end_us.min(end) - stretch.start_us.max(start))
            .sum()
    };
    Some([
        at(seen().find(is_on)),
        at(seen().rfind(is_on)),
        format!("off for {}", format::age(lasted(OnOff::Off))),
        format!("on for {}", format::age(lasted(OnOff::On))),
    ])
}

#[cfg(test)]
mod tests {
    use shared::query::envelope::{ColumnSeries, SampleSeries};
    use shared::value::Value;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn samples_are_summed_up_without_nulls() {
        let samples = SampleSeries {
            time_us: vec![0, 10, 20, 30, 99],
            value: vec![Value::NULL, 2.0.into(), 5.0.into(), 1.0.into(), 77.0.into()],
            ..SampleSeries::default()
        };
        let range = TimeRange::new(at(0), at(50)).unwrap();
        let expected = Summary {
            first: (2.0, at(10)),
            last: (1.0, at(30)),
            min: (1.0, at(30)),
            max: (5.0, at(20)),
        };
        assert_eq!(summarize(Shape::Samples(&samples), range), Some(expected));
        let nothing = TimeRange::new(at(200), at(300)).unwrap();
        assert_eq!(summarize(Shape::Samples(&samples), nothing), None);
    }

    #[test]
    fn columns_tell_the_times_of_their_extremes() {
        let columns = ColumnSeries {
            start_us: vec![0, 10],
            end_us: vec![10, 20],
            count: vec![3, 3],
            min: vec![1.0, -4.0],
            max: vec![3.0, 2.0],
            first: vec![1.0, 0.0],
            last: vec![2.0, 1.0],
            mean: vec![2.0, 0.0],
            min_us: vec![1, 14],
            max_us: vec![5, 16],
            ..ColumnSeries::default()
        };
        let expected = Summary {
            first: (1.0, at(0)),
            last: (1.0, at(19)),
            min: (-4.0, at(14)),
            max: (3.0, at(5)),
        };
        assert_eq!(summarize(Shape::Columns(&columns), TimeRange::ALL), Some(expected));
    }
}
