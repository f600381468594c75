//! The few statements of `InfluxQL` that clients send before they write.
//!
//! They ask for databases and retention policies, and make them. Here a database is a prefix of metric names, which needs
//! no making, and so the statements are read, checked and acknowledged. Everything else is an error that names what
//! to ask instead: there is no query language.

use super::excerpt::excerpt;

/// A statement that can be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Statement {
    /// `CREATE DATABASE name`, with or without `WITH …`.
    CreateDatabase {
        /// Whether it asks for more than the name: for how long data are kept.
        asks_for_retention: bool,
    },
    /// `CREATE RETENTION POLICY name ON database DURATION … REPLICATION …`.
    CreateRetentionPolicy {
        /// Whether it asks that data be deleted after some time.
        asks_for_deletion: bool,
    },
    /// `SHOW DATABASES`.
    ShowDatabases,
    /// `SHOW RETENTION POLICIES`, with or without `ON database`.
    ShowRetentionPolicies,
    /// `SHOW MEASUREMENTS`, with or without `ON database`.
    ShowMeasurements {
        /// The database; `None` is the one that the request names.
        database: Option<String>,
    },
}

/// Why statements cannot be answered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("there is no statement; {KNOWN}")]
    Empty,
    /// A question for data.
    #[error(
        "{0} cannot be answered, for Watchroom has no query language; ask GET /api/v1/envelope for charts, \
         /api/v1/samples for raw samples, /api/v1/latest for the newest, and /api/v1/metrics for what there is"
    )]
    Question(String),
    /// Another statement of which InfluxDB knows many.
    #[error("{0} is not a statement that can be answered; {KNOWN}")]
    Unknown(String),
    /// The beginning is known, but then something else is expected.
    #[error("{statement} ends or goes on wrongly: expected {expected}")]
    Malformed {
        /// The statement, in quotes.
        statement: String,
        /// What should stand there.
        expected: &'static str,
    },
}

const KNOWN: &str = "of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, \
                     SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES";

/// Reads statements with semicolons between them; at least one, or it is an error.
pub fn parse(text: &str) -> Result<Vec<Statement>, Error> {
    let tokens = tokens(text);
    let mut statements = Vec::new();
    for part in tokens.split(|token| token.kind == Kind::Semicolon) {
        if let (Some(first), Some(last)) = (part.first(), part.last()) {
            let text = excerpt(&text[first.start..last.end]);
            statements.push(Parser { tokens: part, text }.statement()?);
        }
    }
    if statements.is_empty() {
        Err(Error::Empty)
    } else {
        Ok(statements)
    }
}

#[derive(PartialEq, Eq, Debug)]
enum Kind {
    /// A keyword, a plain name, a number or a duration.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    Semicolon,
    /// Anything else.
    Other,
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

fn tokens(text: &str) -> Vec<Token> {
    let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-');
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let kind = match letter {
            letter if letter.is_whitespace() => continue,
            ';' => Kind::Semicolon,
            '"' | '\'' => {
                let (mut name, mut is_closed) = (String::new(), false);
                while let Some((_, inner)) = letters.next() {
                    if inner == letter {
                        is_closed = true;
                        break;
                    }
                    let escaped = if inner == '\\' { letters.next() } else { None };
                    name.push(escaped.map_or(inner, |(_, escaped)| escaped));
                }
                if is_closed && letter == '"' {
                    Kind::Quoted(name)
                } else {
                    Kind::Other
                }
            }
            letter if is_word(letter) => {
                let mut word = String::from(letter);
                while let Some((_, letter)) = letters.next_if(|(_, letter)| is_word(*letter)) {
                    word.push(letter);
                }
                Kind::Word(word)
            }
            _ => Kind::Other,
        };
        let end = letters.peek().map_or(text.len(), |(end, _)| *end);
        tokens.push(Token { kind, start, end });
    }
    tokens
}

/// What is left of one statement.
struct Parser<'a> {
    tokens: &'a [Token],
    /// All of it, for messages.
    text: String,
}

