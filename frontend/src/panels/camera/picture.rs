//! What camera and curve have in common: one frame as a picture, at whose channels one can point.

use leptos::html::{Canvas as CanvasElement, Div};
use leptos::prelude::*;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use shared::chart::path::Point;
use shared::chart::sheet::Sheet;
use shared::dashboard::Panel;
use shared::time::Timestamp;
use shared::value::Value;

use super::hover::{Told, tooltip};
use super::moment::{Moment, has_samples_in};
use super::pointing::{Pointer, Pointing};
use super::readings::{Reading, Readings};
use crate::chart::canvas::Canvas;
use crate::chart::csv::Csv;
use crate::chart::frame::FrameDrawer;
use crate::chart::stage::StageSize;
use crate::components::panel_files::{FileParts, PanelFiles};
use crate::components::panel_frame::{FrameOf, PanelState, mark_drawn, panel_frame};
use crate::dom::{NodeRef, view};
use crate::reactive::{Callback, Derived, Kept, effect};
use crate::state::time_view::use_time_view;
use crate::theme::use_theme;

/// A frame as a picture.
pub trait Picture {
    /// Which kind of picture it is, in a word.
    fn kind(&self) -> &'static str;
    /// The moment that is shown.
    fn moment(&self) -> Moment;
    /// What is pointed at.
    fn pointer(&self) -> Pointer;
    /// The size of the drawing; tracks.
    fn size(&self) -> Option<StageSize>;
    /// The unit of the values; tracks.
    fn unit(&self) -> String;
    /// When the metric's last sample was taken; tracks.
    fn last(&self) -> Option<Timestamp>;
    /// What besides the moment keeps the panel from showing anything; tracks.
    fn obstacle(&self) -> Option<PanelState> {
        None
    }
    /// Asks for all that failed anew.
    fn retry(&self);
    /// The picture in a few sentences, for those who do not see it; tracks.
    fn spoken(&self, title: &str) -> String;
    /// Tracks all that is drawn of the frame.
    fn follow(&self);
    /// Draws the frame; `None` while something is missing.
    fn draw(&self, sheet: &dyn Sheet) -> Option<()>;
    /// The chosen channel, by its position; tracks.
    fn chosen(&self) -> Option<usize>;
    /// Draws what is chosen and what is pointed at.
    fn mark(&self, sheet: &dyn Sheet, chosen: Option<usize>, pointed: Option<usize>) -> Option<()>;
    /// Which channel is at a point of the drawing, by its position.
    fn position_at(&self, point: Point) -> Option<usize>;
    /// Where a channel is in the drawing.
    fn place_of(&self, position: usize) -> Option<Point>;
    /// What is told of a channel; tracks.
    fn told(&self, position: usize) -> Option<Told>;
    /// Where a key leads from what is pointed at; `None` for keys that mean nothing here.
    fn step(&self, key: &str, from: Option<usize>) -> Option<usize>;
    /// Chooses a channel, for the whole page.
    fn choose(&self, position: usize);
    /// All values, a row for each channel, as CSV.
    fn csv(&self) -> String;
}

/// A picture of whatever kind.
pub type AnyPicture = Kept<Box<dyn Picture>>;

/// A panel with a picture, and what stands below it. `stage` is what the picture's size is taken of.
pub fn picture_panel(panel: Panel, stage: NodeRef<Div>, picture: AnyPicture, below: AnyView) -> AnyView {
    let (data_layer, marks_layer) = (NodeRef::<CanvasElement>::new(), NodeRef::<CanvasElement>::new());
    let (kind, moment, pointer) = picture.with_value(|picture| (picture.kind(), picture.moment(), picture.pointer()));
    use_layers(picture, [data_layer, marks_layer], panel.id.clone());
    let pointing = Pointing::new(picture, pointer, stage);
    let settled = use_time_view().settled();
    let verdict = Derived::new(move || {
        if let Some(obstacle) = picture.with_value(|picture| picture.obstacle()) {
            return obstacle;
        }
        let Some(range) = settled.get() else {
            return PanelState::Loading;
        };
        match (moment.told(), moment.failure()) {
            (None, Some(reason)) => PanelState::Error(reason),
            (None, None) => PanelState::Loading,
            // At a moment before the first sample there is a picture without values to be seen, and a way on.
            (Some(told), _) if moment.is_fixed() || has_samples_in(&told, range) => PanelState::Ready,
            (Some(_), _) => PanelState::Empty {
                last: picture.with_value(|picture| picture.last()),
            },
        }
    });
    let newest = Derived::new(move || moment.newest_in(settled.get()?, picture.with_value(|picture| picture.last())));
    let title = panel.title.clone();
    let body = view! {
        <div class="camera" class:camera--behind=move || moment.is_behind()>
            <div
                node_ref=stage
                class="plot__stage camera__stage"
                tabindex="0"
                role="application"
                aria-roledescription=kind
                aria-label=move || picture.with_value(|picture| picture.spoken(&title))
                on:pointermove=move |event| pointing.travel(&event)
                on:pointerleave=move |event| pointing.leave(&event)
                on:click=move |event| pointing.click(&event)
                on:keydown=move |event| { pointing.key(&event); }
                on:blur=move |_| pointing.look_away()
            >
                <canvas node_ref=data_layer class="plot__layer" aria-hidden="true"></canvas>
                <canvas node_ref=marks_layer class="plot__layer camera__marks" aria-hidden="true"></canvas>
                {tooltip(picture, pointer, stage)}
            </div>
            {below}
        </div>
    };
    let of = FrameOf {
        panel,
        unit: Derived::new(move || picture.with_value(|picture| picture.unit())),
        state: verdict,
        newest,
        on_retry: Callback::new(move |()| picture.with_value(|picture| picture.retry())),
        files: Some(files_of(picture)),
    };
    panel_frame(of, body.into_any())
}

