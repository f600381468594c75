//! From the document to HTML. Everything that is a text of the document is escaped; of markup in it, only code between
//! backquotes and paragraphs are known.

use std::fmt::Write as _;

use serde_json::Value;

use super::page::Theme;

/// Where the document lies, seen from the page.
const DOCUMENT: &str = "../openapi.json";

/// The whole page.
pub(super) fn render(document: &Value, style: &str, theme: Theme) -> String {
    let info = &document["info"];
    let title = escaped(text(&info["title"]));
    let themes = Theme::ALL.map(|other| match other {
        other if other == theme => format!("<b>{}</b>", other.as_str()),
        other => format!("<a href=\"?theme={0}\">{0}</a>", other.as_str()),
    });
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\" data-theme=\"{theme}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} API</title>\n\
         <style>{style}</style>\n</head>\n<body>\n<main>\n<header><h1>{title} API {version}</h1>\
         <p><a href=\"{DOCUMENT}\">openapi.json</a> · theme: {themes}</p></header>\n{introduction}\n",
        theme = theme.as_str(),
        version = escaped(text(&info["version"])),
        themes = themes.join(" "),
        introduction = paragraphs(text(&info["description"])),
    );
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    html.push_str("<nav aria-label=\"Routes\">\n");
    for tag in &tags {
        let items = operations(document, &tag["name"]).map(|(method, path, operation)| {
            let id = escaped(text(&operation["operationId"]));
            let (method, path) = (method.to_uppercase(), escaped(path));
            format!("<li><a href=\"#{id}\"><b>{method}</b> <code>{path}</code></a></li>")
        });
        let items: String = items.collect();
        let _ = writeln!(html, "<h2>{}</h2><ul>{items}</ul>", escaped(text(&tag["name"])));
    }
    html.push_str("<h2><a href=\"#schemas\">Schemas</a></h2>\n</nav>\n");
    for tag in &tags {
        let (name, description) = (text(&tag["name"]), text(&tag["description"]));
        let _ = writeln!(html, "<h2>{}</h2>\n{}", escaped(name), paragraphs(description));
        for (method, path, operation) in operations(document, &tag["name"]) {
            html.push_str(&operation_section(method, path, operation));
        }
    }
    html.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
    for (name, schema) in fields(&document["components"]["schemas"]) {
        let name = escaped(name);
        let _ = writeln!(
            html,
            "<section id=\"schema-{name}\"><h3>{name}</h3>{}</section>",
            schema_body(schema)
        );
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

/// The operations of a tag: method, path, and what the document says.
fn operations<'a>(document: &'a Value, tag: &'a Value) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
    fields(&document["paths"])
        .flat_map(|(path, item)| fields(item).map(move |(method, operation)| (method, path, operation)))
        .filter(|(_, _, operation)| operation["tags"].as_array().is_some_and(|tags| tags.contains(tag)))
}

fn operation_section(method: &str, path: &str, operation: &Value) -> String {
    let mut html = format!(
        "<section id=\"{}\"><h3><b>{}</b> <code>{}</code></h3>{}{}",
        escaped(text(&operation["operationId"])),
        method.to_uppercase(),
        escaped(path),
        paragraphs(text(&operation["summary"])),
        paragraphs(text(&operation["description"])),
    );
    let parameters: String = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(parameter_row)
        .collect();
    if !parameters.is_empty() {
        let _ = write!(html, "<table><caption>Parameters</caption>{parameters}</table>");
    }
    if let Some((media, content)) = fields(&operation["requestBody"]["content"]).next() {
        let example = match &content["example"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            example => serde_json::to_string_pretty(example).unwrap_or_default(),
        };
        let (media, schema) = (escaped(media), type_of(&content["schema"]));
        let _ = write!(
            html,
            "<p>Body: <code>{media}</code> {schema}</p><pre>{}</pre>",
            escaped(&example)
        );
    }
    let is_socket = operation["responses"].get("101").is_some();
    if method == "get" && path.starts_with("/api/v1/") && !is_socket {
        let query = example_query(operation);
        // From where this page is, one level below the server's root.
        let link = format!("..{path}{query}");
        let _ = write!(
            html,
            "<p>Try: <a href=\"{0}\"><code>{1}</code></a></p>",
            escaped(&link),
            escaped(&format!("{path}{query}"))
        );
    }
    let responses: String = fields(&operation["responses"])
        .map(|(status, response)| response_row(status, response))
        .collect();
    let _ = writeln!(html, "<table><caption>Answers</caption>{responses}</table></section>");
    html
}

