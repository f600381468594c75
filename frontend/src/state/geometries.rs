//! Where the pixels of cameras are: asked once for the page, however many panels show them.

use std::sync::Arc;

use leptos::prelude::{expect_context, provide_context};
use shared::query::geometry::Geometry;

use crate::api;
use crate::reactive::{Kept, State, spawn_unowned};

/// What is known of one geometry.
#[derive(Clone, PartialEq, Debug)]
pub enum Known {
    /// It has been asked for.
    Awaited,
    /// It was not to be had: what happened and what to do.
    Failed(String),
    /// Here it is.
    Ready(Arc<Geometry>),
}

impl Known {
    /// The geometry, if it is there.
    pub fn ready(&self) -> Option<&Arc<Geometry>> {
        match self {
            Self::Ready(geometry) => Some(geometry),
            Self::Awaited | Self::Failed(_) => None,
        }
    }
}

/// All geometries by name.
#[derive(Clone, Copy, Debug)]
pub struct Geometries {
    answers: State<Vec<(String, Known)>>,
    asked: Kept<Vec<String>>,
}

impl Geometries {
    /// The geometry of a name; asks for it the first time. Tracks.
    pub fn get(self, name: &str) -> Known {
        if self.asked.with_value(|asked| !asked.iter().any(|known| known == name)) {
            self.ask(name);
        }
        let known = |answers: &Vec<(String, Known)>| answers.iter().find(|(known, _)| known == name).cloned();
        self.answers.with(known).map_or(Known::Awaited, |(_, known)| known)
    }

    /// Asks anew for one that failed.
    pub fn retry(self, name: &str) {
        if self.answers.with_untracked(|answers| {
            answers
                .iter()
                .any(|(known, answer)| known == name && matches!(answer, Known::Failed(_)))
        }) {
            self.answers
                .update(|answers| answers.retain(|(known, _)| known != name));
            self.ask(name);
        }
    }

    fn ask(self, name: &str) {
        let name = name.to_owned();
        self.asked.update_value(|asked| asked.push(name.clone()));
        // Not of the panel that happened to ask first: others wait for it as well.
        spawn_unowned(async move {
            let known = match api::geometry(&name).await {
                Ok(geometry) => Known::Ready(Arc::new(geometry)),
                Err(failure) => Known::Failed(failure.to_string()),
            };
            self.answers.update(|answers| answers.push((name, known)));
        });
    }
}

/// All geometries.
pub fn use_geometries() -> Geometries {
    expect_context()
}

/// Makes them known to the page.
pub fn provide_geometries() -> Geometries {
    let geometries = Geometries {
        answers: State::new(Vec::new()),
        asked: Kept::new(Vec::new()),
    };
    provide_context(geometries);
    geometries
}
