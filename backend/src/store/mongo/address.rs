//! The URL of a store: MongoDB's own, and two options of ours.
//!
//! `mongodb://user:password@host,host/DATABASE?replicaSet=rs0&collections=CLUSCO_min:avg,TIB_min:avg&readOnly=true`
//!
//! | option | |
//! |---|---|
//! | `collections` | collections that the site has already, as `COLLECTION:FIELD` |
//! | `readOnly` | `true`: nothing is ever written, not even indexes or the catalogue |

use super::super::{Error, Result};
use super::place::SiteCollection;

/// A taken-apart URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Address {
    /// The URL without our options. May hold a password.
    pub(super) url: String,
    pub(super) sites: Vec<SiteCollection>,
    pub(super) read_only: bool,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self> {
        if url.starts_with("mongodb+srv:") {
            let wanted = "write mongodb://HOST,HOST/DATABASE?replicaSet=NAME with the hosts that the record names";
            return Err(Error::Unavailable(format!("mongodb+srv: is not supported; {wanted}")));
        }
        let (plain, options) = url.split_once('?').unwrap_or((url, ""));
        let mut address = Self {
            url: plain.to_owned(),
            sites: Vec::new(),
            read_only: false,
        };
        let mut separator = '?';
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let bad = |message: String| Error::Unavailable(format!("option {name} of the store's URL: {message}"));
            match name.to_ascii_lowercase().as_str() {
                "collections" => address.sites = SiteCollection::parse_list(value).map_err(bad)?,
                "readonly" => {
                    let wrong = |_error| bad(format!("{value:?} is neither true nor false"));
                    address.read_only = value.parse().map_err(wrong)?;
                }
                _ => {
                    address.url.push(separator);
                    address.url.push_str(option);
                    separator = '&';
                }
            }
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_options_are_taken_out_of_the_url() {
        let url = "mongodb://h:1,i:2/db?replicaSet=rs0&readOnly=true&collections=A:avg,B:max&tls=true";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.url, "mongodb://h:1,i:2/db?replicaSet=rs0&tls=true");
        assert!(address.read_only);
        let sites: Vec<String> = address.sites.iter().map(ToString::to_string).collect();
        assert_eq!(sites, ["A:avg", "B:max"]);
        let plain = Address::parse("mongodb://h/db").unwrap();
        assert_eq!(plain.url, "mongodb://h/db");
        assert!(plain.sites.is_empty() && !plain.read_only);
    }

    #[test]
    fn bad_options_are_named() {
        let message = |url: &str| Address::parse(url).unwrap_err().to_string();
        insta::assert_snapshot!(
            [
                message("mongodb://h/db?readOnly=yes"),
                message("mongodb://h/db?collections=A"),
                message("mongodb+srv://h/db"),
            ]
            .join("\n"),
            @r#"
        the store is unavailable: option readOnly of the store's URL: "yes" is neither true nor false
        the store is unavailable: option collections of the store's URL: "A" does not name a collection; write COLLECTION:FIELD, as in CLUSCO_min:avg
        the store is unavailable: mongodb+srv: is not supported; write mongodb://HOST,HOST/DATABASE?replicaSet=NAME with the hosts that the record names
        "#
        );
    }
}
