//! `[notify]`: who is told what happens to alarms, by which way, and when nobody is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lettre::message::Mailbox;
use shared::alarm::AlarmState;
use shared::time::Timestamp;

use super::key::Key;
use super::section::{Section, not_blank};
use super::word::{listed, one_of};
use super::{duration, suggestion};
use crate::notify::settings::{Hook, Mail, Maintenance, Receiver, Route, Tls, Way};
use crate::notify::{Secret, Settings};

/// Of `[notify]`.
pub(super) const KEYS: &[Key] = &[
    Key::optional(
        "page_url",
        "web address",
        "no links",
        "Where the page is, such as `https://wall.example.org/watchroom`; messages link to it at the time they are about.",
    ),
    Key::optional(
        "give_up_after",
        "duration such as \"24h\"",
        "\"24h\"",
        "For how long a message is tried before it becomes a dead letter.",
    ),
    Key::optional(
        "receivers",
        "tables by name",
        "nobody is told",
        "Who can be told; see below.",
    ),
    Key::optional(
        "routes",
        "[{ … }, …]",
        "nobody is told",
        "What goes to whom; see below.",
    ),
    Key::optional("maintenance", "[{ … }, …]", "none", "When nothing is sent; see below."),
];

/// Of every receiver.
pub(super) const RECEIVER_KEYS: &[Key] = &[
    Key::required("kind", "\"mail\", \"slack\" or \"webhook\"", "By which way."),
    Key::optional(
        "digest_after",
        "whole number",
        "5",
        "More messages than this within `digest_window` are told together in one.",
    ),
    Key::optional("digest_window", "duration such as \"10m\"", "\"10m\"", "At most a day."),
];

/// Of a receiver of the kind `mail`.
pub(super) const MAIL_KEYS: &[Key] = &[
    Key::required("host", "text", "The mail server."),
    Key::optional("port", "whole number", "587, 465 or 25 by `tls`", "Its port."),
    Key::optional(
        "tls",
        "\"starttls\", \"tls\" or \"none\"",
        "\"starttls\"",
        "How the connection is protected. Nothing is sent in clear unless this says `none`.",
    ),
    Key::optional(
        "ca_file",
        "path",
        "the system's",
        "Certificates in PEM that are trusted besides those of the system.",
    ),
    Key::optional("user", "text", "no log-in", "Who logs in."),
    Key::optional(
        "password_env",
        "name of a variable",
        "none",
        "The environment variable with the password.",
    ),
    Key::optional("password_file", "path", "none", "The file with the password."),
    Key::required(
        "from",
        "address",
        "The sender: `wall@example.org`, or `Wall <wall@example.org>`.",
    ),
    Key::required("to", "[address, …]", "Whom to write to."),
];

/// Of a receiver of the kind `slack`.
pub(super) const SLACK_KEYS: &[Key] = &[
    Key::optional(
        "url",
        "web address",
        "none",
        "Where to post `{\"text\": …}`. Whoever knows it can write there.",
    ),
    Key::optional(
        "url_env",
        "name of a variable",
        "none",
        "The environment variable with the address.",
    ),
    Key::optional(
        "url_file",
        "path",
        "none",
        "The file with the address. One of the three must be there.",
    ),
];

/// Of a receiver of the kind `webhook`, besides those of `slack`.
pub(super) const WEBHOOK_KEYS: &[Key] = &[
    Key::optional(
        "header",
        "text",
        "none",
        "The name of a header with a secret, such as `Authorization`.",
    ),
    Key::optional(
        "header_env",
        "name of a variable",
        "none",
        "The environment variable with its value.",
    ),
    Key::optional("header_file", "path", "none", "The file with its value."),
    Key::optional(
        "hmac_env",
        "name of a variable",
        "not signed",
        "The environment variable with the key that signs: `X-Watchroom-Signature: sha256=…`, the HMAC of the body.",
    ),
    Key::optional("hmac_file", "path", "not signed", "The file with that key."),
];

/// Of a route.
pub(super) const ROUTE_KEYS: &[Key] = &[
    Key::required("receivers", "[name, …]", "Who is told."),
    Key::optional(
        "states",
        "[\"alarm\", \"warning\", \"no_data\", \"unknown\"]",
        "all",
        "Only of these; that it is over is told to whoever was told that it began.",
    ),
    Key::optional(
        "systems",
        "[text, …]",
        "all",
        "Only of systems with one of these words on their path.",
    ),
    Key::optional("owners", "[text, …]", "all", "Only of alarms of these owners."),
];

