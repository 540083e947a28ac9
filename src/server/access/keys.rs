//! The keys that access and refresh tokens are signed with: made at the first start, kept in a file
//! that only its owner can read, and replaced one by one. A token names its key (`kid`); the newest
//! key signs, older ones are good for what they have signed until it is over.

use super::secret;
use crate::wire::{ApiError, ErrorKind, Timestamp};
use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file in the data directory.
const FILE: &str = "keys.json";
/// The one algorithm; what a token says of it is not asked.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Keys that are kept.
const MAX: usize = 4;
/// How long a key is good after the next one was made, in milliseconds: as long as what it signed.
const GOOD_FOR_MS: i64 = super::session::API_S * 1_000;
/// Who signs.
pub const ISSUER: &str = "bellwether";

/// A key as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    kid: String,
    created_at: Timestamp,
    /// Base64 of 32 random bytes.
    secret: String,
}

struct Key {
    kid: String,
    signs: EncodingKey,
    checks: DecodingKey,
}

/// The keys, newest first.
pub struct Keys {
    path: PathBuf,
    keys: ArcSwap<Vec<Key>>,
}

impl Keys {
    /// Reads the keys of a data directory; makes the first one if there is none.
    ///
    /// # Errors
    /// The file cannot be read or written, is damaged, or others can read it.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, String> {
        let path = dir.join(FILE);
        let kept = match read(&path)? {
            Some(kept) => kept,
            None => {
                let first = vec![new(now)?];
                write(&path, &first)?;
                first
            }
        };
        let keys = ArcSwap::from_pointee(usable(&kept, now)?);
        Ok(Self { path, keys })
    }

    /// Makes a new key, which signs from now on; returns its `kid`. The keys before it are good until
    /// all that they signed is over, or not at all if they are retired.
    ///
    /// # Errors
    /// The file cannot be written; the keys are as before.
    pub fn rotate(&self, now: Timestamp, retire: bool) -> Result<String, String> {
        let mut kept = read(&self.path)?.unwrap_or_default();
        let first = new(now)?;
        let kid = first.kid.clone();
        if retire {
            kept.clear();
        }
        kept.insert(0, first);
        let good = good(&kept, now);
        kept.truncate(good);
        let usable = usable(&kept, now)?;
        write(&self.path, &kept)?;
        self.keys.store(Arc::new(usable));
        Ok(kid)
    }

    /// Signs claims.
    ///
    /// # Errors
    /// 500 if they cannot be; a bug.
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String, ApiError> {
        let failed = || ApiError::new(ErrorKind::Internal, "no token can be signed");
        let keys = self.keys.load();
        let key = keys.first().ok_or_else(failed)?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(ALGORITHM) };
        encode(&header, claims, &key.signs).map_err(|error| {
            tracing::error!(%error, "a token cannot be signed");
            failed()
        })
    }

    /// The claims of a token for `audience`, if it was signed here and holds now.
    pub fn check<T: DeserializeOwned>(&self, token: &str, audience: &str) -> Option<T> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.kid == kid)?;
        let mut rules = Validation::new(ALGORITHM);
        rules.leeway = 0;
        rules.validate_nbf = true;
        rules.set_audience(&[audience]);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        decode(token, &key.checks, &rules).ok().map(|token| token.claims)
    }
}

fn new(now: Timestamp) -> Result<Kept, String> {
    let failed = |error: ApiError| error.detail;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    let kid = secret::text::<6>().map_err(failed)?;
    Ok(Kept { kid, created_at: now, secret: BASE64_STANDARD.encode(bytes) })
}

/// How many keys, newest first, are good at `now`.
fn good(kept: &[Kept], now: Timestamp) -> usize {
    let replaced = kept.windows(2).take_while(|pair| match pair {
        [newer, _] => now.since(newer.created_at) < GOOD_FOR_MS,
        _ => false,
    });
    (1 + replaced.count()).min(MAX)
}

fn usable(kept: &[Kept], now: Timestamp) -> Result<Vec<Key>, String> {
    kept.iter()
        .take(good(kept, now))
        .map(|one| {
            let secret = BASE64_STANDARD.decode(&one.secret).ok().filter(|key| key.len() >= 32);
            let secret = secret.ok_or_else(|| format!("key {} is damaged", one.kid))?;
            Ok(Key {
                kid: one.kid.clone(),
                signs: EncodingKey::from_secret(&secret),
                checks: DecodingKey::from_secret(&secret),
            })
        })
        .collect()
}

