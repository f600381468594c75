//! Secrets of receivers, read when they are needed and shown to nobody.

use std::fmt;
use std::fs;
use std::path::PathBuf;

/// No secret is longer.
const MAX_BYTES: u64 = 64 << 10;

/// Where a secret comes from. The secret itself is never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the configuration.
    Text(String),
    /// In an environment variable of the server.
    Variable(String),
    /// In a file that the server can read; a line break at its end does not belong to it.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Secret(…)"),
            Self::Variable(name) => write!(f, "Secret(variable {name})"),
            Self::File(path) => write!(f, "Secret(file {})", path.display()),
        }
    }
}

impl Secret {
    /// Reads it. An error says where it was looked for, and nothing of what is there.
    pub fn read(&self) -> Result<String, String> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name) => {
                std::env::var(name).map_err(|_missing| format!("the environment variable {name} is not set"))?
            }
            Self::File(path) => {
                let shown = path.display();
                let size = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?.len();
                if MAX_BYTES < size {
                    return Err(format!("{shown} is too large for a secret"));
                }
                fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?
            }
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err("the secret is empty".to_owned());
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_where_it_is_and_never_shown() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "käse 7\n").unwrap();
        assert_eq!(Secret::File(path.clone()).read().unwrap(), "käse 7");
        fs::write(&path, "\n").unwrap();
        assert_eq!(Secret::File(path).read().unwrap_err(), "the secret is empty");
        let missing = Secret::Variable("WATCHROOM_NO_SUCH".to_owned());
        assert_eq!(
            missing.read().unwrap_err(),
            "the environment variable WATCHROOM_NO_SUCH is not set"
        );
        assert_eq!(format!("{:?}", Secret::Text("hush".to_owned())), "Secret(…)");
    }
}
