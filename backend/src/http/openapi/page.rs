//! The document as a page: made here from the document itself, without a script, with its style inside. It asks for
//! nothing, from here or elsewhere, and stands under any prefix.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shared::route;
use utoipa::{IntoParams, ToSchema};

use super::html::render;
use super::{OPERATIONS, QueryErrors, document};
use crate::app::AppState;
use crate::http::extract::Query;
use crate::http::page::index::hash;
use crate::http::page::with_policy;

/// The colours and sizes of Watchroom, and how this page uses them.
const STYLE: &str = concat!(
    include_str!("../../../../style/tokens.css"),
    include_str!("../../../../style/api.css"),
);

/// What the page may do: have this style, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
        hash(STYLE)
    );
    // Never fails: the text is ASCII. Should it ever, then there is no style.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// How the page is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PageQuery {
    /// The colours of the page.
    #[serde(default)]
    #[param(inline, required = false)]
    theme: Theme,
}

/// The themes of Watchroom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// For eyes that are used to the dark.
    Red,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Red];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Red => "red",
        }
    }
}

/// This document as a page.
#[utoipa::path(
    get,
    path = route::API_PAGE,
    tag = OPERATIONS,
    params(PageQuery),
    responses((status = 200, description = "A page of HTML.", body = String, content_type = "text/html"), QueryErrors),
)]
pub(in crate::http) async fn get_api_page(_app: AppState, Query(query): Query<PageQuery>) -> Response {
    // The path does not matter: all links of the page are relative.
    let html = render(&document(""), STYLE, query.theme);
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    with_policy(([(header::CONTENT_TYPE, content_type)], html).into_response(), &POLICY)
}
