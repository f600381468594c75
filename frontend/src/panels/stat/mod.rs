//! One number, large, with what it means, and its course over the visible range.

use std::sync::Arc;

use leptos::html::{Canvas as CanvasElement, Div};
use leptos::prelude::*;
use shared::chart::scale::TimeScale;
use shared::chart::shape::Shape;
use shared::dashboard::{Panel, Severity, Stat};
use shared::display::MetricDisplay;
use shared::live::{Increment, Part, Question};
use shared::metric::{ChannelSelection, MetricInfo};
use shared::query::envelope::{Envelope, EnvelopeQuery};
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use crate::api;
use crate::chart::canvas::Canvas;
use crate::chart::frame::FrameDrawer;
use crate::chart::stage::{StageSize, use_stage_size};
use crate::components::panel_frame::{FrameOf, PanelState, mark_drawn, panel_frame};
use crate::dom::{NodeRef, view};
use crate::format;
use crate::live::use_live;
use crate::panels::latest::feed::{Feed, state_of};
use crate::panels::latest::rows::{Row, meaning, rows_of};
use crate::panels::stat::spark::Spark;
use crate::reactive::{Callback, Derived, Kept, State, effect, spawn};
use crate::state::catalogue::use_catalogue;
use crate::state::refresh::use_refresh;
use crate::state::server_clock::use_now;
use crate::state::time_view::use_time_view;
use crate::theme::use_theme;

pub mod files;

pub mod spark;

/// What came of the question for the course.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Course {
    /// The last answer, and the range that it is exact for.
    answer: Option<(Arc<Envelope>, TimeRange)>,
    failure: Option<String>,
    /// By which key what changes in it comes.
    feed: Option<u32>,
}

impl Course {
    /// Its data.
    fn shape(&self) -> Option<Shape<'_>> {
        match self.answer.as_ref()?.0.as_ref() {
            Envelope::Samples { series, .. } => series.first().map(Shape::Samples),
            Envelope::Columns { series, .. } => series.first().map(Shape::Columns),
        }
    }

    /// Takes in what has changed; whether it fits.
    fn take_in(&mut self, increment: Increment) -> bool {
        match (&mut self.answer, increment.part) {
            (Some((held, _)), Part::Envelope(part)) => {
                let range_us = increment.from_us..increment.to_us;
                Arc::make_mut(held).replace(&range_us, part).is_ok()
            }
            // What the line sends before the answer is there is in that too.
            (answer, _) => answer.is_none(),
        }
    }

    /// The last sample that it holds in a range.
    fn last(&self, range: TimeRange) -> Option<(Value, i64)> {
        let shape = self.shape()?;
        let at = shape.visible(range).last()?;
        match shape {
            Shape::Samples(samples) => Some((*samples.value.get(at)?, *samples.time_us.get(at)?)),
            // Of a column the last moment at which it is known to have had a value.
            Shape::Columns(columns) | Shape::Band(columns) => Some((
                Value::from(*columns.last.get(at)?),
                (*columns.min_us.get(at)?).max(*columns.max_us.get(at)?),
            )),
        }
    }
}

/// What the parts of the panel share: one word, as all of them capture it.
#[derive(Clone, Copy, Debug)]
pub struct Shown(Kept<Parts>);

/// What that is.
#[derive(Clone, Copy, Debug)]
struct Parts {
    size: Derived<Option<StageSize>>,
    visible: Derived<Option<TimeRange>>,
    course: State<Course>,
    display: Derived<MetricDisplay>,
    metric: Derived<Option<MetricInfo>>,
    row: Derived<Option<Row>>,
    is_present: Derived<bool>,
}

impl Shown {
    #[inline(never)]
    fn parts(self) -> Parts {
        self.0.get_value()
    }
}

