//! The edge of the real binary: whose its files are, its socket, its flags.

use crate::process::{Served, command};
use bellwether::cli::local;
use bellwether::server::listen::SOCKET;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_it_makes_is_its_users_alone() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("deep/data");
    let served = Served::start(&data, &[]);
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 2, "{files:?}");
    for file in &files {
        assert_eq!(mode(file) & 0o077, 0, "{}", file.display());
    }
    assert_eq!(local::request(&data, "GET", "/healthz", None).unwrap().0, 200);
    let (status, _) = served.signal("-TERM");
    assert!(status.success());
    assert!(!data.join(SOCKET).exists());
}

#[test]
fn a_socket_left_by_a_server_that_was_killed_is_replaced_and_nothing_else_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(SOCKET);
    drop(UnixListener::bind(&path).unwrap());
    let served = Served::start(dir.path(), &[]);
    assert_eq!(local::request(dir.path(), "GET", "/healthz", None).unwrap().0, 200);
    served.kill();
    assert!(path.exists(), "it had no time to remove it");
    let served = Served::start(dir.path(), &[]);
    assert_eq!(local::request(dir.path(), "GET", "/healthz", None).unwrap().0, 200);
    // Another server over the same data does not get in its way.
    let other = command(dir.path(), &[]).output().unwrap();
    assert!(!other.status.success());
    assert_eq!(local::request(dir.path(), "GET", "/healthz", None).unwrap().0, 200);
    drop(served);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody's").unwrap();
    let served = Served::start(dir.path(), &[]);
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
}

#[test]
fn a_path_too_long_for_a_socket_is_reached_by_its_directory() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("a".repeat(120));
    let served = Served::start(&data, &[]);
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(local::request(&data, "GET", "/healthz", None).unwrap().0, 200);
    let (status, _) = served.signal("-TERM");
    assert!(status.success());
    assert!(!data.join(SOCKET).exists());
}

#[test]
fn flags_that_cannot_be_are_usage() {
    let dir = TempDir::new().unwrap();
    for (flags, says) in [
        (["--cors-origin", "*"], "pattern"),
        (["--cors-origin", "https://a.example,https://b.example/"], "https://b.example/"),
        (["--trusted-proxy", "10.0.0.0/8,proxy"], "`proxy`"),
        (["--public-url", "https://a.example/board"], "public_url"),
        (["--limit-requests", "many"], "limit-requests"),
    ] {
        let ended = command(dir.path(), &flags).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains(says), "{flags:?}: {said}");
    }
}
