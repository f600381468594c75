//! The button that changes the colours.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::dom::view;
use crate::reactive::Derived;
use crate::state::address::ThemeName;
use crate::theme::use_theme_choice;

/// Names the theme, and chooses the next.
pub fn theme_button() -> AnyView {
    let choice = use_theme_choice();
    let chosen = Derived::new(move || choice.chosen());
    let name = move || match chosen.get() {
        None => "System",
        Some(ThemeName::Dark) => "Dark",
        Some(ThemeName::Light) => "Light",
        Some(ThemeName::Red) => "Red",
    };
    let sign = move || match chosen.get() {
        None => icon(Icon::Screen),
        Some(ThemeName::Dark) => icon(Icon::Moon),
        Some(ThemeName::Light) => icon(Icon::Sun),
        Some(ThemeName::Red) => icon(Icon::Eye),
    };
    view! {
        <button
            type="button"
            class="iconbutton themebutton"
            aria-label=move || format!("Theme: {}, change", name())
            on:click=move |_| choice.cycle()
        >
            {sign}
            <span class="themebutton__name">{name}</span>
        </button>
    }
    .into_any()
}
