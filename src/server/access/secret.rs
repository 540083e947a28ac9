//! Secrets: made at random, handed out once, and kept as hashes alone.

use crate::domain::access::Hash;
use crate::wire::{ApiError, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// What every API token begins with, so that a scan for leaked secrets finds it.
pub const TOKEN_PREFIX: &str = "bw_";
/// Length of the id in a token or cookie, in hexadecimal digits.
const ID: usize = 16;
/// Bytes of a secret: nobody guesses 256 bits, so a fast hash of them is enough.
const SECRET: usize = 32;

fn random<const N: usize>() -> Result<[u8; N], ApiError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        ApiError::new(ErrorKind::Internal, "no secret can be made now")
    })?;
    Ok(bytes)
}

/// Random bytes as text for an address.
///
/// # Errors
/// 500 if the system gives no random bytes.
pub fn text<const N: usize>() -> Result<String, ApiError> {
    random::<N>().map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Something that lets its holder in: an id to find it by, and a secret.
pub struct Credential {
    /// What it is found by.
    pub id: String,
    secret: String,
}

impl Credential {
    /// A new one.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub fn new() -> Result<Self, ApiError> {
        let id = random::<{ ID / 2 }>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id, secret: text::<SECRET>()? })
    }

    /// As its holder shows it.
    pub fn shown(&self) -> String {
        format!("{}{}", self.id, self.secret)
    }

    /// Reads what a holder shows; none if it cannot be one.
    pub fn read(shown: &str) -> Option<Self> {
        let (id, secret) = shown.split_at_checked(ID)?;
        let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?;
        let whole = hex && bytes.len() == SECRET;
        whole.then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// What is kept of it.
    pub fn hash(&self) -> Hash {
        Hash(blake3::hash(self.secret.as_bytes()).to_hex().as_str().into())
    }

    /// Whether this is the hash of it; the comparison takes the same time wherever they differ.
    pub fn is(&self, hash: &Hash) -> bool {
        let own = blake3::hash(self.secret.as_bytes());
        blake3::Hash::from_hex(hash.0.as_bytes()).is_ok_and(|kept| kept == own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_recognised_by_its_hash_alone() {
        let (one, other) = (Credential::new().unwrap(), Credential::new().unwrap());
        let read = Credential::read(&one.shown()).unwrap();
        assert_eq!(read.id, one.id);
        assert!(read.is(&one.hash()) && !read.is(&other.hash()));
        assert!(
            !read.is(&Hash("".into())) && !format!("{:?}", one.hash()).contains(&*one.hash().0)
        );
    }

    #[test]
    fn what_cannot_be_one_is_none() {
        let good = Credential::new().unwrap().shown();
        let short = &good[..good.len() - 1];
        let long = format!("{good}A");
        for shown in ["", "bw_", "é".repeat(30).as_str(), short, &long, &good.replace('a', "!")] {
            let read = Credential::read(shown);
            assert!(read.is_none() || *shown == *good, "{shown}");
        }
    }
}
