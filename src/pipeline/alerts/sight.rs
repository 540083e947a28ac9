//! What is seen of a rule's condition: of findings, metrics, and what has gone quiet.
//!
//! A server that was down has not listened. So nothing counts as quiet before the server itself
//! has listened for as long as that takes: until then nobody knows.

use super::heard::Heard;
use super::labels;
use crate::domain::alerts::life::Sight;
use crate::domain::alerts::rule::{
    Aggregation, AlertRule, On, OnAbsent, OnFinding, OnMetric, Op, Thing,
};
use crate::domain::alerts::state::{External, OF_OTHERS, Sources};
use crate::domain::alerts::{Key, What, built_in, glob};
use crate::domain::health::{Evidence, Finding, Severity, minute, span};
use crate::domain::state::State;
use crate::domain::system::state::Host;
use crate::domain::window::{DAY, MINUTE};
use crate::pipeline::board::{FIRING, Findings};
use crate::wire::Timestamp;
use std::sync::Arc;

/// Rules of findings that tell of silence, and how long that lasts where they do not say it.
const OF_SILENCE: [(&str, i64); 5] = [
    ("system.host_quiet", MINUTE),
    ("work.agent_offline", MINUTE),
    ("work.task_stuck", 5 * MINUTE),
    ("work.no_agent", MINUTE),
    ("project.stale", DAY),
];
/// The finding that a host has gone quiet.
pub const HOST_QUIET: &str = "system.host_quiet";

/// All that conditions are held against, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The state.
    pub state: &'a State,
    /// What the rules of the domains find.
    pub found: &'a Findings,
    /// When it is.
    pub now: Timestamp,
    /// Since when the server has listened without a break.
    pub up_since: Timestamp,
}

/// What is seen of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Whether it holds.
    pub sight: Sight,
    /// What an alert would say, if it holds.
    pub what: Option<What>,
    /// When that changes though nothing comes.
    pub next: Option<Timestamp>,
    /// Why it is gone, if not for what is seen.
    pub why: Option<&'static str>,
    /// Since when it has held, if somebody else has said so.
    pub since: Option<Timestamp>,
}

impl Seen {
    const fn of(sight: Sight) -> Self {
        Self { sight, what: None, next: None, why: None, since: None }
    }

    fn gone(why: &'static str) -> Self {
        Self { why: Some(why), ..Self::of(Sight::Clear) }
    }
}

/// Whether the finding tells of silence, and for how long that must have lasted, in milliseconds.
pub fn silence(finding: &str) -> Option<i64> {
    OF_SILENCE.iter().find(|(rule, _)| *rule == finding).map(|(_, ms)| *ms)
}

/// How long what a finding tells of has been silent at least, in milliseconds; none if it tells of
/// no silence: an agent that says that it goes is not silent.
fn silent_for(finding: &Finding) -> Option<i64> {
    let least = silence(&finding.rule)?;
    let Evidence { value, threshold, unit, .. } = &finding.evidence;
    match (value, threshold) {
        (Some(value), Some(threshold)) if unit.as_deref() == Some("ms") => {
            (value >= threshold).then_some(*threshold as i64)
        }
        _ => Some(least),
    }
}

