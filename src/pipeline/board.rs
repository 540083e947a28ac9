//! What follows from the state: rows, counts, findings and deadlines, kept up to date by what
//! was touched, so that a flush costs what changed and not what exists.

mod alerting;
pub use alerting::{AlertChange, FIRING};
mod findings;
mod refreshed;

use crate::domain::alerts::state::Touched as AlertsTouched;
use crate::domain::alerts::{AlertItem, AlertNumbers};
use crate::domain::health::Finding;
use crate::domain::metrics;
use crate::domain::projects::{self, ProjectId, ProjectItem, ProjectStatus};
use crate::domain::state::{State, Touched};
use crate::domain::summary::{HostsBrief, ProjectCounts};
use crate::domain::system::{self, HostItem};
use crate::domain::trading::state::Touched as TradingTouched;
use crate::domain::trading::valuation::Valuation;
use crate::domain::work::state::{Task, Touched as WorkTouched};
use crate::domain::work::{self, AgentItem};
use crate::wire::Timestamp;
pub use findings::Findings;
use findings::Rank;
use imbl::OrdMap;
pub use refreshed::{AgentChange, Refreshed};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Rows under "needs a look".
const MAX_ATTENTION: usize = 8;

/// Something that has a row and findings of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A project.
    Project(ProjectId),
    /// A host.
    Host(Arc<str>),
    /// All projects together.
    Totals,
    /// An agent.
    Agent(Arc<str>),
    /// A task.
    Task(Arc<str>),
    /// A queue.
    Queue(Arc<str>),
    /// Agents and tasks together.
    Work,
    /// Alerts of other systems.
    External,
    /// An alert.
    Alert(Arc<str>),
    /// Silences, and so any alert.
    Silences,
    /// Rules of alerts, and so any of them.
    Setup,
    /// Who is to be told: nothing that has a row.
    Outbox,
    /// How much room there is for a metric; for all of them if none is named.
    Metrics(Option<Arc<str>>),
}

impl Subject {
    /// What is to be looked at again; nothing of trading, which has neither rows nor findings here.
    fn of(touched: Touched) -> Option<Self> {
        Some(match touched {
            Touched::Project(id) => Self::Project(id),
            Touched::Host(name) => Self::Host(name),
            Touched::Alerts(AlertsTouched::External) => Self::External,
            Touched::Alerts(AlertsTouched::Alert(id)) => Self::Alert(id),
            Touched::Alerts(AlertsTouched::Silences) => Self::Silences,
            Touched::Alerts(AlertsTouched::Setup) => Self::Setup,
            Touched::Alerts(AlertsTouched::Outbox) => Self::Outbox,
            Touched::Work(WorkTouched::Agent(id)) => Self::Agent(id),
            Touched::Work(WorkTouched::Task(id)) => Self::Task(id),
            Touched::Work(WorkTouched::Over(task)) => Self::Task(task.id.clone()),
            Touched::Work(WorkTouched::Queue(name)) => Self::Queue(name),
            Touched::Work(WorkTouched::Totals) => Self::Work,
            Touched::Metrics(touched) => Self::Metrics(touched.0),
            Touched::Trading(_) => return None,
        })
    }
}

/// The derived side of the state.
#[derive(Debug, Default)]
pub struct Board {
    /// Every project's row.
    pub projects: OrdMap<ProjectId, Arc<ProjectItem>>,
    /// Findings of projects.
    pub findings: OrdMap<ProjectId, Arc<[Finding]>>,
    /// Every host's row.
    pub hosts: BTreeMap<Arc<str>, HostItem>,
    /// Every agent.
    pub agents: OrdMap<Arc<str>, Arc<AgentItem>>,
    /// Every alert that is not over.
    pub alerts: OrdMap<Arc<str>, Arc<AlertItem>>,
    /// The same in numbers.
    pub alert_numbers: AlertNumbers,
    /// Every finding, by rule and subject.
    pub found: Findings,
    /// What the books are worth.
    pub valuation: Valuation,
    counts: ProjectCounts,
    worst: BTreeSet<(ProjectStatus, Option<u32>, ProjectId)>,
    ranked: BTreeMap<Rank, Finding>,
    held: HashMap<Subject, Vec<Rank>>,
    /// Findings about work.
    of_work: u64,
    busiest: BTreeSet<(Reverse<u32>, Arc<str>)>,
    quiet: BTreeSet<Arc<str>>,
    due: BTreeSet<(Timestamp, Subject)>,
    due_of: HashMap<Subject, Timestamp>,
    touched: BTreeSet<Subject>,
    traded: BTreeSet<TradingTouched>,
    over: Vec<Arc<Task>>,
}

