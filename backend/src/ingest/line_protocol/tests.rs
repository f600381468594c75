use std::fmt::Write as _;
use std::sync::Arc;

use insta::assert_snapshot;
use proptest::prelude::*;
use shared::value::Value;

use super::*;
use crate::ingest::{IncomingChannels, IncomingFrame};

fn report(text: &str) -> String {
    report_with(text, &Options::default())
}

fn report_with(text: &str, options: &Options) -> String {
    let parsed = parse(text.as_bytes(), options);
    let frames = parsed.frames.iter().map(|frame| {
        let IncomingChannels::Labels(labels) = &frame.channels else {
            panic!("line protocol names channels by label")
        };
        let time = frame.time.map_or("on arrival".to_owned(), |time| time.to_string());
        let (line, metric, value) = (frame.position, &frame.metric, frame.values[0]);
        format!("{line}: {metric} [{}] = {value} {time}", labels[0])
    });
    let errors = parsed
        .errors
        .iter()
        .map(|error| format!("{}: error: {}", error.position, error.message));
    frames.chain(errors).collect::<Vec<_>>().join("\n")
}

#[test]
fn fields_become_metrics_and_tags_become_a_label() {
    assert_snapshot!(
        report(
            "# a comment\n\n\
             weather,station=roof,site=ORM temp=15.5,rh=40i,fan=t 1763676000000000999\r\n  \
             seeing value=0.8 1763676000000000000\n\
             load value=1u"
        ),
        @"
    3: weather.temp [ORM,roof] = 15.5 2025-11-20T22:00:00Z
    3: weather.rh [ORM,roof] = 40 2025-11-20T22:00:00Z
    3: weather.fan [ORM,roof] = 1 2025-11-20T22:00:00Z
    4: seeing [0] = 0.8 2025-11-20T22:00:00Z
    5: load [0] = 1 on arrival
    "
    );
}

#[test]
fn tags_that_come_again_mean_the_same_again() {
    assert_snapshot!(
        report("a,k=x,j=y v=1 0\na,k=x,j=y v=2 0\nb,k=x,j=y v=3 0\na,k=x,j=y\\ z v=4 0\na,k=x,j=y\\ z v=5 0\na,k=x,k=y v=6 0\na,k=x,k=y v=7 0\na v=8 0\na v=9 0\na,k=x,j=y"),
        @r#"
    1: a.v [y,x] = 1 1970-01-01T00:00:00Z
    2: a.v [y,x] = 2 1970-01-01T00:00:00Z
    3: b.v [y,x] = 3 1970-01-01T00:00:00Z
    4: a.v [y z,x] = 4 1970-01-01T00:00:00Z
    5: a.v [y z,x] = 5 1970-01-01T00:00:00Z
    8: a.v [0] = 8 1970-01-01T00:00:00Z
    9: a.v [0] = 9 1970-01-01T00:00:00Z
    6: error: tag "k" is there twice
    7: error: tag "k" is there twice
    10: error: the line has no fields; write measurement,tag=value field=1.5 time
    "#
    );
}

#[test]
fn a_line_that_goes_wrong_at_its_end_leaves_nothing_behind() {
    assert_snapshot!(
        report("a v=1,t=\"off\",w=2 0\na v=1,t=\"off\",w=2 soon\na v=1,t=\"off\",w= 0\nb v=1 0"),
        @r#"
    1: a.v [0] = 1 1970-01-01T00:00:00Z
    1: a.w [0] = 2 1970-01-01T00:00:00Z
    4: b.v [0] = 1 1970-01-01T00:00:00Z
    1: error: field "t" holds the text "off"; only numbers and booleans can be stored
    2: error: the time "soon" is not an integer of 64 bits
    3: error: field "w": "" is not a number, an integer such as 3i, or a boolean
    "#
    );
}

