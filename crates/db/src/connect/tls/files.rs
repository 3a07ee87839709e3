//! Certificates, keys and revocation lists, read from PEM files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};

use super::super::secret::Secret;

/// Why TLS cannot be set up, before any connection is made.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The certificate must be verified and there is nothing to verify it against.
    #[error(
        "sslmode={mode} verifies the server's certificate, and {} is not there. Put the root \
         certificate there, name it in sslrootcert, or say sslrootcert=system to trust what the \
         operating system trusts",
        looked.as_ref().map_or("~/.postgresql/root.crt".to_owned(), |file| file.display().to_string())
    )]
    NoRoot {
        /// The mode asked for.
        mode: String,
        /// libpq's default file.
        looked: Option<PathBuf>,
    },
    /// The operating system has no trusted certificates.
    #[error(
        "the operating system has no trusted root certificates ({problem}); name a file in sslrootcert"
    )]
    NoSystemRoots {
        /// What was said when looking.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read {what} {}: {source}", path.display())]
    Read {
        /// Which file it is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} is not {what} in PEM format: {problem}", path.display())]
    NotPem {
        /// What it should be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A key that needs another passphrase than was given, or is encrypted in a way that is not known.
    #[error(
        "the key {path} cannot be decrypted: {problem}. `openssl pkcs8 -topk8 -v2 aes-256-cbc -in \
         {path}` writes it in the way that is read",
        path = path.display()
    )]
    EncryptedKey {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A key that others can read, which libpq refuses too.
    #[error("the key {path} can be read by others; chmod 600 {path}", path = path.display())]
    KeyPermissions {
        /// The file.
        path: PathBuf,
    },
    /// rustls does not take what the files hold.
    #[error("{} cannot be used: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// All certificates in a file.
pub(super) fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    sections(what, path)
}

/// All revocation lists in a file.
pub(super) fn revocations(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsSetupError> {
    sections("a certificate revocation list", path)
}

/// The private key in a file that nobody else can read; decrypted with `passphrase` when it must be.
pub(super) fn key(
    path: &Path,
    passphrase: Option<&Secret>,
) -> Result<PrivateKeyDer<'static>, TlsSetupError> {
    let what = "a private key";
    let text = read(what, path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path).map_err(|source| TlsSetupError::Read {
            what,
            path: path.to_owned(),
            source,
        })?;
        // libpq's rule: a key that root owns may be readable by its group.
        let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.mode() & forbidden != 0 {
            return Err(TlsSetupError::KeyPermissions {
                path: path.to_owned(),
            });
        }
    }
    let pem = String::from_utf8_lossy(&text);
    let cannot = |problem: &dyn fmt::Display| TlsSetupError::EncryptedKey {
        path: path.to_owned(),
        problem: problem.to_string(),
    };
    if pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(cannot(&"it is in OpenSSL's own format, not in PKCS#8"));
    }
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") {
        let passphrase = passphrase.ok_or_else(|| cannot(&"no sslpassword was given"))?;
        return decrypted(&pem, passphrase).map_err(|error| cannot(&error));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| not_pem(what, path, &error))
}

fn decrypted(pem: &str, passphrase: &Secret) -> Result<PrivateKeyDer<'static>, pkcs8::Error> {
    let (_, encrypted) = SecretDocument::from_pem(pem)?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(encrypted.as_bytes())?;
    let key = encrypted.decrypt(passphrase.reveal())?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn sections<T: PemObject>(what: &'static str, path: &Path) -> Result<Vec<T>, TlsSetupError> {
    let text = read(what, path)?;
    let found: Result<Vec<T>, pem::Error> = T::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(not_pem(what, path, &pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(not_pem(what, path, &error)),
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsSetupError> {
    std::fs::read(path).map_err(|source| TlsSetupError::Read {
        what,
        path: path.to_owned(),
        source,
    })
}

fn not_pem(what: &'static str, path: &Path, error: &pem::Error) -> TlsSetupError {
    let problem = match error {
        pem::Error::NoItemsFound => "it has no such section".to_owned(),
        other => other.to_string(),
    };
    TlsSetupError::NotPem {
        what,
        path: path.to_owned(),
        problem,
    }
}
