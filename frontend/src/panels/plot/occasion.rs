//! When a panel asks over HTTP, and for what.

use super::data::Wanted;

/// Which questions are asked over HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// All of them: about another range.
    All,
    /// Those that are new.
    Open,
    /// Those whose answers do not follow over the live line by themselves.
    Unfed,
}

/// On what it depends whether to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occasion {
    /// What the panel wants to know.
    pub wanted: Option<Wanted>,
    /// How often somebody has asked again.
    pub retries: u32,
    /// How often the page has.
    pub refreshes: u32,
}

/// How things stand on an occasion.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// There are questions that were not there before.
    pub has_new_asks: bool,
    /// Answers are on their way.
    pub is_under_way: bool,
    /// A gesture moves the range.
    pub is_moving: bool,
}

/// What to do on an occasion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// All that is wanted has been asked for.
    Rest,
    /// What is under way is let come first.
    Wait,
    /// What is under way answers this, too.
    Join,
    /// Asks, and lets go of what is under way.
    Ask(Which),
}

impl Occasion {
    /// What to do now, after having asked on the occasion `asked`. While a gesture moves, the newest range is asked for
    /// when the answers about the one before have come: each of them is a picture on the way, and the server has one
    /// question of a panel at a time, however fast a wheel turns. When it rests, nobody waits for what it has passed.
    pub fn step(&self, asked: Option<&Self>, standing: Standing) -> Step {
        let Standing {
            has_new_asks,
            is_under_way,
            is_moving,
        } = standing;
        let Some(asked) = asked else {
            return Step::Ask(Which::All);
        };
        let is_same_picture = asked.wanted == self.wanted && asked.retries == self.retries;
        match (asked == self, is_same_picture) {
            (true, _) if has_new_asks => Step::Ask(Which::Open),
            (true, _) => Step::Rest,
            (_, true) if has_new_asks || !is_under_way => Step::Ask(Which::Unfed),
            _ if has_new_asks || !is_under_way => Step::Ask(Which::All),
            // Asking again would only throw away an answer that is on its way.
            (_, true) => Step::Join,
            _ if is_moving && asked.retries == self.retries => Step::Wait,
            _ => Step::Ask(Which::All),
        }
    }
}
