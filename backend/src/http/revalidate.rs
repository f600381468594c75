//! Answers about a closed past, kept by browsers and proxies and checked before they are used again.
//!
//! The promise: **a kept answer is at most ten seconds behind what is stored**, for each cache on its way, so twenty in a
//! browser behind a proxy that keeps answers. Late data may change any past, so nothing is kept for good. For these
//! seconds an answer is used as it is, which spares the server the second of two people who open one night, and the page
//! the steps back and forth of a zoom. After them it must be asked for with its `ETag`, and is confirmed with 304 without
//! being computed ([`crate::query::version`] says by what). So it may be kept for as long as one likes, and behind
//! `proxy_cache` all browsers share one computed answer. A server that cannot be asked is an error, never an old answer
//! (`must-revalidate`).
//!
//! The server itself keeps them too, as they were sent ([`crate::answers`]): under the same tag, so never longer than it
//! holds.
//!
//! Ranges that reach into the last hour, and all that has an age, stay `no-store`: what looks live is live.
//!
//! The tags are weak: an answer may be packed or not, and the sums in it are added up in the order of the tiles that
//! there are, which moves means in their last bit. They are never used for parts of answers, for which only strong ones
//! would do.

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use shared::live::{POSITION_HEADER, Position};

use super::error::Result;
use super::form::Form;
use super::packed;
use super::page::negotiation::has_version;
use crate::answers::Packing;
use crate::app::AppState;
use crate::query;
use crate::query::version::Version;

/// A kept answer may be used for ten seconds without asking whether it still holds, and then no more.
const KEPT: HeaderValue = HeaderValue::from_static("max-age=10, must-revalidate");

/// A question whose answer the client may have already.
#[derive(Debug)]
pub(super) struct Question {
    app: AppState,
    form: Form,
    /// Path and query.
    text: String,
    headers: HeaderMap,
    /// Where live updates go on from. Read before the version, and so before the store: an answer that is kept under a
    /// version that still holds has all that was written by now.
    position: Position,
}

impl Question {
    /// The answer, unless the client has this version of it already; then it is not computed.
    ///
    /// Without a version it is about the present, and kept by nobody.
    pub(super) async fn answer<T: Serialize>(
        self,
        version: Option<Version>,
        answer: impl Future<Output = query::Result<T>>,
    ) -> Result<Response> {
        let position = self.position.to_string().parse();
        let mut response = self.answer_or_confirm(version, answer).await?;
        if let Ok(position) = position {
            response.headers_mut().insert(POSITION_HEADER, position);
        }
        Ok(response)
    }

    async fn answer_or_confirm<T: Serialize>(
        self,
        version: Option<Version>,
        answer: impl Future<Output = query::Result<T>>,
    ) -> Result<Response> {
        let Some(tag) = version.and_then(|version| self.tag(version)) else {
            return self.compute(answer).await;
        };
        let mut response = if has_version(&self.headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.kept(tag.to_str().unwrap_or_default(), answer).await?
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, KEPT);
        headers
            .entry(header::VARY)
            .or_insert(HeaderValue::from_static("accept"));
        Ok(response)
    }

    /// The answer of this version: as it was sent before, or computed and kept.
    async fn kept<T: Serialize>(&self, tag: &str, answer: impl Future<Output = query::Result<T>>) -> Result<Response> {
        let packing = packed::packing_for(&self.headers);
        let found = self.find_kept(tag, packing);
        self.app.answers.note(found.is_some());
        if let Some(response) = found {
            return Ok(response);
        }
        let _turn = self.app.turns.take().await;
        // Whoever had the turn before may have asked the same.
        if let Some(response) = self.find_kept(tag, packing) {
            return Ok(response);
        }
        let answer = answer.await?;
        let Some(bytes) = self.form.write(&answer) else {
            return Ok(self.form.answer(&answer));
        };
        drop(answer);
        let (body, packing) = packed::pack(bytes, packing).await;
        self.app.answers.keep(tag, packing, &body);
        Ok(packed::respond(body, packing, self.form.media_type()))
    }

    fn find_kept(&self, tag: &str, packing: Packing) -> Option<Response> {
        let kept = |packing: Packing| Some((self.app.answers.get(tag, packing)?, packing));
        // To those who can read them packed, short answers go as they are, too.
        let short = || kept(Packing::Plain).filter(|(body, _)| packed::is_short(body.len()));
        let (body, packing) = kept(packing).or_else(short)?;
        Some(packed::respond(body, packing, self.form.media_type()))
    }

    /// Computes the answer and writes it down, in turn with other requests.
    async fn compute<T: Serialize>(&self, answer: impl Future<Output = query::Result<T>>) -> Result<Response> {
        let _turn = self.app.turns.take().await;
        Ok(self.form.answer(&answer.await?))
    }

    fn tag(&self, mut version: Version) -> Option<HeaderValue> {
        version.add(&self.text);
        version.add(self.form.media_type());
        format!("W/\"{}\"", version.text()).parse().ok()
    }
}

impl FromRequestParts<AppState> for Question {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> std::result::Result<Self, Self::Rejection> {
        let form = Form::from_request_parts(parts, state).await?;
        let text = parts.uri.path_and_query().map_or("", |both| both.as_str());
        Ok(Self {
            app: state.clone(),
            form,
            text: text.to_owned(),
            headers: parts.headers.clone(),
            position: state.live.hub.position(),
        })
    }
}
