//! Constants in a schema that are more than what is written: base64, dates.

/// The bytes of a base64 text, with padding (RFC 4648, section 4).
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0u32;
    let mut count = 0;
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    let left_over = bits & ((1 << count) - 1);
    (left_over == 0).then_some(bytes)
}

/// A moment as RFC 3339 writes it, in the way PostgreSQL takes it: `2026-01-31 12:00:00.5 +01:00`.
pub(super) fn date_time(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone_at);
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) if is_digits(fraction) && !fraction.is_empty() => {
            (clock, format!(".{fraction}"))
        }
        Some(_) => return None,
        None => (time, String::new()),
    };
    let zone = match zone {
        "Z" | "z" => "+00:00",
        zone => zone,
    };
    let year = number(date.get(0..4)?)?;
    let month = number(part(date, 4, '-')?)?;
    let day = number(part(date, 7, '-')?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    let valid = (1..=days).contains(&day)
        && clock.len() == 8
        && number(clock.get(0..2)?)? < 24
        && number(part(clock, 2, ':')?)? < 60
        && number(part(clock, 5, ':')?)? < 60
        && zone.len() == 6
        && number(zone.get(1..3)?)? < 24
        && number(part(zone, 3, ':')?)? < 60;
    valid.then(|| format!("{date} {clock}{fraction} {zone}"))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn number(digits: &str) -> Option<u32> {
    is_digits(digits).then(|| digits.parse().ok())?
}

/// The two digits behind `separator`, which stands at `at`.
fn part(text: &str, at: usize, separator: char) -> Option<&str> {
    text.get(at..)?.strip_prefix(separator)?.get(..2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        assert_eq!(base64(""), Some(vec![]));
        assert_eq!(base64("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(base64("/+8="), Some(vec![0xff, 0xef]));
        for wrong in ["YQ", "####", "Y===", "YR==", "aGVsbG8", "=", "a-_="] {
            assert_eq!(base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_those_of_rfc_3339() {
        assert_eq!(
            date_time("2020-02-29T03:04:05.678+02:00").as_deref(),
            Some("2020-02-29 03:04:05.678 +02:00")
        );
        assert_eq!(
            date_time("2020-01-02T03:04:05Z").as_deref(),
            Some("2020-01-02 03:04:05 +00:00")
        );
        for wrong in [
            "2020",
            "2020-01-02",
            "2020-01-02T03:04:05",
            "2021-02-29T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-01-02T24:00:00Z",
            "2020-01-02T03:04:05.Z",
            "2020-01-02T03:04:05+0200",
            "éééééééééééééééé",
        ] {
            assert_eq!(date_time(wrong), None, "{wrong}");
        }
    }
}
