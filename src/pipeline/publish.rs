//! What readers get: the state and its views at one position, encoded at most once.

use super::board::Findings;
use super::changed::Changed;
use super::channels::Channels;
use super::dashboard_events;
use crate::domain::alerts::{AlertItem, AlertNumbers, AlertsPage};
use crate::domain::health::Finding;
use crate::domain::projects::{ProjectId, ProjectItem, ProjectsPage, Sort};
use crate::domain::state::State;
use crate::domain::summary::{Summary, Ticker};
use crate::domain::system::SystemPage;
use crate::domain::trading::valuation::Valuation;
use crate::domain::trading::{DEFAULT_CURRENCY, Portfolio, TradesPage};
use crate::domain::work::dashboard::DashboardState;
use crate::domain::work::health::Found;
use crate::domain::work::{self, AgentItem, AgentsPage, TasksPage, WorkPage};
use crate::domain::{Permissions, Topic};
use crate::wire::{Cursor, Seq, Timestamp};
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use imbl::OrdMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

/// A value and its encodings, each made when first asked for and then shared.
#[derive(Debug)]
pub struct Doc<T> {
    /// The value.
    pub value: T,
    /// Where its content last changed; names the version in its `ETag`.
    pub version: Seq,
    json: OnceLock<Bytes>,
    tag: OnceLock<String>,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    snapshot: OnceLock<Utf8Bytes>,
}

impl<T: Serialize> Doc<T> {
    /// Wraps a value whose content last changed at `version`.
    pub fn new(value: T, version: Seq) -> Self {
        Self {
            value,
            version,
            json: OnceLock::new(),
            tag: OnceLock::new(),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
            snapshot: OnceLock::new(),
        }
    }

    /// Whether it has been encoded before.
    pub fn is_encoded(&self) -> bool {
        self.json.get().is_some()
    }

    /// As JSON.
    pub fn json(&self) -> &Bytes {
        // Views hold nothing that JSON cannot: their map keys are strings and their floats finite
        // or null; the fallback keeps the request path free of panics all the same.
        self.json.get_or_init(|| serde_json::to_vec(&self.value).unwrap_or_default().into())
    }

    /// Its `ETag`, hashed once and not for every reader.
    pub fn tag(&self) -> &str {
        self.tag.get_or_init(|| crate::server::server_fns::tag_of(self.json()))
    }

    /// As gzipped JSON, at the speed rather than the size setting: it is made between flushes.
    pub fn gzip(&self) -> &Bytes {
        self.gzip.get_or_init(|| {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            match out.write_all(self.json()).and_then(|()| out.finish()) {
                Ok(bytes) => bytes.into(),
                Err(_) => Bytes::new(),
            }
        })
    }

    /// As JSON under brotli, quality 4.
    pub fn brotli(&self) -> &Bytes {
        self.brotli.get_or_init(|| {
            let params = brotli::enc::BrotliEncoderParams { quality: 4, ..Default::default() };
            let mut out = Vec::new();
            match brotli::BrotliCompress(&mut self.json().as_ref(), &mut out, &params) {
                Ok(_) => out.into(),
                Err(_) => Bytes::new(),
            }
        })
    }

    /// The snapshot message for the feed.
    pub fn snapshot(&self, topic: &Topic, cursor: &Cursor, at: Timestamp) -> &Utf8Bytes {
        self.snapshot.get_or_init(|| {
            let data = std::str::from_utf8(self.json()).unwrap_or("null");
            super::hub::snapshot_text(topic, &cursor.epoch, cursor.seq, at, data, None)
        })
    }
}

