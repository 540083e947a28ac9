//! Alerts, rules, silences and channels: typed calls for pages. Programs use REST.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]
#![allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]

use super::rule::RuleSpec;
use super::{
    AlertDetail, AlertsList, AlertsPage, BackTest, BackTestRequest, ChannelItem, ChannelSpec,
    ChannelTest, Listed, MaintenanceItem, MaintenanceSpec, NotificationItem, RuleItem, SilenceSpec,
};
use crate::wire::{ApiError, JsonText, JsonUnread, Timestamp, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use std::sync::Arc;

/// `GET /api/ui/alerts`: every alert that is not over, and the silences.
///
/// # Errors
/// 403 for whoever may not see alerts.
#[server(name = ReadAlerts, prefix = "/api/ui", endpoint = "alerts", input = GetUrl, output = JsonUnread)]
pub async fn alerts() -> Result<Unread<AlertsPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewAlerts)?;
    crate::server::shown(app.hub.published().all_alerts())
}

/// `GET /api/ui/alert`: one alert with what has happened to it.
///
/// # Errors
/// 404, and 503 when history cannot be read.
#[server(name = ReadAlert, prefix = "/api/ui", endpoint = "alert", input = GetUrl, output = JsonUnread)]
pub async fn alert(alert: String) -> Result<Unread<AlertDetail>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewAlerts)?;
    Unread::of(&crate::server::alerts::reads::detail(&app, &alert).await?)
}

/// `GET /api/ui/alert_history`: alerts that match, newest first, those that are over among them;
/// the parameters are those of `GET /api/v1/alerts`.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
#[server(name = ReadAlertHistory, prefix = "/api/ui", endpoint = "alert_history", input = GetUrl, output = JsonUnread)]
pub async fn alert_history(
    #[server(default)] start_time: Option<String>,
    #[server(default)] end_time: Option<String>,
    #[server(default)] severity: Option<String>,
    #[server(default)] state: Option<String>,
    #[server(default)] source: Option<String>,
    #[server(default)] rule: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] after: Option<String>,
) -> Result<Unread<AlertsList>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewAlerts)?;
    let params = crate::server::alerts::reads::AlertsParams {
        start_time,
        end_time,
        severity,
        state,
        source,
        rule,
        q,
        after,
        ..Default::default()
    };
    Unread::of(&crate::server::alerts::reads::list(&app, &params).await?)
}

/// `POST /api/ui/acknowledge_alerts`: says that the caller looks after these alerts.
///
/// # Errors
/// 404 if nobody can any more, 422 for a comment that cannot be.
#[server(name = AcknowledgeAlerts, prefix = "/api/ui", endpoint = "acknowledge_alerts", input = Json, output = JsonText)]
pub async fn acknowledge_alerts(
    alerts: Vec<Arc<str>>,
    comment: Option<String>,
) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::AcknowledgeAlerts)?;
    let one = |id: &Arc<str>| {
        let (app, caller, id, comment) = (app.clone(), caller.clone(), id.clone(), comment.clone());
        async move {
            let comment = comment.as_deref();
            crate::server::alerts::acknowledge(&app, &caller, &id, comment).await.map(drop)
        }
    };
    crate::server::alerts::many(alerts.iter().map(one)).await
}

/// `POST /api/ui/silence_alerts`: keeps these alerts quiet, until a time or for so many seconds.
///
/// # Errors
/// 404 if none of them is open any more, 422 for an end that cannot be.
#[server(name = SilenceAlerts, prefix = "/api/ui", endpoint = "silence_alerts", input = Json, output = JsonText)]
pub async fn silence_alerts(
    alerts: Vec<Arc<str>>,
    until: Option<Timestamp>,
    for_s: Option<f64>,
    comment: Option<String>,
) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::AcknowledgeAlerts)?;
    let quiet = crate::server::alerts::Quiet { until, for_s, comment };
    let one = |id: &Arc<str>| {
        let (app, caller, id, quiet) = (app.clone(), caller.clone(), id.clone(), quiet.clone());
        async move { crate::server::alerts::silence(&app, &caller, &id, &quiet).await.map(drop) }
    };
    crate::server::alerts::many(alerts.iter().map(one)).await
}

/// `POST /api/ui/create_silence`: keeps alerts that match quiet.
///
/// # Errors
/// 422 at the member that cannot be.
#[server(name = CreateSilence, prefix = "/api/ui", endpoint = "create_silence", input = Json, output = JsonText)]
pub async fn create_silence(spec: SilenceSpec) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::AcknowledgeAlerts)?;
    crate::server::alerts::silences::create(&app, &caller, spec).await.map(drop)
}

/// `POST /api/ui/end_silence`: ends a silence before its time.
///
/// # Errors
/// 404.
#[server(name = EndSilence, prefix = "/api/ui", endpoint = "end_silence", input = Json, output = JsonText)]
pub async fn end_silence(silence: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::AcknowledgeAlerts)?;
    crate::server::alerts::silences::end(&app, &caller, &silence).await
}

/// `GET /api/ui/maintenance`: every maintenance window.
///
/// # Errors
/// 403 for whoever may not see alerts.
#[server(name = ReadMaintenance, prefix = "/api/ui", endpoint = "maintenance", input = GetUrl, output = JsonUnread)]
pub async fn maintenance() -> Result<Unread<Listed<MaintenanceItem>>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewAlerts)?;
    let items = crate::server::alerts::maintenance::list(&app);
    Unread::of(&Listed::all(app.hub.published().as_of, items))
}

