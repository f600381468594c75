//! What the client can read, and what it has already.

use axum::http::header::{self, HeaderMap, HeaderValue};

/// A way to pack a file or an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http) enum Encoding {
    Brotli,
    Gzip,
    Zstd,
}

impl Encoding {
    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Whether `Accept-Encoding` allows an encoding: by its name, else by `*`, unless with a weight of zero.
pub(in crate::http) fn accepts(asked: &HeaderMap, encoding: Encoding) -> bool {
    let offers = || list(asked, &header::ACCEPT_ENCODING).map(weighted);
    let named = offers().find(|(name, _)| name.eq_ignore_ascii_case(encoding.name()));
    let offer = named.or_else(|| offers().find(|(name, _)| *name == "*"));
    offer.is_some_and(|(_, weight)| 0.0 < weight)
}

/// Whether `If-None-Match` names a version. Versions are compared weakly: a proxy may have weakened them.
pub(in crate::http) fn has_version(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let Ok(etag) = etag.to_str() else { return false };
    list(asked, &header::IF_NONE_MATCH).any(|tag| tag == "*" || opaque(tag) == opaque(etag))
}

/// The parts of a header with commas between, over all its lines.
fn list<'a>(asked: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = asked.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// A word and its weight `q`: 1 where there is none, 0 where it is not a number.
fn weighted(part: &str) -> (&str, f64) {
    let mut parameters = part.split(';').map(str::trim);
    let word = parameters.next().unwrap_or_default();
    let weight = parameters.find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")));
    (word, weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &'static str, accepted: &[Encoding]) {
        let asked = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(header))]);
        for encoding in [Encoding::Brotli, Encoding::Gzip, Encoding::Zstd] {
            let expected = accepted.contains(&encoding);
            assert_eq!(accepts(&asked, encoding), expected, "{encoding:?} in {header:?}");
        }
    }

    #[test]
    fn encodings_are_accepted_by_name_unless_their_weight_is_zero() {
        use Encoding::{Brotli, Gzip, Zstd};

        assert!(!accepts(&HeaderMap::new(), Brotli));
        check("gzip, deflate, br", &[Brotli, Gzip]);
        check("gzip, deflate, br, zstd", &[Brotli, Gzip, Zstd]);
        check("gzip", &[Gzip]);
        check("br;q=0, gzip", &[Gzip]);
        check("br; q=0.001 , GZIP;q=0.000", &[Brotli]);
        check("*", &[Brotli, Gzip, Zstd]);
        check("*;q=0, br", &[Brotli]);
        check("identity", &[]);
        check("br;q=high", &[]);
        check("", &[]);
    }

    #[test]
    fn versions_match_weakly() {
        let etag = HeaderValue::from_static("W/\"abc\"");
        for (header, has) in [
            ("W/\"abc\"", true),
            ("\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("\"ab\"", false),
            ("", false),
        ] {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(header))]);
            assert_eq!(has_version(&asked, &etag), has, "{header}");
        }
    }
}
