//! What can be the value of an attribute, a class or a style.

use std::borrow::Cow;

use super::Builder;

/// A value, or none.
pub trait Word {
    /// The value in writing; `None` takes an attribute, class or style away.
    fn word(self) -> Option<Cow<'static, str>>;
}

impl Word for &'static str {
    fn word(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Word for String {
    fn word(self) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(self))
    }
}

impl Word for bool {
    fn word(self) -> Option<Cow<'static, str>> {
        self.then_some(Cow::Borrowed(""))
    }
}

impl<W: Word> Word for Option<W> {
    fn word(self) -> Option<Cow<'static, str>> {
        self.and_then(Word::word)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Word for $number {
            fn word(self) -> Option<Cow<'static, str>> {
                Some(Cow::Owned(self.to_string()))
            }
        })*
    };
}

numbers!(i32, i64, u8, u16, u32, u64, usize);

/// A closure that yields a word. Not `dyn FnMut`: see `Handle`.
pub trait ReadWord {
    /// The word now.
    fn read(&mut self) -> Option<Cow<'static, str>>;
}

struct WordReader<Read>(Read);

impl<W: Word, Read: FnMut() -> W> ReadWord for WordReader<Read> {
    fn read(&mut self) -> Option<Cow<'static, str>> {
        (self.0)().word()
    }
}

/// What an attribute, a class or a style can be given. `Kind` tells the two apart for the compiler.
pub trait Words<Kind> {
    /// Gives it to the next place of a template.
    fn give(self, builder: &mut Builder);
}

/// A [`Word`].
pub struct Known;

/// A closure that yields a [`Word`].
pub struct Live;

impl<W: Word> Words<Known> for W {
    // Once for each type.
    #[inline(never)]
    fn give(self, builder: &mut Builder) {
        builder.set_word(self.word());
    }
}

impl<W: Word, Read: FnMut() -> W + 'static> Words<(Live, W)> for Read {
    fn give(self, builder: &mut Builder) {
        builder.follow(Box::new(WordReader(self)));
    }
}
