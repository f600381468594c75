//! One frame as a curve: at the cursor's time, or the newest of the visible range.

use leptos::html::Div;
use leptos::prelude::*;
use shared::dashboard::{Curve as CurveSpec, Panel};

use crate::dom::{NodeRef, view};
use crate::panels::camera::picture::{AnyPicture, picture_panel};
use crate::panels::curve::readout::channel_table;
use crate::panels::curve::shown::Shown;

pub mod drawn;

pub mod readout;

pub mod shown;

/// A point for each channel of a metric, joined in their order.
pub fn curve_panel(panel: Panel, spec: CurveSpec) -> AnyView {
    let stage = NodeRef::<Div>::new();
    let shown = Shown::follow(&panel, spec, stage);
    let below = view! {
        <div class="camera__beyond">
            <span>{move || shown.moment().time_text()}</span>
            <span class="camera__missing">{move || shown.missing()}</span>
        </div>
        {channel_table(shown)}
    };
    picture_panel(panel, stage, AnyPicture::new(Box::new(shown)), below.into_any())
}
