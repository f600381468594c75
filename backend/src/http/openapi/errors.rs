//! The errors of each kind of route, with the words that programs tell them by.

use std::collections::BTreeMap;

use shared::error::ApiError;
use shared::frame::PartialWrite;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{AnyOf, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{IntoResponses, ToSchema as _};

type Responses = BTreeMap<String, RefOr<Response>>;

const BAD_QUERY: &str = "`bad_query`: a parameter is missing, unknown or not of its form; the message names it.";
const UNKNOWN: &str = "`unknown_metric`, with the `nearest` name in the details; `unknown_channel`.";
const UNKNOWN_GEOMETRY: &str = "`unknown_geometry`, with the `nearest` name in the details.";
const UNKNOWN_DELIVERY: &str = "`unknown_delivery`: it was sent meanwhile, or never was there.";
const UNKNOWN_PLACE: &str = "`unknown_place`: the configuration does not say where on Earth the site is.";
const UNKNOWN_ALARM: &str = "`unknown_alarm`, with the `nearest` name in the details.";
const BAD_ACTION: &str = "`bad_action`: a name, a comment or a time is missing or makes no sense; the message says which. Or \
    `bad_json`, `bad_body`.";
const UNTIMELY: &str = "`untimely_action`: there is nothing of the kind to end or to acknowledge.";
const NOT_GIVEN: &str = "The query is understood, but has no answer: `reversed_range`, `span_too_long`, \
    `too_many_columns`, `too_many_points`, `too_many_rows`, `too_many_cells`, `too_much_to_read`, `bad_value_range`, \
    `value_range_without_density`, `limit_out_of_range`, `bad_cursor`, `band_has_no_samples`. The message says \
    what to change.";
const BAD_WRITE: &str = "`partial_write`: some of the samples are stored, others are not, and are listed with the reason. \
    Or nothing is stored: `bad_query`, `bad_json`, `bad_body`.";
const BAD_STATEMENT: &str = "`bad_statement`: none of those that are understood; `bad_query` or `bad_body`.";
const READ_ONLY: &str = "`store_read_only`: the store is configured to be read only.";
const TOO_LARGE: &str =
    "`body_too_large`: more than the server takes at once, unpacked; `ingest.body_limit` says how much.";
const WRONG_TYPE: &str = "`unsupported_media_type`: the body is not of the type written here, or is packed with something \
    other than gzip.";
const FAILED: &str = "`store_failed` or `internal`: the server's log says more.";
const UNAVAILABLE: &str = "`store_unavailable`; `overloaded`: too many writes are under way; `too_slow`: the answer \
    took too long.";

/// Errors of a route without parameters.
pub(in crate::http) struct ServerErrors;

/// Errors of a query.
pub(in crate::http) struct QueryErrors;

/// Errors of a query about one metric.
pub(in crate::http) struct MetricErrors;

/// Errors of a query about one geometry.
pub(in crate::http) struct GeometryErrors;

/// Errors of something that is done to one delivery.
pub(in crate::http) struct DeliveryErrors;

/// Errors of a query about the place of the site.
pub(in crate::http) struct PlaceErrors;

/// Errors of a query about one alarm.
pub(in crate::http) struct AlarmErrors;

/// Errors of an action on an alarm.
pub(in crate::http) struct ActionErrors;

/// The answer to who has it already, as said by `If-None-Match`.
pub(in crate::http) struct NotModified;

/// Errors of statements.
pub(in crate::http) struct StatementErrors;

/// Errors of a write.
pub(in crate::http) struct WriteErrors;

impl IntoResponses for ServerErrors {
    fn responses() -> Responses {
        let unavailable = response(UNAVAILABLE, api_error());
        Responses::from([
            ("500".to_owned(), response(FAILED, api_error()).build().into()),
            (
                "503".to_owned(),
                unavailable.header("Retry-After", retry_after()).build().into(),
            ),
        ])
    }
}

impl IntoResponses for QueryErrors {
    fn responses() -> Responses {
        with(ServerErrors::responses(), &[("400", BAD_QUERY), ("422", NOT_GIVEN)])
    }
}

impl IntoResponses for MetricErrors {
    fn responses() -> Responses {
        with(QueryErrors::responses(), &[("404", UNKNOWN)])
    }
}

impl IntoResponses for GeometryErrors {
    fn responses() -> Responses {
        with(
            ServerErrors::responses(),
            &[("400", BAD_QUERY), ("404", UNKNOWN_GEOMETRY)],
        )
    }
}

impl IntoResponses for DeliveryErrors {
    fn responses() -> Responses {
        with(
            ServerErrors::responses(),
            &[("403", READ_ONLY), ("404", UNKNOWN_DELIVERY)],
        )
    }
}

impl IntoResponses for PlaceErrors {
    fn responses() -> Responses {
        with(QueryErrors::responses(), &[("404", UNKNOWN_PLACE)])
    }
}

impl IntoResponses for AlarmErrors {
    fn responses() -> Responses {
        with(QueryErrors::responses(), &[("404", UNKNOWN_ALARM)])
    }
}

impl IntoResponses for ActionErrors {
    fn responses() -> Responses {
        let more = [
            ("400", BAD_ACTION),
            ("404", UNKNOWN_ALARM),
            ("409", UNTIMELY),
            ("413", TOO_LARGE),
            ("415", WRONG_TYPE),
        ];
        with(ServerErrors::responses(), &more)
    }
}

impl IntoResponses for NotModified {
    fn responses() -> Responses {
        let response = ResponseBuilder::new().description("Nothing has changed since the answer with this `ETag`.");
        Responses::from([("304".to_owned(), response.build().into())])
    }
}

impl IntoResponses for StatementErrors {
    fn responses() -> Responses {
        with(ServerErrors::responses(), &[("400", BAD_STATEMENT)])
    }
}

impl IntoResponses for WriteErrors {
    fn responses() -> Responses {
        let mut responses = with(
            ServerErrors::responses(),
            &[("403", READ_ONLY), ("413", TOO_LARGE), ("415", WRONG_TYPE)],
        );
        // Not one of: what has the fields of a partial write has those of an error too.
        let either = AnyOf::builder()
            .item(Ref::from_schema_name(PartialWrite::name()))
            .item(api_error());
        responses.insert("400".to_owned(), response(BAD_WRITE, either).build().into());
        responses
    }
}

fn with(mut responses: Responses, more: &[(&str, &str)]) -> Responses {
    for (status, description) in more {
        let response = response(description, api_error()).build();
        responses.insert((*status).to_owned(), response.into());
    }
    responses
}

/// What an export is refused with where its end could not be told from a break.
pub(super) fn too_old() -> RefOr<Response> {
    let description = "`needs_http_1_1`: in HTTP/1.0 a file that was cut short cannot be told from a whole one.";
    response(description, api_error()).build().into()
}

fn api_error() -> Ref {
    Ref::from_schema_name(ApiError::name())
}

fn response(description: &str, schema: impl Into<RefOr<Schema>>) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema.into())).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
}

fn retry_after() -> utoipa::openapi::header::Header {
    HeaderBuilder::new()
        .description(Some("After how many seconds to try again."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
        .build()
}
