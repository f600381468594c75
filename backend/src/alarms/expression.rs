//! Rules over other rules: `camera-hot and not (dome-open or calibrating)`.

use std::fmt;

/// What must be said of other rules. A rule that fires is true, one that is OK is false, any other is neither.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expression {
    /// A rule by name.
    Rule(String),
    /// Not so.
    Not(Box<Expression>),
    /// All of them.
    All(Vec<Expression>),
    /// One of them at least.
    Any(Vec<Expression>),
}

impl Expression {
    /// The rules in it by name, in the order of the text.
    pub fn rules(&self) -> Vec<&str> {
        match self {
            Self::Rule(name) => vec![name],
            Self::Not(inner) => inner.rules(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::rules).collect(),
        }
    }

    /// What it is worth when rules are worth this; `None` where that cannot be told, whatever the unknown ones are.
    pub fn value(&self, of: &impl Fn(&str) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Rule(name) => of(name),
            Self::Not(inner) => inner.value(of).map(|value| !value),
            Self::All(parts) => joined(parts, of, false),
            Self::Any(parts) => joined(parts, of, true),
        }
    }
}

/// `decisive` if one part is that; else unknown if one part is; else the other.
fn joined(parts: &[Expression], of: &impl Fn(&str) -> Option<bool>, decisive: bool) -> Option<bool> {
    let mut is_unknown = false;
    for part in parts {
        match part.value(of) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => is_unknown = true,
        }
    }
    (!is_unknown).then_some(!decisive)
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if 0 < index {
                    write!(f, " {word} ")?;
                }
                inner(part, f)?;
            }
            Ok(())
        };
        match self {
            Self::Rule(name) => f.write_str(name),
            Self::Not(part) => {
                f.write_str("not ")?;
                inner(part, f)
            }
            Self::All(parts) => list(f, parts, "and"),
            Self::Any(parts) => list(f, parts, "or"),
        }
    }
}

fn inner(part: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match part {
        Expression::Rule(_) | Expression::Not(_) => write!(f, "{part}"),
        Expression::All(_) | Expression::Any(_) => write!(f, "({part})"),
    }
}

/// What is wrong with a text that should be an expression, and at which byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Where.
    pub offset: usize,
    /// What.
    pub message: String,
}

/// How deep parentheses and `not` may be nested.
const MAX_DEPTH: usize = 32;

/// Reads an expression: names of rules, `and`, `or`, `not`, parentheses. `and` binds closer than `or`.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser {
        text,
        offset: 0,
        depth: 0,
    };
    let expression = parser.any()?;
    match parser.peek() {
        "" => Ok(expression),
        token => Err(parser.error(format!(
            "{token:?} is not expected here; join rules by \"and\" or \"or\""
        ))),
    }
}

#[derive(Debug)]
struct Parser<'a> {
    text: &'a str,
    offset: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Expression, ParseError> {
        self.list("or", Self::all, Expression::Any)
    }

    fn all(&mut self) -> Result<Expression, ParseError> {
        self.list("and", Self::one, Expression::All)
    }

    fn list(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Expression, ParseError>,
        join: impl Fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, ParseError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.peek() == word {
            self.take();
            parts.push(part(self)?);
        }
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                parts.extend(last);
                Ok(join(parts))
            }
        }
    }

    fn one(&mut self) -> Result<Expression, ParseError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("is nested too deeply".to_owned()));
        }
        self.depth += 1;
        let one = self.one_within();
        self.depth -= 1;
        one
    }

    fn one_within(&mut self) -> Result<Expression, ParseError> {
        match self.peek() {
            "not" => {
                self.take();
                Ok(Expression::Not(Box::new(self.one()?)))
            }
            "(" => {
                self.take();
                let inner = self.any()?;
                if self.peek() == ")" {
                    self.take();
                    Ok(inner)
                } else {
                    Err(self.error("a parenthesis is not closed".to_owned()))
                }
            }
            "" => Err(self.error("the name of a rule is missing".to_owned())),
            token @ (")" | "and" | "or") => Err(self.error(format!("the name of a rule is missing before {token:?}"))),
            token if is_name(token) => {
                self.take();
                Ok(Expression::Rule(token.to_owned()))
            }
            token => Err(self.error(format!("{token:?} is not the name of a rule"))),
        }
    }

    /// The next piece without taking it; empty at the end.
    fn peek(&self) -> &'a str {
        let rest = &self.text[self.start()..];
        let end = match rest.chars().next() {
            None => 0,
            Some('(' | ')') => 1,
            Some(_) => rest
                .find(|letter: char| letter.is_whitespace() || "()".contains(letter))
                .unwrap_or(rest.len()),
        };
        &rest[..end]
    }

    fn take(&mut self) {
        self.offset = self.start() + self.peek().len();
    }

    /// Where the next piece begins.
    fn start(&self) -> usize {
        let rest = &self.text[self.offset..];
        self.text.len() - rest.trim_start().len()
    }

    fn error(&self, message: String) -> ParseError {
        ParseError {
            offset: self.start(),
            message,
        }
    }
}

/// Whether a text can be the name of a rule.
pub fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !text.is_empty()
        && text.len() <= 100
        && text.chars().all(is_letter)
        && !["and", "or", "not", "history"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        for (text, written) in [
            ("a", "a"),
            ("a and b or c", "(a and b) or c"),
            ("a and (b or c)", "a and (b or c)"),
            ("not a and not (b or c-1.x)", "not a and not (b or c-1.x)"),
            ("not not a", "not not a"),
            ("  (( a )) ", "a"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, offset, message) in [
            ("", 0, "the name of a rule is missing"),
            ("a and", 5, "the name of a rule is missing"),
            ("a b", 2, "\"b\" is not expected here; join rules by \"and\" or \"or\""),
            ("(a or b", 7, "a parenthesis is not closed"),
            ("a or )", 5, "the name of a rule is missing before \")\""),
            ("a and b&c", 6, "\"b&c\" is not the name of a rule"),
        ] {
            let message = message.to_owned();
            assert_eq!(parse(text), Err(ParseError { offset, message }), "{text}");
        }
        assert!(parse(&"not ".repeat(40)).is_err());
        assert!(parse(&"(".repeat(4000)).is_err());
    }

    #[test]
    fn what_decides_whatever_the_unknown_is_decides() {
        let of = |name: &str| match name {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        for (text, value) in [
            ("yes and no", Some(false)),
            ("no and who", Some(false)),
            ("yes and who", None),
            ("yes or who", Some(true)),
            ("no or who", None),
            ("not who", None),
            ("not no", Some(true)),
        ] {
            assert_eq!(parse(text).unwrap().value(&of), value, "{text}");
        }
    }
}