/// One number: the newest while the visible range includes now, else the last one of the range. Without any in the range
/// it is empty, however old the newest is.
pub fn stat_panel(panel: Panel, spec: &Stat) -> AnyView {
    let spark = NodeRef::<Div>::new();
    let canvas = NodeRef::<CanvasElement>::new();
    let (view, now) = (use_time_view(), use_now());
    let is_present = Derived::new(move || view.is_present());
    let feed = Feed::start(vec![spec.metric.clone()], move || is_present.get());
    let attempt = State::new(false);
    let shown = use_shown(spec, spark, feed, is_present, attempt);
    let state = Derived::new(move || {
        let Some(range) = view.settled().get() else {
            return PanelState::Loading;
        };
        let course = shown.parts().course.get();
        let known = course.answer.as_ref().is_some_and(|(_, known)| *known == range);
        let of_feed = is_present.get().then(|| feed.heard().with(|heard| state_of(heard)));
        match (shown.parts().row.get(), of_feed, course.failure) {
            (Some(row), ..) if row.time.is_some() => PanelState::Ready,
            (_, _, Some(failure)) | (_, Some(PanelState::Error(failure)), _) => PanelState::Error(failure),
            (_, Some(PanelState::Loading), _) => PanelState::Loading,
            _ if !known => PanelState::Loading,
            _ => PanelState::Empty {
                last: shown
                    .parts()
                    .metric
                    .with(|metric| metric.as_ref().and_then(|metric| metric.last)),
            },
        }
    });
    use_drawing(shown, canvas, panel.id.clone());
    let newest = Derived::new(move || shown.parts().row.with(|row| row.as_ref().and_then(|row| row.time)));
    let unit = Derived::new(move || {
        shown
            .parts()
            .row
            .with(|row| row.as_ref().map_or_else(String::new, |row| row.label.to_string()))
    });
    let body = view! {
        <div class="stat" data-severity=move || severity(shown).as_str()>
            <p class="stat__number">
                <span class="stat__value">{move || shown.parts().row.with(|row| row.as_ref().map_or_else(String::new, Row::value_text))}</span>
                <span class="stat__unit">{move || unit_text(shown)}</span>
            </p>
            <p class="stat__state">{move || state_text(shown, now.get())}</p>
            <div class="stat__spark" node_ref=spark>
                <canvas node_ref=canvas class="plot__layer" aria-hidden="true"></canvas>
            </div>
            <p class="stat__extent">{move || extent_text(shown)}</p>
        </div>
    };
    let of = FrameOf {
        panel,
        unit,
        state,
        newest,
        on_retry: Callback::new(move |()| {
            attempt.set(true);
            feed.retry();
        }),
        files: Some(files::files_of(shown)),
    };
    panel_frame(of, body.into_any())
}

fn use_shown(spec: &Stat, stage: NodeRef<Div>, feed: Feed, is_present: Derived<bool>, attempt: State<bool>) -> Shown {
    let (view, catalogue) = (use_time_view(), use_catalogue());
    let size = use_stage_size(stage);
    let size = Derived::new(move || size.get());
    let course = use_course(spec, size, attempt);
    let visible = Derived::new(move || {
        let visible = view.visible().get()?;
        let dots = size
            .get()
            .filter(|_| view.is_sliding().get())
            .map(|size| f64::from(size.dots().0));
        // The course of a window that slides is drawn anew when it has moved by a pixel.
        Some(dots.map_or(visible, |dots| {
            TimeScale::new(visible, 0.0, dots).on_whole_pixels(1.0).range()
        }))
    });
    let of = || spec.metric.clone();
    let (name, channel) = (of(), spec.channel);
    let metric = Derived::new(move || catalogue.metric(&name));
    let name = of();
    let display = Derived::new(move || catalogue.display(&name));
    let row = Derived::new(move || {
        let (metric, display) = (metric.get(), display.get());
        if is_present.get() {
            return feed.heard().with(|heard| {
                let latest = heard.first()?.latest.as_ref()?;
                let begin = visible.get()?.start();
                rows_of(latest, metric.as_ref(), &display)
                    .into_iter()
                    .find(|row| row.channel == channel)
                    // What came before a night is none of its values.
                    .filter(|row| row.time.is_none_or(|time| begin <= time))
            });
        }
        let (value, time_us) = course.with(|course| course.last(visible.get()?))?;
        let metric = metric?;
        let (word, severity) = meaning(value, &display);
        Some(Row {
            metric: metric.name.as_str().into(),
            title: metric.title.as_str().into(),
            channel,
            label: if metric.channels > 1 {
                channel.to_string()
            } else {
                String::new()
            }
            .into(),
            unit: metric.unit.as_str().into(),
            value,
            word,
            severity,
            time: Some(Timestamp::saturating_from_micros(time_us)),
            ages: metric.ages(),
        })
    });
    Shown(Kept::new(Parts {
        size,
        visible,
        course,
        display,
        metric,
        row,
        is_present,
    }))
}

