//! Where the samples of a metric are: in our own collection, or in one that a site has already.

use std::fmt;

use mongodb::bson::raw::{CString, cstr};

use super::records::{EVENTS, RECORDS};
use super::sealing::{STATES, TILES, WRITERS};

/// The collection of frames of our own layout.
pub(super) const FRAMES: &str = "frames";

/// Our own collections; none of them can be taken as one of a site.
const OWN_COLLECTIONS: [&str; 9] = [
    FRAMES, "metrics", "newest", "schema", TILES, STATES, WRITERS, RECORDS, EVENTS,
];

/// Fields of a document that are not values.
const OTHER_FIELDS: [&str; 8] = [
    "_id",
    "name",
    "date",
    "micros",
    "arrival",
    "arrival_micros",
    "arrivals",
    "channels",
];

/// Where the samples of one metric are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) collection: String,
    /// What the field `name` of its documents says.
    pub(super) name: String,
    /// The field with its values.
    pub(super) field: CString,
}

impl Place {
    /// The place of a metric in our own layout.
    pub(super) fn own(metric: &str) -> Self {
        Self {
            collection: FRAMES.to_owned(),
            name: metric.to_owned(),
            field: cstr!("values").into(),
        }
    }

    /// Whether it is in our own layout.
    pub(super) fn is_own(&self) -> bool {
        self.collection == FRAMES
    }
}

/// A collection of a site, in the layout of the camera of LST: `{name, date, FIELD: number or [numbers]}`.
///
/// Each `name` is a metric `COLLECTION.NAME`; or `COLLECTION.NAME.FIELD`, for every field of a collection after its first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SiteCollection {
    pub(super) collection: String,
    pub(super) field: CString,
    /// Whether the field belongs to the metric's name.
    named_by_field: bool,
}

impl SiteCollection {
    /// Reads `COLLECTION:FIELD`, several of them separated by commas.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut list: Vec<Self> = Vec::new();
        for part in text.split(',') {
            let parts = part
                .split_once(':')
                .filter(|(collection, field)| !collection.is_empty() && !field.is_empty());
            let Some((collection, field)) = parts else {
                return Err(format!(
                    "{part:?} does not name a collection; write COLLECTION:FIELD, as in CLUSCO_min:avg"
                ));
            };
            if OWN_COLLECTIONS.contains(&collection) {
                return Err(format!(
                    "the collection {collection} has a layout of its own; leave it out"
                ));
            }
            let special = OTHER_FIELDS.contains(&field) || field.starts_with('$') || field.contains('.');
            let field = CString::try_from(field).ok().filter(|_field| !special);
            let field = field.ok_or_else(|| format!("{part:?} does not name a field with values"))?;
            if list
                .iter()
                .any(|known| known.collection == collection && known.field == field)
            {
                return Err(format!("{part} is named twice"));
            }
            list.push(Self {
                named_by_field: list.iter().any(|known| known.collection == collection),
                collection: collection.to_owned(),
                field,
            });
        }
        Ok(list)
    }

    /// The metric of one of its names.
    pub(super) fn metric(&self, name: &str) -> String {
        if self.named_by_field {
            format!("{}.{name}.{}", self.collection, self.field.as_str())
        } else {
            format!("{}.{name}", self.collection)
        }
    }

    fn name_of<'a>(&self, metric: &'a str) -> Option<&'a str> {
        let name = metric.strip_prefix(self.collection.as_str())?.strip_prefix('.')?;
        let name = if self.named_by_field {
            name.strip_suffix(self.field.as_str())?.strip_suffix('.')?
        } else {
            name
        };
        Some(name).filter(|name| !name.is_empty())
    }
}

impl fmt::Display for SiteCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.collection, self.field.as_str())
    }
}

/// The place of a metric, by its name alone.
pub(super) fn place_of(metric: &str, sites: &[SiteCollection]) -> Place {
    // Names that end in a field are more special than names that do not.
    let (special, plain): (Vec<_>, Vec<_>) = sites.iter().partition(|site| site.named_by_field);
    for site in special.into_iter().chain(plain) {
        if let Some(name) = site.name_of(metric) {
            return Place {
                collection: site.collection.clone(),
                name: name.to_owned(),
                field: site.field.clone(),
            };
        }
    }
    Place::own(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_finds_its_place_back() {
        let sites = SiteCollection::parse_list("CLUSCO_min:avg,CLUSCO_min:max,TIB_min:avg").unwrap();
        for (site, metric) in [
            (0, "CLUSCO_min.dragon_busy"),
            (1, "CLUSCO_min.dragon_busy.max"),
            (2, "TIB_min.dragon_busy"),
        ] {
            assert_eq!(sites[site].metric("dragon_busy"), metric);
            let place = place_of(metric, &sites);
            assert_eq!(
                (place.collection.as_str(), place.name.as_str(), place.field.as_str()),
                (
                    sites[site].collection.as_str(),
                    "dragon_busy",
                    sites[site].field.as_str()
                )
            );
        }
        for metric in ["CLUSCO_min", "CLUSCO_min.", "CLUSCO_minute.x", "hall.temperature"] {
            assert_eq!(place_of(metric, &sites), Place::own(metric), "{metric}");
        }
    }

    #[test]
    fn a_bad_list_names_its_bad_part() {
        let mistakes: Vec<String> = [
            "CLUSCO_min",
            "CLUSCO_min:",
            "a:avg,,b:avg",
            "frames:values",
            "a:date",
            "a:b.c",
            "a:avg,a:avg",
        ]
        .map(|text| SiteCollection::parse_list(text).unwrap_err())
        .into();
        insta::assert_snapshot!(mistakes.join("\n"), @r#"
        "CLUSCO_min" does not name a collection; write COLLECTION:FIELD, as in CLUSCO_min:avg
        "CLUSCO_min:" does not name a collection; write COLLECTION:FIELD, as in CLUSCO_min:avg
        "" does not name a collection; write COLLECTION:FIELD, as in CLUSCO_min:avg
        the collection frames has a layout of its own; leave it out
        "a:date" does not name a field with values
        "a:b.c" does not name a field with values
        a:avg is named twice
        "#);
    }
}
