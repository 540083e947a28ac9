//! Where a channel may lead, checked when it is saved. At each delivery the address that its name
//! has then is checked again.

use super::address::Net;
use super::{Target, smtp, webhook};
use crate::domain::alerts::{ChannelKind, ChannelSpec};
use crate::wire::{ApiError, FieldError};
use url::{Host, Url};

/// Longest address, in bytes.
const MAX_URL: usize = 2_000;
/// Longest secret and longest name to sign in with, in bytes.
const MAX_SECRET: usize = 1_000;

/// The host of an address, read as browsers read it: `127.1` and `①.1` are addresses too.
pub fn host(url: &Url) -> Option<Host> {
    Host::parse(url.host_str()?).ok()
}

/// Where an address leads, without what in it may be secret: `https://a.example:8443`.
pub fn place(url: &str) -> String {
    let Ok(url) = url.parse::<Url>() else { return "nowhere".to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Whether two addresses lead to the same place, so that what opens the door at one may be shown
/// at the other.
pub fn same_place(a: &str, b: &str) -> bool {
    place(a) == place(b)
}

/// Checks what a channel is to be sent with: `spec` for all but the target, which is what it comes
/// to with what was there before.
///
/// # Errors
/// 422 naming every member that cannot be.
pub fn check(net: &Net, spec: &ChannelSpec, target: &Target) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if let Err(why) = url(net, spec, &target.url) {
        errors.push(FieldError::new("/url", why));
    }
    if let Err(why) = secret(spec.kind, target) {
        errors.push(FieldError::new("/secret", why));
    }
    let mail = spec.kind == ChannelKind::Smtp;
    if mail {
        errors.extend(smtp::wrong(spec, target));
    } else {
        let goes_with_mail = "goes with mail (smtp) alone";
        if !spec.to.is_empty() {
            errors.push(FieldError::new("/to", goes_with_mail));
        }
        if spec.from.as_ref().is_some_and(|from| !from.is_empty()) {
            errors.push(FieldError::new("/from", goes_with_mail));
        }
    }
    if let Some(name) = &target.username {
        if spec.kind == ChannelKind::Webhook {
            errors.push(FieldError::new("/username", "is of no use: a webhook is signed"));
        } else if name.len() > MAX_SECRET || name.chars().any(char::is_control) {
            errors.push(FieldError::new("/username", "must be at most 1,000 printable bytes"));
        } else if name.contains(':') && !mail {
            errors.push(FieldError::new("/username", "must not hold a colon"));
        } else if target.secret.is_none() {
            errors.push(FieldError::new("/secret", "goes with the name to sign in with"));
        }
    }
    match errors.first() {
        None => Ok(()),
        Some(first) => {
            let detail = match errors.len() {
                1 => first.detail.clone(),
                more => format!("{more} members cannot be"),
            };
            Err(ApiError { errors, ..ApiError::invalid("", detail) })
        }
    }
}

fn url(net: &Net, spec: &ChannelSpec, text: &str) -> Result<(), String> {
    let mail = spec.kind == ChannelKind::Smtp;
    let (schemes, example) = match spec.kind {
        ChannelKind::Smtp => (["smtp", "smtps"], "smtps://mail.example"),
        ChannelKind::Ntfy => (["http", "https"], "https://ntfy.example/topic"),
        _ => (["http", "https"], "https://a.example/path"),
    };
    if text.is_empty() {
        return Err(format!("must be an address like {example}"));
    }
    if text.len() > MAX_URL {
        return Err(format!("must be at most {MAX_URL} bytes long"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must not hold white space or control characters".to_owned());
    }
    let url: Url = text.parse().map_err(|error| format!("{error}; it is like {example}"))?;
    if !schemes.contains(&url.scheme()) {
        let [plain, secure] = schemes;
        return Err(format!("must begin with {secure}:// or {plain}://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name or password: there are members for them".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must be without a part after #".to_owned());
    }
    if url.port() == Some(0) {
        return Err("must not have port 0".to_owned());
    }
    let host = host(&url).ok_or_else(|| format!("names no host; it is like {example}"))?;
    if mail && !matches!(url.path(), "" | "/") {
        return Err(format!("must be without a path, like {example}"));
    }
    if spec.kind == ChannelKind::Ntfy && url.path().trim_matches('/').is_empty() {
        return Err(format!("must name the topic, like {example}"));
    }
    net.may_name(&host)
}

fn secret(kind: ChannelKind, target: &Target) -> Result<(), String> {
    let Some(secret) = &target.secret else { return Ok(()) };
    if kind == ChannelKind::Webhook {
        return webhook::key(secret).map(drop).map_err(str::to_owned);
    }
    if secret.len() > MAX_SECRET {
        return Err(format!("must be at most {MAX_SECRET} bytes long"));
    }
    let token = kind != ChannelKind::Smtp && target.username.is_none();
    let fits = |c: char| if token { c.is_ascii_graphic() } else { !c.is_control() };
    if !secret.chars().all(fits) {
        let what = if token { "ASCII without white space" } else { "without control characters" };
        return Err(format!("must be {what}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Tuning;
    use serde_json::{Value, json};

    /// The members that are refused.
    #[track_caller]
    fn check(spec: Value, expect: &[&str]) {
        let spec: ChannelSpec = serde_json::from_value(spec).unwrap();
        let target = Target {
            url: spec.url.clone(),
            secret: spec.secret.clone(),
            username: spec.username.clone(),
        };
        let refused = super::check(&Net::new(false, Tuning::default()), &spec, &target);
        let errors = refused.err().map(|error| error.errors).unwrap_or_default();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, expect, "{spec:?}: {errors:?}");
    }

    #[test]
    fn addresses_are_of_their_kind_and_hold_no_password() {
        for (kind, url, good) in [
            ("webhook", "https://a.example/x?y=z", true),
            ("webhook", "http://a.example:8080", true),
            ("webhook", "ftp://a.example", false),
            ("webhook", "a.example", false),
            ("webhook", "", false),
            ("webhook", "https://", false),
            ("webhook", "https://ann:pw@a.example", false),
            ("webhook", "https://ann@a.example", false),
            ("webhook", "https://a.example/#x", false),
            ("webhook", "https://a.example/\r\nx", false),
            ("webhook", "https://a.example:0/", false),
            ("webhook", "http://127.0.0.1/", false),
            ("webhook", "http://[::1]:9/", false),
            ("webhook", "http://169.254.169.254/latest", false),
            ("webhook", "http://localhost:9/", false),
            ("webhook", "file:///etc/passwd", false),
            ("slack", "https://hooks.example/services/T/B/X", true),
            ("ntfy", "https://ntfy.example/topic", true),
            ("ntfy", "https://ntfy.example/", false),
            ("alertmanager", "https://am.example/api/v2/alerts", true),
        ] {
            let expect: &[&str] = if good { &[] } else { &["/url"] };
            check(json!({ "kind": kind, "url": url }), expect);
        }
    }

    #[test]
    fn mail_says_to_whom() {
        let to = ["ann@a.example"];
        let mail = |url: &str| json!({ "kind": "smtp", "url": url, "to": to });
        for url in ["smtp://mail.example", "smtps://mail.example:465", "smtp://mail.example/"] {
            check(mail(url), &[]);
        }
        for url in ["https://mail.example", "smtp://mail.example/x", "smtp://127.1", "smtp://[::1]"]
        {
            check(mail(url), &["/url"]);
        }
        check(json!({ "kind": "smtp", "url": "smtp://m.example" }), &["/to"]);
        check(json!({ "kind": "smtp", "url": "smtp://m.example?to=ann@a.example" }), &[]);
        check(json!({ "kind": "smtp", "url": "smtp://m.example?to=nobody" }), &["/url"]);
        check(json!({ "kind": "smtp", "url": "smtp://m.example?cc=a@b.example" }), &["/url"]);
        let bad = json!({ "kind": "smtp", "url": "smtp://m.example", "to": ["a@b.example", "x"],
            "from": "a@b.example\r\nBcc: c@d.example" });
        check(bad, &["/to/1", "/from"]);
        let password =
            json!({ "kind": "smtp", "url": "smtp://m.example", "to": to, "secret": "s" });
        check(password, &["/username"]);
        let name = json!({ "kind": "smtp", "url": "smtp://m.example", "to": to, "username": "s" });
        check(name, &["/secret"]);
    }

    #[test]
    fn secrets_fit_their_kind() {
        let with = |kind: &str, secret: &str| json!({ "kind": kind, "url": "https://a.example/x", "secret": secret });
        check(with("webhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &[]);
        check(with("webhook", "hunter2"), &["/secret"]);
        check(with("ntfy", "tk_abc"), &[]);
        check(with("ntfy", "a b"), &["/secret"]);
        check(with("slack", "a\r\nb"), &["/secret"]);
        let to = json!({ "kind": "slack", "url": "https://a.example/x", "to": ["a@b.example"] });
        check(to, &["/to"]);
        let name = json!({ "kind": "webhook", "url": "https://a.example/x", "username": "ann" });
        check(name, &["/username"]);
    }

    #[test]
    fn places_leave_out_what_may_be_secret() {
        assert_eq!(place("https://a.example:8443/secret?x=y"), "https://a.example:8443");
        assert!(same_place("https://a.example/x", "https://a.example:443/y"));
        assert!(!same_place("https://a.example/x", "http://a.example/x"));
        assert!(!same_place("https://a.example/x", "https://b.example/x"));
    }
}