fn read(path: &Path) -> Result<Option<Vec<Kept>>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let mode = match std::fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    if mode & 0o077 != 0 {
        let (path, mode) = (path.display(), mode & 0o777);
        return Err(format!(
            "{path} can be read by others (mode {mode:o}): whoever has it can sign in as anyone. \
             Make it yours alone (chmod 600), or remove it to have every program sign in again"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let kept: Vec<Kept> = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    if kept.is_empty() {
        return Err(failed(&"it holds no key"));
    }
    Ok(Some(kept))
}

/// Replaces the file as a whole, so that it is never half there.
fn write(path: &Path, kept: &[Kept]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let text = serde_json::to_string_pretty(kept).map_err(|error| error.to_string())?;
    let fresh = path.with_extension("json.new");
    let _ = std::fs::remove_file(&fresh);
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
    let mut file = options.open(&fresh).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn now_s() -> i64 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
    }

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path(), Timestamp::from_ms(0)).unwrap();
        (dir, keys)
    }

    fn claims() -> Value {
        let now = now_s();
        json!({"sub": "ann", "iss": ISSUER, "aud": "here", "nbf": now, "iat": now, "exp": now + 60})
    }

    fn good(keys: &Keys, token: &str) -> bool {
        keys.check::<Value>(token, "here").is_some()
    }

    /// Whether claims hold, once `change` has been at them.
    #[track_caller]
    fn check(holds: bool, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
        let (_dir, keys) = keys();
        let mut claims = claims();
        change(claims.as_object_mut().unwrap());
        let token = keys.sign(&claims).unwrap();
        assert_eq!(good(&keys, &token), holds, "{claims}");
    }

    #[test]
    fn every_claim_is_needed_and_must_hold_now() {
        check(true, |_| {});
        for name in ["exp", "nbf", "aud", "iss", "sub"] {
            check(false, |claims| drop(claims.remove(name)));
            check(false, |claims| drop(claims.insert(name.into(), Value::Null)));
        }
        let now = now_s();
        for (name, value) in [
            ("exp", json!(now - 1)),
            ("exp", json!((now + 60).to_string())),
            ("exp", json!(-1)),
            ("nbf", json!(now + 60)),
            ("nbf", json!(now.to_string())),
            ("aud", json!("there")),
            ("aud", json!(["there"])),
            ("iss", json!("somebody")),
        ] {
            check(false, |claims| drop(claims.insert(name.into(), value)));
        }
    }

    /// A token put together by hand.
    fn forged(header: Value, claims: &Value, signature: &str) -> String {
        use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL;
        let part = |json: &Value| URL.encode(json.to_string());
        format!("{}.{}.{signature}", part(&header), part(claims))
    }

    #[test]
    fn what_was_not_signed_here_is_not_believed() {
        let (_dir, ours) = keys();
        let (_other, theirs) = keys();
        let token = ours.sign(&claims()).unwrap();
        assert!(good(&ours, &token));
        assert!(!good(&ours, &theirs.sign(&claims()).unwrap()), "a key of another server");
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
            let header = json!({"typ": "JWT", "alg": alg, "kid": kid});
            assert!(!good(&ours, &forged(header.clone(), &claims(), "")), "{alg}");
            let signature = token.rsplit('.').next().unwrap();
            assert!(!good(&ours, &forged(header, &claims(), signature)), "{alg}");
        }
        let secret = EncodingKey::from_secret(&BASE64_STANDARD.decode(kept(&ours)).unwrap());
        let stronger = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS512) };
        let other = encode(&stronger, &claims(), &secret).unwrap();
        assert!(!good(&ours, &other), "the right key with another algorithm");
        let unnamed = encode(&Header::new(ALGORITHM), &claims(), &secret).unwrap();
        assert!(!good(&ours, &unnamed), "a token must name its key");
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let mut claims = claims();
        claims["sub"] = json!("bob");
        parts[1] = forged(json!({}), &claims, "").split('.').nth(1).unwrap().to_owned();
        assert!(!good(&ours, &parts.join(".")), "changed claims");
        for garbage in ["", ".", "..", "a.b.c", "💥", &token[..token.len() - 2]] {
            assert!(!good(&ours, garbage), "{garbage}");
        }
    }

    fn kept(keys: &Keys) -> String {
        read(&keys.path).unwrap().unwrap().remove(0).secret
    }

    #[test]
    fn keys_are_rotated_and_the_old_are_good_for_a_while() {
        let (dir, keys) = keys();
        let old = keys.sign(&claims()).unwrap();
        let kid = keys.rotate(Timestamp::from_ms(1), false).unwrap();
        let new = keys.sign(&claims()).unwrap();
        assert_eq!(jsonwebtoken::decode_header(&new).unwrap().kid, Some(kid));
        let again = Keys::open(dir.path(), Timestamp::from_ms(2)).unwrap();
        assert!(good(&again, &old) && good(&again, &new));
        for i in 0..MAX {
            again.rotate(Timestamp::from_ms(3 + i as i64), false).unwrap();
        }
        assert!(!good(&again, &old) && !good(&again, &new), "only so many are kept");
    }

    #[test]
    fn keys_are_retired_at_once_or_when_all_they_signed_is_over() {
        let (dir, keys) = keys();
        let old = keys.sign(&claims()).unwrap();
        keys.rotate(Timestamp::from_ms(1), false).unwrap();
        let later = Keys::open(dir.path(), Timestamp::from_ms(GOOD_FOR_MS)).unwrap();
        assert!(good(&later, &old));
        let over = Keys::open(dir.path(), Timestamp::from_ms(1 + GOOD_FOR_MS)).unwrap();
        assert!(!good(&over, &old));
        let (_dir, keys) = super::tests::keys();
        let leaked = keys.sign(&claims()).unwrap();
        keys.rotate(Timestamp::from_ms(1), true).unwrap();
        assert!(!good(&keys, &leaked));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let (dir, _keys) = keys();
        let path = dir.path().join(FILE);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Keys::open(dir.path(), Timestamp::from_ms(0)).err().unwrap();
        assert!(refused.contains("can be read by others"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "[]").unwrap();
        assert!(Keys::open(dir.path(), Timestamp::from_ms(0)).is_err());
    }
}
