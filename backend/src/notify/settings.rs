//! Who is told what, by which way, and when nobody is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shared::alarm::AlarmState;
use shared::time::Timestamp;

use super::Secret;

/// All that is configured about telling others.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Where the page is, for links: `https://wall.example.org`, without a slash at its end; empty if it is not said.
    pub page_url: String,
    /// For how long a delivery is tried, in microseconds.
    pub give_up_after_micros: i64,
    /// Who can be told, by name.
    pub receivers: BTreeMap<String, Receiver>,
    /// What goes to whom.
    pub routes: Vec<Route>,
    /// When nothing is sent.
    pub maintenance: Vec<Maintenance>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_url: String::new(),
            give_up_after_micros: 86_400_000_000,
            receivers: BTreeMap::new(),
            routes: Vec::new(),
            maintenance: Vec::new(),
        }
    }
}

/// Somebody who can be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Receiver {
    /// The name in the configuration.
    pub name: String,
    /// By which way.
    pub way: Way,
    /// More messages than this within [`Receiver::digest_window_micros`] become digests; above zero.
    pub digest_after: usize,
    /// In microseconds, above zero.
    pub digest_window_micros: i64,
}

/// A way out.
#[derive(Clone, PartialEq, Debug)]
pub enum Way {
    /// A mail by SMTP.
    Mail(Mail),
    /// A webhook as Slack, Mattermost and others have it: `{"text": …}`.
    Slack(Hook),
    /// A webhook that gets all of it as JSON.
    Webhook(Hook),
}

/// A mail server, and whom to write to.
#[derive(Clone, PartialEq, Debug)]
pub struct Mail {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Certificates in PEM that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Who logs in, with the password; nobody does without it.
    pub login: Option<(String, Secret)>,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// The receivers, at least one.
    pub to: Vec<String>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// Not at all.
    None,
    /// Clear at first, then TLS; nothing is sent where the server has none.
    StartTls,
    /// From the first byte.
    Tls,
}

/// An address that is posted to.
#[derive(Clone, PartialEq, Debug)]
pub struct Hook {
    /// The address; whoever knows that of Slack can write there, so it is a secret.
    pub url: Secret,
    /// A header and its secret value.
    pub header: Option<(String, Secret)>,
    /// The key that signs the body: `X-Watchroom-Signature: sha256=…`, the HMAC in hexadecimal digits.
    pub hmac: Option<Secret>,
}

/// What goes to whom. Empty lists mean all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Route {
    /// Who is told, by name.
    pub receivers: Vec<String>,
    /// Only of these states; that it is over is told to whoever was told of the state before.
    pub states: Vec<AlarmState>,
    /// Only of systems that have one of these words on their path.
    pub systems: Vec<String>,
    /// Only of alarms of these owners.
    pub owners: Vec<String>,
}

/// A time in which nothing is sent; what happened is told afterwards in one digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maintenance {
    /// What is done: `Mirror washing`.
    pub name: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// Only of systems that have one of these words on their path; all if empty.
    pub systems: Vec<String>,
}

impl Route {
    /// Whether it is about something that is now in `state`, and was in `before`.
    pub fn takes(&self, state: AlarmState, before: AlarmState, system: &[String], owner: &str) -> bool {
        let state = if state == AlarmState::Ok { before } else { state };
        (self.states.is_empty() || self.states.contains(&state))
            && is_in(&self.systems, system)
            && (self.owners.is_empty() || self.owners.iter().any(|known| known == owner))
    }
}

impl Maintenance {
    /// Whether it silences a system at a moment.
    pub fn covers(&self, system: &[String], at: Timestamp) -> bool {
        self.from <= at && at < self.to && is_in(&self.systems, system)
    }
}

/// Whether a system is one of those, or all are.
fn is_in(systems: &[String], system: &[String]) -> bool {
    systems.is_empty() || system.iter().any(|part| systems.contains(part))
}
