//! Alert rules over HTTP.

use super::ids;
use crate::domain::Event;
use crate::domain::alerts::rule::{AlertRule, RuleSpec};
use crate::domain::alerts::{Event as AlertEvent, Removed, RuleItem, RuleSaved, built_in};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, ErrorKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Most rules there may be.
const MAX: usize = 500;

/// Every rule: those that are there from the start, and then all others by id.
pub fn list(shown: &Published) -> Vec<RuleItem> {
    let mut counts: HashMap<&str, (u32, u32)> = HashMap::new();
    for item in shown.alerts.values() {
        let (firing, pending) = counts.entry(&item.rule).or_default();
        *(if item.fired_at.is_some() { firing } else { pending }) += 1;
    }
    let rules = shown.state.alerts.all_rules().into_iter();
    rules.map(|rule| item(&rule, counts.get(&*rule.id).copied().unwrap_or_default())).collect()
}

/// Where a rule stands among all.
pub fn place(item: &RuleItem) -> (usize, Arc<str>) {
    let built_in = built_in::IDS.iter().position(|id| *id == &*item.rule.id);
    (built_in.unwrap_or(usize::MAX), item.rule.id.clone())
}

fn item(rule: &Arc<AlertRule>, (firing, pending): (u32, u32)) -> RuleItem {
    let built_in = built_in::IDS.contains(&&*rule.id);
    RuleItem { rule: AlertRule::clone(rule), built_in, firing, pending }
}

/// One rule.
///
/// # Errors
/// 404.
pub fn get(shown: &Published, id: &str) -> Result<RuleItem, ApiError> {
    let rule = shown.state.alerts.rule(id).ok_or_else(|| unknown(id))?;
    let items = shown.alerts.values().filter(|item| *item.rule == *id);
    let (firing, pending) = items.fold((0, 0), |(firing, pending), item| {
        if item.fired_at.is_some() { (firing + 1, pending) } else { (firing, pending + 1) }
    });
    Ok(item(&rule, (firing, pending)))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no alert rule {id}"))
}

/// Saves a rule: a new one if no id is given, otherwise that one.
///
/// # Errors
/// 404 for an id that is not there, 409 for a new one whose id is taken, 422 at the member that
/// cannot be.
pub async fn save(
    app: &App,
    caller: &Caller,
    id: Option<&str>,
    spec: RuleSpec,
) -> Result<RuleItem, ApiError> {
    let _turn = app.access.turns.of("alert rules").await;
    let shown = app.hub.published();
    let state = &shown.state.alerts;
    let (id, action) = match id {
        Some(id) => {
            let id = state.rule(id).ok_or_else(|| unknown(id))?.id.clone();
            if spec.id.as_ref().is_some_and(|said| *said != id) {
                return Err(ApiError::invalid("/id", format!("the rule is called {id}")));
            }
            (id, "alert_rule.change")
        }
        None if state.rules.len() >= MAX => {
            let detail = format!("there are {MAX} rules, which is as many as there may be");
            return Err(ApiError::new(ErrorKind::Conflict, detail));
        }
        None => {
            // `/api/v1/alert-rules/test` is where rules are tested.
            let taken = |id: &str| id == "test" || state.rule(id).is_some();
            (ids::new(spec.id.as_deref(), &spec.name, taken)?, "alert_rule.create")
        }
    };
    let rule = spec.check(&id).map_err(ids::at)?;
    let act = Act::by(caller, action).on(id.clone());
    let saved = RuleSaved { rule, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::RuleSaved(saved));
    let shown = access::record(app, act, vec![event]).await?;
    get(&shown, &id)
}

/// Removes a rule; its alerts are over.
///
/// # Errors
/// 404, and 409 for one that is there from the start.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    if built_in::IDS.contains(&id) {
        let detail = format!("the rule {id} is there from the start; switch it off instead");
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let shown = app.hub.published();
    let id = shown.state.alerts.rules.get(id).ok_or_else(|| unknown(id))?.id.clone();
    let act = Act::by(caller, "alert_rule.remove").on(id.clone());
    let removed = Removed { id, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::RuleRemoved(removed));
    access::record(app, act, vec![event]).await.map(drop)
}
