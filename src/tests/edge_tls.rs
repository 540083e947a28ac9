//! TLS over real connections, with certificates made for the test.

use crate::harness::{PATIENCE, Server};
use crate::process::{Served, command, until};
use bellwether::server::edge::Tls;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// A certificate for localhost, as it stands in `dir`.
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(dir: &Path) -> Self {
        Self { cert: dir.join("cert.pem"), key: dir.join("key.pem") }
    }

    /// Writes another certificate and key, and returns the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let CertifiedKey { cert, signing_key } = made;
        fs::write(&self.cert, cert.pem()).unwrap();
        fs::write(&self.key, signing_key.serialize_pem()).unwrap();
        cert.der().clone()
    }

    fn flags(&self) -> [&str; 4] {
        let [cert, key] = [&self.cert, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", cert, "--tls-key", key]
    }
}

/// The answer to a GET over TLS, from a server that must have this certificate.
async fn get(
    address: &str,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut text = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await;
    read.expect("an answer in time")?;
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_over_tls_and_certificates_are_renewed() {
    let dir = TempDir::new().unwrap();
    let files = Files::of(dir.path());
    let first = files.renew();
    let tls = Arc::new(Tls::load(&files.cert, &files.key).unwrap());
    let server = Server::changed(|settings| {
        settings.tls = Some(tls);
        settings.tuning.edge.certificate_every = Duration::ZERO;
    })
    .await;
    let address = server.address.to_string();
    for version in [&TLS12, &TLS13] {
        let text = get(&address, &first, &[version]).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.contains("\r\nstrict-transport-security: max-age="), "{text}");
    }
    // A file that is no certificate leaves all as it was.
    fs::write(&files.cert, "no certificate").unwrap();
    assert!(get(&address, &first, &[&TLS13]).await.is_ok());
    let second = files.renew();
    assert!(get(&address, &second, &[&TLS13]).await.is_ok());
    assert!(get(&address, &first, &[&TLS13]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_no_tls_or_says_nothing_is_left() {
    let dir = TempDir::new().unwrap();
    let files = Files::of(dir.path());
    files.renew();
    let tls = Arc::new(Tls::load(&files.cert, &files.key).unwrap());
    let server = Server::changed(|settings| {
        settings.tls = Some(tls);
        settings.tuning.edge.head_within = Duration::from_millis(200);
    })
    .await;
    for said in [&b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], b"", b"\x16\x03"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "the server ends it");
        assert!(!heard.starts_with(b"HTTP"), "nothing is said in clear");
    }
}

#[test]
fn the_binary_serves_https_and_rereads_on_sighup() {
    let (dir, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let files = Files::of(dir.path());
    let first = files.renew();
    let served = Served::start(data.path(), &files.flags());
    let address = served.url.strip_prefix("https://").expect("it says https").to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert!(runtime.block_on(get(&address, &first, &[&TLS13])).is_ok());
    let second = files.renew();
    let pid = served.child.id().to_string();
    let told = std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap();
    assert!(told.success());
    until("the new certificate is shown", || {
        runtime.block_on(get(&address, &second, &[&TLS13])).is_ok()
    });
    let (status, _) = served.signal("-TERM");
    assert!(status.success());
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let (dir, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let files = Files::of(dir.path());
    files.renew();
    let other = Files { cert: files.cert.clone(), key: dir.path().join("other.pem") };
    let refused = |flags: &[&str]| {
        let ended = command(data.path(), flags).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{flags:?}");
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(refused(&other.flags()).contains("other.pem"), "there is none");
    fs::write(&other.key, "nothing").unwrap();
    assert!(refused(&other.flags()).contains("other.pem"), "it holds none");
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(&other.key, made.signing_key.serialize_pem()).unwrap();
    let said = refused(&other.flags());
    assert!(said.contains("other.pem") && said.contains("together"), "{said}");
    assert!(refused(&files.flags()[..2]).contains("without tls_key"));
    fs::write(&files.cert, "").unwrap();
    assert!(refused(&files.flags()).contains("cert.pem"));
}