#[test]
fn lines_of_endless_length_or_width_are_refused() {
    let long = format!("a,k={} v=1 0\nb v=1 0", "x".repeat(5 << 20));
    let wide = format!("a {}v=1 0\nb v=1 0", "v=1,".repeat(65_536));
    assert_snapshot!([long, wide].map(|text| report(&text)).join("\n"), @"
    2: b.v [0] = 1 1970-01-01T00:00:00Z
    1: error: the line is longer than 4 MiB
    2: b.v [0] = 1 1970-01-01T00:00:00Z
    1: error: the line has more than 65536 fields; write several lines
    ");
}

#[test]
fn escapes_are_undone_and_unknown_ones_stay() {
    assert_snapshot!(
        report("my\\ meas\\,ure=,ta\\=g=a\\,b,other=c\\ d\\\\ fi\\ eld=1,pa\\th=2 0"),
        @r"
    1: my meas,ure=.fi eld [c d\,a\,b] = 1 1970-01-01T00:00:00Z
    1: my meas,ure=.pa\th [c d\,a\,b] = 2 1970-01-01T00:00:00Z
    "
    );
}

#[test]
fn text_is_an_error_for_its_field_alone_and_may_reach_over_lines() {
    assert_snapshot!(
        report("log,host=a level=3i,text=\"two\nlines, \\\"quoted\\\" 7\",code=5i 0\nnext value=1 0"),
        @r#"
    1: log.level [a] = 3 1970-01-01T00:00:00Z
    1: log.code [a] = 5 1970-01-01T00:00:00Z
    3: next [0] = 1 1970-01-01T00:00:00Z
    1: error: field "text" holds the text "two\nlines, \\\"quoted\\\" 7"; only numbers and booleans can be stored
    "#
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    assert_snapshot!(report("a b=\"open\nc value=1 0\nd value=\"x\" 0"), @r#"
    2: c [0] = 1 1970-01-01T00:00:00Z
    1: error: the text of field "b" is not closed by a quote
    3: error: field "value" holds the text "x"; only numbers and booleans can be stored
    "#);
}

#[test]
fn each_mistake_is_named_with_its_line() {
    assert_snapshot!(
        report(
            ",a=b c=1\nm\nm,a c=1\nm,a= c=1\nm,=b c=1\nm,a=b=c d=1\nm,a=1,a=2 c=1\nm c\nm c=\nm c=1x\nm c=nan\n\
             m c=1e999\nm c=9223372036854775808i\nm c=-1u\nm c=1 now\nm c=1 9223372036854775808\nm c=1,\nok value=1 0"
        ),
        @r#"
    18: ok [0] = 1 1970-01-01T00:00:00Z
    1: error: the line has no measurement before its first comma or space
    2: error: the line has no fields; write measurement,tag=value field=1.5 time
    3: error: tag "a" has no value; write key=value
    4: error: tag "a" has an empty value
    5: error: a tag has no key
    6: error: the value of tag "a" holds an equals sign; write it as \=
    7: error: tag "a" is there twice
    8: error: field "c" has no value; write key=value
    9: error: field "c": "" is not a number, an integer such as 3i, or a boolean
    10: error: field "c": "1x" is not a number, an integer such as 3i, or a boolean
    11: error: field "c": "nan" is not a number, an integer such as 3i, or a boolean
    12: error: field "c": "1e999" is beyond the floats of 64 bits
    13: error: field "c": "9223372036854775808i" is beyond the integers of 64 bits
    14: error: field "c": "-1u" is beyond the integers of 64 bits
    15: error: the time "now" is not an integer of 64 bits
    16: error: the time "9223372036854775808" is not an integer of 64 bits
    17: error: a field has no key
    "#
    );
}

#[test]
fn times_are_rounded_down_in_every_precision() {
    let time = |precision: &str, count: &str| {
        let options = Options {
            prefix: String::new(),
            precision: precision.parse().unwrap(),
        };
        report_with(&format!("m value=1 {count}"), &options)
    };
    assert_snapshot!(time("ns", "-1"), @"1: m [0] = 1 1969-12-31T23:59:59.999999Z");
    assert_snapshot!(time("n", "1763676000123456789"), @"1: m [0] = 1 2025-11-20T22:00:00.123456Z");
    assert_snapshot!(time("us", "1763676000123456"), @"1: m [0] = 1 2025-11-20T22:00:00.123456Z");
    assert_snapshot!(time("ms", "1763676000123"), @"1: m [0] = 1 2025-11-20T22:00:00.123Z");
    assert_snapshot!(time("s", "1763676000"), @"1: m [0] = 1 2025-11-20T22:00:00Z");
    assert_snapshot!(time("m", "29394600"), @"1: m [0] = 1 2025-11-20T22:00:00Z");
    assert_snapshot!(time("h", "489910"), @"1: m [0] = 1 2025-11-20T22:00:00Z");
    assert_snapshot!(time("s", "1763676000000000000"), @"1: error: the time 1763676000000000000 lies outside the years 0 to 9999; is the precision right?");
    assert_snapshot!("d".parse::<Precision>().unwrap_err().to_string(), @r#""d" is not a precision; write ns, us, ms, s, m or h"#);
}

#[test]
fn a_prefix_stands_before_the_metric() {
    let options = Options {
        prefix: "telegraf/".to_owned(),
        ..Options::default()
    };
    assert_snapshot!(report_with("cpu idle=99 0", &options), @"1: telegraf/cpu.idle [0] = 99 1970-01-01T00:00:00Z");
}

#[test]
fn bytes_that_are_no_text_cost_their_line() {
    let parsed = parse(b"a value=1 0\nb\xff value=1 0\nc value=1 0", &Options::default());
    assert_eq!(parsed.frames.len(), 2);
    assert_eq!(
        parsed.errors,
        [LineError {
            position: 2,
            message: "the line is not UTF-8".to_owned()
        }]
    );
}

/// Names with everything that needs an escape, and no backslash before something that a backslash would change.
fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "é", ",", " ", "=", "\\", "\"", "7", "#"]),
        1..6,
    )
    .prop_map(|parts| parts.concat())
    .prop_filter("a # at its start makes a comment", |name| !name.starts_with('#'))
}

