//! The paths of the API, relative to where the server is mounted. A test keeps this list and the router equal.

/// All metrics with what is known of them.
pub const METRICS: &str = "/api/v1/metrics";
/// The site and all dashboards.
pub const DASHBOARDS: &str = "/api/v1/dashboards";
/// The files that the dashboards are made of.
pub const DASHBOARD_FILES: &str = "/api/v1/dashboards/files";
/// The envelope of channels, or of the band, over a range.
pub const ENVELOPE: &str = "/api/v1/envelope";
/// All channels at once over a range: time x channel, or time x value.
pub const RASTER: &str = "/api/v1/raster";
/// The newest sample per channel.
pub const LATEST: &str = "/api/v1/latest";
/// Which deliveries are silent, and how far clocks can be trusted.
pub const STREAMS: &str = "/api/v1/streams";
/// Raw samples, page by page.
pub const SAMPLES: &str = "/api/v1/samples";
/// Raw samples as a file.
pub const EXPORT: &str = "/api/v1/export";
/// Nights that hold data.
pub const NIGHTS: &str = "/api/v1/nights";
/// Where the pixels of a camera are.
pub const GEOMETRY: &str = "/api/v1/geometry";
/// Sun and moon over the site.
pub const SKY: &str = "/api/v1/sky";
/// How every alarm stands.
pub const ALARMS: &str = "/api/v1/alarms";
/// One alarm, with all that helps to judge it.
pub const ALARM: &str = "/api/v1/alarms/{rule}";
/// What alarms said over a range.
pub const ALARM_HISTORY: &str = "/api/v1/alarms/history";
/// What people do about an alarm.
pub const ALARM_ACTIONS: &str = "/api/v1/alarms/{rule}/actions";
/// What waits to be told to people, and what could not be.
pub const OUTBOX: &str = "/api/v1/outbox";
/// Another try for something of that.
pub const OUTBOX_RETRY: &str = "/api/v1/outbox/{id}/retry";
/// Live updates, over a WebSocket.
pub const LIVE: &str = "/api/v1/live";
/// How it stands with a check of Nagios or Icinga.
pub const NAGIOS: &str = "/api/nagios/{check}";
/// Where JSON frames are posted.
pub const FRAMES: &str = "/api/v1/frames";
/// Where line protocol is posted, as to InfluxDB 1.x.
pub const WRITE: &str = "/write";
/// Where line protocol is posted, as to InfluxDB 2.x.
pub const WRITE_BUCKET: &str = "/api/v2/write";
/// Where clients of InfluxDB ask for their database.
pub const STATEMENTS: &str = "/query";
/// Where clients of InfluxDB ask whether anybody is there.
pub const PING: &str = "/ping";
/// What the API takes and answers, as an OpenAPI document.
pub const OPENAPI: &str = "/openapi.json";
/// The same for people.
pub const API_PAGE: &str = "/api/docs";
/// Whether the process lives.
pub const HEALTH: &str = "/health";
/// Whether it can answer queries: the store is there.
pub const READY: &str = "/ready";

/// What the server tells of itself, for Prometheus.
pub const TELEMETRY: &str = "/metrics";

/// Every path in this file.
pub const ALL: [&str; 30] = [
    METRICS,
    DASHBOARDS,
    DASHBOARD_FILES,
    ENVELOPE,
    RASTER,
    LATEST,
    STREAMS,
    SAMPLES,
    EXPORT,
    NIGHTS,
    GEOMETRY,
    SKY,
    ALARMS,
    ALARM,
    ALARM_HISTORY,
    ALARM_ACTIONS,
    OUTBOX,
    OUTBOX_RETRY,
    NAGIOS,
    LIVE,
    FRAMES,
    WRITE,
    WRITE_BUCKET,
    STATEMENTS,
    PING,
    OPENAPI,
    API_PAGE,
    HEALTH,
    READY,
    TELEMETRY,
];
