//! From what a provider says of somebody to who they are here: name, profile, role.

use super::options::Settings;
use crate::domain::access::{Provider, UserCreated};
use crate::wire::{ApiError, ErrorKind};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Claims of somebody (OpenID Connect Core 1.0, section 5.1).
pub type Claims = Map<String, Value>;

/// Everybody, where a group is named.
const EVERYBODY: &str = "*";
/// Groups that are looked at.
const MAX_GROUPS: usize = 10_000;
/// Longest subject (OpenID Connect Core 1.0, section 2), in bytes.
const MAX_SUBJECT: usize = 255;

/// Whoever is in a group has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The group, or `*`.
    pub group: Arc<str>,
    /// The role.
    pub role: Arc<str>,
}

impl Rule {
    /// Reads `GROUP=ROLE`; a group's name may hold `=`.
    ///
    /// # Errors
    /// It is not written so.
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=').map(|(group, role)| (group.trim(), role.trim()));
        match parts.filter(|(group, role)| !group.is_empty() && !role.is_empty()) {
            Some((group, role)) => Ok(Self { group: group.into(), role: role.into() }),
            None => Err(format!("--oidc-role {text}: write it as GROUP=ROLE")),
        }
    }
}

/// A claim by its name; failing that, by the names that lead to it, with dots between them.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    let found = claims.get(name).or_else(|| {
        let mut names = name.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    });
    found.filter(|value| !value.is_null())
}

/// Text that is safe to keep and to show; none for anything else.
fn text(claims: &Claims, name: &str, max: usize) -> Option<Arc<str>> {
    let text = claim(claims, name)?.as_str()?.trim();
    let fits = !text.is_empty() && text.len() <= max && !text.contains(char::is_control);
    fits.then(|| text.into())
}

/// Whether the claims lack what decides who somebody is, so that more of them must be asked for.
pub fn incomplete(settings: &Settings, claims: &Claims) -> bool {
    let by_group = settings.roles.iter().any(|rule| *rule.group != *EVERYBODY);
    let no_groups = by_group && claim(claims, &settings.groups_claim).is_none();
    no_groups || claim(claims, &settings.username_claim).is_none()
}

/// The role of the first rule that fits.
fn role(settings: &Settings, claims: &Claims) -> Option<Arc<str>> {
    let groups: Vec<&str> = match claim(claims, &settings.groups_claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => {
            all.iter().take(MAX_GROUPS).filter_map(|group| group.as_str()).collect()
        }
        _ => Vec::new(),
    };
    let fits = |rule: &&Rule| *rule.group == *EVERYBODY || groups.contains(&&*rule.group);
    settings.roles.iter().find(fits).map(|rule| rule.role.clone())
}

/// Who the claims' subject is here.
///
/// # Errors
/// 403 if they have no role or no name.
pub fn user(settings: &Settings, claims: &Claims) -> Result<(UserCreated, Provider), ApiError> {
    let refused = |detail: String| ApiError::new(ErrorKind::Forbidden, detail);
    let provider = &settings.name;
    let subject = text(claims, "sub", MAX_SUBJECT)
        .ok_or_else(|| refused(format!("{provider} does not say who you are")))?;
    let user = text(claims, &settings.username_claim, MAX_SUBJECT).ok_or_else(|| {
        let claim = &settings.username_claim;
        refused(format!("{provider} says no name to call you by (the claim {claim})"))
    })?;
    let role = role(settings, claims).ok_or_else(|| {
        refused(format!("{provider} knows you, but none of your groups has a role here"))
    })?;
    let vouched = Provider { issuer: settings.issuer.clone(), subject };
    // An address of which the provider says that it may be somebody else's is none.
    let verified = claims.get("email_verified").and_then(Value::as_bool) != Some(false);
    let email = text(claims, "email", 254).filter(|email| verified && email.contains('@'));
    let created = UserCreated {
        user,
        role,
        password: None,
        email,
        full_name: text(claims, "name", 200),
        provider: Some(vouched.clone()),
    };
    Ok((created, vouched))
}

