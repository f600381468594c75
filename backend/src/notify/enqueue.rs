//! From what happened to an alarm to deliveries.

use std::collections::BTreeSet;

use shared::alarm::{AlarmState, AlarmStatus};
use shared::dashboard::Site;
use shared::time::Timestamp;

use super::delivery::Delivery;
use super::notice::Notice;
use super::settings::Settings;
use crate::store::records::RecordChange;

/// How much time before and after a moment the page shows.
const PAGE_MARGIN_MICROS: i64 = 30 * 60 * 1_000_000;

/// What happened to a rule.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// How it stands now.
    pub status: &'a AlarmStatus,
    /// What it said before.
    pub before: AlarmState,
    /// When it changed.
    pub at: Timestamp,
    /// What to do, as HTML; empty if nothing is written.
    pub guidance_html: &'a str,
    /// Where more is written; empty if nowhere.
    pub link: &'a str,
}

impl Settings {
    /// The changes that put the deliveries of something that happened into the outbox: one per receiver whom a route names, each once.
    ///
    /// To be applied in the same batch as what keeps that it happened. They expect nothing, so they are never what conflicts.
    pub fn enqueue(&self, site: &Site, happened: &Happened<'_>, now: Timestamp) -> Vec<RecordChange> {
        let AlarmStatus {
            state, system, owner, ..
        } = happened.status;
        let routes = self.routes.iter();
        let routes = routes.filter(|route| route.takes(*state, happened.before, system, owner));
        let receivers: BTreeSet<&String> = routes.flat_map(|route| &route.receivers).collect();
        if receivers.is_empty() {
            return Vec::new();
        }
        let notice = self.notice(site, happened);
        let delivery = |receiver: &String| Delivery::new(receiver, notice.clone(), now.as_micros()).put();
        receivers.into_iter().map(delivery).collect()
    }

    fn notice(&self, site: &Site, happened: &Happened<'_>) -> Notice {
        let status = happened.status;
        let at = happened.at;
        let page = if self.page_url.is_empty() {
            String::new()
        } else {
            let from = at.saturating_add_micros(-PAGE_MARGIN_MICROS);
            let to = at.saturating_add_micros(PAGE_MARGIN_MICROS);
            format!("{}/?from={from}&to={to}", self.page_url)
        };
        Notice {
            site: site.name.clone(),
            time_zone: site.time_zone.clone(),
            rule: status.rule.clone(),
            title: status.title.clone(),
            system: status.system.clone(),
            owner: status.owner.clone(),
            state: status.state,
            before: happened.before,
            at_us: at.as_micros(),
            value: status.value.finite(),
            unit: status.unit.clone(),
            detail: status.detail.clone(),
            channel: status.channel_label.clone(),
            channels: status.channels,
            guidance: text_of_html(happened.guidance_html),
            link: happened.link.to_owned(),
            page,
        }
    }
}

/// The words of HTML that was made from Markdown.
fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag_and_rest)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag_and_rest.split_once('>').unwrap_or((tag_and_rest, ""));
        match tag.trim_start_matches('/').split_whitespace().next() {
            Some("li") if !tag.starts_with('/') => text.push_str("- "),
            Some("br" | "br/") => text.push('\n'),
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let lines: Vec<&str> = plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guidance_becomes_plain_words() {
        let html = "<p>Stop &amp; <strong>ring</strong> the <a href=\"tel:1\">expert</a>.</p>\n<ol>\n<li>Close</li>\n<li>Wait</li>\n</ol>\n";
        assert_eq!(text_of_html(html), "Stop & ring the expert.\n- Close\n- Wait");
        assert_eq!(text_of_html(""), "");
    }
}
