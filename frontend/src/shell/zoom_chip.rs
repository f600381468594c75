//! Says that not all of the night is in sight, and leads back.

use leptos::prelude::*;
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, TimeRange};

use crate::components::icon::{Icon, icon};
use crate::dom::{any, view};
use crate::format;
use crate::reactive::Derived;
use crate::state::time_view::use_time_view;

/// The part that is looked at, as a button that shows all again.
pub fn zoom_chip() -> AnyView {
    let view = use_time_view();
    let zoom = Derived::new(move || {
        let visible = view.visible().get()?;
        (!view.is_sliding().get() && Some(visible) != view.base().get()).then_some(visible)
    });
    any(move || {
        zoom.get().map(|zoom| {
            let text = label(zoom);
            let action = format!("{text}, show all again");
            view! {
                <button
                    type="button"
                    class="chip"
                    aria-label=action
                    on:click=move |_| view.reset()
                >
                    {text}
                    {icon(Icon::Close)}
                </button>
            }
            .into_any()
        })
    })
}

/// As exact as the part is short.
fn label(zoom: TimeRange) -> String {
    let (start, end) = (zoom.start(), zoom.end());
    if zoom.micros() >= MICROS_PER_DAY {
        format!("{} – {}", format::date_and_minute(start), format::date_and_minute(end))
    } else if zoom.micros() >= 3_600 * MICROS_PER_SEC {
        format!("{} – {}", format::hour_and_minute(start), format::hour_and_minute(end))
    } else {
        format!("{} – {}", format::time_of_day(start), format::time_of_day(end))
    }
}
