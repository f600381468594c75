//! How long samples are kept: the keys `keep` and `keep_pyramid`, of one metric or, in `[store]`, of all.

use super::duration;
use super::section::Section;
use crate::retention::{Duration, Keep};

const EXPECTED: &str = "a duration such as \"400d\", or \"forever\"";

pub(super) fn read(section: &mut Section<'_>) -> Keep {
    let keep = Keep {
        samples: section.parsed("keep", EXPECTED, parse),
        pyramid: section.parsed("keep_pyramid", EXPECTED, parse),
    };
    if let (Some(samples), Some(pyramid)) = (keep.samples, keep.pyramid)
        && pyramid < samples
    {
        section.add_at(
            "keep_pyramid",
            "is shorter than keep; the pyramid of samples is kept as long as they are, and may be kept longer",
        );
    }
    keep
}

fn parse(text: &str) -> Result<Duration, String> {
    if text == "forever" {
        Ok(Duration::Forever)
    } else {
        duration::parse_micros(text).map(Duration::Micros)
    }
}
