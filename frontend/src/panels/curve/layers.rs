//! The two layers of the curve: points, and what is pointed out above them.

use leptos::html::Canvas as CanvasElement;
use plotters::drawing::IntoDrawingArea as _;
use shared::chart::curve::{draw_curve, draw_points};

use super::shown::Shown;
use crate::chart::canvas::Canvas;
use crate::chart::frame::FrameDrawer;
use crate::components::panel_frame::mark_drawn;
use crate::dom::NodeRef;
use crate::reactive::effect;
use crate::theme::{palette, use_theme};

/// Draws the curve at the next frame whenever it or its place changes.
pub fn use_data_layer(shown: Shown, element: NodeRef<CanvasElement>, panel_id: String) {
    let theme = use_theme();
    let drawer = FrameDrawer::new(move || {
        if draw(shown, element).is_some() && !shown.moment().is_behind() {
            mark_drawn(&panel_id);
        }
    });
    effect(move || {
        shown.curve.track();
        theme.track();
        shown.moment().is_behind();
        drawer.request();
    });
}

/// Draws what is pointed out whenever it changes; never touches the curve below.
pub fn use_marks_layer(shown: Shown, element: NodeRef<CanvasElement>) {
    let theme = use_theme();
    let drawer = FrameDrawer::new(move || {
        mark(shown, element);
    });
    effect(move || {
        shown.curve.track();
        shown.pointed.track();
        shown.chosen_position();
        theme.track();
        drawer.request();
    });
}

fn draw(shown: Shown, element: NodeRef<CanvasElement>) -> Option<()> {
    let (element, size) = (element.get()?, shown.size.get()?);
    let (curve, data) = (shown.curve.get()?, shown.data.get()?);
    let target = Canvas::wiped(&element, size.dots())?.into_drawing_area();
    draw_curve(&target, &curve, &data, &palette()).ok()
}

fn mark(shown: Shown, element: NodeRef<CanvasElement>) -> Option<()> {
    let (element, size) = (element.get()?, shown.size.get()?);
    let target = Canvas::wiped(&element, size.dots())?.into_drawing_area();
    let (curve, data) = (shown.curve.get()?, shown.data.get()?);
    let marks = [shown.chosen_position(), shown.pointed.get()];
    draw_points(&target, &curve, &data, marks, &palette()).ok()
}
