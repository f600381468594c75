//! The channels of a metric where they are in the camera: at the cursor's time, at a time that is held, or the newest.

use leptos::html::{Canvas as CanvasElement, Div};
use leptos::prelude::*;
use shared::dashboard::{Camera, Panel};

use crate::components::panel_frame::{PanelFrame, PanelState};
use crate::dom::{NodeRef, view};
use crate::panels::camera::beyond::Beyond;
use crate::panels::camera::hover::Tooltip;
use crate::panels::camera::layers::{use_data_layer, use_marks_layer};
use crate::panels::camera::moment::has_samples_in;
use crate::panels::camera::player::Player;
use crate::panels::camera::pointing::Pointing;
use crate::panels::camera::shown::Shown;
use crate::panels::camera::table::PixelTable;
use crate::reactive::{Callback, Derived};
use crate::state::geometries::{Known, use_geometries};
use crate::state::time_view::use_time_view;

pub mod beyond;

pub mod hover;

pub mod layers;

pub mod moment;

pub mod player;

pub mod pointing;

pub mod readings;

pub mod shown;

pub mod table;

/// Pixels filled by value. Keeps the last picture, marked as such, while another moment is on its way.
#[component]
pub fn CameraPanel(
    /// The panel.
    panel: Panel,
    /// Its metric and colours.
    spec: Camera,
) -> impl IntoView {
    let stage = NodeRef::<Div>::new();
    let (data_layer, marks_layer) = (NodeRef::<CanvasElement>::new(), NodeRef::<CanvasElement>::new());
    let shown = Shown::follow(&panel, spec, stage);
    use_data_layer(shown, data_layer, panel.id.clone());
    use_marks_layer(shown, marks_layer);
    let pointing = Pointing::new(shown, stage);
    let view = use_time_view();
    let newest = Derived::new(move || shown.moment().newest_in(view.settled().get()?, shown.last()));
    let title = panel.title.clone();
    let label = move || shown.spoken(&title);
    view! {
        <PanelFrame
            panel
            unit=Derived::new(move || shown.unit())
            state=state_of(shown)
            newest
            on_retry=Callback::new(move |()| shown.retry())
        >
            <div class="camera" class:camera--behind=move || shown.moment().is_behind()>
                <div
                    node_ref=stage
                    class="plot__stage camera__stage"
                    tabindex="0"
                    role="application"
                    aria-roledescription="camera"
                    aria-label=label
                    on:pointermove=move |event| pointing.travel(&event)
                    on:pointerleave=move |event| pointing.leave(&event)
                    on:click=move |event| pointing.click(&event)
                    on:keydown=move |event| { pointing.key(&event); }
                    on:blur=move |_| pointing.look_away()
                >
                    <canvas node_ref=data_layer class="plot__layer" aria-hidden="true"></canvas>
                    <canvas node_ref=marks_layer class="plot__layer camera__marks" aria-hidden="true"></canvas>
                    <Tooltip shown stage />
                </div>
                <Player shown />
                <Beyond shown />
                <PixelTable shown />
            </div>
        </PanelFrame>
    }
    .into_any()
}

fn state_of(shown: Shown) -> Derived<PanelState> {
    let (view, geometries) = (use_time_view(), use_geometries());
    Derived::new(move || {
        let Some(geometry) = shown.geometry_name.get_value() else {
            let metric = shown.metric.get_value();
            return PanelState::Error(format!(
                "the configuration does not say where the channels of {metric} are; give [metrics.\"{metric}\"] a place = {{ geometry = … }}"
            ));
        };
        match geometries.get(&geometry) {
            Known::Failed(reason) => return PanelState::Error(reason),
            Known::Awaited => return PanelState::Loading,
            Known::Ready(_) => {}
        }
        let Some(range) = view.settled().get() else {
            return PanelState::Loading;
        };
        match (shown.moment().told(), shown.moment().failure()) {
            (None, Some(reason)) => PanelState::Error(reason),
            (None, None) => PanelState::Loading,
            // At a moment before the first sample there is a camera without values to be seen, and a way on.
            (Some(told), _) if shown.moment().is_fixed() || has_samples_in(&told, range) => PanelState::Ready,
            (Some(_), _) => PanelState::Empty { last: shown.last() },
        }
    })
}
