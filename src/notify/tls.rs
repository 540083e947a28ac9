//! Whom to believe that they are who they say: those that the system believes, or Mozilla's list
//! where the system has none.

use crate::notify::Failure;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Host;

/// Certificates of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others); none if it has
/// none that can be read.
fn system() -> &'static [CertificateDer<'static>] {
    static FOUND: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates of the system cannot be read");
        }
        found.certs
    })
}

fn config() -> Result<Arc<ClientConfig>, String> {
    static MADE: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system().iter().cloned());
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    })
    .clone()
}

/// Secures a connection to a host.
///
/// # Errors
/// It speaks no TLS, or is not who it should be.
pub async fn secure(stream: TcpStream, host: &Host) -> Result<TlsStream<TcpStream>, Failure> {
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|error| Failure::refused(format!("{name}: {error}")))?,
        Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::V4(*ip)),
        Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::V6(*ip)),
    };
    let connector = TlsConnector::from(config().map_err(Failure::down)?);
    let secured = connector.connect(name, stream).await;
    secured.map_err(|error| Failure::down(format!("no secure connection to {host}: {error}")))
}

/// The same for mail.
///
/// # Errors
/// It cannot be set up; why.
pub fn for_mail(host: &Host) -> Result<TlsParameters, String> {
    let name = match host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let mut parameters = TlsParameters::builder(name);
    parameters = if system().is_empty() {
        parameters.certificate_store(CertificateStore::WebpkiRoots)
    } else {
        parameters.certificate_store(CertificateStore::None)
    };
    for one in system() {
        // One that cannot be read vouches for nobody.
        if let Ok(one) = Certificate::from_der(one.to_vec()) {
            parameters = parameters.add_root_certificate(one);
        }
    }
    parameters.build_rustls().map_err(|error| error.to_string())
}
