//! Checks the server's certificate as far as `sslmode` asks, as libpq with OpenSSL would.
//!
//! The work is rustls's own verifier (webpki). libpq accepts two kinds of certificates that webpki alone does not, and that
//! PostgreSQL's documentation has its readers make: one that is itself listed as trusted (self-signed servers), and one
//! without subjectAltName, whose common name then counts.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::legacy;
use super::policy::Check;

/// What is trusted, and how far the server's certificate is checked.
#[derive(Debug)]
pub(super) struct Verifier {
    check: Check,
    webpki: Option<Arc<WebPkiServerVerifier>>,
    /// The trusted certificates themselves, when they came from a file.
    listed: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// A verifier that accepts any certificate.
    pub(super) fn of_nothing(provider: &CryptoProvider) -> Verifier {
        Verifier {
            check: Check::Nothing,
            webpki: None,
            listed: Vec::new(),
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// A verifier against roots; `listed` are those of them that may also stand as the server's
    /// own certificate.
    ///
    /// # Errors
    /// When there are no usable roots, or a revocation list cannot be read.
    pub(super) fn against(
        check: Check,
        roots: RootCertStore,
        listed: Vec<CertificateDer<'static>>,
        revocations: Vec<CertificateRevocationListDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Verifier, Error> {
        // A listed certificate has no issuer that could revoke it; with revocation asked for, only
        // webpki's whole path will do.
        let listed = if revocations.is_empty() {
            listed
        } else {
            Vec::new()
        };
        let webpki =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .with_crls(revocations)
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
        let algorithms = provider.signature_verification_algorithms;
        Ok(Verifier {
            check,
            webpki: Some(webpki),
            listed,
            algorithms,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let accepted = Ok(ServerCertVerified::assertion());
        let (Check::Chain | Check::ChainAndName, Some(webpki)) = (self.check, &self.webpki) else {
            return accepted;
        };
        if self.listed.iter().any(|listed| listed == end_entity) {
            legacy::is_current(&parse(end_entity)?, now)?;
        } else {
            let ocsp = ocsp_response;
            match webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
                Ok(verified) => return Ok(verified),
                // webpki compares the name last: whoever gets there has a sound chain.
                Err(error) if is_about_the_name(&error) => {}
                Err(error) => {
                    let version = parse(end_entity)?.tbs_certificate.version;
                    return Err(match version {
                        x509_cert::Version::V1 => OtherError(Arc::new(Version1)).into(),
                        _ => error,
                    });
                }
            }
        }
        if self.check == Check::ChainAndName {
            is_for(end_entity, server_name)?;
        }
        accepted
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key alone: webpki parses no certificate of X.509 version 1, which an unverified connection may meet.
        let key = parse(cert)?
            .tbs_certificate
            .subject_public_key_info
            .to_der();
        let key = SubjectPublicKeyInfoDer::from(key.map_err(|_| bad_encoding())?);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn is_about_the_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        error,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    )
}

/// Whether the certificate is for the host: by subjectAltName, or without one by common name.
fn is_for(end_entity: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let by_alternative_name = ParsedCertificate::try_from(end_entity)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, host));
    let Err(error) = by_alternative_name else {
        return Ok(());
    };
    match legacy::common_name(&parse(end_entity)?) {
        None => Err(error),
        Some(name) if legacy::common_name_matches(&name, host) => Ok(()),
        Some(name) => Err(Error::InvalidCertificate(
            CertificateError::NotValidForNameContext {
                expected: host.to_owned(),
                presented: vec![format!("common name {name}")],
            },
        )),
    }
}

fn parse(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(certificate).map_err(|_| bad_encoding())
}

/// What is said of a certificate that webpki does not parse.
#[derive(Debug, thiserror::Error)]
#[error("it is of X.509 version 1, which cannot be verified")]
struct Version1;

fn bad_encoding() -> Error {
    Error::InvalidCertificate(CertificateError::BadEncoding)
}
