//! Reading numbers, by the browser: the tables that Rust reads them by weigh as much as all words of the page.

/// The finite number that a text is; `None` for one that is none.
pub fn number_of(text: &str) -> Option<f64> {
    let is_sign = |sign: u8| sign.is_ascii_digit() || matches!(sign, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.is_empty() || !text.bytes().all(is_sign) {
        return None;
    }
    // Not a number for what only looks like one.
    Some(read(text)).filter(|number| number.is_finite())
}

#[cfg(target_arch = "wasm32")]
fn read(text: &str) -> f64 {
    wasm_bindgen::JsValue::from_str(text).unchecked_into_f64()
}

#[cfg(not(target_arch = "wasm32"))]
fn read(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
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
}
