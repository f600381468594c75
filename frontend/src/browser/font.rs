//! The font of the page, which pictures have too.

use leptos::prelude::{document, window};

/// The families of the page's text, as CSS names them.
pub fn page_font() -> String {
    let body = document().body();
    let style = body.and_then(|body| window().get_computed_style(&body).ok().flatten());
    style
        .and_then(|style| style.get_property_value("font-family").ok())
        .filter(|family| !family.is_empty())
        .unwrap_or_else(|| "sans-serif".to_owned())
}
