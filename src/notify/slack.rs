//! What Slack's incoming webhooks take, and those that are compatible: the text for notifications
//! and for programs that know no blocks, and an attachment an alert with the colour of its severity.

use super::address::Net;
use super::http::Post;
use super::message::{Message, cut, facts, headline, is_over, one_line};
use super::{Failure, Target};
use crate::domain::alerts::Told;
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use serde_json::{Value, json};

/// Alerts that are shown one by one; Slack takes no more than 100 attachments.
const SHOWN: usize = 20;
/// Longest text of a block, in bytes; Slack takes no more than 3,000 characters.
const MAX_TEXT: usize = 2_800;

/// Sends it. A secret is shown as a bearer's token.
///
/// # Errors
/// It did not get through.
pub async fn send(
    net: &Net,
    target: &Target,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    let body = body(message).to_string().into_bytes();
    Post::json(body).signed_in(target).send(net, target, now).await
}

pub(super) fn body(message: &Message<'_>) -> Value {
    let shown = message.alerts.iter().take(SHOWN);
    let mut attachments: Vec<Value> = shown.map(|told| attachment(message, told)).collect();
    if let Some(more) = message.left_out(SHOWN) {
        let text = json!({ "type": "mrkdwn", "text": more });
        attachments.push(json!({ "blocks": [{ "type": "context", "elements": [text] }] }));
    }
    json!({ "text": escaped(&cut(&message.headline(), MAX_TEXT)), "attachments": attachments })
}

fn attachment(message: &Message<'_>, told: &Told) -> Value {
    let color = match (is_over(told), told.alert.severity) {
        (true, _) => "#1a7f37",
        (false, Severity::Critical) => "#cf222e",
        (false, Severity::Warning) => "#bf8700",
        (false, Severity::Info) => "#0969da",
    };
    let title = escaped(&cut(&headline(told), 300));
    let title = match message.page(told) {
        Some(page) => format!("*<{}|{title}>*", address(&page)),
        None => format!("*{title}*"),
    };
    let said = format!("{title}\n{}", escaped(&one_line(&told.alert.message)));
    let facts = facts(told).into_iter();
    let facts = facts.map(|(name, value)| format!("{name}: {}", escaped(&value)));
    let mut facts: Vec<String> = facts.collect();
    if let Some(runbook) = told.alert.runbook.as_deref().and_then(|it| message.absolute(it)) {
        facts.push(format!("<{}|Runbook>", address(&runbook)));
    }
    let text = |text: String| json!({ "type": "mrkdwn", "text": cut(&text, MAX_TEXT) });
    json!({
        "color": color,
        "fallback": headline(told),
        "blocks": [
            { "type": "section", "text": text(said) },
            { "type": "context", "elements": [text(facts.join("\n"))] },
        ],
    })
}

/// Text in which nothing is a mention or a link; only these three are to be replaced.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An address as it stands before the text of a link.
fn address(link: &str) -> String {
    escaped(&one_line(link)).replace('|', "%7C")
}
