//! Before the server has said what there is to show.

use leptos::prelude::*;

use crate::dom::view;
use crate::reactive::Callback;

/// The outline of a page, and what is being done.
pub fn loading() -> AnyView {
    let panels = (0..4)
        .map(|_| view! { <div class="boot__panel"></div> }.into_any())
        .collect_view();
    view! {
        <div class="boot" role="status">
            <div class="boot__bar"></div>
            <div class="boot__grid">{panels}</div>
            <p class="boot__text">"Loading dashboards …"</p>
        </div>
    }
    .into_any()
}

/// The server did not say what there is to show: what happened and what to do. `on_retry` asks again.
pub fn loading_failed(message: String, on_retry: Callback<()>) -> AnyView {
    view! {
        <div class="notfound" role="alert">
            <h1>"The dashboards could not be loaded"</h1>
            <p>{message}</p>
            <p>
                <button type="button" class="button" on:click=move |_| on_retry.run(())>
                    "Try again"
                </button>
            </p>
            <p class="notfound__note">"Asked again every 3 s"</p>
        </div>
    }
    .into_any()
}