/// `POST /api/ui/save_maintenance`: saves a maintenance window: a new one if none is named.
///
/// # Errors
/// 404, and 422 at the member that cannot be.
#[server(name = SaveMaintenance, prefix = "/api/ui", endpoint = "save_maintenance", input = Json, output = JsonText)]
pub async fn save_maintenance(id: Option<Arc<str>>, spec: MaintenanceSpec) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::maintenance::save(&app, &caller, id.as_deref(), spec).await.map(drop)
}

/// `POST /api/ui/remove_maintenance`: removes a maintenance window.
///
/// # Errors
/// 404.
#[server(name = RemoveMaintenance, prefix = "/api/ui", endpoint = "remove_maintenance", input = Json, output = JsonText)]
pub async fn remove_maintenance(id: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::maintenance::remove(&app, &caller, &id).await
}

/// `GET /api/ui/alert_rules`: every rule, those that are there from the start first.
///
/// # Errors
/// 403 for whoever may not manage rules.
#[server(name = ReadAlertRules, prefix = "/api/ui", endpoint = "alert_rules", input = GetUrl, output = JsonUnread)]
pub async fn alert_rules() -> Result<Unread<Listed<RuleItem>>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ManageRules)?;
    let shown = app.hub.published();
    Unread::of(&Listed::all(shown.as_of, crate::server::alerts::rules::list(&shown)))
}

/// `GET /api/ui/alert_rule`: one rule.
///
/// # Errors
/// 404.
#[server(name = ReadAlertRule, prefix = "/api/ui", endpoint = "alert_rule", input = GetUrl, output = JsonUnread)]
pub async fn alert_rule(rule: String) -> Result<Unread<RuleItem>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ManageRules)?;
    Unread::of(&crate::server::alerts::rules::get(&app.hub.published(), &rule)?)
}

/// `POST /api/ui/save_alert_rule`: saves a rule: a new one if none is named.
///
/// # Errors
/// 404, 409 if its id is taken, 422 at the member that cannot be.
#[server(name = SaveAlertRule, prefix = "/api/ui", endpoint = "save_alert_rule", input = Json, output = JsonText)]
pub async fn save_alert_rule(id: Option<Arc<str>>, spec: RuleSpec) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::rules::save(&app, &caller, id.as_deref(), spec).await.map(drop)
}

/// `POST /api/ui/remove_alert_rule`: removes a rule; its alerts are over.
///
/// # Errors
/// 404, and 409 for one that is there from the start.
#[server(name = RemoveAlertRule, prefix = "/api/ui", endpoint = "remove_alert_rule", input = Json, output = JsonText)]
pub async fn remove_alert_rule(rule: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::rules::remove(&app, &caller, &rule).await
}

/// `POST /api/ui/test_alert_rule`: when a rule would have fired.
///
/// # Errors
/// 422 at the member that cannot be, 503 when too many are tested at once.
#[server(name = TestAlertRule, prefix = "/api/ui", endpoint = "test_alert_rule", input = Json, output = JsonText)]
pub async fn test_alert_rule(request: BackTestRequest) -> Result<BackTest, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::back_test::back_test(&app, request).await
}

/// `GET /api/ui/channels`: every channel, with how it does.
///
/// # Errors
/// 503 when their secrets cannot be read.
#[server(name = ReadChannels, prefix = "/api/ui", endpoint = "channels", input = GetUrl, output = JsonUnread)]
pub async fn channels() -> Result<Unread<Listed<ChannelItem>>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ManageRules)?;
    let items = crate::server::alerts::channels::list(&app).await?;
    Unread::of(&Listed::all(app.hub.published().as_of, items))
}

/// `POST /api/ui/save_channel`: saves a channel: a new one if none is named.
///
/// # Errors
/// 404, and 422 at the member that cannot be.
#[server(name = SaveChannel, prefix = "/api/ui", endpoint = "save_channel", input = Json, output = JsonText)]
pub async fn save_channel(id: Option<Arc<str>>, spec: ChannelSpec) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::channels::save(&app, &caller, id.as_deref(), spec).await.map(drop)
}

/// `POST /api/ui/remove_channel`: removes a channel, and what waits in it.
///
/// # Errors
/// 404.
#[server(name = RemoveChannel, prefix = "/api/ui", endpoint = "remove_channel", input = Json, output = JsonText)]
pub async fn remove_channel(id: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::channels::remove(&app, &caller, &id).await
}

/// `POST /api/ui/test_channel`: sends a test message; what the channel says is in the answer.
///
/// # Errors
/// 404.
#[server(name = TestChannel, prefix = "/api/ui", endpoint = "test_channel", input = Json, output = JsonText)]
pub async fn test_channel(id: Arc<str>) -> Result<ChannelTest, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::channels::test(&app, &caller, &id).await
}

/// `GET /api/ui/notifications`: what waits to be delivered, and what was given up.
///
/// # Errors
/// 403 for whoever may not manage rules.
#[server(name = ReadNotifications, prefix = "/api/ui", endpoint = "notifications", input = GetUrl, output = JsonUnread)]
pub async fn notifications() -> Result<Unread<Listed<NotificationItem>>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ManageRules)?;
    let items = crate::server::alerts::channels::notifications(&app);
    Unread::of(&Listed::all(app.hub.published().as_of, items))
}

/// `POST /api/ui/requeue_notification`: tries a dead letter again.
///
/// # Errors
/// 404.
#[server(name = RequeueNotification, prefix = "/api/ui", endpoint = "requeue_notification", input = Json, output = JsonText)]
pub async fn requeue_notification(id: Arc<str>) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ManageRules)?;
    crate::server::alerts::channels::requeue(&app, &caller, &id).await
}
