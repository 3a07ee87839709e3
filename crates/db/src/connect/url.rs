//! Connection URLs: what libpq accepts, and what Prisma accepts beyond that.
//!
//! The grammar is libpq's (`postgresql://[user[:password]@][host][:port][,...][/dbname][?a=b&...]`,
//! every part percent-encoded). From Prisma, whose URLs follow the WHATWG standard: the *last* `@`
//! ends the credentials, a `%` that begins no escape stands for itself, and a value may hold `=`.
//! No error repeats any of the text: a password that was not encoded can turn up anywhere in it. For
//! the same reason an `@` behind the first `/` is an error, which libpq would take for a part of the
//! database's name.

use super::error::TargetError;

/// The scheme prefixes that mean a PostgreSQL server.
const SCHEMES: [&str; 2] = ["postgresql", "postgres"];

/// The scheme in front of `://`, when the text looks like a URL and not like `key=value`.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ':');
    (!scheme.is_empty() && scheme.chars().all(is_scheme)).then_some(scheme)
}

/// Takes a URL apart into parameters, in the order in which a later one overrides an earlier one.
///
/// # Errors
/// When the scheme is another, or the text does not follow the grammar above.
pub(super) fn parse(url: &str) -> Result<Vec<(String, String)>, TargetError> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or(TargetError::NeitherUrlNorKeyValue)?;
    if !SCHEMES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
    {
        return Err(TargetError::Scheme {
            scheme: scheme.to_owned(),
        });
    }
    let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (Some(credentials), hosts),
        None => (None, authority),
    };
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    if path.contains('@') {
        return Err(TargetError::UnencodedPassword);
    }

    let mut parameters = Vec::new();
    let mut push = |keyword: &str, value: String| {
        if !value.is_empty() {
            parameters.push((keyword.to_owned(), value));
        }
    };
    if let Some(credentials) = credentials {
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        push("user", decode(user)?);
        push("password", decode(password)?);
    }
    let (names, ports) = split_hosts(hosts)?;
    push("host", names);
    push("port", ports);
    push(
        "dbname",
        decode(path.strip_prefix('/').unwrap_or_default())?,
    );
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (keyword, value) = pair
            .split_once('=')
            .ok_or(TargetError::QueryWithoutEquals)?;
        let (keyword, mut value) = (decode(keyword)?, decode(value)?);
        if keyword == "options" {
            // Prisma reads + as a space; where it can mean nothing else, so does this.
            value = value.replace("-c+", "-c ").replace("+-c", " -c");
        }
        if pair.contains('@') && super::parameters::known(&keyword).is_none() {
            return Err(TargetError::UnencodedPassword);
        }
        match (keyword.as_str(), value.as_str()) {
            // JDBC's spelling, which libpq accepts too.
            ("ssl", "true") => parameters.push(("sslmode".to_owned(), "require".to_owned())),
            _ => parameters.push((keyword, value)),
        }
    }
    Ok(parameters)
}

/// `host1:port1,[::1]:port2` as a list of hosts and a list of ports; one without a port has an
/// empty place in the list, unless none has one.
fn split_hosts(hosts: &str) -> Result<(String, String), TargetError> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = if let Some(bracketed) = host.strip_prefix('[') {
            let (name, after) = bracketed
                .split_once(']')
                .ok_or(TargetError::UrlHost { ipv6: true })?;
            match after.strip_prefix(':') {
                Some(port) => (name, port),
                None if after.is_empty() => (name, ""),
                None => return Err(TargetError::UrlHost { ipv6: true }),
            }
        } else {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            let ipv6 = port.contains(':') && host.parse::<std::net::Ipv6Addr>().is_ok();
            if ipv6 || !port.chars().all(|c| c.is_ascii_digit()) {
                return Err(TargetError::UrlHost { ipv6 });
            }
            (name, port)
        };
        if !port.is_empty() && !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(TargetError::UrlHost { ipv6: false });
        }
        names.push(decode(name)?);
        ports.push(port);
    }
    let given = ports.iter().any(|port| !port.is_empty());
    Ok((
        names.join(","),
        if given {
            ports.join(",")
        } else {
            String::new()
        },
    ))
}

/// Percent-decodes; a `%` without two hexadecimal digits behind it stays as it is.
fn decode(text: &str) -> Result<String, TargetError> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = escape.and_then(|digits| {
            let [high, low] = [digits[0], digits[1]].map(|digit| (digit as char).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        });
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    if decoded.contains(&0) {
        return Err(TargetError::UrlEncoding);
    }
    String::from_utf8(decoded).map_err(|_| TargetError::UrlEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_is_encoded_and_leaves_the_rest() {
        let decode = |text| decode(text).expect("decodes");
        assert_eq!(decode("p%40ss%2Fw%3a%25"), "p@ss/w:%");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("100%sure%2"), "100%sure%2");
        assert_eq!(decode("a+b"), "a+b");
        assert_eq!(decode("gr%C3%BCn"), "grün");
        assert!(super::decode("a%00b").is_err());
        assert!(super::decode("%ff%fe").is_err());
    }

    #[test]
    fn a_scheme_is_not_mistaken_for_a_value() {
        assert_eq!(scheme("postgresql://h"), Some("postgresql"));
        assert_eq!(scheme("jdbc:postgresql://h"), Some("jdbc:postgresql"));
        assert_eq!(scheme("host=h password=a://b"), None);
        assert_eq!(scheme("://h"), None);
    }
}
