//! Constants of the date and time types, as PostgreSQL keeps them: `'2026-01-31T12:00:00.5Z'` in a
//! `timestamp(0)` is `'2026-01-31 12:00:01'`.

use super::sql_type::SqlType;

const SECOND: i64 = 1_000_000; // in microseconds, PostgreSQL's resolution
const DAY: i64 = 86_400 * SECOND;

/// `text` as a column of type `ty` keeps it, in the ISO style; `None` when it is not in the ISO
/// style, or depends on the session's time zone.
pub(super) fn canonical(text: &str, ty: &SqlType) -> Option<String> {
    let base = ty.without_modifiers();
    if !(base == "date" || base.starts_with("time")) {
        return None;
    }
    let (day, rest) = match day(text) {
        Some((day, rest)) => (Some(day), rest),
        None => (None, text),
    };
    let (time, zone) = match rest.trim_start_matches(['T', ' ']) {
        "" => (None, ""),
        rest => time_of_day(rest).map(|(time, zone)| (Some(time), zone))?,
    };
    let zone = match zone.trim() {
        "" => None,
        zone => Some(offset(zone)?),
    };
    let digits = ty.modifiers().first().copied().unwrap_or(6);
    let rounded = |micros: i64| {
        let unit = 10i64.pow(u32::try_from(6 - digits.clamp(0, 6)).unwrap_or(0));
        (micros + unit / 2).div_euclid(unit) * unit
    };
    let clock = time.unwrap_or(0);
    match base.as_str() {
        "date" => Some(show_day(day?)),
        "timestamp without time zone" => {
            let micros = rounded(day? * DAY + clock);
            let (day, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
            Some(format!("{} {}", show_day(day), show_clock(clock)))
        }
        "timestamp with time zone" => {
            let micros = rounded(day? * DAY + clock - zone? * SECOND);
            let (day, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
            Some(format!("{} {}+00", show_day(day), show_clock(clock)))
        }
        "time without time zone" => Some(show_clock(rounded(time?))),
        "time with time zone" => Some(show_clock(rounded(time?)) + &show_offset(zone?)),
        _ => None,
    }
}

/// The days since 1970 that `text` begins with, and the rest.
fn day(text: &str) -> Option<(i64, &str)> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    ((1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| (days_from_civil(year, month, day), rest))
}

/// The microseconds since midnight that `text` begins with, and the rest.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let (hours, rest) = digits(text, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (seconds, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2)?,
        None => (0, rest),
    };
    let (micros, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest),
        None => (0, rest),
    };
    (hours <= 24 && minutes < 60 && seconds <= 60).then(|| {
        (
            ((hours * 60 + minutes) * 60 + seconds) * SECOND + micros,
            rest,
        )
    })
}

fn fraction(text: &str) -> (i64, &str) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let micros = text[..len]
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(7)
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    ((micros + 5) / 10, &text[len..])
}

/// A zone's distance from UTC in seconds: `Z`, `+02`, `-0330`, `+02:00`.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z" | "UTC") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&zone[1..], 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() {
        (0, rest)
    } else {
        digits(rest, 2)?
    };
    rest.is_empty()
        .then_some(sign * (hours * 60 + minutes) * 60)
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    Some((all.then(|| digits.parse().ok())??, rest))
}

fn show_clock(micros: i64) -> String {
    let seconds = micros / SECOND;
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    match micros % SECOND {
        0 => clock,
        fraction => format!("{clock}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}

fn show_offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}:{rest:02}", minutes / 60),
    }
}

fn show_day(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that
/// begin on the first of March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, ty: &str) -> Option<String> {
        canonical(text, &SqlType::new(ty))
    }

    #[test]
    fn a_moment_is_kept_as_its_type_keeps_it() {
        for (text, ty, expected) in [
            (
                "2020-01-02 03:04:05.678 +02:00",
                "timestamp(3) without time zone",
                "2020-01-02 03:04:05.678",
            ),
            (
                "2020-01-02T03:04:05Z",
                "timestamp without time zone",
                "2020-01-02 03:04:05",
            ),
            (
                "2020-01-02 23:59:59.9996",
                "timestamp(3) without time zone",
                "2020-01-03 00:00:00",
            ),
            (
                "2020-12-31 23:30:00 -01:00",
                "timestamp(6) with time zone",
                "2021-01-01 00:30:00+00",
            ),
            (
                "2020-03-01 00:15:00+05:30",
                "timestamp with time zone",
                "2020-02-29 18:45:00+00",
            ),
            ("2020-01-02 03:04:05.123456789 +00:00", "date", "2020-01-02"),
            (
                "2020-01-02",
                "timestamp without time zone",
                "2020-01-02 00:00:00",
            ),
            (
                "1970-01-01 03:04:05.5 +00:00",
                "time(2) without time zone",
                "03:04:05.5",
            ),
            ("03:04", "time without time zone", "03:04:00"),
            ("03:04:05-03:30", "time with time zone", "03:04:05-03:30"),
            (
                "0001-01-01 00:00:00",
                "timestamp without time zone",
                "0001-01-01 00:00:00",
            ),
        ] {
            assert_eq!(kept(text, ty).as_deref(), Some(expected), "{text} {ty}");
        }
    }

    #[test]
    fn what_is_not_a_moment_or_depends_on_the_session_stays() {
        for (text, ty) in [
            ("now", "timestamp without time zone"),
            ("epoch", "date"),
            ("2020-01-02 03:04:05", "timestamp with time zone"),
            ("2020-13-02", "date"),
            ("1 Jan 2020", "date"),
            ("2020-01-02", "text"),
            ("é", "date"),
        ] {
            assert_eq!(kept(text, ty), None, "{text} {ty}");
        }
    }

    #[test]
    fn days_go_there_and_back() {
        for day in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, of_month), day);
        }
    }
}
