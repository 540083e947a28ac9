//! Origins (RFC 6454): where a page comes from.

use http::Uri;
use std::collections::HashSet;
use std::sync::Arc;

/// The origins whose pages may use this server. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Arc<HashSet<String>>);

impl Origins {
    /// Reads a list of origins such as `https://a.example` or `http://localhost:8080`.
    ///
    /// # Errors
    /// Which of them is no exact origin, and why.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let each = list.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let read = each.map(|text| {
            if text.ends_with('/') {
                return Err(format!("`{text}` must be without the slash at its end"));
            }
            origin(text)
        });
        read.collect::<Result<_, _>>().map(|all| Self(Arc::new(all)))
    }

    /// Whether it is one of them, as a browser writes it in `Origin`.
    pub fn contain(&self, origin: &str) -> bool {
        self.0.contains(origin)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The origin that `text` is, written as browsers write it: in lower case and without the port that
/// its scheme implies. A slash at its end is passed over.
///
/// # Errors
/// It is a pattern, has a path, or is no `http` or `https` address.
pub fn origin(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err(format!("`{text}` is a pattern; name each origin (https://a.example)"));
    }
    let wrong = || format!("`{text}` is no origin like https://a.example");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme @ ("http" | "https")), Some(at)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
        return Err(format!("`{text}` must be without a path"));
    }
    let port = at.as_str().rsplit_once(':').map(|(_, port)| port);
    let bad_port = port.is_some_and(|port| !port.contains(']') && at.port_u16().is_none());
    if at.as_str().contains('@') || at.host().is_empty() || bad_port {
        return Err(wrong());
    }
    Ok(written(scheme == "https", at.as_str()))
}

/// An origin of this host, as browsers write it.
pub(in crate::server) fn written(secure: bool, host: &str) -> String {
    let (scheme, implied) = if secure { ("https", ":443") } else { ("http", ":80") };
    let host = host.to_ascii_lowercase();
    format!("{scheme}://{}", host.strip_suffix(implied).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, &str>) {
        match (Origins::parse(&[text.to_owned()]), expect) {
            (Ok(origins), Ok(one)) => assert!(origins.contain(one), "{text}: {origins:?}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
            (read, expect) => panic!("{text}: {read:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn origins_are_exact() {
        check("https://a.example", Ok("https://a.example"));
        check("https://A.example:443", Ok("https://a.example"));
        check("http://localhost:8080", Ok("http://localhost:8080"));
        check("http://[::1]:80", Ok("http://[::1]"));
        check("http://[::1]", Ok("http://[::1]"));
        check("*", Err("pattern"));
        check("https://*.example", Err("pattern"));
        check("https://a.example/", Err("slash"));
        check("https://a.example/path", Err("without a path"));
        check("https://a.example?q", Err("without a path"));
        check("https://user@a.example", Err("no origin"));
        check("https://a.example:port", Err("no origin"));
        check("https://a.example:", Err("no origin"));
        check("a.example", Err("no origin"));
        check("null", Err("no origin"));
        check("ftp://a.example", Err("no origin"));
    }
}