/// Asks for the course whenever the range or the width changes, and for what does not come over the live line.
fn use_course(spec: &Stat, size: Derived<Option<StageSize>>, attempt: State<bool>) -> State<Course> {
    let (view, refresh, live) = (use_time_view(), use_refresh(), use_live());
    let course = State::new(Course::default());
    let (metric, channels) = (spec.metric.clone(), ChannelSelection::List(vec![spec.channel]));
    let columns = Derived::new(move || size.get().map(|size| size.dots().0));
    let close = move || {
        if let Some(feed) = course.try_get_untracked().and_then(|course| course.feed) {
            live.close(feed);
        }
    };
    on_cleanup(close);
    let mut before = None;
    effect(move || {
        refresh.track();
        attempt.track();
        let (Some(range), Some(columns)) = (view.settled().get(), columns.get()) else {
            return;
        };
        let is_same = before.replace((range, columns)) == Some((range, columns));
        let is_fed = |course: &Course| course.failure.is_none() && course.feed.is_some_and(|feed| live.feeds(feed));
        if is_same && course.with_untracked(is_fed) {
            return;
        }
        let query = EnvelopeQuery {
            metric: metric.clone(),
            channels: channels.clone(),
            from: range.start(),
            to: range.end(),
            columns,
        };
        // What is outdated ends with this run of the effect.
        spawn(async move {
            let outcome = api::envelope(&query).await;
            match outcome {
                Ok((envelope, since)) => {
                    close();
                    let hear = move |feed, increment: Increment| {
                        course.update(|course| {
                            if !course.take_in(increment) {
                                live.begin_anew(feed);
                            }
                        });
                    };
                    course.set(Course {
                        answer: Some((Arc::new(envelope), range)),
                        failure: None,
                        feed: Some(live.open(Question::Envelope(query), since, hear)),
                    });
                }
                Err(failure) => course.update(|course| {
                    // The same course is still true; one of another range would pass for an answer.
                    if course.answer.as_ref().is_some_and(|(_, known)| *known != range) {
                        course.answer = None;
                    }
                    course.failure = Some(failure.to_string());
                }),
            }
        });
    });
    course
}

/// Draws the course at the next frame whenever it, its place or its colours change.
fn use_drawing(shown: Shown, element: NodeRef<CanvasElement>, panel_id: String) {
    let theme = use_theme();
    let drawer = FrameDrawer::new(move || {
        let Some((element, size)) = element.get().zip(shown.parts().size.get()) else {
            return;
        };
        if let Some(mut canvas) = Canvas::wiped(&element, size.dots()) {
            draw(shown, &mut canvas);
            let is_known = shown
                .parts()
                .course
                .with(|course| course.answer.is_some() || course.failure.is_some());
            if is_known {
                mark_drawn(&panel_id);
            }
        }
    });
    effect(move || {
        shown.parts().size.track();
        shown.parts().course.track();
        shown.parts().visible.track();
        theme.track();
        drawer.request();
    });
}

fn draw(shown: Shown, canvas: &mut Canvas) {
    let (Some(size), Some(range)) = (shown.parts().size.get(), shown.parts().visible.get()) else {
        return;
    };
    let limits = shown.parts().display.with(|display| display.limits);
    let interval_s = shown
        .parts()
        .metric
        .with(|metric| metric.as_ref().and_then(|metric| metric.interval_s));
    shown.parts().course.with(|course| {
        if let Some(shape) = course.shape() {
            let spark = Spark {
                shape,
                range,
                size,
                interval_s,
                limits,
            };
            spark.draw(canvas, &crate::theme::palette());
        }
    });
}

fn severity(shown: Shown) -> Severity {
    shown
        .parts()
        .row
        .with(|row| row.as_ref().map_or(Severity::None, |row| row.severity))
}

/// The unit; nothing beside the name of a state.
fn unit_text(shown: Shown) -> String {
    shown.parts().row.with(|row| {
        row.as_ref()
            .filter(|row| row.word.is_empty())
            .map_or_else(String::new, |row| row.unit.to_string())
    })
}

/// What the number means, and how old it is; of a closed past when it was taken.
fn state_text(shown: Shown, now: Timestamp) -> String {
    shown.parts().row.with(|row| {
        let Some(row) = row.as_ref() else { return String::new() };
        if shown.parts().is_present.get() {
            return format!("{} {} · {}", row.sign(now), row.state_text(now), row.age_text(now));
        }
        let time = row.time.map(format::date_and_minute).unwrap_or_default();
        match row.severity {
            Severity::Alarm => format!("▲ alarm · {time}"),
            Severity::Warning => format!("◆ warning · {time}"),
            Severity::Ok => format!("● ok · {time}"),
            Severity::None => time,
        }
    })
}

/// The least and the greatest value in sight.
fn extent_text(shown: Shown) -> String {
    let Some(range) = shown.parts().visible.get() else {
        return String::new();
    };
    let extent = shown.parts().course.with(|course| course.shape()?.extent(range));
    extent.map_or_else(String::new, |(least, greatest)| {
        format!("min {} · max {}", format::number(least), format::number(greatest))
    })
}
