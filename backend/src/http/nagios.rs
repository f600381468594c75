//! Checks of Nagios and Icinga, in the shape that ligo-scald answers in.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use shared::route;
use utoipa::ToSchema;

use super::openapi::{OPERATIONS, ServerErrors};
use crate::app::AppState;
use crate::nagios::{self, Answer};

/// How it stands with a check.
#[derive(Serialize, ToSchema)]
pub(super) struct NagiosStatus {
    /// The version of this shape.
    nagios_shib_scraper_ver: f64,
    /// One.
    status_intervals: Vec<StatusInterval>,
    /// Performance data, as plugins write them; empty if there are none.
    performance: String,
}

/// A status.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusInterval {
    /// 0 is OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    #[schema(minimum = 0, maximum = 3)]
    num_status: u8,
    /// In one line.
    txt_status: String,
}

/// How it stands with a rule of the alarms by its name, with a system and all below it (`Camera`, `Camera%2FPixels`), with a stream
/// by the name of its metric, or with `all` rules.
///
/// UNKNOWN where nobody can say: the store is down, the rules are not evaluated, there is no such check. No data is never told as a
/// value beyond a limit.
#[utoipa::path(
    get,
    path = route::NAGIOS,
    tag = OPERATIONS,
    params(("check" = String, Path, description = "A rule, a system, a metric or `all`.", example = "all")),
    responses((status = 200, description = "Also where it is UNKNOWN.", body = NagiosStatus), ServerErrors),
)]
pub(super) async fn get_nagios_status(app: AppState, Path(check): Path<String>) -> Json<NagiosStatus> {
    let Answer {
        status,
        text,
        performance,
    } = answer(&app, &check).await;
    Json(NagiosStatus {
        nagios_shib_scraper_ver: 0.1,
        status_intervals: vec![StatusInterval {
            num_status: status.code(),
            txt_status: format!("{}: {text}", status.as_str()),
        }],
        performance,
    })
}

async fn answer(app: &AppState, check: &str) -> Answer {
    let streams = async {
        app.store.ping().await?;
        app.streams.answer(&*app.store).await
    };
    match streams.await {
        Ok(streams) => {
            let list = app.alarms.list(app.clock.now().as_micros());
            nagios::answer(check, app.alarms.rule(check).as_ref(), &list, &streams)
        }
        Err(error) => {
            tracing::warn!(%error, "a check cannot be answered: {error}");
            Answer::unknown("the store is unavailable, so nobody knows; the log of the server says more")
        }
    }
}
