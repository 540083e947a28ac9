//! What channels keep to themselves: their address and secret, sealed in the journal (AES-256-GCM
//! with the channel's id as associated data) by a key that lies in the data directory. Whoever has
//! the journal alone, a backup say, has no secret.

use crate::domain::alerts::Sealed;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file in the data directory: base64 of the key.
const FILE: &str = "channels.key";
/// Length of the key, in bytes.
const KEY: usize = 32;

/// Where a channel leads, and what opens the door there. What prints it prints nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its address.
    pub url: String,
    /// Its secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The name to sign in with.
    #[serde(skip)]
    pub username: Option<String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

/// Seals and opens. The key is read when it is first needed, and made when something is first
/// sealed.
pub struct Sealer {
    path: PathBuf,
    key: Mutex<Option<[u8; KEY]>>,
}

impl Sealer {
    /// One with the key of a data directory, of which nothing is read yet.
    pub fn of(dir: &Path) -> Self {
        Self { path: dir.join(FILE), key: Mutex::new(None) }
    }

    /// Seals what belongs to a channel.
    ///
    /// # Errors
    /// The key cannot be read or made; why.
    pub fn seal(&self, channel: &str, target: &Target) -> Result<Sealed, String> {
        let failed = |_| "it cannot be sealed".to_owned();
        let key = self.key(true)?;
        let mut bytes = serde_json::to_vec(target).map_err(|error| error.to_string())?;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
        let sealing = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(sealing, Aad::from(channel), &mut bytes).map_err(failed)?;
        let whole = [&nonce[..], &bytes].concat();
        Ok(Sealed(BASE64_STANDARD.encode(whole).into()))
    }

    /// Opens what belongs to a channel.
    ///
    /// # Errors
    /// The key is gone, cannot be read, or is another than it was sealed with; what to do.
    pub fn open(&self, channel: &str, sealed: &Sealed) -> Result<Target, String> {
        let closed = || {
            let file = self.path.display();
            format!(
                "its address and secret cannot be opened with the key in {file}: put back the key \
                 they were sealed with, or save the channel again with both"
            )
        };
        let key = self.key(false)?;
        let bytes = BASE64_STANDARD.decode(&*sealed.0).map_err(|_| closed())?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(closed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| closed())?;
        let mut rest = rest.to_vec();
        let plain = key.open_in_place(nonce, Aad::from(channel), &mut rest);
        let plain = plain.map_err(|_| closed())?;
        serde_json::from_slice(plain).map_err(|_| closed())
    }

    fn key(&self, make: bool) -> Result<LessSafeKey, String> {
        let mut held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match *held {
            Some(key) => key,
            None => match read(&self.path)? {
                Some(key) => key,
                None if make => new(&self.path)?,
                None => {
                    let file = self.path.display();
                    return Err(format!(
                        "{file} is gone, and with it what opens the addresses and secrets of \
                         channels: put it back, or save the channel again with both"
                    ));
                }
            },
        };
        *held = Some(key);
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| "the key is none".to_owned())?;
        Ok(LessSafeKey::new(key))
    }
}

fn read(path: &Path) -> Result<Option<[u8; KEY]>, String> {
    let file = path.display();
    let mode = match std::fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {file}: {error}")),
    };
    if mode & 0o077 != 0 {
        let mode = mode & 0o777;
        return Err(format!(
            "{file} can be read by others (mode {mode:o}), who can read the secrets of channels \
             with it: make it yours alone (chmod 600), and have new secrets made"
        ));
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("cannot read {file}: {error}"))?;
    let key = BASE64_STANDARD.decode(text.trim()).ok().and_then(|key| key.try_into().ok());
    key.map(Some).ok_or_else(|| {
        format!(
            "{file} is damaged: put back a copy, or remove it and save every channel again with \
             its address and secret"
        )
    })
}

/// Makes a key and keeps it; the file is never half there.
fn new(path: &Path) -> Result<[u8; KEY], String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let mut key = [0; KEY];
    getrandom::fill(&mut key).map_err(|error| error.to_string())?;
    let fresh = path.with_extension("key.new");
    let _ = std::fs::remove_file(&fresh);
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
    let mut file = options.open(&fresh).map_err(failed)?;
    file.write_all(BASE64_STANDARD.encode(key).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)?;
    if let Some(dir) = path.parent() {
        // What it seals goes into the journal at once; the key must not be gone when that is there.
        std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        let secret = Some("hunter2".to_owned());
        Target { url: "https://a.example/x".to_owned(), secret, username: None }
    }

    /// What opening says after something happened to the key.
    #[track_caller]
    fn check(change: impl FnOnce(&Path), expect: Result<(), &str>) {
        let dir = tempfile::tempdir().unwrap();
        let sealed = Sealer::of(dir.path()).seal("ops", &target()).unwrap();
        change(&dir.path().join(FILE));
        match (Sealer::of(dir.path()).open("ops", &sealed), expect) {
            (Ok(opened), Ok(())) => assert_eq!(opened, target()),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (got, expect) => panic!("{got:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn what_became_of_the_key_is_said() {
        check(|_| {}, Ok(()));
        check(|key| std::fs::remove_file(key).unwrap(), Err("is gone"));
        check(|key| std::fs::write(key, "nonsense").unwrap(), Err("is damaged"));
        check(
            |key| std::fs::write(key, BASE64_STANDARD.encode([7; KEY])).unwrap(),
            Err("put back the key"),
        );
        let others = std::fs::Permissions::from_mode(0o640);
        check(|key| std::fs::set_permissions(key, others).unwrap(), Err("read by others"));
    }

    #[test]
    fn what_is_sealed_shows_nothing_and_belongs_to_one_channel() {
        let dir = tempfile::tempdir().unwrap();
        let sealer = Sealer::of(dir.path());
        let sealed = sealer.seal("ops", &target()).unwrap();
        let again = sealer.seal("ops", &target()).unwrap();
        assert_ne!(sealed, again, "each has a nonce of its own");
        let bytes = BASE64_STANDARD.decode(&*sealed.0).unwrap();
        assert!(!bytes.windows(7).any(|seven| seven == b"hunter2"));
        assert!(sealer.open("other", &sealed).unwrap_err().contains("cannot be opened"));
        for cut in [0, 5, bytes.len() - 1] {
            let short = Sealed(BASE64_STANDARD.encode(&bytes[..cut]).into());
            assert!(sealer.open("ops", &short).is_err());
        }
        let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{:?} {sealed:?}", target()), "Target(…) Sealed(…)");
    }
}
