//! The questions that anybody has open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use shared::compact;
use shared::error::ApiError;
use shared::live::Question;

use super::Base;
use super::topic::Topic;
use crate::query::{self, envelope, raster};

/// Open questions by their compact form. Who asks the same as somebody else shares what is computed for them.
#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<HashMap<Vec<u8>, Weak<Topic>>>);

impl Registry {
    /// The topic of a question; an error where HTTP would refuse it, `Err(None)` where the store fails.
    pub(super) async fn open(&self, base: &Arc<Base>, question: &Question) -> Result<Arc<Topic>, Option<ApiError>> {
        let key = compact::to_bytes(question).map_err(|_unwritable| None)?;
        if let Some(topic) = self.find(&key) {
            return Ok(topic);
        }
        let checked = match question {
            Question::Envelope(query) => envelope::check(base.pyramid.store(), query).await.map(Some),
            Question::Raster(query) => raster::check(base.pyramid.store(), query).await.map(Some),
            Question::Latest(metric) => query::metric_id(base.pyramid.store(), metric).await.map(Some),
            Question::Alarms | Question::Streams => Ok(None),
        };
        let metric_id = checked.map_err(|error| base.refused(error))?;
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have asked the same meanwhile.
        if let Some(topic) = topics.get(&key).and_then(Weak::upgrade) {
            return Ok(topic);
        }
        let topic = match (question, metric_id) {
            (Question::Alarms, _) => Topic::alarms(base),
            (Question::Streams, _) => Topic::streams(base),
            (_, Some(metric_id)) => Topic::stored(base, question.clone(), metric_id),
            (_, None) => return Err(None),
        };
        topics.retain(|_, topic| 0 < topic.strong_count());
        topics.insert(key, Arc::downgrade(&topic));
        Ok(topic)
    }

    fn find(&self, key: &[u8]) -> Option<Arc<Topic>> {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.get(key).and_then(Weak::upgrade)
    }

    /// How many questions are open.
    pub(super) fn len(&self) -> usize {
        let topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        topics.values().filter(|topic| 0 < topic.strong_count()).count()
    }
}