/// Draws the frame, and above it what is pointed out, each at the next frame of the screen whenever it has changed.
fn use_layers(picture: AnyPicture, [data_layer, marks_layer]: [NodeRef<CanvasElement>; 2], panel_id: String) {
    let (moment, pointer) = picture.with_value(|picture| (picture.moment(), picture.pointer()));
    let theme = use_theme();
    let data_drawer = FrameDrawer::new(move || {
        if draw_on(picture, data_layer, &|picture, sheet| picture.draw(sheet)).is_some() && !moment.is_behind() {
            mark_drawn(&panel_id);
        }
    });
    let marks_drawer = FrameDrawer::new(move || {
        draw_on(picture, marks_layer, &|picture, sheet| {
            picture.mark(sheet, picture.chosen(), pointer.pointed.get())
        });
    });
    effect(move || {
        picture.with_value(|picture| picture.follow());
        theme.track();
        moment.is_behind();
        data_drawer.request();
    });
    effect(move || {
        picture.with_value(|picture| {
            picture.follow();
            picture.chosen()
        });
        pointer.pointed.track();
        theme.track();
        marks_drawer.request();
    });
}

fn draw_on(
    picture: AnyPicture,
    element: NodeRef<CanvasElement>,
    draw: &dyn Fn(&dyn Picture, &dyn Sheet) -> Option<()>,
) -> Option<()> {
    picture.with_value(|picture| {
        let (element, size) = (element.get()?, picture.size()?);
        draw(&**picture, &Canvas::wiped(&element, size.dots())?.into_drawing_area())
    })
}

/// The files of a picture: of the moment that is shown, with what is chosen.
fn files_of(picture: AnyPicture) -> PanelFiles {
    let moment = picture.with_value(|picture| picture.moment());
    let parts = FileParts {
        size: Box::new(move || picture.with_value(|picture| untrack(|| picture.size()))),
        draw: Box::new(move |canvas| {
            let target = DrawingArea::from(canvas);
            picture.with_value(|picture| {
                untrack(|| {
                    // Nothing is drawn before there is something to be seen.
                    picture
                        .draw(&target)
                        .and_then(|()| picture.mark(&target, picture.chosen(), None))
                })
            });
        }),
        legend: Box::new(Vec::new),
        csv: Box::new(move || picture.with_value(|picture| untrack(|| picture.csv()))),
    };
    PanelFiles::of_moment(parts, move || untrack(|| Some(moment.told()?.at)))
}

/// A table of what each channel said, with a row for each. `first` heads what `cells` puts before time and value.
pub fn readings_csv(
    first: &str,
    metric: &str,
    unit: &str,
    readings: &Readings,
    cells: &dyn Fn(&mut Csv, u32),
) -> String {
    let mut csv = Csv::with_header(&format!("metric,unit,channel,{first},time,value,state"));
    for ((reading, time), channel) in readings.by_channel.iter().zip(0_u32..) {
        csv.field(metric);
        csv.field(unit);
        csv.count(Some(channel.into()));
        cells(&mut csv, channel);
        csv.time(time.map(Timestamp::as_micros));
        let (value, state) = match *reading {
            Reading::Value(value) => (value.into(), "value"),
            Reading::Old(value) => (value.into(), "too old"),
            Reading::Null => (Value::NULL, "null"),
            Reading::Nan => (Value::NAN, "NaN"),
            Reading::Never => (Value::NULL, "no data"),
        };
        csv.value(value);
        csv.field(state);
        csv.end_row();
    }
    csv.finish()
}
