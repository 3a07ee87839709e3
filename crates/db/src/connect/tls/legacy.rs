//! The parts of checking a certificate that webpki leaves out: validity of a listed certificate,
//! the common name, and signatures on X.509 version 1.

use std::net::IpAddr;
use std::time::Duration;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::verifier::bad_encoding;

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

/// Fails unless one of the listed certificates signed this one. No further than one step: a
/// certificate of version 1 cannot say that it may sign others, so none is taken between.
pub(super) fn is_signed_by_one_of(
    certificate: &Certificate,
    listed: &[CertificateDer<'_>],
    now: UnixTime,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<(), Error> {
    let signed = certificate
        .tbs_certificate
        .to_der()
        .map_err(|_| bad_encoding())?;
    let signature = certificate.signature.raw_bytes();
    let algorithm = identifier(&certificate.signature_algorithm)?;
    for issuer in listed {
        let issuer = Certificate::from_der(issuer)
            .map_err(|_| bad_encoding())?
            .tbs_certificate;
        let issuer_key = &issuer.subject_public_key_info;
        let key_algorithm = identifier(&issuer_key.algorithm)?;
        let is_signed = || {
            let fitting = algorithms.all.iter().filter(|candidate| {
                candidate.signature_alg_id().as_ref() == algorithm
                    && candidate.public_key_alg_id().as_ref() == key_algorithm
            });
            let key = issuer_key.subject_public_key.raw_bytes();
            let mut tried = fitting.map(|with| with.verify_signature(key, &signed, signature));
            tried.any(|verified| verified.is_ok())
        };
        // Name constraints would need the certificate's alternative names, which it cannot have.
        let is_constrained = issuer
            .extensions
            .iter()
            .flatten()
            .any(|extension| extension.extn_id == ObjectIdentifier::new_unwrap("2.5.29.30"));
        let begins = UnixTime::since_unix_epoch(issuer.validity.not_before.to_unix_duration());
        let ends = UnixTime::since_unix_epoch(issuer.validity.not_after.to_unix_duration());
        if issuer.subject == certificate.tbs_certificate.issuer
            && (begins..=ends).contains(&now)
            && !is_constrained
            && is_signed()
        {
            return Ok(());
        }
    }
    Err(CertificateError::UnknownIssuer.into())
}

/// An algorithm identifier as rustls has it: without the SEQUENCE around it.
fn identifier(algorithm: &AlgorithmIdentifierOwned) -> Result<Vec<u8>, Error> {
    let mut bytes = algorithm.oid.to_der().map_err(|_| bad_encoding())?;
    if let Some(parameters) = &algorithm.parameters {
        bytes.extend(parameters.to_der().map_err(|_| bad_encoding())?);
    }
    Ok(bytes)
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
