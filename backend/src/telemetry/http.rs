//! What is asked over HTTP.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The upper ends of durations, in seconds: from an answer that is kept to the time limit.
const BUCKETS_S: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How long requests took, by route.
type Durations = Family<[(&'static str, String); 1], Histogram, fn() -> Histogram>;

/// Requests by route.
#[derive(Clone, Debug)]
pub struct HttpFigures {
    requests: Family<[(&'static str, String); 2], Counter>,
    durations: Durations,
}

impl HttpFigures {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let figures = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS_S)),
        };
        registry.register(
            "http_requests",
            "Requests that were answered, by route and status",
            figures.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer began, by route",
            Unit::Seconds,
            figures.durations.clone(),
        );
        figures
    }

    /// A request was answered. `route` is a path as it is mounted, never one that a client made up.
    pub fn note(&self, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        let labels = [("route", route.clone()), ("status", status.to_string())];
        self.requests.get_or_create_owned(&labels).inc();
        let duration = self.durations.get_or_create_owned(&[("route", route)]);
        duration.observe(took.as_secs_f64());
    }
}
