//! Reading rules at the edge: what may be saved, and where it may not.

use super::{AlertRule, Labels, On, OnMetric, RuleSpec, Wrong};
use crate::domain::{DataError, check};

/// Longest time a condition may have to hold, or an alert go on, in seconds: 30 days.
const MAX_WAIT_S: f64 = 30.0 * 86_400.0;
/// Longest window, in seconds: 7 days.
const MAX_WINDOW_S: f64 = 7.0 * 86_400.0;
/// How many windows long the past may lie behind that one is compared with: each window is kept
/// in steps all that time.
const MAX_PAST: f64 = 500.0;
/// Most labels of a rule.
const MAX_LABELS: usize = 32;

impl RuleSpec {
    /// The rule it says.
    ///
    /// # Errors
    /// What cannot be, at its member.
    pub fn check(self, id: &str) -> Result<AlertRule, DataError> {
        check::name("name", &self.name)?;
        check::range("for_s", Some(self.for_s), 0.0, MAX_WAIT_S)?;
        check::range("keep_firing_for_s", Some(self.keep_firing_for_s), 0.0, MAX_WAIT_S)?;
        check::some_name("owner", self.owner.as_deref())?;
        if let Some(runbook) = &self.runbook {
            check::text("runbook", runbook, 2_000)?;
            // It becomes a link: nothing that runs.
            if !["http://", "https://", "/"].iter().any(|start| runbook.starts_with(start)) {
                return Err(DataError::at("/runbook", "must begin with http://, https:// or /"));
            }
        }
        labels("labels", &self.labels)?;
        let on = On::try_from(self.on)
            .map_err(|Wrong { pointer, detail }| DataError::at(format!("/on{pointer}"), detail))?;
        on.check()?;
        Ok(AlertRule {
            id: id.into(),
            name: self.name,
            severity: self.severity,
            for_s: self.for_s,
            keep_firing_for_s: self.keep_firing_for_s,
            owner: self.owner,
            runbook: self.runbook,
            labels: self.labels,
            enabled: self.enabled,
            on,
        })
    }
}

impl On {
    fn check(&self) -> Result<(), DataError> {
        match self {
            Self::Finding(on) => check::name("on/finding/rule", &on.rule),
            Self::Absent(on) => {
                check::name(&format!("on/absent/{}", on.of.name()), &on.name)?;
                check::range("on/absent/after_s", on.after_s, 1.0, MAX_WAIT_S)
            }
            Self::Metric(on) => on.check(),
        }
    }
}

impl OnMetric {
    fn check(&self) -> Result<(), DataError> {
        check::name("on/metric", &self.metric)?;
        labels("on/labels", &self.labels)?;
        check::range("on/window_s", Some(self.window_s), 1.0, MAX_WINDOW_S)?;
        check::range("on/threshold", Some(self.threshold), f64::MIN, f64::MAX)?;
        let (least, most) = (self.window_s, self.window_s * MAX_PAST);
        match self.past_s {
            Some(past) if !(least..=most).contains(&past) => {
                let detail = format!("must be between {least} and {most}: 1 to 500 windows");
                Err(DataError::at("/on/past_s", detail))
            }
            _ => Ok(()),
        }
    }
}

fn labels(field: &str, labels: &Labels) -> Result<(), DataError> {
    if labels.len() > MAX_LABELS {
        let detail = format!("must hold at most {MAX_LABELS} labels");
        return Err(DataError::at(format!("/{field}"), detail));
    }
    labels.iter().try_for_each(|(label, value)| {
        let field = format!("{field}/{}", check::escape(label));
        check::name(&field, label)?;
        check::text(&field, value, check::MAX_NAME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let spec: RuleSpec = serde_json::from_str(json).unwrap();
        let read = spec.check("id");
        let got = read.as_ref().map_or_else(|error| error.pointer.as_str(), |_| "ok");
        assert_eq!(got, expect, "{json}: {read:?}");
        if let Ok(rule) = read {
            let again: AlertRule =
                serde_json::from_str(&serde_json::to_string(&rule).unwrap()).unwrap();
            assert_eq!(again, rule, "does not survive the journal");
        }
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        check(r#"{"name":"n","on":{"finding":{"rule":"system.*","severity":"critical"}}}"#, "ok");
        check(r#"{"name":"n","on":{"absent":{"host":"h","after_s":30}}}"#, "ok");
        let metric = r#"{"name":"n","for_s":60,"keep_firing_for_s":5,"severity":"critical",
            "labels":{"team":"a"},"owner":"o","runbook":"https://x","enabled":false,
            "on":{"metric":"m","labels":{"a":"b"},"aggregation":"p95","window_s":60,"op":">=",
            "threshold":1.5,"past_s":3600}}"#;
        check(metric, "ok");
    }

    #[test]
    fn what_cannot_be_is_named() {
        check(r#"{"name":"","on":{"finding":{"rule":"*"}}}"#, "/name");
        check(r#"{"name":"n","on":{}}"#, "/on");
        check(r#"{"name":"n","on":{"finding":{"rule":"*"},"metric":"m"}}"#, "/on");
        check(r#"{"name":"n","on":{"metric":"m","threshold":1}}"#, "/on/op");
        check(r#"{"name":"n","on":{"metric":"m","op":">"}}"#, "/on/threshold");
        check(
            r#"{"name":"n","on":{"metric":"m","op":">","threshold":1,"window_s":0}}"#,
            "/on/window_s",
        );
        check(
            r#"{"name":"n","on":{"metric":"m","op":">","threshold":1,"window_s":60,"past_s":30001}}"#,
            "/on/past_s",
        );
        check(r#"{"name":"n","on":{"absent":{}}}"#, "/on/absent");
        check(r#"{"name":"n","on":{"absent":{"host":"h","agent":"a"}}}"#, "/on/absent");
        check(r#"{"name":"n","on":{"absent":{"host":"h","after_s":0}}}"#, "/on/absent/after_s");
        check(r#"{"name":"n","for_s":-1,"on":{"finding":{"rule":"*"}}}"#, "/for_s");
        check(r#"{"name":"n","runbook":"javascript:x","on":{"finding":{"rule":"*"}}}"#, "/runbook");
    }
}
