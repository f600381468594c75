//! What is looked at on the page of alarms, as it stands in the address.

use crate::api::url::QueryWriter;

/// Which alarms are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Show {
    /// What needs somebody.
    #[default]
    Active,
    /// What somebody has seen and is not over.
    Acknowledged,
    /// What is out of sight for a time.
    Shelved,
    /// What is explained for a time.
    KnownIssues,
    /// Every rule.
    All,
    /// What happened in the time in sight.
    History,
}

impl Show {
    /// All of them, in their order on the screen.
    pub const ALL: [Self; 6] = [
        Self::Active,
        Self::Acknowledged,
        Self::Shelved,
        Self::KnownIssues,
        Self::All,
        Self::History,
    ];

    /// The word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Acknowledged => "acknowledged",
            Self::Shelved => "shelved",
            Self::KnownIssues => "known-issues",
            Self::All => "all",
            Self::History => "history",
        }
    }
}

/// What is looked at on the page of alarms.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AlarmView {
    /// Which alarms are listed.
    pub show: Show,
    /// Of which system, its parts joined by slashes; empty for all.
    pub system: String,
    /// The rule whose card is open; empty for none.
    pub rule: String,
}

impl AlarmView {
    /// Takes in the value of one of the keys `show`, `system` and `rule`.
    pub fn read(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "system" => value.clone_into(&mut self.system),
            "rule" => value.clone_into(&mut self.rule),
            _ => {
                let show = Show::ALL.into_iter().find(|show| show.as_str() == value);
                self.show = show.ok_or_else(|| {
                    format!("\"{value}\" is none of active, acknowledged, shelved, known-issues, all and history")
                })?;
            }
        }
        Ok(())
    }

    /// Adds what differs from the plain list.
    pub fn write(&self, mut query: QueryWriter) -> QueryWriter {
        if self.show != Show::default() {
            query = query.pair("show", self.show.as_str());
        }
        for (key, value) in [("system", &self.system), ("rule", &self.rule)] {
            if !value.is_empty() {
                query = query.pair(key, value);
            }
        }
        query
    }
}
