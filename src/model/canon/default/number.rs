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
