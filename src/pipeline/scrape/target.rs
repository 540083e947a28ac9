//! What is scraped, as the settings name it.

use crate::domain::access::Secret;
use crate::domain::vocabulary::check;
use crate::intake::measured;
use crate::wire::decoded;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Most targets.
const MAX_TARGETS: usize = 1_000;
/// What an interval may be, in seconds.
const INTERVAL: RangeInclusive<u32> = 5..=3_600;

/// What is scraped, and how often.
#[derive(Debug, Clone)]
pub struct Scraping {
    /// The targets.
    pub targets: Vec<Target>,
    /// Time between two scrapes of one.
    pub every: Duration,
}

impl Default for Scraping {
    fn default() -> Self {
        Self { targets: Vec::new(), every: Duration::from_secs(15) }
    }
}

impl Scraping {
    /// Reads targets as `URL` or `JOB=URL`, and an interval in seconds.
    ///
    /// # Errors
    /// Which of them cannot be, by its number: an address may hold a secret.
    pub fn parse(texts: &[String], every_s: Option<u32>) -> Result<Self, String> {
        let every = match every_s {
            None => Self::default().every,
            Some(s) if INTERVAL.contains(&s) => Duration::from_secs(s.into()),
            Some(_) => {
                let (least, most) = (INTERVAL.start(), INTERVAL.end());
                return Err(format!("scrape_interval_s must be from {least} to {most}"));
            }
        };
        if texts.len() > MAX_TARGETS {
            return Err(format!("scrape: at most {MAX_TARGETS} targets"));
        }
        let (mut targets, mut seen) = (Vec::new(), BTreeSet::new());
        for (number, text) in (1..).zip(texts.iter().filter(|text| !text.trim().is_empty())) {
            let wrong = |why: String| format!("scrape: target {number}: {why}");
            let target = Target::parse(text.trim()).map_err(wrong)?;
            if !seen.insert((target.job.clone(), target.instance.clone())) {
                let Target { job, instance, .. } = &target;
                let why = format!("another one is {job} at {instance}; name it: JOB=http://…");
                return Err(wrong(why));
            }
            targets.push(target);
        }
        Ok(Self { targets, every })
    }
}

/// A target.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its label `job`.
    pub job: Arc<str>,
    /// Its label `instance`: host and port.
    pub instance: Arc<str>,
    /// Whose events they are: those of the job.
    pub source: Arc<str>,
    /// Where it is, without what it is asked with. It may yet hold a secret, in its path or query.
    pub(super) url: Secret,
    /// What it is asked with, as `Authorization` has it.
    pub(super) authorization: Option<Secret>,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let scheme = text.find("://").ok_or("must be an address like http://host:9100/metrics")?;
        // An address may hold `=` as well, but not before its scheme.
        let (job, address) = match text.find('=').filter(|at| *at < scheme) {
            Some(at) => {
                let (job, rest) = text.split_at(at);
                (Some(job.trim()), rest.get(1..).unwrap_or_default())
            }
            None => (None, text),
        };
        let mut url: Url = address.trim().parse().map_err(|error| format!("{error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with http:// or https://".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no host")?;
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or("has no port")?;
        let instance: Arc<str> = format!("{host}:{port}").into();
        check::name("instance", &instance).map_err(|error| error.detail)?;
        let job: Arc<str> = job.map_or_else(|| instance.clone(), Arc::from);
        let job_is = |why: String| format!("its name {why}");
        check::name("job", &job).map_err(|error| job_is(error.detail))?;
        let source = measured::source(&job, "scraped");
        let source = source.ok_or_else(|| job_is("cannot be".to_owned()))?;
        let authorization = authorization(&url);
        // Without a host there would be no name and password either.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok(Self { job, instance, source, url: Secret(url.into()), authorization })
    }
}

/// By name and password (RFC 7617); a password alone is a bearer's token (RFC 6750).
fn authorization(url: &Url) -> Option<Secret> {
    let name = decoded(url.username());
    let password = url.password().map(decoded);
    match (name.as_str(), password) {
        ("", None) => None,
        ("", Some(token)) => Some(Secret(format!("Bearer {token}"))),
        (name, password) => {
            let pair = format!("{name}:{}", password.unwrap_or_default());
            Some(Secret(format!("Basic {}", BASE64_STANDARD.encode(pair))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Job, instance, address and authorization of the one target.
    #[track_caller]
    fn check(text: &str, expect: [&str; 4]) {
        let scraping = Scraping::parse(&[text.to_owned()], None).unwrap();
        let [target] = &scraping.targets[..] else { panic!("{scraping:?}") };
        let authorization = target.authorization.as_ref().map_or("", |it| &it.0);
        let got = [&*target.job, &*target.instance, &*target.url.0, authorization];
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn a_target_is_an_address_with_or_without_a_name() {
        let address = "http://a.example:9100/metrics?x=y";
        check(address, ["a.example:9100", "a.example:9100", address, ""]);
        check("node = http://a.example/m", ["node", "a.example:80", "http://a.example/m", ""]);
        check("https://[::1]/m", ["[::1]:443", "[::1]:443", "https://[::1]/m", ""]);
        let basic = "Basic YW5uOnAmdw==";
        check("http://ann:p%26w@a:1/m", ["a:1", "a:1", "http://a:1/m", basic]);
        check("http://:bw_token@a:1/m", ["a:1", "a:1", "http://a:1/m", "Bearer bw_token"]);
    }

    #[test]
    fn what_is_printed_of_a_target_holds_no_secret() {
        let text = "http://ann:hunter2@a:1/hunter2?key=hunter2".to_owned();
        let told = format!("{:?}", Scraping::parse(&[text], None).unwrap());
        assert!(!told.contains("hunter2") && !told.contains("YW5u"), "{told}");
    }

    #[test]
    fn what_cannot_be_scraped_is_named_by_number_alone() {
        let good = "http://a:1/metrics";
        for (texts, part) in [
            (vec![good, "a:1/metrics"], "target 2: must be an address"),
            (vec!["ftp://a:1"], "target 1: must begin with http"),
            (vec!["http://:hunter2@/x"], "target 1: "),
            (vec!["http://a:0/x"], "no port"),
            (vec!["\u{7}=http://a:1/x"], "its name must not"),
            (vec![good, "http://a:1/other"], "target 2: another one is a:1 at a:1"),
        ] {
            let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
            let why = Scraping::parse(&texts, None).unwrap_err();
            assert!(why.contains(part) && !why.contains("hunter2"), "{why}");
        }
        let named = [good.to_owned(), "other=http://a:1/other".to_owned(), " ".to_owned()];
        assert_eq!(Scraping::parse(&named, Some(5)).unwrap().targets.len(), 2);
        for s in [0, 4, 3_601] {
            assert!(Scraping::parse(&[], Some(s)).unwrap_err().contains("from 5 to 3600"));
        }
    }
}