impl Parser<'_> {
    fn statement(mut self) -> Result<Statement, Error> {
        let statement = if self.skip(&["CREATE", "DATABASE"]) {
            self.name()?;
            let asks_for_retention = self.skip(&["WITH"]);
            if asks_for_retention {
                self.options(&["DURATION", "REPLICATION", "SHARD", "NAME"])?;
            }
            Statement::CreateDatabase { asks_for_retention }
        } else if self.skip(&["CREATE", "RETENTION", "POLICY"]) {
            self.name()?;
            if !self.skip(&["ON"]) {
                return Err(self.malformed("ON and the name of a database"));
            }
            self.name()?;
            let asks_for_deletion = self.options(&["DURATION", "REPLICATION", "SHARD", "DEFAULT"])?;
            Statement::CreateRetentionPolicy { asks_for_deletion }
        } else if self.skip(&["SHOW", "DATABASES"]) {
            Statement::ShowDatabases
        } else if self.skip(&["SHOW", "RETENTION", "POLICIES"]) {
            self.on_database()?;
            Statement::ShowRetentionPolicies
        } else if self.skip(&["SHOW", "MEASUREMENTS"]) {
            let database = self.on_database()?;
            Statement::ShowMeasurements { database }
        } else if self.skip(&["SELECT"]) {
            return Err(Error::Question(self.text));
        } else {
            return Err(Error::Unknown(self.text));
        };
        if self.tokens.is_empty() {
            Ok(statement)
        } else {
            Err(self.malformed("its end, for conditions and limits are not known here"))
        }
    }

    /// Steps over keywords, in any case; over all of them or none.
    fn skip(&mut self, keywords: &[&str]) -> bool {
        let words = self.tokens.iter().map(|token| &token.kind).zip(keywords);
        let n_equal = words
            .take_while(|(kind, keyword)| matches!(kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword)))
            .count();
        let found = n_equal == keywords.len();
        if found {
            self.tokens = &self.tokens[n_equal..];
        }
        found
    }

    fn name(&mut self) -> Result<String, Error> {
        match self.tokens.split_first() {
            Some((
                Token {
                    kind: Kind::Word(name) | Kind::Quoted(name),
                    ..
                },
                rest,
            )) if !name.is_empty() => {
                self.tokens = rest;
                Ok(name.clone())
            }
            _ => Err(self.malformed("a name")),
        }
    }

    fn on_database(&mut self) -> Result<Option<String>, Error> {
        if self.skip(&["ON"]) {
            self.name().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Steps over options with their values, at least one; gives whether they limit for how long data are kept.
    fn options(&mut self, known: &[&str]) -> Result<bool, Error> {
        let (mut n_options, mut is_limited) = (0, false);
        while let Some(option) = known.iter().find(|option| self.skip(&[**option])) {
            n_options += 1;
            match *option {
                "DEFAULT" => {}
                "SHARD" => {
                    if !self.skip(&["DURATION"]) {
                        return Err(self.malformed("SHARD DURATION and a duration"));
                    }
                    self.name()?;
                }
                "DURATION" => {
                    let duration = self.name()?;
                    is_limited = !(duration.eq_ignore_ascii_case("INF") || duration.starts_with('0'));
                }
                _ => drop(self.name()?),
            }
        }
        if n_options == 0 {
            return Err(self.malformed("DURATION, REPLICATION or another option"));
        }
        Ok(is_limited)
    }

    fn malformed(&self, expected: &'static str) -> Error {
        Error::Malformed {
            statement: self.text.clone(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        match parse(text) {
            Ok(statements) => format!("{statements:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn statements_that_clients_send_on_connect_are_read() {
        let lines = [
            "CREATE DATABASE \"tele graf\"",
            "create database telegraf;",
            "CREATE DATABASE \"a\" WITH DURATION 30d REPLICATION 1 SHARD DURATION 1h NAME \"b\"",
            " CREATE RETENTION POLICY \"1s\" ON \"mydb\" DURATION INF REPLICATION 1",
            "CREATE RETENTION POLICY \"0.01_hz\" ON mydb DURATION 52w REPLICATION 1 SHARD DURATION 0s DEFAULT",
            "SHOW DATABASES",
            "SHOW RETENTION POLICIES ON \"say \\\"hi\\\"\"",
            "SHOW MEASUREMENTS; SHOW MEASUREMENTS ON x",
        ];
        assert_snapshot!(lines.map(told).join("\n"), @r#"
        [CreateDatabase { asks_for_retention: false }]
        [CreateDatabase { asks_for_retention: false }]
        [CreateDatabase { asks_for_retention: true }]
        [CreateRetentionPolicy { asks_for_deletion: false }]
        [CreateRetentionPolicy { asks_for_deletion: true }]
        [ShowDatabases]
        [ShowRetentionPolicies]
        [ShowMeasurements { database: None }, ShowMeasurements { database: Some("x") }]
        "#);
    }

    #[test]
    fn other_statements_are_told_what_to_ask_instead() {
        let lines = [
            "",
            " ; ",
            "SELECT mean(\"value\") FROM cpu",
            "DROP DATABASE telegraf",
            "SHOW DATABASES; DROP SERIES FROM cpu",
            "CREATE DATABASE",
            "CREATE DATABASE \"\"",
            "CREATE DATABASE \"open",
            "CREATE DATABASE a b",
            "CREATE RETENTION POLICY x",
            "CREATE RETENTION POLICY x ON y",
            "SHOW MEASUREMENTS WITH MEASUREMENT =~ /cpu/",
        ];
        assert_snapshot!(lines.map(told).join("\n"), @r#"
        there is no statement; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES
        there is no statement; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES
        "SELECT mean(\"value\") FROM cpu" cannot be answered, for Watchroom has no query language; ask GET /api/v1/envelope for charts, /api/v1/samples for raw samples, /api/v1/latest for the newest, and /api/v1/metrics for what there is
        "DROP DATABASE telegraf" is not a statement that can be answered; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES
        "DROP SERIES FROM cpu" is not a statement that can be answered; of InfluxDB's statements Watchroom knows CREATE DATABASE, CREATE RETENTION POLICY, SHOW DATABASES, SHOW MEASUREMENTS and SHOW RETENTION POLICIES
        "CREATE DATABASE" ends or goes on wrongly: expected a name
        "CREATE DATABASE \"\"" ends or goes on wrongly: expected a name
        "CREATE DATABASE \"open" ends or goes on wrongly: expected a name
        "CREATE DATABASE a b" ends or goes on wrongly: expected its end, for conditions and limits are not known here
        "CREATE RETENTION POLICY x" ends or goes on wrongly: expected ON and the name of a database
        "CREATE RETENTION POLICY x ON y" ends or goes on wrongly: expected DURATION, REPLICATION or another option
        "SHOW MEASUREMENTS WITH MEASUREMENT =~ /cpu/" ends or goes on wrongly: expected its end, for conditions and limits are not known here
        "#);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_quoted_names_come_back(
            text in "(?s).{0,80}",
            name in "[^\"\\\\]{1,20}",
        ) {
            prop_assert!(parse(&text).is_ok_and(|statements| !statements.is_empty()) || parse(&text).is_err());
            let shown = parse(&format!("SHOW MEASUREMENTS ON \"{name}\""));
            prop_assert_eq!(shown, Ok(vec![Statement::ShowMeasurements { database: Some(name) }]));
        }
    }
}
