//! What the driver's errors mean.

use mongodb::error::{Error as DriverError, ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

use super::super::Error;

/// The code of a second document under a unique key.
const DUPLICATE_KEY: i32 = 11_000;

/// The code of two writers who change the same document.
const WRITE_CONFLICT: i32 = 112;

/// The code of a collection that exists already.
pub(super) const NAMESPACE_EXISTS: i32 = 48;

/// What an error of the driver means to the caller.
pub(super) fn store_error(error: DriverError) -> Error {
    match error.kind.as_ref() {
        ErrorKind::Shutdown => Error::closed(),
        ErrorKind::BsonDeserialization(_) | ErrorKind::Bson(_) => {
            Error::Corrupt(format!("a document is damaged: {}", error.kind))
        }
        _ => Error::Unavailable(text(&error)),
    }
}

/// An error in words for people, without the driver's structures.
pub(super) fn text(error: &DriverError) -> String {
    let told = |name: &str, code: i32, message: &str| format!("{message} (MongoDB error {code} {name})");
    match error.kind.as_ref() {
        ErrorKind::Command(command) => told(&command.code_name, command.code, &command.message),
        ErrorKind::Write(WriteFailure::WriteConcernError(failed)) => {
            told(&failed.code_name, failed.code, &failed.message)
        }
        ErrorKind::Write(WriteFailure::WriteError(failed)) => told("", failed.code, &failed.message),
        ErrorKind::InvalidArgument { message, .. } => message.clone(),
        kind => kind.to_string(),
    }
}

/// Whether a document with the same unique key was there.
pub(super) fn is_duplicate_key(error: &DriverError) -> bool {
    has_code(error, DUPLICATE_KEY)
}

/// Whether another writer came between, so that the transaction left nothing and may be tried again.
///
/// A lost connection is not of these: it is told to the caller, who decides.
pub(super) fn is_conflict(error: &DriverError) -> bool {
    let in_command = matches!(
        error.kind.as_ref(),
        ErrorKind::Command(_) | ErrorKind::Write(_) | ErrorKind::InsertMany(_)
    );
    [WRITE_CONFLICT, DUPLICATE_KEY]
        .iter()
        .any(|code| has_code(error, *code))
        || (in_command && error.contains_label(TRANSIENT_TRANSACTION_ERROR))
}

/// As [`is_conflict`], by the code of a single statement.
pub(super) fn is_conflict_code(code: i32) -> bool {
    [WRITE_CONFLICT, DUPLICATE_KEY].contains(&code)
}

/// Whether the server answered with this code.
pub(super) fn has_code(error: &DriverError, code: i32) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => command.code == code,
        ErrorKind::Write(WriteFailure::WriteError(failed)) => failed.code == code,
        ErrorKind::InsertMany(failed) => {
            let failed = failed.write_errors.iter().flatten();
            failed.into_iter().any(|failed| failed.code == code)
        }
        _ => false,
    }
}
