//! TLS as libpq means it, with rustls.

mod files;
mod legacy;
mod policy;
#[cfg(test)]
mod table;
mod verifier;

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, InconsistentKeys, RootCertStore, version};
use tokio_postgres_rustls::MakeRustlsConnect;

pub use files::TlsSetupError;
#[cfg(test)]
pub(super) use policy::Check;
use policy::ClientIdentity;
pub(super) use policy::{Encryption, Roots, TlsPolicy, Versions};
use verifier::Verifier;

/// Reads the files a policy names and makes the connector that carries it out.
///
/// # Errors
/// When a file is missing or unusable. For `Encryption::Disable` no file is read.
pub(super) fn connector(policy: &TlsPolicy) -> Result<MakeRustlsConnect, TlsSetupError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier(policy, &provider)?);
    let versions: &[_] = match policy.versions {
        Versions::Both => &[&version::TLS12, &version::TLS13],
        Versions::Only12 => &[&version::TLS12],
        Versions::Only13 => &[&version::TLS13],
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("ring has cipher suites for TLS 1.2 and for 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let client = policy
        .client
        .as_ref()
        .filter(|_| policy.encryption != Encryption::Disable);
    let mut config = match client {
        Some(client) => config.with_client_cert_resolver(Arc::new(identity(client, &provider)?)),
        None => config.with_no_client_auth(),
    };
    config.enable_sni = policy.send_name;
    if policy.direct {
        // PostgreSQL refuses a direct TLS connection that does not name its protocol.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(policy: &TlsPolicy, provider: &Arc<CryptoProvider>) -> Result<Verifier, TlsSetupError> {
    let (roots, listed, file) = match &policy.roots {
        Roots::Unneeded => return Ok(Verifier::of_nothing(provider)),
        Roots::Missing(looked) => {
            return Err(TlsSetupError::NoRoot {
                mode: policy.mode.clone(),
                looked: looked.clone(),
            });
        }
        Roots::System => {
            let system = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            let (usable, _) = roots.add_parsable_certificates(system.certs);
            if usable == 0 {
                let problem = system.errors.first().map(ToString::to_string);
                let problem = problem.unwrap_or_else(|| "none found".to_owned());
                return Err(TlsSetupError::NoSystemRoots { problem });
            }
            (roots, Vec::new(), None)
        }
        Roots::File(path) => {
            let listed = files::certificates("the root certificate", path)?;
            let mut roots = RootCertStore::empty();
            for certificate in &listed {
                let unusable = |source| TlsSetupError::Unusable {
                    path: path.clone(),
                    source,
                };
                roots.add(certificate.clone()).map_err(unusable)?;
            }
            (roots, listed, Some(path))
        }
    };
    let revocations = match &policy.revocations {
        Some(path) => files::revocations(path)?,
        None => Vec::new(),
    };
    Verifier::against(policy.check, roots, listed, revocations, provider).map_err(|source| {
        let path = policy
            .revocations
            .as_ref()
            .or(file)
            .cloned()
            .unwrap_or_default();
        TlsSetupError::Unusable { path, source }
    })
}

fn identity(
    client: &ClientIdentity,
    provider: &CryptoProvider,
) -> Result<SingleCertAndKey, TlsSetupError> {
    let chain = files::certificates("the client certificate", &client.certificate)?;
    let key = files::key(&client.key, client.passphrase.as_ref())?;
    let unusable = |source| TlsSetupError::Unusable {
        path: client.key.clone(),
        source,
    };
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(unusable)?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // Anything else it says is about certificates it cannot parse, which the server judges.
        Err(error @ Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(unusable(error)),
        _ => Ok(SingleCertAndKey::from(certified)),
    }
}