impl Scene<'_> {
    /// What is seen of the condition of `key`.
    pub fn look(&self, key: &Key) -> Seen {
        let Some(rule) = self.state.alerts.rule(&key.rule) else {
            return Seen::gone("the rule was removed");
        };
        if !rule.enabled {
            return Seen::gone("the rule was switched off");
        }
        match &rule.on {
            On::Finding(_) => self.finding(&rule, key),
            On::Metric(on) => self.metric(&rule, on, key),
            On::Absent(on) => self.absent(&rule, on, key),
        }
    }

    /// The rules that are about a finding; the one for all that are left only if no other is.
    pub fn rules_for(&self, finding: &Finding) -> Vec<Arc<AlertRule>> {
        let takes = |rule: &AlertRule| match &rule.on {
            On::Finding(on) => rule.enabled && takes(rule, on, finding),
            _ => false,
        };
        let state = &self.state.alerts;
        let own = state.rules.values().filter(|rule| *rule.id != *built_in::FINDINGS);
        let mut rules: Vec<_> = own.filter(|rule| takes(rule)).cloned().collect();
        if rules.is_empty() {
            rules.extend(state.rule(built_in::FINDINGS).filter(|rule| takes(rule)));
        }
        rules
    }

    fn finding(&self, rule: &AlertRule, key: &Key) -> Seen {
        let found = self.found.get(&(key.finding.clone(), key.subject.clone()));
        let Some(finding) = found else {
            let host = self.host(&key.subject).filter(|_| *key.finding != *HOST_QUIET);
            let quiet_at = host.map(|host| host.deadline().plus(1));
            return match quiet_at {
                Some(at) if at <= self.now => Seen::of(Sight::Missing),
                // What is over needs no looking after.
                _ if !self.state.alerts.by_key.contains_key(key) => Seen::of(Sight::Clear),
                next => Seen { next, ..Seen::of(Sight::Clear) },
            };
        };
        if !matches!(&rule.on, On::Finding(on) if takes(rule, on, finding)) {
            return Seen::of(Sight::Clear);
        }
        if !self.rules_for(finding).iter().any(|takes| takes.id == rule.id) {
            return Seen::gone("another rule is about it");
        }
        if let Some(ms) = silent_for(finding) {
            let heard_enough = self.up_since.plus(ms).plus(1);
            if self.now < heard_enough {
                return Seen { next: Some(heard_enough), ..Seen::of(Sight::Missing) };
            }
        }
        let other = self.external(&key.subject);
        let said = other.and_then(|other| other.message.clone());
        let tags = other.map(|other| other.tags.clone()).unwrap_or_default();
        let own = labels::of_tags(&tags, other.and_then(|other| other.title.as_deref()));
        let what = What {
            title: title(finding, rule),
            message: said.unwrap_or_else(|| finding.message.clone()),
            severity: rule.severity.unwrap_or(finding.severity),
            source: finding.source.as_deref().unwrap_or(Sources::OWN).into(),
            labels: labels::of(self.state, rule, key, finding.source.as_deref(), Some(&own)),
            tags,
            value: finding.evidence.value,
            threshold: finding.evidence.threshold,
            unit: finding.evidence.unit.clone(),
            resolve: finding.resolve.clone(),
            link: finding.evidence.link.clone(),
        };
        let since = other.map(|other| other.since);
        Seen { what: Some(what), since, ..Seen::of(Sight::Holds) }
    }

    /// The alert of another system that a subject is.
    fn external(&self, subject: &str) -> Option<&Arc<External>> {
        let rest = subject.strip_prefix("alert/")?;
        let active = &self.state.alerts.external.active;
        // A source may hold slashes, and so may an id.
        let mut places = rest.match_indices('/');
        places.find_map(|(at, _)| {
            let (source, id) = (rest.get(..at)?, rest.get(at + 1..)?);
            active.get(&(source.into(), id.into()))
        })
    }

    /// The host that a subject is: once it is quiet, nobody knows about it any more.
    fn host(&self, subject: &str) -> Option<&Arc<Host>> {
        self.state.system.hosts.get(subject.strip_prefix("host/")?)
    }

    fn metric(&self, rule: &AlertRule, on: &OnMetric, key: &Key) -> Seen {
        let windows = &self.state.alerts.windows.by_key;
        let Some(window) = windows.get(&(rule.id.clone(), key.subject.clone())) else {
            // A rule that has changed begins to watch anew: nothing is known until something comes.
            let open = self.state.alerts.by_key.get(key);
            let alert = open.and_then(|id| self.state.alerts.open.get(id));
            let about = alert.is_some_and(|alert| labels::are_of(&alert.what.labels, on));
            return match about {
                true => Seen::of(Sight::Missing),
                false => Seen::gone("the rule watches something else now"),
            };
        };
        let window_ms = (on.window_s * 1_000.0) as i64;
        let next = window.next_change(window_ms, self.now);
        // A count says how many there are only to whoever has listened all the while; until then
        // there may be more, but not fewer.
        let counts = matches!(on.aggregation, Aggregation::Count | Aggregation::Sum);
        let full = self.up_since.max(window.since).plus(window_ms);
        let partial = counts && self.now < full;
        let unsure =
            Seen { next: next.into_iter().chain([full]).min(), ..Seen::of(Sight::Missing) };
        let missing = Seen { next, ..Seen::of(Sight::Missing) };
        let Some(value) = window.aggregate(on.aggregation, window_ms, self.now) else {
            return missing;
        };
        let past_ms = on.past_s.map(|s| (s * 1_000.0) as i64);
        let threshold = match past_ms {
            None => on.threshold,
            Some(ms) => match window.aggregate(on.aggregation, window_ms, self.now.plus(-ms)) {
                Some(past) if !counts || self.now.plus(-ms - window_ms) >= window.since => {
                    past * on.threshold
                }
                // There is no past to compare with yet.
                _ => return missing,
            },
        };
        let holds = on.op.holds(value, threshold);
        if partial && !(holds && matches!(on.op, Op::More | Op::AtLeast)) {
            return unsure;
        }
        if !holds {
            return Seen { next, ..Seen::of(Sight::Clear) };
        }
        let unit = window.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let over = span(window_ms);
        let name = key.subject.strip_prefix("metric/").unwrap_or(&key.subject);
        let (how, op) = (on.aggregation.name(), on.op.words());
        let than = match past_ms {
            None => String::new(),
            Some(ms) => format!(", {} times what it was {} before", on.threshold, span(ms)),
        };
        let what = What {
            title: format!("{}: {name}", rule.name),
            message: format!(
                "The {how} of {name} over {over} is {}{unit}, {op} {}{unit}{than}.",
                figure(value),
                figure(threshold)
            ),
            severity: rule.severity.unwrap_or(Severity::Warning),
            source: window.source.clone(),
            labels: labels::of(self.state, rule, key, Some(&window.source), Some(&window.labels)),
            tags: Vec::new(),
            value: Some(value),
            threshold: Some(threshold),
            unit: window.unit.as_ref().map(ToString::to_string),
            resolve: format!("{name} not {op} {}{unit}, as {how} over {over}.", figure(threshold)),
            link: "/alerts/rules".to_owned(),
        };
        Seen { what: Some(what), next, ..Seen::of(Sight::Holds) }
    }

    fn absent(&self, rule: &AlertRule, on: &OnAbsent, key: &Key) -> Seen {
        let (kind, name) = key.subject.split_once('/').unwrap_or_default();
        if kind != on.of.name() || !glob(&on.name, name) {
            return Seen::gone("the rule watches something else now");
        }
        let heard = self.heard(on.of, name);
        if heard.is_none() && on.name.contains('*') {
            return Seen::gone("it is not known any more");
        }
        let saved = self.state.alerts.rules_at.get(&rule.id).copied();
        let last = heard.as_ref().map(|heard| heard.at);
        // What never came has been missed since somebody began to wait for it.
        let from = last.or(saved).unwrap_or(self.up_since);
        let after = match on.after_s {
            Some(s) => (s * 1_000.0) as i64,
            None => heard.as_ref().map_or(Heard::UNKNOWN, |heard| heard.allowed),
        };
        let (due, listened) = (from.plus(after), self.up_since.plus(after));
        if self.now <= due {
            return Seen { next: Some(due.plus(1)), ..Seen::of(Sight::Clear) };
        }
        if self.now <= listened {
            return Seen { next: Some(listened.plus(1)), ..Seen::of(Sight::Missing) };
        }
        let source = heard.and_then(|heard| heard.source);
        let since = match last {
            Some(at) => format!("was last heard of at {}", minute(at)),
            None => format!("has not been heard of since {}", minute(from)),
        };
        let kind = on.of.name();
        let what = What {
            title: format!("{kind} {name}: quiet"),
            message: format!(
                "{} {name} {since}; it is missed after {}.",
                capital(kind),
                span(after)
            ),
            severity: rule.severity.unwrap_or(Severity::Warning),
            source: source.clone().unwrap_or_else(|| Sources::OWN.into()),
            labels: labels::of(self.state, rule, key, source.as_deref(), None),
            tags: Vec::new(),
            value: None,
            threshold: Some(after as f64),
            unit: Some("ms".to_owned()),
            resolve: format!("Anything of {kind} {name}, at least every {}.", span(after)),
            link: page(on.of, name),
        };
        Seen { what: Some(what), ..Seen::of(Sight::Holds) }
    }

    /// Everything that a rule could have an alert about now.
    pub fn candidates(&self, rule: &Arc<AlertRule>) -> Vec<Key> {
        let key = |finding: &Arc<str>, subject: Arc<str>| Key {
            rule: rule.id.clone(),
            finding: finding.clone(),
            subject,
        };
        let none: Arc<str> = Arc::default();
        match &rule.on {
            On::Finding(on) => {
                let found = self.found.values().filter(|finding| takes(rule, on, finding));
                found.map(|it| key(&it.rule.as_str().into(), it.subject.as_str().into())).collect()
            }
            On::Metric(_) => {
                let windows = self.state.alerts.windows.of_rule(&rule.id);
                windows.map(|(subject, _)| key(&none, subject.clone())).collect()
            }
            On::Absent(on) => {
                let named = self.names(on.of, &on.name);
                named.map(|name| key(&none, format!("{}/{name}", on.of.name()).into())).collect()
            }
        }
    }
}

