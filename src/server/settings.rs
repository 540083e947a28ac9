//! Settings over HTTP, and what was set when the server was started.

use super::App;
use super::access::{self, Act, Caller};
use super::body::JsonBody;
use crate::domain::settings::{Changed, Changes, Event as SettingsEvent, Settings, parse};
use crate::domain::{Event, settings};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};

/// Who sets what is given by the environment and the settings file.
const AT_START: &str = "startup";

/// `GET /api/v1/settings`: every setting by its full name.
pub async fn read(State(app): State<App>) -> Json<Map<String, Value>> {
    Json(told(&app.hub.published().state.settings))
}

/// `PATCH /api/v1/settings`: sets what is named, and answers all of them; in effect at once.
///
/// # Errors
/// 422 naming every member that is no setting or out of its range, which is told.
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    JsonBody(members): JsonBody<Map<String, Value>>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let changes = parse(&members)?;
    set(&app, &caller, changes).await?;
    Ok(read(State(app)).await)
}

/// Sets what was given when the server was started, where it is another than before. A journal
/// that takes nothing is no reason not to show what it holds.
pub async fn at_start(app: &App, given: &Changes) {
    let caller = Caller { name: AT_START.into(), ..Caller::command_line() };
    if let Err(error) = set(app, &caller, given.clone()).await {
        tracing::error!(%error, "the settings given at start are not in effect");
    }
}

async fn set(app: &App, caller: &Caller, mut changes: Changes) -> Result<(), ApiError> {
    let now = app.hub.published().state.settings;
    changes.retain(|key, value| now.get(key) != Some(*value));
    if changes.is_empty() {
        return Ok(());
    }
    let said = changes.iter().map(|(key, value)| format!("{key} = {value}"));
    let said = said.collect::<Vec<_>>().join(", ");
    let act = Act::by(caller, "settings.change").because(said);
    let changed = SettingsEvent::Changed(Changed { changes, actor: caller.name.clone() });
    access::record(app, act, vec![Event::Settings(changed)]).await.map(drop)
}

/// Values by full name; whole ones as whole numbers.
fn told(settings: &Settings) -> Map<String, Value> {
    let number = |value: f64| {
        // Every range lies well within what a float counts exactly.
        if value.fract() == 0.0 { Value::from(value as i64) } else { Value::from(value) }
    };
    settings::Settings::all()
        .filter_map(|setting| Some((setting.key.to_owned(), number(settings.get(setting.key)?))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_whole_numbers() {
        let mut settings = Settings::default();
        settings.set("work.stuck_after_s", 12.5);
        let told = told(&settings);
        assert_eq!(told.len(), Settings::all().count());
        assert_eq!(told["work.stuck_after_s"].to_string(), "12.5");
        assert_eq!(told["work.agent_offline_after_s"].to_string(), "60");
        assert_eq!(told["work.failure_rate_critical"].to_string(), "0.5");
    }
}
