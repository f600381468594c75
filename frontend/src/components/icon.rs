//! Signs drawn as SVG, in the colour of the text beside them. Screen readers pass over them.

use leptos::prelude::*;

use crate::dom::view;

/// A sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Icon {
    /// The mark of Watchroom: a hexagon with a pulse.
    Brand,
    /// To the past.
    Left,
    /// To the future.
    Right,
    /// A menu of more.
    More,
    /// Something opens below.
    Down,
    /// Leave.
    Close,
    /// A light theme.
    Sun,
    /// A dark theme.
    Moon,
    /// The red theme.
    Eye,
    /// The theme of the system.
    Screen,
    /// Help.
    Question,
    /// Alarms.
    Bell,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Brand => "M10 1.5 17.4 5.8v8.4L10 18.5 2.6 14.2V5.8zM5 10.5h2.2l1.6-3.5 2.4 6 1.6-2.5H15",
            Self::Left => "M12.5 4 6.5 10l6 6",
            Self::Right => "M7.5 4l6 6-6 6",
            Self::More => "M3.5 10h.02M10 10h.02M16.5 10h.02",
            Self::Down => "M5 8l5 5 5-5",
            Self::Close => "M5 5l10 10M15 5 5 15",
            Self::Sun => {
                "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4"
            }
            Self::Moon => "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z",
            Self::Eye => {
                "M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10zM10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"
            }
            Self::Screen => "M2.5 3.5h15v10h-15zM7 17h6M10 13.5V17",
            Self::Bell => "M4.5 14.5h11l-1.5-2V9a4 4 0 0 0-8 0v3.5zM8.5 17h3",
            Self::Question => "M6 7.5a4 4 0 1 1 6 3.4c-1.3.8-2 1.5-2 2.8M10 17.2h.02",
        }
    }
}

/// Draws a sign.
pub fn icon(icon: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d=icon.path() />
        </svg>
    }
    .into_any()
}
