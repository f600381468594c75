//! Markdown of `text` panels as HTML that can stand in the page as it is.
//!
//! The author of a dashboard's file is trusted with the panels, not with the browsers of the crew: no raw HTML, no
//! images or anything else that is loaded, no attributes but the target of links, and only links that open a page.

use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Where a link may lead besides places on this server.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// Renders Markdown (`CommonMark`, tables and ~~strikes~~).
///
/// Raw HTML is left out. Of images, and of links elsewhere than to pages and addresses, the words remain. Headings begin
/// two levels lower, for the panel is headed itself.
pub(super) fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut hidden_links = Vec::new();
    let events = Parser::new_ext(markdown, options).filter_map(|event| shown(event, &mut hidden_links));
    let mut html = String::new();
    html::push_html(&mut html, events);
    html
}

/// What is shown of a piece. `hidden_links` tells of each open link whether its beginning was left out.
fn shown<'a>(event: Event<'a>, hidden_links: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(_)
        | Event::InlineHtml(_)
        | Event::Start(Tag::HtmlBlock | Tag::Image { .. })
        | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let is_hidden = !is_safe(dest_url);
            hidden_links.push(is_hidden);
            (!is_hidden).then_some(event)
        }
        Event::End(TagEnd::Link) => {
            let is_hidden = hidden_links.pop().unwrap_or(true);
            (!is_hidden).then_some(event)
        }
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: lower(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        // Alignment would be written as a style, which the page's policy forbids.
        Event::Start(Tag::Table(columns)) => Some(Event::Start(Tag::Table(vec![Alignment::None; columns.len()]))),
        _ => Some(event),
    }
}

const fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// Whether a link leads to a page or an address: a place without a scheme, or with one of [`SCHEMES`].
fn is_safe(target: &CowStr<'_>) -> bool {
    // Browsers leave out control characters before they look for a scheme.
    if target
        .chars()
        .any(|letter| letter.is_control() || letter.is_whitespace())
    {
        return false;
    }
    match target.find([':', '/', '?', '#']) {
        Some(end) if target[end..].starts_with(':') => {
            SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(&target[..end]))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn words_become_html() {
        let text = "# On call\n\nCall **the expert** at [the list](https://example.org/a?b=1&c) or \
            [here](mailto:crew@example.org), see [camera](../demo/camera).\n\n- *one*\n- `two < 3`\n\n\
            | a | b |\n|:--|--:|\n| 1 | ~~2~~ |\n";
        assert_snapshot!(to_html(text), @r#"
        <h3>On call</h3>
        <p>Call <strong>the expert</strong> at <a href="https://example.org/a?b=1&amp;c">the list</a> or <a href="mailto:crew@example.org">here</a>, see <a href="../demo/camera">camera</a>.</p>
        <ul>
        <li><em>one</em></li>
        <li><code>two &lt; 3</code></li>
        </ul>
        <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>
        <tr><td>1</td><td><del>2</del></td></tr>
        </tbody></table>
        "#);
    }

    #[test]
    fn no_script_gets_through() {
        let attacks = [
            "<script>alert(1)</script>",
            "a <script>alert(1)</script> b",
            "<img src=x onerror=alert(1)>",
            "a <img src=x onerror=alert(1)> b",
            "<svg/onload=alert(1)>",
            "<svg><style><img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](java&#115;cript:alert(1))",
            "[x](java&#9;script:alert(1))",
            "[x](java&Tab;script:alert(1))",
            "[x](&#1;javascript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](< javascript:alert(1)>)",
            "[x](&nbsp;javascript:alert(1))",
            "[x](vbscript:x)",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](file:///etc/passwd)",
            "[x][y]\n\n[y]: javascript:alert(1)",
            "<javascript:alert(1)>",
            "[x](https://a.example/\"onmouseover=alert(1))",
            "[x](https://a.example 'title\" onmouseover=alert(1)')",
            "![x](https://a.example/tracker.png)",
            "![x](javascript:alert(1))",
            "[![x](y.png)](javascript:alert(1))",
            "![[x](javascript:alert(1))](y.png)",
            "```\"><script>alert(1)</script>\nx\n```",
            "`<script>alert(1)</script>`",
            "# x {onclick=alert(1)}",
            "<!-- x --><iframe src=https://a.example></iframe>",
            "<style>*{display:none}</style>",
            "<form action=https://a.example><button>x",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "| a |\n|:-:|\n| <b onclick=alert(1)>x</b> |",
        ];
        let shown: Vec<_> = attacks.iter().map(|attack| to_html(attack)).collect();
        for html in &shown {
            check_tags(html);
        }
        assert_snapshot!(shown.join(""));
    }

    /// Of what is written as tags there are only these, and no attribute but a safe `href`, a title, and a code's language.
    #[track_caller]
    fn check_tags(html: &str) {
        const TAGS: [&str; 26] = [
            "p",
            "a",
            "em",
            "strong",
            "del",
            "code",
            "pre",
            "ul",
            "ol",
            "li",
            "blockquote",
            "hr",
            "br",
            "h3",
            "h4",
            "h5",
            "h6",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "div",
            "span",
            "sup",
        ];
        for tag in html.split('<').skip(1) {
            let (inside, _) = tag.split_once('>').unwrap();
            let name_end = inside.find(' ').unwrap_or(inside.len());
            let name = inside[..name_end].trim_matches('/');
            assert!(TAGS.contains(&name), "{name:?} in {html}");
            let attributes = inside[name_end..].trim().trim_end_matches('/');
            let mut rest = attributes;
            while let Some((attribute, after)) = rest.split_once("=\"") {
                let (value, after) = after.split_once('"').unwrap();
                match attribute.trim() {
                    "href" => assert!(is_safe(&CowStr::from(value.replace("&amp;", "&"))), "{html}"),
                    "title" | "class" => {}
                    other => panic!("{other:?} in {html}"),
                }
                rest = after;
            }
            assert_eq!(rest.trim(), "", "{html}");
        }
    }
}