impl Board {
    /// A board on which everything in `state` is still to be looked at.
    pub fn over(state: &State) -> Self {
        let projects = state.projects.by_id.keys().cloned().map(Subject::Project);
        let hosts = state.system.hosts.keys().cloned().map(Subject::Host);
        let agents = state.work.agents.keys().cloned().map(Subject::Agent);
        let queues = state.work.queues.keys().cloned().map(Subject::Queue);
        let stuck = state.work.index.stuck.iter().cloned().map(Subject::Task);
        let open = state.alerts.open.keys().cloned().map(Subject::Alert);
        let refused = state.metrics.refused.keys().cloned().map(Some).map(Subject::Metrics);
        let rest = [Subject::Totals, Subject::Work, Subject::External, Subject::Metrics(None)];
        let all =
            projects.chain(hosts).chain(agents).chain(queues).chain(stuck).chain(open).chain(rest);
        let touched = all.chain(refused).collect();
        Self { touched, valuation: Valuation::over(&state.trading, None), ..Self::default() }
    }

    /// Notes what an event touched.
    pub fn touch(&mut self, touched: Touched) {
        if matches!(touched, Touched::Project(_)) {
            self.touched.insert(Subject::Totals);
        }
        if let Touched::Work(WorkTouched::Over(task)) = &touched {
            self.over.push(task.clone());
        }
        match touched {
            Touched::Trading(touched) => {
                self.traded.insert(touched);
            }
            other => {
                self.touched.extend(Subject::of(other));
            }
        }
    }

    /// When something next changes by time alone.
    pub fn next_deadline(&self, state: &State) -> Option<Timestamp> {
        let due = self.due.first().map(|(at, _)| *at);
        let silence = state.alerts.next_due();
        due.into_iter().chain(silence).chain(state.work.next_due(&state.settings.work)).min()
    }

    /// Looks again at all that was touched and all that is due.
    pub fn refresh(&mut self, state: &State) -> Refreshed {
        let now = state.now;
        while let Some((at, subject)) = self.due.first().cloned()
            && at <= now
        {
            self.due.remove(&(at, subject.clone()));
            self.due_of.remove(&subject);
            self.touched.insert(subject);
        }
        let mut out = Refreshed { over: std::mem::take(&mut self.over), ..Refreshed::default() };
        let traded = std::mem::take(&mut self.traded);
        out.trading = self.valuation.refresh(&state.trading, &traded);
        let settings = &state.settings.work;
        for subject in std::mem::take(&mut self.touched) {
            match &subject {
                Subject::Project(id) => self.refresh_project(state, id, &subject, &mut out),
                Subject::Host(name) => self.refresh_host(state, name, &subject, &mut out),
                Subject::Totals => {
                    let next = projects::brief::next(&state.projects.totals, now);
                    self.set_deadline(&subject, next);
                }
                Subject::Agent(id) => self.refresh_agent(state, id, &subject, &mut out),
                Subject::Task(id) => {
                    let task = state.work.tasks.get(id);
                    let found = task.map(|task| work::health::task(&state.work, task, settings));
                    self.set_findings(&subject, found.unwrap_or_default());
                    out.tasks.push(id.clone());
                    out.work = true;
                }
                Subject::Queue(name) => {
                    let queue = state.work.queues.get(name);
                    let seen =
                        queue.map(|q| work::health::queue(&state.work, name, q, now, settings));
                    self.set_deadline(&subject, seen.as_ref().and_then(|seen| seen.next));
                    let found = seen.map(|seen| seen.findings).unwrap_or_default();
                    self.set_findings(&subject, found);
                    out.queues.push(name.clone());
                    out.work = true;
                }
                Subject::Work => {
                    let seen = work::health::all(&state.work, now, settings);
                    self.set_deadline(&subject, seen.next);
                    self.set_findings(&subject, seen.findings);
                    out.work = true;
                }
                Subject::External => {
                    self.set_findings(&subject, state.alerts.findings());
                }
                Subject::Alert(id) => self.refresh_alert(state, id, &subject, &mut out),
                Subject::Outbox => {}
                Subject::Metrics(name) => {
                    let seen = metrics::health::cardinality(&state.metrics, name.as_deref(), now);
                    self.set_deadline(&subject, seen.next);
                    self.set_findings(&subject, seen.findings);
                }
                Subject::Silences | Subject::Setup => {
                    out.silences |= subject == Subject::Silences;
                    let open: Vec<_> = state.alerts.open.keys().cloned().collect();
                    for id in open {
                        self.refresh_alert(state, &id, &Subject::Alert(id.clone()), &mut out);
                    }
                }
            }
        }
        out
    }

    fn refresh_project(
        &mut self,
        state: &State,
        id: &ProjectId,
        subject: &Subject,
        out: &mut Refreshed,
    ) {
        let listed = state.projects.get(id);
        let Some(project) = listed else {
            if let Some(old) = self.projects.remove(id) {
                self.count(&old, false);
                out.gone.push(id.clone());
            }
            self.findings.remove(id);
            self.set_findings(subject, Vec::new());
            self.set_deadline(subject, None);
            return;
        };
        let seen = projects::health::assess(project, state.now);
        self.set_deadline(subject, seen.next);
        out.pages.push(id.clone());
        if seen.findings.is_empty() {
            self.findings.remove(id);
        } else {
            self.findings.insert(id.clone(), seen.findings.clone().into());
        }
        self.set_findings(subject, seen.findings);
        let old = self.projects.get(id).cloned();
        if old.as_deref() == Some(&seen.item) {
            return;
        }
        if old.as_ref().is_none_or(|old| old.score != seen.item.score) {
            out.scores.push((id.clone(), seen.item.score));
        }
        if let Some(old) = old {
            self.count(&old, false);
        }
        let item = Arc::new(seen.item);
        self.count(&item, true);
        self.projects.insert(id.clone(), item.clone());
        out.projects.push(item);
    }

