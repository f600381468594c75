//! Schemas of the types that write and read themselves in their own way, for the document of the API. All others derive
//! theirs where they stand.

use serde_json::json;
use utoipa::openapi::schema::{
    Array, ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::metric::ChannelSelection;
use crate::query::envelope::{ColumnSeries, Envelope, SampleSeries};
use crate::time::{Date, Timestamp};
/// The value of a sample, by a name that the derived schemas do not take for any JSON.
pub(crate) use crate::value::Value as SampleValue;

/// The schemas that a type refers to, by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// Channels as a parameter: a word, or a list with commas between its numbers. In JSON the same is one text.
pub(crate) fn channels_in_a_query() -> RefOr<Schema> {
    let index = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(u32::MAX));
    let list = ArrayBuilder::new()
        .items(index)
        .min_items(Some(1))
        .unique_items(true)
        .description(Some("These channels, in this order, each once."));
    let word = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["all", "band"]))
        .description(Some("Every channel for itself, or the band over all of them."));
    OneOfBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Array]))
        .item(word)
        .item(list)
        .description(Some(
            "Which channels, each for itself, or the band over all of them; the band has no samples.",
        ))
        .default(Some(json!("all")))
        .into()
}

fn text(format: KnownFormat, description: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .description(Some(description))
        .examples([json!(example)])
        .into()
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let description = "A moment in the years 0000 to 9999. Written in UTC, ending in Z; read with any offset. Digits \
                           beyond the microsecond are dropped.";
        text(KnownFormat::DateTime, description, "2026-11-20T03:12:48Z")
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        text(KnownFormat::Date, "A date of the calendar.", "2026-11-20")
    }
}

impl ToSchema for Date {}

impl PartialSchema for SampleValue {
    fn schema() -> RefOr<Schema> {
        let number = Object::with_type(Type::Number);
        let word = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["NaN", "Infinity", "-Infinity"]));
        OneOfBuilder::new()
            .item(number)
            .item(Object::with_type(Type::Null))
            .item(word)
            .description(Some(
                "The value of a sample: a number; null where the sensor said that it has none; what JSON cannot write as \
                 a word.",
            ))
            .into()
    }
}

impl ToSchema for SampleValue {}

impl PartialSchema for ChannelSelection {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(all|band|[0-9]+(,[0-9]+)*)$"))
            .description(Some(
                "Every channel for itself, the band over all of them, or these channels.",
            ))
            .examples([json!("band"), json!("0,3")])
            .into()
    }
}

impl ToSchema for ChannelSelection {}

impl PartialSchema for Envelope {
    fn schema() -> RefOr<Schema> {
        let kind = |kind: &str, description: &str, series: &str| {
            let text = || Object::with_type(Type::String);
            ObjectBuilder::new()
                .description(Some(description))
                .property("metric", text())
                .property("unit", text())
                .property(
                    "kind",
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([kind])),
                )
                .property("series", Array::new(Ref::from_schema_name(series)))
                .required("metric")
                .required("unit")
                .required("kind")
                .required("series")
        };
        OneOfBuilder::new()
            .item(kind("columns", "Columns of summed-up samples.", "ColumnSeries"))
            .item(kind("samples", "The stored samples, where they are few.", "SampleSeries"))
            .description(Some(
                "Columns, or the samples themselves where no series has more than two samples per column on average. The \
                 band is always columns: where frames are fewer than columns, one frame each.",
            ))
            .into()
    }
}

impl ToSchema for Envelope {
    fn schemas(schemas: &mut Schemas) {
        for (name, schema) in [
            ("ColumnSeries", ColumnSeries::schema()),
            ("SampleSeries", SampleSeries::schema()),
        ] {
            schemas.push((name.to_owned(), schema));
        }
        ColumnSeries::schemas(schemas);
        SampleSeries::schemas(schemas);
    }
}