/// Whether a rule is about a finding. What an alert itself is, is no reason for another.
pub fn takes(rule: &AlertRule, on: &OnFinding, finding: &Finding) -> bool {
    // What another system calls an alert is one, however mild; somebody may want to see worse alone.
    let others = *rule.id == *built_in::FINDINGS && finding.rule == OF_OTHERS;
    let least = on.severity.filter(|least| !(others && *least <= Severity::Warning));
    !finding.rule.starts_with(FIRING)
        && glob(&on.rule, &finding.rule)
        && least.is_none_or(|least| finding.severity >= least)
}

/// A finding in a few words: `host build-02: host quiet`.
fn title(finding: &Finding, rule: &AlertRule) -> String {
    if finding.rule == OF_OTHERS {
        let said = finding.message.split_once(": ").map_or(&*finding.message, |(_, said)| said);
        return said.to_owned();
    }
    let subject = finding.subject.replacen('/', " ", 1);
    if *rule.id != *built_in::FINDINGS {
        return format!("{}: {subject}", rule.name);
    }
    let words = finding.rule.rsplit('.').next().unwrap_or_default().replace('_', " ");
    format!("{subject}: {words}")
}

fn page(of: Thing, name: &str) -> String {
    let name = crate::wire::encoded(name);
    match of {
        Thing::Agent => format!("/work/agents/{name}"),
        Thing::Project => format!("/projects/{name}"),
        Thing::Host => "/system".to_owned(),
        Thing::Source | Thing::Metric => "/alerts".to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A number for a sentence, with at most four significant decimals.
fn figure(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
