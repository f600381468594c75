//! `[geometries.NAME]`: where the pixels of a camera are.

use std::collections::BTreeMap;
use std::io;

use shared::query::geometry::Geometry;

use super::section::{Section, not_blank};
use crate::geometry;

/// Gives the text of a file that the configuration names, by its path from the configuration on.
pub(super) type ReadFile<'a> = dyn Fn(&str) -> io::Result<String> + 'a;

pub(super) fn read(sections: Vec<(&str, Section<'_>)>, read_file: &ReadFile<'_>) -> BTreeMap<String, Geometry> {
    let mut geometries = BTreeMap::new();
    for (name, mut section) in sections {
        let file = section.required("file", "a table of pixels such as \"lstcam_pixels.csv\"", not_blank);
        let corner_deg = section.number("corner_deg");
        let read = file.map(|file| match read_file(file) {
            Ok(table) => {
                geometry::read(name, &table, corner_deg).map_err(|bad| format!("{file}:{}: {}", bad.line, bad.message))
            }
            Err(error) => Err(format!("{file} cannot be read: {error}")),
        });
        match read {
            Some(Ok(geometry)) => {
                geometries.insert(name.to_owned(), geometry);
            }
            Some(Err(message)) => section.add_at("file", &message),
            None => {}
        }
        section.finish();
    }
    geometries
}