/// Whom the audit log names where nobody is let in; empty if nothing is said of them.
pub fn shown(settings: &Settings, claims: &Claims) -> Arc<str> {
    let name = text(claims, &settings.username_claim, MAX_SUBJECT);
    name.or_else(|| text(claims, "sub", MAX_SUBJECT)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::options::Options;
    use super::*;
    use serde_json::json;

    fn settings(roles: &[&str], groups_claim: &str) -> Settings {
        let options = Options {
            issuer: Some("https://id.example".to_owned()),
            client_id: Some("b".to_owned()),
            role: roles.iter().map(|&rule| rule.to_owned()).collect(),
            groups_claim: Some(groups_claim.to_owned()),
            ..Options::default()
        };
        options.settle().unwrap().unwrap()
    }

    #[track_caller]
    fn check(roles: &[&str], groups_claim: &str, claims: Value, expect: Option<&str>) {
        let Value::Object(claims) = claims else { panic!("{claims}") };
        let role = role(&settings(roles, groups_claim), &claims);
        assert_eq!(role.as_deref(), expect, "{claims:?}");
    }

    #[test]
    fn the_first_rule_that_fits_gives_the_role() {
        let rules = ["ops=operator", "boss=admin"];
        check(&rules, "groups", json!({"groups": ["boss", "ops"]}), Some("operator"));
        check(&rules, "groups", json!({"groups": ["boss"]}), Some("admin"));
        check(&rules, "groups", json!({"groups": "boss"}), Some("admin"));
        check(&rules, "groups", json!({"groups": ["OPS", "op", "*", 1, null]}), None);
        check(&rules, "groups", json!({}), None);
        check(&["ops=operator", "*=viewer"], "groups", json!({}), Some("viewer"));
        check(&["cn=a,ou=b=viewer"], "groups", json!({"groups": ["cn=a,ou=b"]}), Some("viewer"));
    }

    #[test]
    fn groups_are_found_inside_of_objects() {
        let claims = json!({"realm_access": {"roles": ["ops"]}, "https://a.example/g": ["ops"]});
        for name in ["realm_access.roles", "https://a.example/g"] {
            check(&["ops=operator"], name, claims.clone(), Some("operator"));
        }
        check(&["ops=operator"], "realm_access.groups", claims, None);
    }

    #[test]
    fn more_is_asked_for_only_if_something_is_missing() {
        let by_group = settings(&["ops=viewer"], "groups");
        let everybody = settings(&["*=viewer"], "groups");
        let claims = |value: Value| value.as_object().unwrap().clone();
        let named = claims(json!({"preferred_username": "ann"}));
        assert!(incomplete(&by_group, &named) && !incomplete(&everybody, &named));
        let grouped = claims(json!({"preferred_username": "ann", "groups": []}));
        assert!(!incomplete(&by_group, &grouped));
        assert!(incomplete(&everybody, &claims(json!({"preferred_username": null}))));
    }

    #[test]
    fn a_profile_holds_what_is_safe_to_show_and_no_more() {
        let settings = settings(&["*=viewer"], "groups");
        let of = |claims: Value| user(&settings, claims.as_object().unwrap());
        let (ann, provider) = of(json!({
            "sub": "1", "preferred_username": " ann ", "email": "a@b.example", "name": "Ann\u{7}",
        }))
        .unwrap();
        assert_eq!((&*ann.user, &*provider.subject), ("ann", "1"));
        assert_eq!((ann.email.as_deref(), ann.full_name), (Some("a@b.example"), None));
        let unverified = json!({"sub": "1", "preferred_username": "ann", "email": "a@b.example",
            "email_verified": false});
        assert_eq!(of(unverified).unwrap().0.email, None);
        for nobody in [json!({"sub": "1"}), json!({"preferred_username": "ann"}), json!({"sub": 1})]
        {
            assert_eq!(of(nobody).unwrap_err().status, 403);
        }
    }
}