fn escaped(name: &str, escapes: &[char]) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter == '\\' || escapes.contains(&letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

proptest! {
    #[test]
    fn parts_say_the_same_as_the_whole(
        lines in prop::collection::vec(
            prop::sample::select(vec!["a,k=x v=1 5\n", "a,k=x v=1,w=2,s=\"x\ny\"\n", "bad\n", "# c\n", "b,k=x\\ y v=1\n"]), 0..30),
        n_values in 1_usize..5,
    ) {
        let (text, options) = (lines.concat(), Options::default());
        let mut all = Parsed::default();
        for part in parts(text.as_bytes(), &options, n_values) {
            prop_assert!(!part.frames.is_empty() || !part.errors.is_empty() || text.contains('#'));
            all.frames.extend(part.frames);
            all.errors.extend(part.errors);
        }
        prop_assert_eq!(all, parse(text.as_bytes(), &options));
    }

    #[test]
    fn what_is_written_is_read_back(
        measurement in name(),
        tags in prop::collection::btree_map(name(), name(), 0..3),
        fields in prop::collection::btree_map(name(), any::<f64>().prop_filter("finite", |n| n.is_finite()), 1..4),
        micros in prop::option::of(-62_000_000_000_000_000_i64..250_000_000_000_000_000),
    ) {
        let mut line = escaped(&measurement, &[',', ' ']);
        for (key, value) in &tags {
            write!(line, ",{}={}", escaped(key, &[',', ' ', '=']), escaped(value, &[',', ' ', '='])).unwrap();
        }
        for (index, (key, value)) in fields.iter().enumerate() {
            write!(line, "{}{}={value:?}", if index == 0 { ' ' } else { ',' }, escaped(key, &[',', ' ', '='])).unwrap();
        }
        if let Some(micros) = micros {
            write!(line, " {micros}").unwrap();
        }
        let options = Options { prefix: String::new(), precision: Precision::Microseconds };
        let parsed = parse(line.as_bytes(), &options);
        prop_assert_eq!(&parsed.errors, &vec![], "{}", line);
        let label = if tags.is_empty() {
            "0".to_owned()
        } else {
            tags.values().map(|value| value.replace(',', "\\,")).collect::<Vec<_>>().join(",")
        };
        let expected: Vec<_> = fields
            .iter()
            .map(|(key, value)| IncomingFrame {
                position: 1,
                metric: if key == "value" { measurement.clone() } else { format!("{measurement}.{key}") },
                time: micros.and_then(Timestamp::from_micros),
                channels: IncomingChannels::Labels(Arc::new([label.clone()])),
                values: vec![Value::number(*value)],
            })
            .collect();
        prop_assert_eq!(parsed.frames, expected);
    }

    #[test]
    fn a_bad_line_never_costs_its_neighbours(
        bad in prop::collection::vec(prop::sample::select(vec!["a", ",", " ", "=", "\\", "1", "i", "#", "\r"]), 0..12),
    ) {
        let text = format!("before value=1 0\n{}\nafter value=2 0", bad.concat());
        let parsed = parse(text.as_bytes(), &Options::default());
        let lines: Vec<_> = parsed.frames.iter().map(|frame| frame.position).collect();
        prop_assert!(lines.contains(&1) && lines.contains(&3), "{:?} {:?}", text, parsed);
    }

    #[test]
    fn no_body_panics(parts in prop::collection::vec(prop::sample::select(
        vec!["a", "é", ",", " ", "=", "\\", "\"", "1", "\n", "#", "\t", "\u{0}", "i"]), 0..40)) {
        let text = parts.concat();
        let parsed = parse(text.as_bytes(), &Options::default());
        let n_lines = text.split('\n').count();
        prop_assert!(parsed.frames.iter().all(|frame| frame.position <= n_lines));
        prop_assert!(parsed.errors.iter().all(|error| error.position <= n_lines));
    }
}
