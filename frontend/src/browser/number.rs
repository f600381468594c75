//! Reading and writing numbers, by the browser: the tables that Rust does it by weigh as much as all words of the page.
//!
//! For the same reason no number with a point is given to `format!` or `to_string` anywhere in the page: one that is
//! brings all of the tables back.

use shared::value::Value;

/// The finite number that a text is; `None` for one that is none.
pub fn number_of(text: &str) -> Option<f64> {
    let is_sign = |sign: u8| sign.is_ascii_digit() || matches!(sign, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.is_empty() || !text.bytes().all(is_sign) {
        return None;
    }
    // Not a number for what only looks like one.
    Some(by::read(text)).filter(|number| number.is_finite())
}

/// A number with as few digits as read back as the same number, and never with an exponent: `22.82`, `-0`, `0.0000001`.
///
/// NaN is `NaN` and infinities are `Infinity` and `-Infinity`, as in the server's own exports.
pub fn text_of(number: f64) -> String {
    if number == 0.0 {
        // The browser leaves its sign out.
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    without_exponent(by::shortest(number))
}

/// A stored value like [`text_of`], and `null`.
pub fn text_of_value(value: Value) -> String {
    value.as_number().map_or_else(|| "null".to_owned(), text_of)
}

/// A number with so many decimals: `0.50`.
///
/// Rounded from all of its binary digits. What lies exactly between two texts goes away from zero in the browser, and to
/// the even digit elsewhere. Not for numbers from 1e21 on, which would have an exponent.
pub fn fixed(number: f64, decimals: u8) -> String {
    by::fixed(number, decimals)
}

/// A number with an exponent and so many decimals before it: `6.0220e23`, `1.5000e-7`. Rounded like [`fixed`].
pub fn scientific(number: f64, decimals: u8) -> String {
    by::scientific(number, decimals)
}

/// What the browser writes from 1e21 on and below 1e-6, as all other numbers are.
fn without_exponent(text: String) -> String {
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let exponent = exponent.parse().unwrap_or(0_i64);
    let zeros = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let parts = if exponent < 0 {
        [sign, "0.", &"0".repeat(zeros.saturating_sub(1)), whole, fraction]
    } else {
        [
            sign,
            whole,
            fraction,
            &"0".repeat(zeros.saturating_sub(fraction.len())),
            "",
        ]
    };
    parts.concat()
}

#[cfg(target_arch = "wasm32")]
mod by {
    use js_sys::{JsString, Number, Object};
    use wasm_bindgen::JsValue;

    pub(super) fn read(text: &str) -> f64 {
        JsValue::from_str(text).unchecked_into_f64()
    }

    pub(super) fn shortest(number: f64) -> String {
        Object::to_string(&Number::from(number)).into()
    }

    pub(super) fn fixed(number: f64, decimals: u8) -> String {
        written(Number::from(number).to_fixed(decimals))
    }

    pub(super) fn scientific(number: f64, decimals: u8) -> String {
        written(Number::from(number).to_exponential(decimals)).replace('+', "")
    }

    /// It fails for more than a hundred decimals only.
    fn written(text: Result<JsString, JsValue>) -> String {
        text.ok().and_then(|text| text.as_string()).unwrap_or_default()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod by {
    pub(super) fn read(text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }

    pub(super) fn shortest(number: f64) -> String {
        number.to_string().replace("inf", "Infinity")
    }

    pub(super) fn fixed(number: f64, decimals: u8) -> String {
        format!("{number:.*}", usize::from(decimals))
    }

    pub(super) fn scientific(number: f64, decimals: u8) -> String {
        format!("{number:.*e}", usize::from(decimals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_finite_number_is_one() {
        assert_eq!(number_of("-20.5e-1"), Some(-2.05));
        for text in ["", "-", "NaN", "inf", "1e999", "0x10", "1 2", "1.2.3"] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_with_the_digits_that_tell_them_apart() {
        let written = [0.1 + 0.2, -22.82, -0.0, 0.0, 7.0, f64::NAN, f64::NEG_INFINITY].map(text_of);
        let expected = ["0.30000000000000004", "-22.82", "-0", "0", "7", "NaN", "-Infinity"];
        assert_eq!(written, expected);
        assert_eq!(text_of_value(Value::NULL), "null");
    }

    #[test]
    fn the_exponents_that_a_browser_writes_become_zeros() {
        // Each as `String(number)` is there.
        let of_browser = [
            ("1e+21", 1e21),
            ("-1.2345e+22", -1.2345e22),
            ("1.7976931348623157e+308", f64::MAX),
            ("1e-7", 1e-7),
            ("-1.25e-7", -1.25e-7),
            ("2.2250738585072014e-308", f64::MIN_POSITIVE),
            ("123.5", 123.5),
        ];
        for (text, number) in of_browser {
            assert_eq!(without_exponent(text.to_owned()), number.to_string(), "{text}");
        }
    }
}
