//! What all requests share.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::dashboard::Dashboards;

use crate::clock::Clock;
use crate::config::Config;
use crate::store::Store;

/// One running server.
#[derive(Debug)]
pub struct App {
    /// How it was configured.
    pub config: Config,
    /// Where the samples are.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The site and its dashboards, as the page asks for them.
    pub dashboards: Dashboards,
}

impl App {
    /// Puts a server together. Nothing listens yet.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let dashboards = Dashboards {
            site: config.site.clone(),
            dashboards: config.dashboards.clone(),
        };
        Self {
            config,
            store,
            clock,
            dashboards,
        }
    }
}

/// The [`App`] as an argument of a handler.
#[derive(Clone, Debug)]
pub struct AppState(pub Arc<App>);

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl FromRequestParts<AppState> for AppState {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(state.clone())
    }
}
