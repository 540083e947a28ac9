//! A channel's fields, and the channel that they make.

use super::matching::{field, matcher};
use crate::domain::alerts::api::{remove_channel, save_channel};
use crate::domain::alerts::{ChannelItem, ChannelKind, ChannelSpec, Matcher};
use crate::ui::format;
use crate::ui::widgets::{Answers, Field, Form, Kind, Sending};
use crate::wire::ApiError;
use std::sync::Arc;

/// A channel's kind in words.
pub const fn kind_name(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Webhook => "webhook",
        ChannelKind::Smtp => "mail",
        ChannelKind::Slack => "Slack",
        ChannelKind::Ntfy => "ntfy",
        ChannelKind::Alertmanager => "Alertmanager",
    }
}

/// The form of a channel, or of a new one.
pub fn editing(item: Option<&ChannelItem>) -> Form {
    let id = item.map(|item| item.id.clone());
    let send = move |answers: &Answers| -> Sending {
        let (id, spec) = (id.clone(), spec(answers));
        Box::pin(async move { save_channel(id, spec?).await })
    };
    Form {
        title: item.map_or_else(|| "New channel".to_owned(), |item| item.name.clone()),
        text: String::new(),
        fields: fields(item),
        verb: "Save",
        danger: false,
        send: Box::new(send),
    }
}

fn fields(item: Option<&ChannelItem>) -> Vec<Field> {
    let yes = |on: bool| if on { "yes" } else { "" };
    let kinds = ChannelKind::ALL.map(|kind| (kind.name().to_owned(), kind_name(kind).to_owned()));
    let text =
        |pick: &dyn Fn(&ChannelItem) -> Option<String>| item.and_then(pick).unwrap_or_default();
    let secret = match item {
        Some(item) if item.has_secret => {
            "It has one, which is not shown. Empty leaves it as it is."
        }
        _ => {
            "To sign with (whsec_…), a password or an access token. It is sealed, and never shown again."
        }
    };
    let mut all = vec![
        Field::new("name", "Name", Kind::Text).filled(text(&|item| Some(item.name.clone()))),
        Field::new("kind", "Kind", Kind::Choice(kinds.to_vec()))
            .filled(item.map_or("webhook", |item| item.kind.name())),
        Field::new("url", "Address", Kind::Text)
            .filled(text(&|item| Some(item.url.clone())))
            .hint("https://…, and smtp://host:port or smtps://host:port for mail.")
            .optional(),
        Field::new("to", "To", Kind::Lines)
            .filled(text(&|item| Some(item.to.join("\n"))))
            .hint("Who receives its mail, one a line.")
            .optional()
            .group("if-smtp"),
        Field::new("from", "From", Kind::Mail)
            .filled(text(&|item| item.from.clone()))
            .optional()
            .group("if-smtp"),
        Field::new("username", "User name", Kind::Text)
            .filled(text(&|item| item.username.clone()))
            .hint("To sign in at the mail server with, if it wants that.")
            .optional()
            .group("if-smtp"),
        Field::new("secret", "Secret", Kind::Password("new-password")).hint(secret).optional(),
    ];
    if item.is_some_and(|item| item.has_secret) {
        all.push(Field::new("no_secret", "Take the secret away", Kind::Tick).optional());
    }
    let rate = item.map_or(30.0, |item| item.rate_per_min);
    all.extend([
        field(&item.map_or_else(Matcher::default, |item| item.matcher.clone())),
        Field::new("rate_per_min", "Most notifications a minute", Kind::Number)
            .filled(format::trimmed(rate, 2).replace(',', ""))
            .hint("What is more waits, and is told of together."),
        Field::new("send_resolved", "It is told when alerts are over, too", Kind::Tick)
            .filled(yes(item.is_none_or(|item| item.send_resolved)))
            .optional(),
        Field::new("enabled", "It is told of alerts", Kind::Tick)
            .filled(yes(item.is_none_or(|item| item.enabled)))
            .optional(),
    ]);
    all
}

fn spec(answers: &Answers) -> Result<ChannelSpec, ApiError> {
    let named = answers.get("kind");
    let kind = ChannelKind::ALL.into_iter().find(|kind| kind.name() == named);
    let kind = kind.unwrap_or(ChannelKind::Webhook);
    let mail = kind == ChannelKind::Smtp;
    let to = answers.exact("to");
    let to = to.lines().map(str::trim).filter(|to| mail && !to.is_empty());
    let gone = answers.some("no_secret").map(|_| String::new());
    let typed = Some(answers.exact("secret")).filter(|text| !text.is_empty());
    Ok(ChannelSpec {
        id: None,
        name: answers.get("name"),
        kind,
        url: answers.get("url"),
        secret: typed.or(gone),
        matcher: matcher(&answers.exact("match"))?,
        rate_per_min: answers.number("rate_per_min"),
        send_resolved: answers.some("send_resolved").is_some(),
        enabled: answers.some("enabled").is_some(),
        to: to.map(str::to_owned).collect(),
        from: answers.some("from").filter(|_| mail),
        username: answers.some("username").filter(|_| mail),
    })
}

/// The same channel, told of alerts or not.
pub fn turned(item: &ChannelItem, enabled: bool) -> ChannelSpec {
    let ChannelItem { name, kind, url, matcher, rate_per_min, send_resolved, .. } = item.clone();
    ChannelSpec {
        id: None,
        name,
        kind,
        url,
        secret: None,
        matcher,
        rate_per_min: Some(rate_per_min),
        send_resolved,
        enabled,
        to: item.to.clone(),
        from: item.from.clone(),
        username: item.username.clone(),
    }
}

/// The question before a channel is removed.
pub fn removal(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(remove_channel(id.clone())) };
    Form {
        title: format!("Remove {name}?"),
        text: "What still waits to be sent there is dropped.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