fn parameter_row(parameter: &Value) -> String {
    let mark = if parameter["required"] == true {
        " <em>required</em>"
    } else {
        ""
    };
    let example = &parameter["example"];
    let example = if example.is_null() {
        String::new()
    } else {
        format!("<br>for example <code>{}</code>", escaped(&shown(example)))
    };
    format!(
        "<tr><th scope=\"row\"><code>{}</code>{mark}</th><td>{}</td><td>{}{example}</td></tr>",
        escaped(text(&parameter["name"])),
        type_of(&parameter["schema"]),
        inline(text(&parameter["description"])),
    )
}

fn response_row(status: &str, response: &Value) -> String {
    let contents: Vec<String> = fields(&response["content"])
        .map(|(media, content)| format!("<code>{}</code> {}", escaped(media), type_of(&content["schema"])))
        .collect();
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
        escaped(status),
        inline(text(&response["description"])),
        contents.join("<br>"),
    )
}

/// What stands below the name of a schema.
fn schema_body(schema: &Value) -> String {
    let required = schema["required"].as_array();
    let rows: Vec<String> = fields(&schema["properties"])
        .map(|(name, property)| {
            let always = required.is_some_and(|required| required.iter().any(|field| field == name));
            let mark = if always { "" } else { " <em>optional</em>" };
            let (name, kind, about) = (escaped(name), type_of(property), inline(text(&property["description"])));
            format!("<tr><th scope=\"row\"><code>{name}</code>{mark}</th><td>{kind}</td><td>{about}</td></tr>")
        })
        .collect();
    let about = paragraphs(text(&schema["description"]));
    if !rows.is_empty() {
        return format!("{about}<table>{}</table>", rows.concat());
    }
    let options: String = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| match &option["properties"] {
            Value::Null => format!("<li>{} {}</li>", type_of(option), inline(text(&option["description"]))),
            _ => format!("<li>{}</li>", schema_body(option)),
        })
        .collect();
    if options.is_empty() {
        format!("{about}<p>{}</p>", type_of(schema))
    } else {
        format!("{about}<p>One of</p><ul>{options}</ul>")
    }
}

/// A schema in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
    {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for union in ["oneOf", "anyOf"] {
        if let Some(options) = schema[union].as_array() {
            return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values
            .iter()
            .map(|value| format!("<code>{}</code>", escaped(&shown(value))));
        return values.collect::<Vec<_>>().join(" or ");
    }
    let mut kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind).to_owned(),
    };
    if let Some(format) = schema["format"].as_str() {
        let _ = write!(kind, " ({format})");
    }
    let mut html = escaped(&kind);
    if !schema["items"].is_null() {
        let _ = write!(html, " of {}", type_of(&schema["items"]));
    }
    for (key, word) in [
        ("minimum", "from"),
        ("maximum", "to"),
        ("default", "default"),
        ("pattern", "like"),
    ] {
        if !schema[key].is_null() {
            let _ = write!(html, ", {word} <code>{}</code>", escaped(&shown(&schema[key])));
        }
    }
    html
}

/// The examples of the parameters as a query string.
fn example_query(operation: &Value) -> String {
    let pairs: Vec<String> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["required"] == true)
        .map(|parameter| format!("{}={}", text(&parameter["name"]), shown(&parameter["example"])))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

/// The fields of an object in the order of the document; none of anything else.
fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.as_str(), field))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn paragraphs(markdown: &str) -> String {
    let texts = markdown.split("\n\n").filter(|text| !text.trim().is_empty());
    let paragraphs: Vec<String> = texts.map(|text| format!("<p>{}</p>", inline(text))).collect();
    paragraphs.concat()
}

/// Escaped, with code between backquotes.
fn inline(markdown: &str) -> String {
    let mut html = String::new();
    for (index, part) in markdown.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 0 {
            html.push_str(&part);
        } else {
            let _ = write!(html, "<code>{part}</code>");
        }
    }
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            char => html.push(char),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use shared::route;

    use super::*;

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(
            inline("a < b & `c \"d\"`"),
            "a &lt; b &amp; <code>c &quot;d&quot;</code>"
        );
        assert_eq!(paragraphs("one\n\n\n\ntwo"), "<p>one</p><p>two</p>");
    }

    #[test]
    fn the_page_links_to_the_document_next_to_it() {
        // The page stands two names below the root, so that one step up is where the document is.
        assert_eq!(route::API_PAGE.matches('/').count(), 2);
        assert_eq!(DOCUMENT.trim_start_matches(".."), route::OPENAPI);
    }
}
