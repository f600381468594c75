use crate::config::{Config, Source};

/// Every mistake, without the name of the file.
fn mistakes(text: &str) -> Vec<String> {
    let source = Source { name: "w.toml", text };
    match Config::from_sources(source, &[]) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes
            .lines()
            .iter()
            .map(|line| line.trim_start_matches("w.toml:").to_owned())
            .collect(),
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found = mistakes(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        let is_told = expected.split(" … ").all(|part| found.contains(part));
        assert!(is_told, "{found}\nis not\n{expected}");
    }
}

#[test]
fn a_mistake_is_told_with_its_place_and_what_to_write() {
    check(
        "[alarms.hot]\ntitle = \"Hot\"\nkind = \"treshold\"\nmetric = \"t\"\nabove = 1\n",
        &["3:8: alarms.\"hot\".kind: \"treshold\" is not known here; did you mean \"threshold\"?"],
    );
    check(
        "[alarms.hot]\ntitle = \"Hot\"\nkind = \"threshold\"\nmetric = \"t\"\nabov = 1\nno_data = \"5m\"\n",
        &[
            "alarms.\"hot\".above: is missing; write above or below, or both",
            "5:1: alarms.\"hot\".abov: unknown key; did you mean \"above\"?",
        ],
    );
    check(
        "[alarms.hot]\ntitle = \"Hot\"\nkind = \"threshold\"\nmetric = \"t\"\nabove = 1\nclear_above = 2\n",
        &[
            "alarms.\"hot\".no_data: is missing: it is not configured how often samples of \"t\" come",
            "6:15: alarms.\"hot\".clear_above: lies beyond the limit, which is 1",
        ],
    );
    check(
        "[alarms.and]\ntitle = \"Hot\"\nkind = \"heartbeat\"\nmetric = \"t\"\nno_data = \"never\"\nlink = \"ftp://x\"\n",
        &[
            "alarms.\"and\": write the name with letters",
            "a heartbeat that waits for ever says nothing",
            "is not a web address",
        ],
    );
    check(
        "[metrics.b]\nkind = \"state\"\ninterval = \"1s\"\nstates = [{ value = 3, label = \"stuck\" }]\n[alarms.s]\n\
         title = \"S\"\nkind = \"state\"\nmetric = \"b\"\nstates = [\"stock\"]\n",
        &["alarms.\"s\".states: the metric has no state \"stock\"; did you mean \"stuck\"?"],
    );
}

#[test]
fn an_expression_names_rules_that_there_are_and_does_not_lead_back_to_itself() {
    let rule =
        |name: &str, when: &str| format!("[alarms.{name}]\ntitle = \"T\"\nkind = \"expression\"\nwhen = \"{when}\"\n");
    check(
        &rule("a", "hot and"),
        &["4:8: alarms.\"a\".when: at byte 8: the name of a rule is missing"],
    );
    check(
        &format!("{}{}", rule("a", "not bb"), rule("b", "a and a")),
        &["4:8: alarms.\"a\".when: there is no [alarms.bb]; known are b"],
    );
    check(
        &format!("{}{}{}", rule("a", "b"), rule("b", "not c"), rule("c", "a or b")),
        &[
            "4:8: alarms.\"a\".when: the rule leads back to itself: a → b → c → a",
            "the rule leads back to itself: b → c → b",
        ],
    );
    check(&rule("a", "a"), &["the rule leads back to itself: a → a"]);
}
