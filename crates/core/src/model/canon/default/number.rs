//! Numbers in one spelling.

use crate::model::SqlType;

/// The largest power of ten that is written out: past that of a `double precision`.
const MAX_EXPONENT: i16 = 400;

/// What SQL reads as a number without quotes: no `NaN`, no `Infinity`.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok()
}

/// A decimal number without sign, exponent, zeros and point that say nothing. Others (`0x1F`) stay.
pub(super) fn number(text: &str) -> String {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let Some(digits) = without_exponent(digits) else {
        return text.to_owned();
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// `12.5e1` as `125.`; `None` for what is no decimal number, or one of very many digits.
fn without_exponent(number: &str) -> Option<String> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let is_decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_decimal || exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let length = i64::try_from(digits.len()).ok()?;
    Some(match usize::try_from(point) {
        Ok(point) if point >= digits.len() => {
            format!("{digits:0<point$}.")
        }
        Ok(point) => format!("{}.{}", &digits[..point], &digits[point..]),
        Err(_) => {
            let width = usize::try_from(length - point).ok()?;
            format!("0.{digits:0>width$}")
        }
    })
}

/// Whether a type of numbers holds a decimal number to its last digit.
pub(super) fn holds(ty: &SqlType, number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return false;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    match (ty.without_modifiers().as_str(), ty.modifiers().as_slice()) {
        ("numeric", [precision, scale]) => {
            length(fraction) <= *scale && length(whole) <= precision - scale
        }
        ("numeric", _) => true,
        ("real", _) => whole.len() + fraction.len() <= 6,
        ("double precision", _) => whole.len() + fraction.len() <= 15,
        _ => fraction.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_sql_reads_without_quotes() {
        for text in ["0", "-12", "+1.5", ".5", "1.", "1e5", "-1.5E-3"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["NaN", "inf", "-Infinity", "x", "1x", "", ".", "-", "0x1F"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        let far = format!("1{}", "0".repeat(400));
        let near = format!("0.{}1", "0".repeat(399));
        for (text, expected) in [
            ("007.50", "7.5"),
            ("-0.5", "-0.5"),
            ("- 5", "-5"),
            ("-0.00", "0"),
            ("+.5", "0.5"),
            ("12.5e1", "125"),
            ("125e-4", "0.0125"),
            ("125e-3", "0.125"),
            ("125e-2", "1.25"),
            ("1.25E2", "125"),
            ("1e400", &far),
            ("1e-400", &near),
            // These stay.
            ("1e401", "1e401"),
            ("1e-401", "1e-401"),
            ("0x1F", "0x1F"),
            (".", "."),
            ("", ""),
            ("1e", "1e"),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn a_type_holds_what_it_has_digits_for() {
        for (ty, number, held) in [
            ("numeric(4,2)", "12.34", true),
            ("numeric(4,2)", "-1.5", true),
            ("numeric(4,2)", "12.345", false),
            ("numeric(4,2)", "123.4", false),
            ("numeric(4,2)", "1x", false),
            ("numeric", "123456.789", true),
            ("real", "123.456", true),
            ("real", "1.23456", true),
            ("real", "1.234567", false),
            ("real", "1234567", false),
            ("double precision", "1.23456789012345", true),
            ("double precision", "12345678.1234567", true),
            ("double precision", "1.234567890123456", false),
            ("double precision", "1234567890123456", false),
            ("integer", "12", true),
            ("integer", "1.5", false),
        ] {
            assert_eq!(holds(&SqlType::new(ty), number), held, "{number} in {ty}");
        }
    }
}