    fn refresh_host(
        &mut self,
        state: &State,
        name: &Arc<str>,
        subject: &Subject,
        out: &mut Refreshed,
    ) {
        let Some(host) = state.system.hosts.get(name) else { return };
        let seen = system::health::assess(host, state.now);
        self.set_deadline(subject, seen.next);
        self.set_findings(subject, seen.findings);
        if let Some(old) = self.hosts.get(name) {
            if *old == seen.item {
                return;
            }
            self.busiest.remove(&busy(old));
        }
        if seen.item.stale {
            self.quiet.insert(name.clone());
        } else {
            self.quiet.remove(name);
            self.busiest.insert(busy(&seen.item));
        }
        self.hosts.insert(name.clone(), seen.item.clone());
        out.hosts.push(seen.item);
    }

    fn refresh_agent(
        &mut self,
        state: &State,
        id: &Arc<str>,
        subject: &Subject,
        out: &mut Refreshed,
    ) {
        out.work = true;
        let before = self.agents.get(id).cloned();
        let was = before.as_ref().map(|before| before.fsm_state);
        let settings = &state.settings.work;
        let Some(agent) = state.work.agents.get(id) else {
            self.set_findings(subject, Vec::new());
            self.set_deadline(subject, None);
            if self.agents.remove(id).is_some() {
                out.agents.push(AgentChange { id: id.clone(), before: was, item: None });
            }
            return;
        };
        let seen = work::health::agent(agent, state.now, settings);
        self.set_deadline(subject, seen.next);
        self.set_findings(subject, seen.findings);
        let item = work::build::agent(&state.work, agent, state.now, settings);
        if before.as_deref() == Some(&item) {
            return;
        }
        let item = Arc::new(item);
        self.agents.insert(id.clone(), item.clone());
        out.agents.push(AgentChange { id: id.clone(), before: was, item: Some(item) });
    }

    fn count(&mut self, item: &ProjectItem, add: bool) {
        let counts = &mut self.counts;
        let by_status = match item.status {
            ProjectStatus::Healthy => &mut counts.healthy,
            ProjectStatus::Warning => &mut counts.warning,
            ProjectStatus::Critical => &mut counts.critical,
            ProjectStatus::Unknown => &mut counts.unknown,
        };
        let key = (item.status, item.score, item.project.clone());
        if add {
            *by_status += 1;
            counts.total += 1;
            self.worst.insert(key);
        } else {
            *by_status -= 1;
            counts.total -= 1;
            self.worst.remove(&key);
        }
    }

    fn set_deadline(&mut self, subject: &Subject, next: Option<Timestamp>) {
        if let Some(old) = self.due_of.remove(subject) {
            self.due.remove(&(old, subject.clone()));
        }
        if let Some(next) = next {
            self.due.insert((next, subject.clone()));
            self.due_of.insert(subject.clone(), next);
        }
    }

    /// Projects by health.
    pub const fn counts(&self) -> ProjectCounts {
        self.counts
    }

    /// The rows that most need a look, worst first.
    pub fn attention(&self) -> Vec<ProjectItem> {
        self.worst
            .iter()
            .take_while(|(status, ..)| *status != ProjectStatus::Healthy)
            .take(MAX_ATTENTION)
            .filter_map(|(_, _, id)| self.projects.get(id).map(|item| (**item).clone()))
            .collect()
    }

    /// Hosts in brief.
    pub fn hosts_brief(&self) -> HostsBrief {
        let busiest = self.busiest.first().and_then(|(_, name)| self.hosts.get(name));
        HostsBrief {
            total: u64::try_from(self.hosts.len()).unwrap_or(u64::MAX),
            quiet: self.quiet.iter().take(MAX_ATTENTION).cloned().collect(),
            host: busiest.map(|host| host.host.clone()),
            cpu: busiest.and_then(|host| host.cpu),
            memory: busiest.and_then(|host| host.memory),
            disk: busiest.and_then(|host| host.disk),
            load1: busiest.and_then(|host| host.load).map(|[one, ..]| one),
            cpu_trend: busiest.map(|host| host.cpu_trend.clone()).unwrap_or_default(),
            last_seen_at: busiest.map(|host| host.last_seen_at),
        }
    }
}

/// Orders hosts by CPU use in tenths of a percent, busiest first.
fn busy(host: &HostItem) -> (Reverse<u32>, Arc<str>) {
    let use_permille = host.cpu.map_or(0.0, |cpu| cpu.usage_percent * 10.0);
    (Reverse(use_permille as u32), host.host.clone())
}
