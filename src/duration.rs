//! Durations as people write them.

use std::time::Duration;

/// A duration as people write it: `50ms`, `2s`, `1.5s`, `5min`, `1h`.
///
/// # Errors
///
/// When there is no number, or a unit other than those.
pub fn parse(text: &str) -> Result<Duration, String> {
    let expected = "expected a time like 500ms, 2s, 5min or 1h";
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| expected.to_owned())?;
    let seconds = match unit.trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(expected.to_owned()),
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_a_unit() {
        assert_eq!(parse("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("5min"), Ok(Duration::from_secs(300)));
        for bad in ["", "5", "ms", "-1s", "5 years", "1e3s"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
