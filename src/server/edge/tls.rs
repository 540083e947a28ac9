//! TLS: the certificate and its key, read again when their files change.

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, rustls};

/// Size and time of change of both files; they are read again when it is another.
type Stamp = [Option<(u64, SystemTime)>; 2];

/// What connections are secured with.
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    config: Arc<ServerConfig>,
    stamp: Stamp,
    looked: Instant,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("cert", &self.cert).field("key", &self.key).finish()
    }
}

impl Tls {
    /// Reads a chain of certificates, the server's own first, and its private key; both PEM.
    ///
    /// # Errors
    /// Which file cannot be read or holds none, or that they do not belong together.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, String> {
        let stamp = stamp(cert, key);
        let config = read(cert, key)?;
        let held = Mutex::new(Held { config, stamp, looked: Instant::now() });
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), held })
    }

    /// Secures a connection. The files are looked at again if that was longer ago than `every`.
    ///
    /// # Errors
    /// The peer speaks no TLS, or none that is spoken here.
    pub async fn accept<S>(&self, stream: S, every: Duration) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        TlsAcceptor::from(self.current(every)).accept(stream).await
    }

    /// Reads the files again if they have changed. What cannot be used is said in the log, and what
    /// was read before stays in use.
    pub fn look_again(&self) {
        self.current(Duration::ZERO);
    }

    fn current(&self, every: Duration) -> Arc<ServerConfig> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= every {
            held.looked = Instant::now();
            let now = stamp(&self.cert, &self.key);
            if now != held.stamp {
                held.stamp = now;
                match read(&self.cert, &self.key) {
                    Ok(config) => {
                        held.config = config;
                        tracing::info!(cert = %self.cert.display(), "the certificate was renewed");
                    }
                    Err(error) => {
                        tracing::error!(%error, "the certificate was not renewed; keeping the old");
                    }
                }
            }
        }
        held.config.clone()
    }
}

fn stamp(cert: &Path, key: &Path) -> Stamp {
    [cert, key].map(|path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.len(), meta.modified().ok()?))
    })
}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let of = |path: &Path, what: &str, error: &dyn std::fmt::Display| {
        format!("cannot read a {what} from {}: {error}", path.display())
    };
    let certs = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of(cert, "certificate", &error))?;
    if certs.is_empty() {
        return Err(of(cert, "certificate", &"there is none in it"));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| of(key, "private key", &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|config| config.with_no_client_auth().with_single_cert(certs, private));
    let mut config = config.map_err(|error| {
        let (cert, key) = (cert.display(), key.display());
        format!("{cert} and {key} cannot be used together: {error}")
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
