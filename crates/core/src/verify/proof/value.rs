//! Values by rule: for any type, as many different ones as rows need.

use super::pattern::Pattern;
use super::rows::Cell;
use crate::model::{Schema, SqlType};

/// Whether values have to differ from those that other rows have already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// They are small.
    Near,
    /// They are where no others are likely to be.
    Far,
}

/// How the values of a column are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// As of any column of its type.
    Rule,
    /// Always NULL.
    Null,
    /// Always this.
    Constant(String),
    /// This number, and those after it.
    From(i64),
    /// Texts of a shape.
    Shaped(Pattern),
}

impl Maker {
    /// The `n`th value.
    ///
    /// # Errors
    ///
    /// As [`fresh`].
    pub(super) fn cell(
        &self,
        ty: &SqlType,
        types: &Schema,
        (seed, spread): (u64, Spread),
        n: u64,
    ) -> Result<Cell, String> {
        Ok(match self {
            Maker::Rule if spread == Spread::Near => Cell::Text(match ty.as_str() {
                "smallint" | "integer" | "bigint" => (1 + n % 1000).to_string(),
                _ => fresh(ty, types, seed, n)?,
            }),
            Maker::Rule => Cell::Text(fresh(ty, types, seed, n)?),
            Maker::Null => Cell::Null,
            Maker::Constant(text) => Cell::Text(text.clone()),
            Maker::From(first) => Cell::Text(first.saturating_add_unsigned(n).to_string()),
            Maker::Shaped(pattern) => Cell::Text(pattern.text(mix(seed, 0) % pattern.count() + n)),
        })
    }

    /// Whether it has fewer values than a proof may have rows.
    pub(super) fn is_narrow(&self) -> bool {
        match self {
            Maker::Rule | Maker::From(_) => false,
            Maker::Null | Maker::Constant(_) => true,
            Maker::Shaped(pattern) => pattern.count() < 2000,
        }
    }
}

/// The `n`th value of type `ty`, as the text PostgreSQL reads. Two numbers give two values, as far
/// as the type has that many. `seed` makes the values of one proof differ from another's.
///
/// # Errors
///
/// When no rule knows the type: why, in words.
pub(super) fn fresh(ty: &SqlType, types: &Schema, seed: u64, n: u64) -> Result<String, String> {
    if ty.is_array() {
        let element = fresh(&ty.element(), types, seed, n)?;
        let escaped = element.replace('\\', "\\\\").replace('"', "\\\"");
        return Ok(format!("{{\"{escaped}\"}}"));
    }
    let base = ty.without_modifiers();
    let modifiers = ty.modifiers();
    let first = modifiers.first().and_then(|n| u64::try_from(*n).ok());
    let offset = mix(seed, 0x6f66_6673);
    Ok(match base.as_str() {
        "uuid" => uuid(seed, n),
        "text" | "bpchar" | "citext" | "name" => word(offset, n, 12),
        "character varying" => word(offset, n, first.unwrap_or(12)),
        "character" => word(offset, n, first.unwrap_or(1)),
        "\"char\"" => char::from(b'a' + (n % 26) as u8).to_string(),
        "smallint" => (10_000 + (offset % 10_000 + n) % 20_000).to_string(),
        "integer" | "oid" => {
            (1_000_000_000 + (offset % 500_000_000 + n) % 1_000_000_000).to_string()
        }
        "bigint" => ((1_u64 << 52) + (offset % (1 << 51) + n)).to_string(),
        "numeric" => numeric(&modifiers, n),
        "real" | "double precision" => format!("{}.5", 1 + n % 100_000),
        "money" => format!("{}.00", 1 + n % 1_000_000),
        "boolean" => n.is_multiple_of(2).to_string(),
        "date" => date(offset + n),
        "timestamp without time zone" => format!("{} {}", date(offset), time(n)),
        "timestamp with time zone" => format!("{} {}+00", date(offset), time(n)),
        "time without time zone" => time(n),
        "time with time zone" => format!("{}+00", time(n)),
        "interval" => format!("{} seconds", 1 + n),
        "json" | "jsonb" => format!("{{\"proof\": {n}}}"),
        "xml" => format!("<proof>{n}</proof>"),
        "bytea" => format!("\\x{:016x}", mix(seed, n)),
        "bit" => bits(n, first.unwrap_or(1)),
        "bit varying" => bits(n, first.unwrap_or(32).min(32)),
        "inet" | "cidr" => format!("10.{}.{}.{}", (n >> 16) & 255, (n >> 8) & 255, n & 255),
        "macaddr" => format!(
            "02:00:00:{:02x}:{:02x}:{:02x}",
            (n >> 16) & 255,
            (n >> 8) & 255,
            n & 255
        ),
        "macaddr8" => format!(
            "02:00:00:00:00:{:02x}:{:02x}:{:02x}",
            (n >> 16) & 255,
            (n >> 8) & 255,
            n & 255
        ),
        "int4range" | "int8range" | "numrange" => format!("[{n},{})", n + 1),
        "int4multirange" | "int8multirange" | "nummultirange" => format!("{{[{n},{})}}", n + 1),
        "daterange" => format!("[{},{})", date(offset + n), date(offset + n + 1)),
        "datemultirange" => format!("{{[{},{})}}", date(offset + n), date(offset + n + 1)),
        "tsrange" | "tstzrange" => format!("[\"{0} {1}\",\"{0} {1}\"]", date(offset), time(n)),
        "tsmultirange" | "tstzmultirange" => {
            format!("{{[\"{0} {1}\",\"{0} {1}\"]}}", date(offset), time(n))
        }
        "point" => format!("({n},{n})"),
        "line" => format!("{{1,-1,{n}}}"),
        "lseg" | "box" | "path" => format!("(({n},{n}),({},{}))", n + 1, n + 1),
        "polygon" => format!("(({n},{n}),({0},{n}),({0},{0}))", n + 1),
        "circle" => format!("<({n},{n}),1>"),
        "tsvector" | "tsquery" | "ltree" => word(offset, n, 12),
        "hstore" => format!("proof=>{n}"),
        "pg_lsn" => format!("0/{n:X}"),
        "vector" | "halfvec" => format!(
            "[{}]",
            vec!["1"; first.unwrap_or(1).min(16_000) as usize].join(",")
        ),
        // A type that people made: PostgreSQL's own come first, whatever people call theirs.
        other => {
            let unknown = || Err(format!("no rule makes a value of type {other}"));
            return named(ty, types, seed, n).unwrap_or_else(unknown);
        }
    })
}