/// Everything that is shown, at one position of the journal.
#[derive(Debug)]
pub struct Published {
    /// The position.
    pub seq: Seq,
    /// The journal's identity and the position.
    pub cursor: Cursor,
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Where each part last changed.
    pub changed: Changed,
    /// The state itself; cheap to copy, since its maps are persistent.
    pub state: State,
    /// The overview.
    pub summary: Arc<Doc<Summary>>,
    /// The same without the figures of any host, made when first asked for.
    pub outline: OnceLock<Doc<Summary>>,
    /// Hosts and the server's insides.
    pub system: Arc<Doc<SystemPage>>,
    /// What came in last.
    pub ticker: Arc<Doc<Ticker>>,
    /// Every project's row.
    pub projects: OrdMap<ProjectId, Arc<ProjectItem>>,
    /// Where a project's row last changed.
    pub projects_version: Seq,
    /// Findings of each project that has any.
    pub findings: OrdMap<ProjectId, Arc<[Finding]>>,
    /// The whole list, unpaged, made when first asked for.
    pub projects_all: OnceLock<Doc<ProjectsPage>>,
    /// Every agent.
    pub agents: OrdMap<Arc<str>, Arc<AgentItem>>,
    /// What the rules about work find, worst first, at most 100.
    pub work_findings: Found,
    /// Every alert that is not over.
    pub alerts: OrdMap<Arc<str>, Arc<AlertItem>>,
    /// The same in numbers.
    pub alert_numbers: AlertNumbers,
    /// Every finding, by rule and subject.
    pub found: Findings,
    /// What the books are worth.
    pub valuation: Valuation,
    /// The portfolio in its usual currency, without ratios and history; made when first asked for.
    pub portfolio: OnceLock<Doc<Portfolio>>,
    /// The newest trades, made when first asked for.
    pub trades: OnceLock<Doc<TradesPage>>,
    /// What whoever asks for all of a channel is told.
    pub channels: Channels,
    /// Every alert that is not over, made when first asked for.
    pub alerts_all: OnceLock<Doc<AlertsPage>>,
    /// Every agent, unpaged, made when first asked for.
    pub agents_all: OnceLock<Doc<AgentsPage>>,
    /// Every task that is not over, unpaged, made when first asked for.
    pub tasks_all: OnceLock<Doc<TasksPage>>,
    /// The work page, made when first asked for.
    pub work: OnceLock<Doc<WorkPage>>,
    /// How long the server has run, in milliseconds.
    pub uptime_ms: u64,
    /// All of work in one object, made when first asked for.
    pub dashboard: OnceLock<Doc<DashboardState>>,
    /// The first message of `/ws/dashboard`, made when first asked for.
    pub dashboard_text: OnceLock<Utf8Bytes>,
}

impl Published {
    /// The whole list of projects, in the order in which REST answers when it is asked for none.
    pub fn all_projects(&self) -> &Doc<ProjectsPage> {
        self.projects_all.get_or_init(|| {
            let mut rows: Vec<&ProjectItem> = self.projects.values().map(|item| &**item).collect();
            rows.sort_by(|a, b| Sort::default().compare(a, b));
            let items: Vec<_> = rows.into_iter().cloned().collect();
            let page = ProjectsPage {
                as_of: self.as_of,
                cursor: self.cursor.clone(),
                total: items.len(),
                items,
                next: None,
            };
            Doc::new(page, self.projects_version)
        })
    }

    /// The overview without the figures of any host.
    pub fn outline(&self) -> &Doc<Summary> {
        let summary = &self.summary;
        self.outline.get_or_init(|| Doc::new(summary.value.clone().outline(), summary.version))
    }

    /// The overview, as it is told to those who may do only this.
    pub fn summary_for(&self, may: Permissions) -> &Doc<Summary> {
        match Topic::Summary.told_to(may) {
            Topic::Outline => self.outline(),
            _ => &self.summary,
        }
    }

    /// Every agent, by id.
    pub fn all_agents(&self) -> &Doc<AgentsPage> {
        self.agents_all.get_or_init(|| {
            let items: Vec<_> = self.agents.values().map(|agent| (**agent).clone()).collect();
            let (as_of, cursor) = (self.as_of, self.cursor.clone());
            let total = items.len();
            Doc::new(AgentsPage { as_of, cursor, total, items, next: None }, self.seq)
        })
    }

    /// Every alert that is not over, worst first.
    pub fn all_alerts(&self) -> &Doc<AlertsPage> {
        self.alerts_all.get_or_init(|| {
            let mut items: Vec<_> = self.alerts.values().map(|item| (**item).clone()).collect();
            items.sort_by(AlertItem::worst_first);
            let page = AlertsPage {
                as_of: self.as_of,
                cursor: self.cursor.clone(),
                numbers: self.alert_numbers,
                items,
                silences: self.state.alerts.silence_items(),
            };
            Doc::new(page, self.seq)
        })
    }

    /// The portfolio in its usual currency, without ratios and history: those take history.
    pub fn portfolio(&self) -> &Doc<Portfolio> {
        self.portfolio.get_or_init(|| {
            let currency = DEFAULT_CURRENCY.into();
            let (state, cursor) = (&self.state.trading, self.cursor.clone());
            let page = self.valuation.portfolio(state, &currency, self.as_of, cursor);
            Doc::new(page, self.seq)
        })
    }

