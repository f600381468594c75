//! The answer of an export, which is a file of one of several types.

use std::collections::BTreeMap;

use shared::query::export::ExportFormat;
use utoipa::IntoResponses;
use utoipa::openapi::schema::{Array, KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder, Schema};

use super::errors::too_old;

/// The file that was asked for, and what is said to clients that could not tell whether they have all of it.
pub(in crate::http) struct ExportedFile;

impl IntoResponses for ExportedFile {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut file = ResponseBuilder::new().description("The file, named in `content-disposition`.");
        for format in ExportFormat::ALL {
            let content = ContentBuilder::new().schema(Some(schema(format))).build();
            file = file.content(format.media_type(), content);
        }
        BTreeMap::from([("200".to_owned(), file.build().into()), ("505".to_owned(), too_old())])
    }
}

fn schema(format: ExportFormat) -> RefOr<Schema> {
    match format {
        ExportFormat::Csv => Object::with_type(Type::String).into(),
        ExportFormat::Json => Array::new(Object::with_type(Type::Object)).into(),
        ExportFormat::Parquet | ExportFormat::Arrow => ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .into(),
    }
}
