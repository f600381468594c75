//! What the reference says of a key; it stands beside the reader that asks for it.

/// A key of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key {
    /// What is written before the `=`.
    pub(super) name: &'static str,
    /// What is written behind it.
    pub(super) value: &'static str,
    /// What holds where it is left out.
    pub(super) default: Default,
    /// What it does.
    pub(super) meaning: &'static str,
}

/// What holds where a key is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Default {
    /// It must be there.
    Required,
    /// This.
    Is(&'static str),
}

impl Key {
    /// A key that must be there.
    pub(super) const fn required(name: &'static str, value: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            value,
            default: Default::Required,
            meaning,
        }
    }

    /// A key that may be left out, with what holds then.
    pub(super) const fn optional(
        name: &'static str,
        value: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            default: Default::Is(default),
            meaning,
        }
    }
}
