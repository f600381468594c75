//! The URL map on one page. Handlers extract, call a capability and wrap; one file per resource.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use shared::route;
use tower::ServiceExt as _;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::Predicate;
use tower_http::decompression::RequestDecompressionLayer;

use crate::app::{App, AppState};

mod alarms;
mod dashboards;
mod envelope;
mod export;
mod frames;
mod geometry;
mod health;
mod influx;
mod latest;
mod live;
mod metrics;
mod nagios;
mod nights;
mod outbox;
mod raster;
mod samples;
mod sky;
mod streams;
mod telemetry;
mod write;

mod openapi;

pub mod page;

mod error;
mod extract;
mod form;
mod hanging;
mod observe;
mod packed;
mod revalidate;

use page::Page;

/// Every resource of the API with its path.
fn resources() -> [(&'static str, MethodRouter<AppState>); route::ALL.len()] {
    [
        (route::METRICS, get(metrics::list_metrics)),
        (route::DASHBOARDS, get(dashboards::list_dashboards)),
        (route::DASHBOARD_FILES, get(dashboards::list_dashboard_files)),
        (route::ENVELOPE, get(envelope::get_envelope)),
        (route::RASTER, get(raster::get_raster)),
        (route::LATEST, get(latest::get_latest)),
        (route::STREAMS, get(streams::get_streams)),
        (route::SAMPLES, get(samples::list_samples)),
        (route::EXPORT, get(export::get_export)),
        (route::NIGHTS, get(nights::list_nights)),
        (route::GEOMETRY, get(geometry::get_geometry)),
        (route::SKY, get(sky::get_sky)),
        (route::ALARMS, get(alarms::list_alarms)),
        (route::ALARM, get(alarms::get_alarm)),
        (route::ALARM_HISTORY, get(alarms::get_alarm_history)),
        (route::ALARM_ACTIONS, post(alarms::act_on_alarm)),
        (route::NAGIOS, get(nagios::get_nagios_status)),
        (route::OUTBOX, get(outbox::list_outbox)),
        (route::OUTBOX_RETRY, post(outbox::retry_delivery)),
        (route::LIVE, get(live::get_live)),
        (route::FRAMES, post(frames::write_frames)),
        (route::WRITE, for_influx(post(write::write_lines))),
        (route::WRITE_BUCKET, for_influx(post(write::write_bucket))),
        (
            route::STATEMENTS,
            for_influx(get(influx::run_statements).post(influx::run_posted_statements)),
        ),
        (route::PING, get(influx::get_ping)),
        (route::OPENAPI, get(openapi::get_openapi)),
        (route::API_PAGE, get(openapi::get_api_page)),
        (route::HEALTH, get(health::get_health)),
        (route::READY, get(health::get_ready)),
        (route::TELEMETRY, get(telemetry::get_telemetry)),
    ]
}

/// Errors as clients of InfluxDB expect them.
fn for_influx(resource: MethodRouter<AppState>) -> MethodRouter<AppState> {
    resource.layer(from_fn(influx::name_errors))
}

/// Everything that the server answers, under the configured prefix, without the page.
pub fn router(app: Arc<App>) -> Router {
    let page = Page::none(&app.config.server.base_path);
    router_with_page(app, page)
}

/// Everything that the server answers, under the configured prefix.
pub fn router_with_page(app: Arc<App>, page: Page) -> Router {
    let page = Arc::new(page);
    let base_path = app.config.server.base_path.clone();
    app.live.refuse_with(error::told);
    let state = AppState(app);
    let mut api = Router::new();
    for (path, resource) in resources() {
        api = api.route(path, resource);
    }
    let api = api
        .fallback(move |request: Request| page_or_unknown(Arc::clone(&page), request))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true))
        .layer(packing())
        .layer(from_fn_with_state(observe::TIME_LIMITS, observe::limit_time))
        .layer(from_fn(observe::mark_as_live))
        .layer(from_fn_with_state(state.clone(), observe::count))
        .with_state(state);
    surrounded(under(&base_path, api))
}

/// Packs what is not packed already, while it is sent.
fn packing() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(packed::QUALITY.cast_signed()))
        .compress_when(export::not_packed_already())
}

/// What no request goes without.
fn surrounded(router: Router) -> Router {
    router
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(from_fn(form::write_errors))
        .layer(from_fn(observe::observe))
}

/// Moves a router below a prefix, which is empty or begins with a slash and does not end in one.
fn under(base_path: &str, inner: Router) -> Router {
    if base_path.is_empty() {
        return inner;
    }
    let base_path: Arc<str> = base_path.into();
    Router::new().fallback(move |mut request: Request| {
        let (base_path, inner) = (Arc::clone(&base_path), inner.clone());
        async move {
            let path_and_query = request.uri().path_and_query().map_or("/", |both| both.as_str());
            let Some(rest) = path_and_query.strip_prefix(&*base_path) else {
                return unknown_route(&request);
            };
            if rest.is_empty() || rest.starts_with('?') {
                let location = format!("{base_path}/{rest}");
                return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response();
            }
            match rest.parse() {
                Ok(uri) if rest.starts_with('/') => *request.uri_mut() = uri,
                _ => return unknown_route(&request),
            }
            inner.oneshot(request).await.into_response()
        }
    })
}

/// Whatever is no route of the API is a place or a file of the page.
async fn page_or_unknown(page: Arc<Page>, request: Request) -> Response {
    if !Page::answers(request.uri().path()) {
        unknown_route(&request)
    } else if [Method::GET, Method::HEAD].contains(request.method()) {
        page.respond(request.uri(), request.headers())
    } else {
        method_not_allowed(request).await
    }
}

fn unknown_route(request: &Request) -> Response {
    let path: String = request.uri().path().chars().take(200).collect();
    // A known name at the end of a wrong path says more than how alike the paths are.
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = name(&path);
    let same_name = route::ALL.into_iter().find(|known| name(known) == wanted);
    let nearest = same_name.or_else(|| crate::nearest::nearest(&path, route::ALL));
    error::Error::UnknownRoute { path, nearest }.into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    error::Error::MethodNotAllowed { method, path }.into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    #[test]
    fn every_route_constant_is_mounted_and_every_mounted_route_is_a_constant() {
        let mut mounted = resources().map(|(path, _)| path);
        let mut constants = route::ALL;
        mounted.sort_unstable();
        constants.sort_unstable();
        assert_eq!(mounted, constants);
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_that_says_nothing_of_its_cause() {
        async fn broken() {
            panic!("index 7 of secret list");
        }
        let router = surrounded(Router::new().route("/", get(broken)));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        insta::assert_snapshot!(
            String::from_utf8_lossy(&body),
            @r#"{"code":"internal","message":"the server made a mistake; its log says more","details":{}}"#
        );
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up() {
        async fn slow() {
            std::future::pending::<()>().await;
        }
        let limits = observe::TimeLimits {
            query_secs: 0,
            write_secs: 0,
        };
        let limit = from_fn_with_state(limits, observe::limit_time);
        let router = Router::new().route("/", get(slow)).layer(limit);
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        insta::assert_snapshot!(
            String::from_utf8_lossy(&body),
            @r#"{"code":"too_slow","message":"the answer took longer than 0 s; ask for a shorter range or fewer channels","details":{"limit_secs":"0"}}"#
        );
    }
}
