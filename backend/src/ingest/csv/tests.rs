use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::ingest::IncomingChannels;

fn wide() -> Options {
    Options {
        time_columns: vec!["time".to_owned()],
        time_format: TimeFormat::new(None, None, 1).unwrap(),
        nulls: Vec::new(),
        quality_suffix: None,
        skipped: Vec::new(),
        layout: Layout::Metrics {
            prefix: "site.".to_owned(),
        },
    }
}

fn channels() -> Options {
    Options {
        layout: Layout::Channels {
            metric: "hv".to_owned(),
        },
        ..wide()
    }
}

fn long(target: LongTarget) -> Options {
    Options {
        layout: Layout::Long {
            channel: "channel".to_owned(),
            value: "value".to_owned(),
            target,
        },
        ..wide()
    }
}

fn read_all(table: &[u8], options: &Options, n_values: usize) -> Result<Parsed, Error> {
    let mut reader = CsvReader::open(table, options)?;
    let mut all = Parsed::default();
    while let Some(chunk) = reader.read_chunk(n_values)? {
        all.frames.extend(chunk.frames);
        all.errors.extend(chunk.errors);
    }
    Ok(all)
}

fn report(table: &str, options: &Options) -> String {
    let parsed = match read_all(table.as_bytes(), options, 1) {
        Ok(parsed) => parsed,
        Err(error) => return format!("error: {error}"),
    };
    let frames = parsed.frames.iter().map(|frame| {
        let channels = match &frame.channels {
            IncomingChannels::Labels(labels) => format!(" {labels:?}"),
            _ => String::new(),
        };
        let time = frame.time.unwrap();
        format!(
            "{}: {time} {}{channels} {:?}",
            frame.position, frame.metric, frame.values
        )
    });
    let errors = parsed
        .errors
        .iter()
        .map(|error| format!("{}: error: {}", error.position, error.message));
    frames.chain(errors).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_wide_table_has_a_metric_per_column() {
    let options = Options {
        nulls: vec![NullMark::new("-9999.9")],
        quality_suffix: Some("_qc".to_owned()),
        skipped: vec!["Unnamed: 0".to_owned()],
        ..wide()
    };
    let table = "\u{feff}Unnamed: 0,time,Air Temp [deg C],Air Temp [deg C]_qc,par\r\n\
                 0,2016-01-01T00:00:00Z,-7.6,0,-9999.90\r\n\
                 1,2016-01-01T00:01:00Z,-7.7,2,\r\n\
                 \r\n\
                 2,2016-01-01T00:02:00Z,-7.8,,nan\r\n";
    assert_snapshot!(report(table, &options), @"
    2: 2016-01-01T00:00:00Z site.air_temp [-7.6]
    2: 2016-01-01T00:00:00Z site.par [null]
    3: 2016-01-01T00:01:00Z site.air_temp [null]
    3: 2016-01-01T00:01:00Z site.par [null]
    5: 2016-01-01T00:02:00Z site.air_temp [-7.8]
    5: 2016-01-01T00:02:00Z site.par [NaN]
    ");
    let reader = CsvReader::open(table.as_bytes(), &options).unwrap();
    let told: Vec<_> = reader
        .metrics()
        .iter()
        .map(|(name, told)| (name, &told.title, &told.unit))
        .collect();
    assert_snapshot!(format!("{told:?}"), @r#"[("site.air_temp", "Air Temp", "deg C"), ("site.par", "par", "")]"#);
}

#[test]
fn a_wide_table_may_hold_the_channels_of_one_metric() {
    assert_snapshot!(report("time,A1,A2\n2016-01-01 00:00:00,1,2\n2016-01-01 00:01:00,,4", &channels()), @r#"
    2: 2016-01-01T00:00:00Z hv ["A1", "A2"] [1, 2]
    3: 2016-01-01T00:01:00Z hv ["A1", "A2"] [null, 4]
    "#);
}

#[test]
fn a_long_table_has_a_sample_per_row() {
    let table = "time,channel,value,note\n1971-08-02T23:12:49.482Z,LPX,510,a\n1971-08-02T23:12:49.482Z,TMP [K],117,b";
    let one = long(LongTarget::Metric("apollo".to_owned()));
    assert_snapshot!(report(table, &one), @r#"
    2: 1971-08-02T23:12:49.482Z apollo ["LPX"] [510]
    3: 1971-08-02T23:12:49.482Z apollo ["TMP [K]"] [117]
    "#);
    let each = long(LongTarget::MetricPerChannel("apollo.".to_owned()));
    assert_snapshot!(report(table, &each), @"
    2: 1971-08-02T23:12:49.482Z apollo.lpx [510]
    3: 1971-08-02T23:12:49.482Z apollo.tmp [117]
    ");
}

#[test]
fn bad_lines_are_named_and_good_ones_kept() {
    let table = "time,a,b\n\
                 2016-01-01T00:00:00Z,1,2\n\
                 2016-01-01T00:01:00Z,1\n\
                 2016-01-01T00:02:00Z,1,off\n\
                 yesterday,1,2\n\
                 \"2016-01-01T00:05:00Z\",\"1\n\",2\n\
                 2016-01-01T00:07:00Z,\"1,2\n\
                 2016-01-01T00:08:00Z,3,4\n";
    assert_snapshot!(report(table, &wide()), @r#"
    2: 2016-01-01T00:00:00Z site.a [1]
    2: 2016-01-01T00:00:00Z site.b [2]
    6: 2016-01-01T00:05:00Z site.a [1]
    6: 2016-01-01T00:05:00Z site.b [2]
    9: 2016-01-01T00:08:00Z site.a [3]
    9: 2016-01-01T00:08:00Z site.b [4]
    3: error: it has 2 fields where the header has 3
    4: error: column "b": "off" is not a number; name it as a null if it means no value
    5: error: "yesterday" is not a time: it is too short; write it like 2026-11-20T03:12:48Z, or say with --time-format how it is written
    8: error: a quote is opened and not closed
    "#);
}

#[test]
fn a_header_that_does_not_fit_says_what_is_missing() {
    assert_snapshot!(report("", &wide()), @"error: line 1: the file is empty; its first line must name the columns");
    assert_snapshot!(report("timestamp,value\n", &wide()), @r#"error: line 1: the header has no column "time"; its columns are "timestamp, value""#);
    assert_snapshot!(report("time\n", &wide()), @"error: line 1: the header has no column of values beside the time");
    assert_snapshot!(report("time,A b,a-B\n", &wide()), @r#"error: line 1: two columns would both be metric "site.a_b"; skip one, such as "a-B""#);
    assert_snapshot!(report("time,a,time\n", &wide()), @r#"error: line 1: the header has column "time" twice"#);
    assert_snapshot!(report("time,***\n", &wide()), @r#"error: line 1: no metric can be named after column "***"; skip it"#);
    assert_snapshot!(report("time,\"a\n", &wide()), @"error: line 1: a quote is opened and not closed");
    assert_snapshot!(report("time,channel\n", &long(LongTarget::Metric("m".to_owned()))), @r#"error: line 1: the header has no column "value"; its columns are "time, channel""#);
}

#[test]
fn two_channels_that_would_be_one_metric_are_an_error() {
    let table = "time,channel,value\n2016-01-01T00:00:00Z,a b,1\n2016-01-01T00:00:00Z,a-b,2\n2016-01-01T00:00:00Z,,3";
    assert_snapshot!(report(table, &long(LongTarget::MetricPerChannel(String::new()))), @r#"
    2: 2016-01-01T00:00:00Z a_b [1]
    3: error: channel "a-b" and another one would both be metric "a_b"
    4: error: the channel is empty
    "#);
}

proptest! {
    #[test]
    fn a_table_of_numbers_is_read_back_whatever_the_chunks(
        rows in prop::collection::vec((0_i64..1_000_000, prop::array::uniform3(any::<f64>())), 0..20),
        n_values in 0_usize..40,
    ) {
        let mut table = "time,a,b,c\n".to_owned();
        for (second, values) in &rows {
            let time = shared::time::Timestamp::saturating_from_micros(second * 1_000_000);
            writeln!(table, "{time},{:?},{:?},{:?}", values[0], values[1], values[2]).unwrap();
        }
        let parsed = read_all(table.as_bytes(), &channels(), n_values).unwrap();
        prop_assert_eq!(parsed.errors, vec![]);
        prop_assert_eq!(parsed.frames.len(), rows.len());
        for (index, (frame, (second, values))) in parsed.frames.iter().zip(&rows).enumerate() {
            prop_assert_eq!(frame.position, index + 2);
            prop_assert_eq!(frame.time.unwrap().as_micros(), second * 1_000_000);
            let expected: Vec<_> = values.iter().copied().map(shared::value::Value::number).collect();
            prop_assert_eq!(&frame.values, &expected);
        }
    }

    #[test]
    fn a_bad_row_never_costs_its_neighbours(bad in "[a1,\" ]{0,12}") {
        let table = format!("time,a\n2016-01-01T00:00:00Z,1\n{bad}\n2016-01-01T00:01:00Z,2\n");
        let parsed = read_all(table.as_bytes(), &wide(), 100).unwrap();
        let lines: Vec<_> = parsed.frames.iter().map(|frame| frame.position).collect();
        prop_assert_eq!(lines, vec![2, 4], "{:?}", table);
    }

    #[test]
    fn no_table_panics(table in "(time,channel,value\n)?([a1é:Z,\"\r\n -]|2016-01-01T00:00:00Z){0,40}") {
        for options in [wide(), channels(), long(LongTarget::Metric("m".to_owned()))] {
            let n_lines = table.split('\n').count();
            if let Ok(parsed) = read_all(table.as_bytes(), &options, 3) {
                prop_assert!(parsed.errors.iter().all(|error| error.position <= n_lines));
            }
        }
    }
}