    /// The newest trades.
    pub fn trades(&self) -> &Doc<TradesPage> {
        self.trades.get_or_init(|| {
            let state = &self.state.trading;
            let mut items: Vec<_> = state.recent.iter().map(|fill| fill.told()).collect();
            items.sort_by_key(|item| Reverse((item.timestamp, item.seq)));
            let (as_of, cursor) = (self.as_of, self.cursor.clone());
            let (total, next) = (state.trades, None);
            Doc::new(TradesPage { as_of, cursor, total, items, next, matching: false }, self.seq)
        })
    }

    /// Every task that is not over, newest first.
    pub fn all_tasks(&self) -> &Doc<TasksPage> {
        self.tasks_all.get_or_init(|| {
            let state = &self.state.work;
            let mut items: Vec<_> =
                state.tasks.values().map(|task| work::build::task(state, task)).collect();
            items.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
            let (as_of, cursor) = (self.as_of, self.cursor.clone());
            let total = items.len();
            Doc::new(TasksPage { as_of, cursor, total, items, next: None }, self.seq)
        })
    }

    /// The work page.
    pub fn work_page(&self) -> &Doc<WorkPage> {
        self.work.get_or_init(|| {
            let (state, settings) = (&self.state.work, &self.state.settings.work);
            let cursor = self.cursor.clone();
            let page = work::build::page(state, &self.work_findings, self.as_of, settings, cursor);
            Doc::new(page, self.seq)
        })
    }

    /// All of work in one object, for dashboards that poll it or hold `/ws/dashboard`.
    pub fn dashboard(&self) -> &Doc<DashboardState> {
        self.dashboard.get_or_init(|| {
            let agents = self.agents.values().map(|agent| &**agent);
            let alerts = dashboard_events::alerts(self.all_alerts().value.items.iter());
            let (findings, uptime_ms) = (&self.work_findings.findings, self.uptime_ms);
            let state = DashboardState::of(
                &self.state.work,
                findings,
                agents,
                alerts,
                self.as_of,
                uptime_ms,
            );
            Doc::new(state, self.seq)
        })
    }

    /// The first message of `/ws/dashboard`.
    pub fn dashboard_snapshot(&self) -> &Utf8Bytes {
        self.dashboard_text.get_or_init(|| {
            let doc = self.dashboard();
            let data = std::str::from_utf8(doc.json()).unwrap_or("null");
            let alerts = serde_json::to_string(&doc.value.active_alerts).unwrap_or_default();
            format!(r#"{{"type":"snapshot","data":{data},"alerts":{alerts}}}"#).into()
        })
    }

    /// The shared views, by topic. The page of one project or task is not one of
    /// them: it is made for whoever asks, since it reads history; for it the ticker stands in and
    /// is never sent. The portfolio is here without what takes history.
    fn doc(&self, topic: &Topic) -> &dyn Encoded {
        match topic {
            Topic::Summary => &*self.summary,
            Topic::Outline => self.outline(),
            Topic::Projects => self.all_projects(),
            Topic::System => &*self.system,
            Topic::Agents => self.all_agents(),
            Topic::Tasks => self.all_tasks(),
            Topic::Work => self.work_page(),
            Topic::Alerts => self.all_alerts(),
            Topic::Trades => self.trades(),
            Topic::Portfolio => self.portfolio(),
            Topic::Events
            | Topic::Project(_)
            | Topic::Task(_)
            | Topic::AlertsSocket
            | Topic::MetricsSocket
            | Topic::PortfolioSocket
            | Topic::TradesSocket
            | Topic::DashboardSocket => &*self.ticker,
        }
    }

    /// The REST answer of a shared topic.
    pub fn json(&self, topic: &Topic) -> &Bytes {
        self.doc(topic).json()
    }

    /// The snapshot message of a shared topic.
    pub fn snapshot(&self, topic: &Topic) -> &Utf8Bytes {
        self.doc(topic).snapshot(topic, &self.cursor, self.as_of)
    }
}

/// A [`Doc`] whatever its content.
trait Encoded {
    fn json(&self) -> &Bytes;
    fn snapshot(&self, topic: &Topic, cursor: &Cursor, at: Timestamp) -> &Utf8Bytes;
}

impl<T: Serialize> Encoded for Doc<T> {
    fn json(&self) -> &Bytes {
        Self::json(self)
    }

    fn snapshot(&self, topic: &Topic, cursor: &Cursor, at: Timestamp) -> &Utf8Bytes {
        Self::snapshot(self, topic, cursor, at)
    }
}