/// Of a maintenance.
pub(super) const MAINTENANCE_KEYS: &[Key] = &[
    Key::required("name", "text", "What is done: `Mirror washing`."),
    Key::required("from", "time such as \"2026-12-01T08:00:00Z\"", "Its beginning."),
    Key::required("to", "time", "Its end. Then one digest tells what happened meanwhile."),
    Key::optional(
        "systems",
        "[text, …]",
        "all",
        "Only of systems with one of these words on their path.",
    ),
];

const STATES: [(&str, AlarmState); 4] = [
    ("alarm", AlarmState::Alarm),
    ("warning", AlarmState::Warning),
    ("no_data", AlarmState::NoData),
    ("unknown", AlarmState::Unknown),
];

const TLS: [(&str, Tls); 3] = [("starttls", Tls::StartTls), ("tls", Tls::Tls), ("none", Tls::None)];

#[derive(Clone, Copy)]
enum Kind {
    Mail,
    Slack,
    Webhook,
}

const KINDS: [(&str, Kind); 3] = [("mail", Kind::Mail), ("slack", Kind::Slack), ("webhook", Kind::Webhook)];

const DURATION: &str = "a duration such as \"10m\"";

/// A day: what was sent is remembered longer.
const MAX_WINDOW_MICROS: i64 = 86_400_000_000;

pub(super) fn read(section: Option<Section<'_>>) -> Settings {
    let mut settings = Settings::default();
    let Some(mut section) = section else {
        return settings;
    };
    if let Some(url) = section.parsed("page_url", "a web address", web_address) {
        url.trim_end_matches('/').clone_into(&mut settings.page_url);
    }
    if let Some(micros) = section.parsed("give_up_after", DURATION, duration::parse_micros) {
        settings.give_up_after_micros = micros;
    }
    let receivers = section.named("receivers");
    let names: Vec<&str> = receivers.iter().map(|(name, _)| *name).collect();
    settings.receivers = receivers
        .into_iter()
        .filter_map(|(name, section)| receiver(name, section))
        .collect::<BTreeMap<_, _>>();
    settings.routes = section
        .list("routes")
        .into_iter()
        .map(|section| route(section, &names))
        .collect();
    settings.maintenance = section
        .list("maintenance")
        .into_iter()
        .filter_map(maintenance)
        .collect();
    section.finish();
    settings
}

fn receiver(name: &str, mut section: Section<'_>) -> Option<(String, Receiver)> {
    let kind = section.required("kind", &listed(&KINDS), |text| one_of(text, &KINDS));
    let digest_after = section.integer("digest_after", 1..=1000_usize).unwrap_or(5);
    let window = section.parsed("digest_window", DURATION, |text| match duration::parse_micros(text) {
        Ok(micros) if MAX_WINDOW_MICROS < micros => Err(format!("{text:?} is too long; the longest is 1d")),
        read => read,
    });
    let way = match kind {
        Some(Kind::Mail) => mail(&mut section).map(Way::Mail),
        Some(Kind::Slack) => url(&mut section).map(|url| {
            Way::Slack(Hook {
                url,
                header: None,
                hmac: None,
            })
        }),
        Some(Kind::Webhook) => webhook(&mut section).map(Way::Webhook),
        None => {
            // What belongs to some kind is not told as unknown.
            for key in [MAIL_KEYS, SLACK_KEYS, WEBHOOK_KEYS].into_iter().flatten() {
                section.know(&[key.name]);
            }
            None
        }
    };
    section.finish();
    let receiver = Receiver {
        name: name.to_owned(),
        way: way?,
        digest_after,
        digest_window_micros: window.unwrap_or(600_000_000),
    };
    Some((name.to_owned(), receiver))
}

