//! What the rules find, in order, and the verdict that follows.

use super::{Board, Subject};
use crate::domain::alerts::AlertNumbers;
use crate::domain::health::{Finding, Health, Severity, Status, settle};
use crate::domain::summary::AlertCounts;
use crate::domain::work::health::Found;
use crate::wire::Timestamp;
use imbl::OrdMap;
use std::cmp::Reverse;
use std::sync::Arc;

/// Points a finding of each severity costs the overall score.
const CRITICAL_POINTS: u32 = 10;
const WARNING_POINTS: u32 = 4;
/// Findings listed in the overview; enough to hold every one that costs points.
const MAX_FINDINGS: usize = 50;

/// Findings by rule and subject.
pub type Findings = OrdMap<(Arc<str>, Arc<str>), Arc<Finding>>;

fn name(finding: &Finding) -> (Arc<str>, Arc<str>) {
    (finding.rule.as_str().into(), finding.subject.as_str().into())
}

/// Orders findings: worst first, then longest-standing.
pub(super) type Rank = (Reverse<Severity>, Timestamp, String, String);

fn rank(finding: &Finding) -> Rank {
    (Reverse(finding.severity), finding.since, finding.subject.clone(), finding.rule.clone())
}

fn is_of_work(finding: &Finding) -> bool {
    finding.rule.starts_with("work.")
}

impl Board {
    pub(super) fn set_findings(&mut self, subject: &Subject, findings: Vec<Finding>) {
        let had = self.held.remove(subject).unwrap_or_default();
        if had.is_empty() && findings.is_empty() {
            return;
        }
        for old in had {
            if let Some(finding) = self.ranked.remove(&old) {
                self.of_work -= u64::from(is_of_work(&finding));
                let name = name(&finding);
                // One that goes on is put in its place below; until then it is not gone.
                if !findings
                    .iter()
                    .any(|new| new.rule == finding.rule && new.subject == finding.subject)
                {
                    self.found.remove(&name);
                }
            }
        }
        if findings.is_empty() {
            return;
        }
        self.held.insert(subject.clone(), findings.iter().map(rank).collect());
        for finding in findings {
            let (of_work, name) = (is_of_work(&finding), name(&finding));
            if self.found.get(&name).is_none_or(|known| **known != finding) {
                self.found.insert(name, Arc::new(finding.clone()));
            }
            if self.ranked.insert(rank(&finding), finding).is_none() {
                self.of_work += u64::from(of_work);
            }
        }
    }

    /// What the rules about work find, worst first, at most `limit` of it.
    pub fn work_findings(&self, limit: usize) -> Found {
        let of_work = self.ranked.values().filter(|finding| is_of_work(finding));
        Found { findings: of_work.take(limit).cloned().collect(), total: self.of_work }
    }

    /// The verdict over everything.
    pub fn health(&self) -> Health {
        let mut findings: Vec<Finding> = self.ranked.values().take(MAX_FINDINGS).cloned().collect();
        for finding in &mut findings {
            finding.points = match finding.severity {
                Severity::Critical => CRITICAL_POINTS,
                Severity::Warning => WARNING_POINTS,
                Severity::Info => 0,
            };
        }
        let left = settle(&mut findings);
        let nothing_known = self.counts.total == self.counts.unknown
            && self.hosts.len() == self.quiet.len()
            && self.agents.is_empty();
        let status = match findings.first().map(|worst| worst.severity) {
            Some(Severity::Critical) => Status::Critical,
            Some(Severity::Warning) => Status::Warning,
            _ if nothing_known => Status::Unknown,
            _ => Status::Ok,
        };
        let findings_total = u32::try_from(self.ranked.len()).unwrap_or(u32::MAX);
        let score = (status != Status::Unknown).then_some(left);
        Health { status, score, findings, findings_total }
    }

    /// Alerts in numbers.
    pub const fn alerts(&self) -> AlertCounts {
        let AlertNumbers { active, acknowledged, critical, warning, loud, loud_critical, .. } =
            self.alert_numbers;
        AlertCounts { active, acknowledged, critical, warning, loud, loud_critical }
    }
}
