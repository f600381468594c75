//! The channels of a metric where they are in the camera: at the cursor's time, at a time that is held, or the newest.

use leptos::html::Div;
use leptos::prelude::*;
use shared::dashboard::{Camera, Panel};

use crate::dom::{NodeRef, view};
use crate::panels::camera::beyond::beyond;
use crate::panels::camera::picture::{AnyPicture, picture_panel};
use crate::panels::camera::player::player;
use crate::panels::camera::shown::Shown;
use crate::panels::camera::table::pixel_table;

pub mod beyond;

pub mod drawn;

pub mod hover;

pub mod moment;

pub mod picture;

pub mod player;

pub mod pointing;

pub mod readings;

pub mod shown;

pub mod table;

pub mod walk;

/// Pixels filled by value. Keeps the last picture, marked as such, while another moment is on its way.
pub fn camera_panel(panel: Panel, spec: Camera) -> AnyView {
    let stage = NodeRef::<Div>::new();
    let shown = Shown::follow(&panel, spec, stage);
    let below = view! {
        {player(shown)}
        {beyond(shown)}
        {pixel_table(shown)}
    };
    picture_panel(panel, stage, AnyPicture::new(Box::new(shown)), below.into_any())
}