fn mail(section: &mut Section<'_>) -> Option<Mail> {
    let host = section.required_text("host");
    let tls = section
        .parsed("tls", &listed(&TLS), |text| one_of(text, &TLS))
        .unwrap_or(Tls::StartTls);
    let port = section.integer("port", 1..=u16::MAX).unwrap_or(match tls {
        Tls::StartTls => 587,
        Tls::Tls => 465,
        Tls::None => 25,
    });
    let ca_file = section
        .parsed("ca_file", "the path of a file", not_blank)
        .map(PathBuf::from);
    let user = section.parsed("user", "a text", not_blank);
    let password = secret(section, None, "password_env", "password_file");
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user.to_owned(), password)),
        (Some(_), None) => {
            section.add_at("user", "has no password; write password_env or password_file");
            None
        }
        (None, Some(_)) => {
            section.add_at("user", "is missing: somebody must log in with the password");
            None
        }
        (None, None) => None,
    };
    if login.is_some() && tls == Tls::None && host.is_some_and(|host| !is_loopback(host)) {
        section.add_at(
            "tls",
            "is none, so that the password would be sent in clear; write \"starttls\" or \"tls\"",
        );
    }
    let from = section.required("from", "an address", address);
    let mut to = Vec::new();
    for (text, offset) in section.required_texts("to", "[\"crew@example.org\"]") {
        match address(text) {
            Ok(text) => to.push(text.to_owned()),
            Err(error) => section.add(offset, "to", &error),
        }
    }
    Some(Mail {
        host: host?.to_owned(),
        port,
        tls,
        ca_file,
        login,
        from: from?.to_owned(),
        to,
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn address(text: &str) -> Result<&str, String> {
    let parsed: Result<Mailbox, _> = text.parse();
    match parsed {
        Ok(_) => Ok(text),
        Err(_wrong) => Err(format!(
            "{text:?} is no address; write for example \"crew@example.org\" or \"Crew <crew@example.org>\""
        )),
    }
}

fn url(section: &mut Section<'_>) -> Option<Secret> {
    let written = section.parsed("url", "a web address", web_address);
    let secret = secret(section, written, "url_env", "url_file");
    if secret.is_none() && section.is_missing("url") && section.is_missing("url_env") && section.is_missing("url_file")
    {
        section.add_here("there is no address; write url, url_env or url_file");
    }
    secret
}

fn webhook(section: &mut Section<'_>) -> Option<Hook> {
    let url = url(section);
    let name = section.parsed("header", "the name of a header", header_name);
    let value = secret(section, None, "header_env", "header_file");
    let header = match (name, value) {
        (Some(name), Some(value)) => Some((name.to_owned(), value)),
        (Some(_), None) => {
            section.add_at("header", "has no value; write header_env or header_file");
            None
        }
        (None, Some(_)) => {
            section.add_at(
                "header",
                "is missing: the value needs a name, such as \"Authorization\"",
            );
            None
        }
        (None, None) => None,
    };
    let hmac = secret(section, None, "hmac_env", "hmac_file");
    Some(Hook {
        url: url?,
        header,
        hmac,
    })
}

/// A secret from one place: written, in a variable or in a file.
fn secret(
    section: &mut Section<'_>,
    written: Option<&str>,
    variable: &'static str,
    file: &'static str,
) -> Option<Secret> {
    let from_variable = section.parsed(variable, "the name of an environment variable", not_blank);
    let from_file = section.parsed(file, "the path of a file", not_blank);
    let places = [
        written.map(|text| Secret::Text(text.to_owned())),
        from_variable.map(|name| Secret::Variable(name.to_owned())),
        from_file.map(|path| Secret::File(PathBuf::from(path))),
    ];
    let mut places: Vec<Secret> = places.into_iter().flatten().collect();
    if 1 < places.len() {
        section.add_at(
            file,
            &format!("stands beside another place for the same, such as {variable}; write one of them"),
        );
    }
    places.pop()
}

/// Does not repeat what it stumbles over, which may be a secret.
fn web_address(text: &str) -> Result<&str, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    match rest {
        Some(rest) if is_plain && !rest.is_empty() && !rest.starts_with('/') => Ok(text),
        _ => Err("this is no web address; write for example \"https://wall.example.org\"".to_owned()),
    }
}

fn header_name(text: &str) -> Result<&str, String> {
    let is_name = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_name {
        Ok(text)
    } else {
        Err(format!("{text:?} is no name of a header"))
    }
}

fn route(mut section: Section<'_>, names: &[&str]) -> Route {
    let mut receivers = Vec::new();
    for (name, offset) in section.required_texts("receivers", "[\"crew\"]") {
        if names.contains(&name) {
            receivers.push(name.to_owned());
        } else {
            let hint = suggestion::hint(name, names.iter().copied());
            section.add(offset, "receivers", &format!("there is no receiver {name:?}{hint}"));
        }
    }
    let mut states = Vec::new();
    for (word, offset) in section.texts("states") {
        match one_of(word, &STATES) {
            Ok(state) => states.push(state),
            Err(error) => section.add(offset, "states", &error),
        }
    }
    let route = Route {
        receivers,
        states,
        systems: words(&mut section, "systems"),
        owners: words(&mut section, "owners"),
    };
    section.finish();
    route
}

fn words(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    section
        .texts(key)
        .into_iter()
        .map(|(text, _)| text.to_owned())
        .collect()
}

fn maintenance(mut section: Section<'_>) -> Option<Maintenance> {
    let time = "a time such as \"2026-12-01T08:00:00Z\"";
    let name = section.required_text("name");
    let from = section.required("from", time, str::parse::<Timestamp>);
    let to = section.required("to", time, str::parse::<Timestamp>);
    let systems = words(&mut section, "systems");
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        section.add_at("to", "is not after from");
    }
    section.finish();
    Some(Maintenance {
        name: name?.to_owned(),
        from: from?,
        to: to?,
        systems,
    })
}

#[cfg(test)]
mod tests;
