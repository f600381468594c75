//! The two layers of the camera: values, and what is pointed out above them.

use leptos::html::Canvas as CanvasElement;
use plotters::drawing::IntoDrawingArea as _;
use shared::chart::camera::{Marks, draw_camera, draw_marks};
use shared::chart::color::Place;
use shared::chart::color_bar::{BarPlace, ColorBar, draw_color_bar};

use super::shown::{Shown, bar_area};
use crate::browser::font::page_font;
use crate::chart::canvas::Canvas;
use crate::chart::frame::FrameDrawer;
use crate::components::panel_frame::mark_drawn;
use crate::dom::NodeRef;
use crate::panels::plot::chart::units_per_px;
use crate::reactive::effect;
use crate::theme::{palette, use_theme};

/// Draws values and colours at the next frame whenever they or their place change.
pub fn use_data_layer(shown: Shown, element: NodeRef<CanvasElement>, panel_id: String) {
    let theme = use_theme();
    let drawer = FrameDrawer::new(move || {
        if draw(shown, element).is_some() && !shown.moment().is_behind() {
            mark_drawn(&panel_id);
        }
    });
    effect(move || {
        shown.map.track();
        shown.readings.track();
        shown.table.track();
        theme.track();
        shown.moment().is_behind();
        drawer.request();
    });
}

/// Draws what is pointed out whenever it changes; never touches the values below.
pub fn use_marks_layer(shown: Shown, element: NodeRef<CanvasElement>) {
    let theme = use_theme();
    let drawer = FrameDrawer::new(move || {
        mark(shown, element);
    });
    effect(move || {
        shown.map.track();
        shown.pointed.track();
        shown.chosen_pixel();
        theme.track();
        drawer.request();
    });
}

fn draw(shown: Shown, element: NodeRef<CanvasElement>) -> Option<()> {
    let (element, size) = (element.get()?, shown.size.get()?);
    let (shape, map) = (shown.shape.get()?, shown.map.get()?);
    let (readings, table) = (shown.readings.get()?, shown.table.get()?);
    let palette = palette();
    let target = Canvas::wiped(&element, size.dots())?.into_drawing_area();
    draw_camera(&target, &shape, &map, &shown.cells(&shape, &readings, &table), &palette).ok()?;
    let count = |side| match shown.beyond(side).len() {
        0 => String::new(),
        n => n.to_string(),
    };
    let bar = ColorBar {
        table: &table,
        below: &count(Place::Below),
        above: &count(Place::Above),
    };
    let [left, top, right] = bar_area(size);
    let place = BarPlace {
        left,
        top,
        right,
        units_per_px: units_per_px(size),
        font_family: page_font(),
    };
    draw_color_bar(&target, bar, &place, &palette).ok()
}

fn mark(shown: Shown, element: NodeRef<CanvasElement>) -> Option<()> {
    let (element, size) = (element.get()?, shown.size.get()?);
    let target = Canvas::wiped(&element, size.dots())?.into_drawing_area();
    let marks = Marks {
        part: shown.part,
        hovered: shown.pointed.get(),
        chosen: shown.chosen_pixel(),
    };
    let (shape, map) = (shown.shape.get()?, shown.map.get()?);
    draw_marks(&target, &shape, &map, &marks, &palette()).ok()
}
