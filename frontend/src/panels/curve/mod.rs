//! One frame as a curve: at the cursor's time, or the newest of the visible range.

use leptos::html::{Canvas as CanvasElement, Div};
use leptos::prelude::*;
use shared::dashboard::{Curve as CurveSpec, Panel};

use crate::components::panel_frame::{PanelFrame, PanelState};
use crate::dom::{NodeRef, view};
use crate::panels::camera::moment::has_samples_in;
use crate::panels::curve::layers::{use_data_layer, use_marks_layer};
use crate::panels::curve::pointing::Pointing;
use crate::panels::curve::readout::{ChannelTable, Tooltip};
use crate::panels::curve::shown::Shown;
use crate::reactive::{Callback, Derived};
use crate::state::time_view::use_time_view;

pub mod layers;

pub mod pointing;

pub mod readout;

pub mod shown;

/// A point for each channel of a metric, joined in their order.
#[component]
pub fn CurvePanel(
    /// The panel.
    panel: Panel,
    /// Its metrics and axes.
    spec: CurveSpec,
) -> impl IntoView {
    let stage = NodeRef::<Div>::new();
    let (data_layer, marks_layer) = (NodeRef::<CanvasElement>::new(), NodeRef::<CanvasElement>::new());
    let shown = Shown::follow(&panel, spec, stage);
    use_data_layer(shown, data_layer, panel.id.clone());
    use_marks_layer(shown, marks_layer);
    let pointing = Pointing::new(shown, stage);
    let view = use_time_view();
    let verdict = Derived::new(move || {
        let Some(range) = view.settled().get() else {
            return PanelState::Loading;
        };
        match (shown.moment().told(), shown.moment().failure()) {
            (None, Some(reason)) => PanelState::Error(reason),
            (None, None) => PanelState::Loading,
            (Some(told), _) if shown.moment().is_fixed() || has_samples_in(&told, range) => PanelState::Ready,
            (Some(_), _) => PanelState::Empty { last: shown.last() },
        }
    });
    let newest = Derived::new(move || shown.moment().newest_in(view.settled().get()?, shown.last()));
    let title = panel.title.clone();
    view! {
        <PanelFrame
            panel
            unit=Derived::new(move || shown.unit())
            state=verdict
            newest
            on_retry=Callback::new(move |()| shown.moment().retry())
        >
            <div class="camera" class:camera--behind=move || shown.moment().is_behind()>
                <div
                    node_ref=stage
                    class="plot__stage camera__stage"
                    tabindex="0"
                    role="application"
                    aria-roledescription="curve"
                    aria-label=move || shown.spoken(&title)
                    on:pointermove=move |event| pointing.travel(&event)
                    on:pointerleave=move |_| pointing.leave()
                    on:click=move |event| { pointing.click(&event); }
                    on:keydown=move |event| { pointing.key(&event); }
                    on:blur=move |_| pointing.look_away()
                >
                    <canvas node_ref=data_layer class="plot__layer" aria-hidden="true"></canvas>
                    <canvas node_ref=marks_layer class="plot__layer camera__marks" aria-hidden="true"></canvas>
                    <Tooltip shown stage />
                </div>
                <div class="camera__beyond">
                    <span>{move || shown.moment().time_text()}</span>
                    <span class="camera__missing">{move || shown.missing()}</span>
                </div>
                <ChannelTable shown />
            </div>
        </PanelFrame>
    }
    .into_any()
}
