use std::collections::BTreeSet;

use super::*;

/// All texts under the key `$ref`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        _ => {}
    }
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document = document("");
    let mut paths: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut routes = route::ALL;
    routes.sort_unstable();
    paths.sort_unstable();
    assert_eq!(paths, routes);
}

#[test]
fn every_schema_that_is_named_is_there_and_every_one_that_is_there_is_named() {
    let document = document("");
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    let there = document["components"]["schemas"].as_object().unwrap();
    let there = there.keys().map(|name| format!("#/components/schemas/{name}"));
    let there: BTreeSet<String> = there.collect();
    assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
}

#[test]
fn every_operation_and_every_parameter_says_what_it_is_for() {
    let mut document = document("");
    for operation in operations_mut(&mut document) {
        let id = operation["operationId"].to_string();
        assert!(operation["summary"].is_string(), "{id}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{id}: {parameter}");
        }
        let statuses = operation["responses"].as_object().unwrap();
        assert!(statuses.contains_key("500"), "{id}");
        for (status, response) in statuses {
            assert_ne!(response["description"], "", "{id}: {status}");
        }
    }
}

#[test]
fn limits_in_the_document_are_those_of_the_code() {
    let document = document("");
    let maximum = |path: &str, name: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
        parameter["schema"].clone()
    };
    for (path, name, most) in [
        (route::ENVELOPE, "columns", query::envelope::MAX_COLUMNS),
        (route::RASTER, "columns", query::envelope::MAX_COLUMNS),
        (route::RASTER, "rows", query::raster::MAX_ROWS),
    ] {
        assert_eq!(
            maximum(path, name)["maximum"].as_f64(),
            Some(most.into()),
            "{path} {name}"
        );
    }
    for (path, most, default) in [
        (route::SAMPLES, query::samples::MAX_LIMIT, query::samples::DEFAULT_LIMIT),
        (route::NIGHTS, query::nights::MAX_LIMIT, query::nights::DEFAULT_LIMIT),
    ] {
        let limit = maximum(path, "limit");
        assert_eq!(limit["maximum"].as_f64(), Some(most.into()), "{path}");
        assert_eq!(limit["default"].as_f64(), Some(default.into()), "{path}");
    }
}

#[test]
fn the_document_reads_as_a_whole() {
    insta::assert_json_snapshot!(document("/shift"));
}
