//! What can be said of a frame's channels without knowing its metric.

use std::collections::HashSet;

use shared::metric::MAX_CHANNEL_LABEL_BYTES;

use crate::ingest::IncomingChannels;
use crate::ingest::excerpt::excerpt;

/// Checks that there is a channel for each value, and that each index or label is there once.
pub(super) fn check_channels(channels: &IncomingChannels, n_values: usize) -> Result<(), String> {
    if n_values == 0 {
        return Err("a frame needs at least one value".to_owned());
    }
    match channels {
        IncomingChannels::Dense => Ok(()),
        IncomingChannels::Indices(indices) => {
            check_count(indices.len(), n_values)?;
            check_indices(indices)
        }
        IncomingChannels::Labels(labels) => {
            check_count(labels.len(), n_values)?;
            check_each_once(labels)
        }
    }
}

/// Checks that labels can be the labels of new channels.
pub(super) fn check_labels(channels: &IncomingChannels) -> Result<(), String> {
    match channels {
        IncomingChannels::Labels(labels) => labels.iter().try_for_each(|label| check_label(label)),
        IncomingChannels::Dense | IncomingChannels::Indices(_) => Ok(()),
    }
}

fn check_count(n_channels: usize, n_values: usize) -> Result<(), String> {
    if n_channels == n_values {
        Ok(())
    } else {
        Err(format!(
            "it names {n_channels} channels but holds {n_values} values; there must be one value per channel"
        ))
    }
}

fn check_indices(indices: &[u32]) -> Result<(), String> {
    if indices.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("channel {} is named twice", pair[0])),
        None => Ok(()),
    }
}

fn check_label(label: &str) -> Result<(), String> {
    if label.is_empty() {
        return Err("a channel needs a label".to_owned());
    }
    if label.len() > MAX_CHANNEL_LABEL_BYTES {
        return Err(format!(
            "the label of a channel may have at most {MAX_CHANNEL_LABEL_BYTES} bytes, but {} has {}",
            excerpt(label),
            label.len()
        ));
    }
    if label.chars().any(char::is_control) {
        return Err(format!("the channel label {} holds control characters", excerpt(label)));
    }
    Ok(())
}

fn check_each_once(labels: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    if labels.len() > 1
        && let Some(twice) = labels.iter().find(|label| !seen.insert(label.as_str()))
    {
        return Err(format!("channel {} is named twice", excerpt(twice)));
    }
    Ok(())
}
