//! The parts of checking a certificate that webpki leaves out: validity of a listed certificate, and the common name.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, Error};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// Fails unless the certificate is valid now.
pub(super) fn is_current(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let validity = &certificate.tbs_certificate.validity;
    let time = |time: Duration| UnixTime::since_unix_epoch(time);
    let not_before = time(validity.not_before.to_unix_duration());
    let not_after = time(validity.not_after.to_unix_duration());
    if now < not_before {
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before,
        }
        .into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext {
            time: now,
            not_after,
        }
        .into());
    }
    Ok(())
}

/// The certificate's common name, when it has no subjectAltName that would count instead.
pub(super) fn common_name(certificate: &Certificate) -> Option<String> {
    let certificate = &certificate.tbs_certificate;
    let mut extensions = certificate.extensions.iter().flatten();
    if extensions.any(|extension| extension.extn_id == SUBJECT_ALTERNATIVE_NAME) {
        return None;
    }
    let mut attributes = certificate
        .subject
        .0
        .iter()
        .flat_map(|names| names.0.iter());
    let common_name = attributes.find(|attribute| attribute.oid == COMMON_NAME)?;
    let name = String::from_utf8(common_name.value.value().to_vec()).ok()?;
    // libpq refuses a zero byte in it: what follows would be unseen by whoever signed it.
    (!name.contains('\0')).then_some(name)
}

/// libpq's rule: without regard to case, and `*.` at the start stands for one label.
pub(super) fn common_name_matches(common_name: &str, host: &ServerName<'_>) -> bool {
    let host = match host {
        ServerName::DnsName(name) => name.as_ref(),
        ServerName::IpAddress(address) => {
            let address = IpAddr::from(*address);
            return common_name.parse() == Ok(address);
        }
        _ => return false,
    };
    match common_name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(label, rest)| {
            !label.is_empty() && !domain.is_empty() && rest.eq_ignore_ascii_case(domain)
        }),
        None => host.eq_ignore_ascii_case(common_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_match_as_in_libpq() {
        let matches = |common_name: &str, host: &'static str| {
            common_name_matches(common_name, &ServerName::try_from(host).expect("a name"))
        };
        assert!(matches("db.example.com", "DB.example.com"));
        assert!(matches("*.example.com", "db.example.com"));
        assert!(!matches("*.example.com", "a.db.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.", "db."));
        assert!(!matches("*", "db"));
        assert!(!matches("example.com", "db.example.com"));
        assert!(matches("192.0.2.1", "192.0.2.1"));
        assert!(matches("::1", "0:0::1"));
        assert!(!matches("*.0.2.1", "192.0.2.1"));
    }
}
