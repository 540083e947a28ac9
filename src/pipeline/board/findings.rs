//! What the rules find, in order, and the verdict that follows.

use super::{Board, Refreshed, Subject};
use crate::domain::health::{Finding, Health, Severity, Status, settle};
use crate::domain::summary::AlertCounts;
use crate::domain::work::health::Found;
use crate::wire::Timestamp;
use std::cmp::Reverse;

/// Points a finding of each severity costs the overall score.
const CRITICAL_POINTS: u32 = 10;
const WARNING_POINTS: u32 = 4;
/// Findings listed in the overview; enough to hold every one that costs points.
const MAX_FINDINGS: usize = 50;

/// Orders findings: worst first, then longest-standing.
pub(super) type Rank = (Reverse<Severity>, Timestamp, String, String);

fn rank(finding: &Finding) -> Rank {
    (Reverse(finding.severity), finding.since, finding.subject.clone(), finding.rule.clone())
}

fn is_of_work(finding: &Finding) -> bool {
    finding.rule.starts_with("work.")
}

impl Board {
    pub(super) fn set_findings(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        out: &mut Refreshed,
    ) {
        let had = self.held.remove(subject).unwrap_or_default();
        if had.is_empty() && findings.is_empty() {
            return;
        }
        let loud = |finding: &Finding| finding.severity >= Severity::Warning;
        let mut gone = Vec::new();
        for old in had {
            if let Some(finding) = self.ranked.remove(&old) {
                *self.alerts_of(finding.severity) -= 1;
                self.of_work -= u64::from(is_of_work(&finding));
                gone.extend(Some(finding).filter(loud));
            }
        }
        let same = |a: &Finding, b: &Finding| a.rule == b.rule && a.subject == b.subject;
        let fired =
            findings.iter().filter(|new| loud(new) && !gone.iter().any(|old| same(old, new)));
        out.fired.extend(fired.cloned());
        let is_there = |old: &Finding| findings.iter().any(|new| loud(new) && same(old, new));
        gone.retain(|old| !is_there(old));
        out.cleared.append(&mut gone);
        if findings.is_empty() {
            return;
        }
        self.held.insert(subject.clone(), findings.iter().map(rank).collect());
        for finding in findings {
            let (severity, of_work) = (finding.severity, is_of_work(&finding));
            if self.ranked.insert(rank(&finding), finding).is_none() {
                *self.alerts_of(severity) += 1;
                self.of_work += u64::from(of_work);
            }
        }
    }

    const fn alerts_of(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::Warning => &mut self.warning,
            Severity::Info => &mut self.info,
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

    /// Alerts: every finding of severity warning or worse is one.
    pub const fn alerts(&self) -> AlertCounts {
        let (critical, warning) = (self.critical, self.warning);
        AlertCounts { active: critical + warning, acknowledged: 0, critical, warning }
    }
}