/// Whether the type has fewer values than a proof may have rows.
pub(super) fn is_narrow(ty: &SqlType, types: &Schema) -> bool {
    let ty = types.base_type(ty);
    let short = |ty: &SqlType| ty.modifiers().first().is_some_and(|length| *length < 2);
    match ty.without_modifiers().as_str() {
        "boolean" | "\"char\"" | "vector" | "halfvec" => true,
        "character" => short(ty) || ty.modifiers().is_empty(),
        "character varying" => short(ty),
        "bit" | "bit varying" => ty.modifiers().first().is_none_or(|length| *length < 10),
        "numeric" => ty
            .modifiers()
            .first()
            .is_some_and(|precision| *precision < 4),
        _ => types.enums.contains_key(ty.name().as_str()),
    }
}

/// A value of an enum or a domain of the schema; `None` when the type is neither.
fn named(ty: &SqlType, types: &Schema, seed: u64, n: u64) -> Option<Result<String, String>> {
    let name = ty.name();
    if let Some(definition) = types.enums.get(name.as_str()) {
        let count = definition.labels.len().max(1) as u64;
        let label = definition.labels.get((n % count) as usize).cloned();
        return Some(label.ok_or_else(|| format!("enum {name} has no label")));
    }
    let base = types.base_type(ty);
    (base != ty).then(|| fresh(base, types, seed, n))
}

/// A number that looks like any other, made of two (the finaliser of splitmix64).
pub(super) fn mix(seed: u64, n: u64) -> u64 {
    let mut x = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Of version 4, as Prisma's client makes them.
fn uuid(seed: u64, n: u64) -> String {
    let (high, low) = (mix(seed, 2 * n), mix(seed, 2 * n + 1));
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    let text = format!("{high:016x}{low:016x}");
    format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )
}

/// Lower-case letters and digits, at most `length` and 12 of them; the first is a letter.
fn word(offset: u64, n: u64, length: u64) -> String {
    let length = length.clamp(1, 12) as u32;
    let mut rest = (offset % 36_u64.pow(length - 1) + n) % (26 * 36_u64.pow(length - 1));
    let mut text = Vec::new();
    for _ in 1..length {
        text.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    text.push(char::from(b'a' + (rest % 26) as u8));
    text.iter().rev().collect()
}

/// Fits `numeric(precision, scale)`, and is not 0.
fn numeric(modifiers: &[i32], n: u64) -> String {
    let Some(&precision) = modifiers.first() else {
        return (1 + n).to_string();
    };
    let scale = modifiers.get(1).copied().unwrap_or(0);
    let digits = precision.clamp(1, 9).unsigned_abs();
    let number = 1 + n % (10_u64.pow(digits) - 1);
    let (whole, scale) = (precision - scale, scale.max(0).unsigned_abs() as usize);
    if whole >= 1 && scale == 0 {
        return number.to_string();
    }
    if whole > 9 {
        return format!("{number}.0");
    }
    let digits = format!("{number:0>width$}", width = scale + 1);
    let point = digits.len() - scale;
    format!("{}.{}", &digits[..point], &digits[point..])
}

/// A day of the years 2001 to 2019.
fn date(n: u64) -> String {
    format!(
        "{}-{:02}-{:02}",
        2001 + (n / 336) % 19,
        1 + (n / 28) % 12,
        1 + n % 28
    )
}

fn time(n: u64) -> String {
    let seconds = n % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn bits(n: u64, length: u64) -> String {
    (0..length)
        .rev()
        .map(|bit| {
            if bit < 64 && n >> bit & 1 == 1 {
                '1'
            } else {
                '0'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
