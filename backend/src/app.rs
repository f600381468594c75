//! What all requests share.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::dashboard::Dashboards;
use shared::query::streams::Streams;

use crate::alarms::Alarms;
use crate::answers::KeptAnswers;
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::admission::Admission;
use crate::ingest::writer::Writer;
use crate::live::{Hub, Live};
use crate::pyramid::Pyramid;
use crate::query::nights::{NightCalendar, UnknownTimeZone};
use crate::query::turns::Turns;
use crate::store::{self, Store};
use crate::streams::Watch;
use crate::telemetry::{MeasuredStore, Telemetry};

/// One running server.
#[derive(Debug)]
pub struct App {
    /// How it was configured.
    pub config: Config,
    /// Where the samples are.
    pub store: Arc<dyn Store>,
    /// What is derived from them.
    pub pyramid: Arc<Pyramid>,
    /// Answers that are asked for again and again.
    pub answers: KeptAnswers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What it tells of itself.
    pub telemetry: Telemetry,
    /// Which deliveries are silent.
    pub streams: Arc<Watch>,
    /// How much may be on its way there.
    pub admission: Admission,
    /// The one way into the store.
    pub writer: Writer,
    /// When somebody has to know.
    pub alarms: Alarms,
    /// Who is told of what changes.
    pub live: Arc<Live>,
    /// Where questions that take long wait for their turn.
    pub turns: Turns,
    /// Where nights begin and end at the site.
    pub night_calendar: NightCalendar,
    /// The site and its dashboards, as the page asks for them; they change with their files.
    dashboards: RwLock<Arc<Dashboards>>,
}

impl App {
    /// Puts a server together. Nothing listens yet.
    ///
    /// Fails only for a site whose time zone does not exist, which a loaded configuration never has.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, UnknownTimeZone> {
        let night_calendar = NightCalendar::new(&config.site.time_zone, config.site.day_start_minutes)?;
        let alarms = Alarms::new(config.alarms.clone(), clock.now().as_micros());
        let alarms = alarms
            .alone(config.is_alone())
            .telling(config.notify.clone(), config.site.clone());
        let hub = Arc::new(Hub::new(clock.now()));
        let telemetry = Telemetry::new(clock.now());
        let store: Arc<dyn Store> = Arc::new(MeasuredStore::new(store, telemetry.store.clone()));
        let streams = Arc::new(Watch::new(config.streams.clone(), Arc::clone(&clock)));
        let writer = Writer::new(
            Arc::clone(&store),
            Arc::clone(&clock),
            config.ingest.limits,
            config.metrics.clone(),
        )
        .with_retention(config.retention.clone())
        .with_alarms(Arc::clone(&alarms.feed))
        .counted(telemetry.ingest.clone())
        .watched(Arc::clone(&streams))
        .with_hub(Arc::clone(&hub));
        let dashboards = Dashboards {
            site: config.site.clone(),
            dashboards: config.dashboards.clone(),
            displays: config.displays.clone(),
            broken: Vec::new(),
            revision: 0,
        };
        let pyramid = Arc::new(Pyramid::new(Arc::clone(&store)).counted(telemetry.tile_cache.clone()));
        let live = Live::new(hub, Arc::clone(&pyramid), Arc::clone(&streams), Arc::clone(&clock))
            .counted(telemetry.live.clone());
        Ok(Self {
            admission: Admission::new(config.ingest.bounds),
            config,
            pyramid,
            answers: KeptAnswers::counted(telemetry.answer_cache.clone()),
            telemetry,
            streams,
            store,
            clock,
            writer,
            alarms,
            live: Arc::new(live),
            turns: Turns::of_machine(),
            night_calendar,
            dashboards: RwLock::new(Arc::new(dashboards)),
        })
    }

    /// The site and its dashboards, as the page asks for them.
    pub fn dashboards(&self) -> Arc<Dashboards> {
        Arc::clone(&self.dashboards.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows other dashboards from now on.
    pub fn show(&self, dashboards: Dashboards) {
        *self.dashboards.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(dashboards);
    }
}

impl App {
    /// Shows viewers how it stands with streams, whenever that has changed.
    pub fn publish_streams(&self, streams: &Streams) {
        self.live.streams.send(streams.clone());
    }

    /// Tells the store what the configuration says of metrics that it holds already. New ones get it with their first
    /// sample.
    pub async fn describe_metrics(&self) -> store::Result<()> {
        for metric in self.store.metrics().await? {
            if self.config.metrics.contains_key(&metric.name) {
                self.writer.ensure_metric(&metric.name, &[]).await?;
            }
        }
        Ok(())
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

impl FromRequestParts<Self> for AppState {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_parts: &mut Parts, state: &Self) -> Result<Self, Self::Rejection> {
        Ok(state.clone())
    }
}
