//! What the crew of the demo has said about its alarms: something that is known, and something that was seen.

use shared::alarm::{AlarmAction, AlarmActionKind, AlarmState};
use shared::time::{MICROS_PER_DAY, Timestamp};

use crate::app::App;

/// How far back the demo's alarms are evaluated: as far as its sources are simulated.
pub const LOOK_BACK_MICROS: i64 = 3 * MICROS_PER_DAY;

/// Says what the crew says, where nobody said anything yet. What the store does not keep is left out.
pub async fn speak_for_the_crew(app: &App) {
    let now = app.clock.now();
    if let Err(error) = app.alarms.round(&*app.store, now.as_micros()).await {
        tracing::warn!(%error, "the alarms of the demo could not be kept: {error}");
        return;
    }
    let is_untouched = |rule: &str| {
        let status = app.alarms.status(rule);
        status.is_some_and(|status| status.known_issue.is_none() && status.acknowledged.is_none())
    };
    let mut said: Vec<(&str, AlarmAction)> = Vec::new();
    if is_untouched("pacta-hot") {
        let comment = "readings of pixel 1203 are 1.5 °C too high until its sensor is calibrated";
        said.push((
            "pacta-hot",
            action(
                AlarmActionKind::KnownIssue,
                "camera on call",
                comment,
                Some(in_days(now, 5)),
            ),
        ));
    }
    if is_untouched("module-silent")
        && app
            .alarms
            .status("module-silent")
            .is_some_and(|status| status.state != AlarmState::Ok)
    {
        let comment = "seen; the module is restarted after this run";
        said.push((
            "module-silent",
            action(AlarmActionKind::Acknowledge, "shift", comment, None),
        ));
    }
    for (rule, action) in said {
        if let Err(refused) = app.alarms.act(&*app.store, now.as_micros(), rule, &action).await {
            tracing::warn!(%refused, rule, "the crew of the demo could not speak: {refused}");
        }
    }
}

fn in_days(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_add_micros(days * MICROS_PER_DAY)
}

fn action(action: AlarmActionKind, by: &str, comment: &str, until: Option<Timestamp>) -> AlarmAction {
    AlarmAction {
        action,
        by: by.to_owned(),
        comment: comment.to_owned(),
        until,
    }
}
