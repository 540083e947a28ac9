//! Passwords: hashed with argon2id (RFC 9106) at the parameters OWASP names, a few at a time, since
//! each takes 19 MiB and some tens of milliseconds.

use crate::domain::access::Hash;
use crate::wire::{ApiError, ErrorKind};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Shortest password, in characters (NIST SP 800-63B).
pub const MIN: usize = 8;
/// Longest, in bytes: more is no safer, and hashing it costs.
pub const MAX: usize = 1024;
/// Hashes that are made at once.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// The hashing of passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// Of no password at all, so that an unknown user takes as long as a known one.
    nobody: Hash,
}

impl Passwords {
    /// # Errors
    /// The system gives no random bytes.
    pub fn new() -> Result<Self, ApiError> {
        let nobody = hash(b"nobody has this password")?;
        Ok(Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody })
    }

    /// What is kept of a password.
    ///
    /// # Errors
    /// 422 at `/password` if it is too short, too long or the user's name; 503 if too many are
    /// being hashed.
    pub async fn hash(&self, user: &str, password: &str) -> Result<Hash, ApiError> {
        check(user, password)?;
        let password = password.to_owned();
        self.work(move || hash(password.as_bytes())).await?
    }

    /// Whether `password` is the one that is kept; takes as long when none is.
    ///
    /// # Errors
    /// 503 if too many are being hashed.
    pub async fn verify(&self, kept: Option<&Hash>, password: &str) -> Result<bool, ApiError> {
        let known = kept.is_some();
        let kept = kept.unwrap_or(&self.nobody).clone();
        if password.len() > MAX {
            return Ok(false);
        }
        let password = password.to_owned();
        let right = self.work(move || verify(&kept, password.as_bytes())).await?;
        Ok(right && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let busy = || ApiError::unavailable("too many are signing in at once", 1);
        let turn = tokio::time::timeout(TURN, self.turns.clone().acquire_owned());
        let Ok(Ok(turn)) = turn.await else { return Err(busy()) };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| busy())
    }
}

/// Whether a password may be one.
///
/// # Errors
/// 422 at `/password`.
pub fn check(user: &str, password: &str) -> Result<(), ApiError> {
    let wrong = if password.chars().count() < MIN {
        format!("must be at least {MIN} characters long")
    } else if password.len() > MAX {
        format!("must be at most {MAX} bytes long")
    } else if password.eq_ignore_ascii_case(user) {
        "must not be the user's name".to_owned()
    } else {
        return Ok(());
    };
    Err(ApiError::invalid("/password", wrong))
}

fn hash(password: &[u8]) -> Result<Hash, ApiError> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password);
    hashed.map(|hash| Hash(hash.to_string().into())).map_err(|error| {
        tracing::error!(%error, "a password cannot be hashed");
        ApiError::new(ErrorKind::Internal, "the password cannot be kept")
    })
}

fn verify(kept: &Hash, password: &[u8]) -> bool {
    let kept = PasswordHash::new(&kept.0);
    kept.is_ok_and(|kept| Argon2::default().verify_password(password, &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let passwords = Passwords::new().unwrap();
        let kept = passwords.hash("ann", "correct horse").await.unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's parameters");
        assert!(passwords.verify(Some(&kept), "correct horse").await.unwrap());
        assert!(!passwords.verify(Some(&kept), "correct horsf").await.unwrap());
        assert!(!passwords.verify(None, "nobody has this password").await.unwrap());
        assert!(!passwords.verify(Some(&Hash("".into())), "").await.unwrap());
    }

    #[track_caller]
    fn check_one(password: &str, wrong: Option<&str>) {
        let got = check("somebody", password).err().map(|error| error.detail);
        assert_eq!(got.as_deref(), wrong, "{password}");
    }

    #[test]
    fn passwords_that_cannot_be_are_refused() {
        check_one("1234567", Some("must be at least 8 characters long"));
        check_one("ééééééé", Some("must be at least 8 characters long"));
        check_one("éééééééé", None);
        check_one("Somebody", Some("must not be the user's name"));
        check_one(&"x".repeat(MAX + 1), Some("must be at most 1024 bytes long"));
    }
}
