//! ID tokens: who signed one, and whether it was made for us, now, for this very sign-in
//! (OpenID Connect Core 1.0, section 3.1.3.7).

use super::claims::Claims;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// How far clocks may be apart, in seconds.
const LEEWAY_S: f64 = 60.0;
/// The algorithms that are believed: signatures by a key that only the provider has.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("RS256", Algorithm::RS256),
    ("PS256", Algorithm::PS256),
    ("ES256", Algorithm::ES256),
    ("EdDSA", Algorithm::EdDSA),
];

/// What a token must be like.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// By whom.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// For which sign-in.
    pub nonce: &'a str,
    /// Algorithms the provider says it signs with.
    pub advertised: &'a [String],
    /// Seconds since the epoch.
    pub now_s: f64,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// None of the keys signed it; there may be newer ones.
    UnknownKey,
    /// Anything else.
    Token(&'static str),
}

impl Wrong {
    /// In words.
    pub const fn why(self) -> &'static str {
        match self {
            Self::UnknownKey => "the ID token is signed with a key the provider does not name",
            Self::Token(why) => why,
        }
    }
}

/// The claims of a token, if it is as expected and one of `keys` signed it.
///
/// # Errors
/// Why it is not.
pub fn verify(token: &str, keys: &[Jwk], expected: Expected<'_>) -> Result<Claims, Wrong> {
    let header = decode_header(token).map_err(|_| Wrong::Token("the ID token cannot be read"))?;
    if header.crit.is_some() {
        return Err(Wrong::Token("the ID token wants something understood that is not"));
    }
    let known = ALGORITHMS.iter().find(|(name, algorithm)| {
        *algorithm == header.alg && expected.advertised.iter().any(|one| one == name)
    });
    if known.is_none() {
        return Err(Wrong::Token("the ID token is signed with an algorithm that is not believed"));
    }
    let fitting = keys.iter().filter(|key| fits(key, header.alg));
    let mut named = fitting.filter(|key| header.kid.is_none() || key.common.key_id == header.kid);
    let key = named.next().ok_or(Wrong::UnknownKey)?;
    if header.kid.is_none() && named.next().is_some() {
        return Err(Wrong::Token("the ID token does not say which key signed it"));
    }
    let key = DecodingKey::from_jwk(key);
    let key = key.map_err(|_| Wrong::Token("the provider's key cannot be used"))?;
    // Who, for whom and when is looked at below: by our clock, and missing nothing.
    let mut rules = Validation::new(header.alg);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let claims = decode::<Claims>(token, &key, &rules);
    let claims = claims.map_err(|_| Wrong::Token("the ID token's signature is not good"))?.claims;
    check(&claims, expected).map(|()| claims)
}

/// Whether a key is of the kind an algorithm takes; what the token says of it is not asked.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
        AlgorithmParameters::EllipticCurve(of) => {
            algorithm == Algorithm::ES256 && of.curve == EllipticCurve::P256
        }
        AlgorithmParameters::OctetKeyPair(of) => {
            algorithm == Algorithm::EdDSA && of.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let use_ = key.common.public_key_use.as_ref();
    let signs = use_.is_none_or(|use_| *use_ == PublicKeyUse::Signature);
    kind && signs && key.common.key_algorithm.is_none_or(|own| own == algorithm.into())
}

fn check(claims: &Claims, expected: Expected<'_>) -> Result<(), Wrong> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let holds = |holds: bool, why| if holds { Ok(()) } else { Err(Wrong::Token(why)) };
    holds(text("iss") == Some(expected.issuer), "the ID token is of another issuer")?;
    let (ours, several) = match claims.get("aud") {
        Some(Value::String(one)) => (one == expected.client_id, false),
        Some(Value::Array(all)) => {
            (all.iter().any(|one| one == expected.client_id), all.len() != 1)
        }
        _ => (false, false),
    };
    holds(ours, "the ID token is for somebody else")?;
    let party = claims.get("azp").filter(|value| !value.is_null());
    let asked = party.map_or(!several, |party| party == expected.client_id);
    holds(asked, "the ID token was asked for by somebody else")?;
    let lasts = time("exp").is_some_and(|exp| expected.now_s < exp + LEEWAY_S);
    holds(lasts, "the ID token is over")?;
    let made = time("iat").is_some_and(|iat| iat <= expected.now_s + LEEWAY_S);
    holds(made, "the ID token is of the future, or does not say when it was made")?;
    let begun = match claims.get("nbf") {
        None | Some(Value::Null) => true,
        Some(value) => value.as_f64().is_some_and(|nbf| nbf <= expected.now_s + LEEWAY_S),
    };
    holds(begun, "the ID token is not good yet")?;
    holds(text("nonce") == Some(expected.nonce), "the ID token is for another sign-in")
}
