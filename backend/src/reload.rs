//! Keeps what is shown like the files it is written in: dashboards, the looks of metrics, and the rules of alarms.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::config::{Reloader, Taken};

/// How often the files are read.
const PERIOD: Duration = Duration::from_secs(1);

/// A file that changes is read again after this time, until it no longer does: its writer may be in the middle.
const SETTLING: Duration = Duration::from_millis(100);

/// Reads the files again and again, and shows what is in them.
pub async fn keep_reloading(app: Arc<App>, reloader: Reloader) {
    let mut reloader = Arc::new(reloader);
    loop {
        tokio::time::sleep(PERIOD).await;
        let mut found = read(&reloader).await;
        while found.is_some() {
            tokio::time::sleep(SETTLING).await;
            let again = read(&reloader).await;
            if again == found {
                break;
            }
            found = again;
        }
        // Nobody else holds it while nothing is being read.
        let (Some(changed), Some(reloader)) = (found, Arc::get_mut(&mut reloader)) else {
            continue;
        };
        let Taken {
            dashboards,
            alarms,
            restart,
        } = reloader.take(changed, &app.dashboards());
        tracing::info!(
            revision = dashboards.revision,
            "the files of dashboards have changed and are shown anew"
        );
        if app.alarms.change_rules(alarms, app.clock.now().as_micros()).await {
            tracing::info!("the rules of alarms have changed and are evaluated anew");
        }
        for broken in &dashboards.broken {
            tracing::warn!(
                "{} is broken, and its last good form is used:\n{}",
                broken.file,
                broken.message
            );
        }
        if !restart.is_empty() {
            let tables: Vec<_> = restart.iter().map(|table| format!("[{table}]")).collect();
            tracing::warn!("{} changed in the configuration; restart to use it", tables.join(", "));
        }
        app.show(dashboards);
    }
}

/// Reads the files where a slow file system holds up nobody. `None` where nothing has changed.
async fn read(reloader: &Arc<Reloader>) -> Option<crate::config::Changed> {
    let reloader = Arc::clone(reloader);
    let read = tokio::task::spawn_blocking(move || reloader.read());
    // It fails only when the runtime is going down.
    read.await.unwrap_or_default()
}
