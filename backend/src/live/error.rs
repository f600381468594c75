//! What clients are told when they ask too much.

use shared::error::ApiError;
use shared::live::MAX_SUBSCRIPTIONS;

pub(super) fn too_many_subscriptions() -> ApiError {
    ApiError {
        code: "too_many_subscriptions".to_owned(),
        message: format!("one client may have {MAX_SUBSCRIPTIONS} subscriptions; end some, or open a second socket"),
        details: [("limit".to_owned(), MAX_SUBSCRIPTIONS.to_string())].into(),
    }
}
