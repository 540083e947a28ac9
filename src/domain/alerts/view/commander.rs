//! What people do with alerts: they acknowledge them, and keep them quiet.

use crate::domain::alerts::AlertItem;
use crate::domain::alerts::api::{acknowledge_alerts, silence_alerts};
use crate::ui::live::Live;
use crate::ui::me::{Permission, is_known, leave_if_signed_out, may};
use crate::ui::widgets::{
    Answers, Ask, Field, Form, IconName, Kind, Sending, act, dynamic, trouble_line, utc_time,
};
use crate::wire::{ApiError, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is asked for at the most usual length of a silence.
const LENGTHS: [(&str, &str); 4] = [
    ("3600", "for 1 hour"),
    ("14400", "for 4 hours"),
    ("tomorrow", "until tomorrow, 08:00 UTC"),
    ("pick", "until…"),
];
const DAY_MS: i64 = 86_400_000;
const MORNING_MS: i64 = 8 * 3_600_000;
/// After that long the feed is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// How an alert stood when something was asked for.
type Stood = (bool, Option<Timestamp>);

fn stands(item: &AlertItem) -> Stood {
    (item.acknowledged, item.silenced_until)
}

/// Asks for commands on behalf of a page.
#[derive(Clone, Copy)]
pub struct Commander {
    /// What was asked about, until the feed says that it is so.
    asked: RwSignal<BTreeMap<Arc<str>, Stood>>,
    trouble: RwSignal<Option<String>>,
    ask: Ask,
    live: Live,
    known: bool,
    /// Whether whoever looks may ask for commands.
    pub allowed: bool,
}

impl Commander {
    /// `done` is told whenever something was asked for.
    pub fn new(done: Callback<()>) -> Self {
        Self {
            asked: RwSignal::new(BTreeMap::new()),
            trouble: RwSignal::new(None),
            ask: Ask::new(done),
            live: Live::expect(),
            known: is_known(),
            allowed: may(Permission::AcknowledgeAlerts),
        }
    }

    /// Whether something was asked for about an alert that the feed has not told of yet.
    pub fn waits(self, item: &AlertItem) -> bool {
        self.asked.with(|asked| asked.get(&item.id) == Some(&stands(item)))
    }

    /// Acknowledges alerts.
    pub fn acknowledge(self, items: Vec<AlertItem>, comment: Option<String>) {
        let items: Vec<_> = items.into_iter().filter(can_acknowledge).collect();
        if items.is_empty() {
            return;
        }
        let ids = items.iter().map(|item| item.id.clone()).collect();
        let answer: Sending = Box::pin(acknowledge_alerts(ids, comment));
        self.run(&items, answer);
    }

    fn run(self, items: &[AlertItem], answer: Sending) {
        let answer = self.awaited(items, answer);
        spawn_local(async move {
            if let Err(error) = answer.await {
                leave_if_signed_out(&error, self.known);
                self.trouble.try_set(Some(format!("{}: {}", error.title, error.detail)));
            }
        });
    }

    /// The answer, and meanwhile the alerts wait for what the feed says.
    fn awaited(self, items: &[AlertItem], answer: Sending) -> Sending {
        self.trouble.set(None);
        let stood: Vec<(Arc<str>, Stood)> =
            items.iter().map(|item| (item.id.clone(), stands(item))).collect();
        self.asked.update(|asked| asked.extend(stood.clone()));
        let forget = move || {
            self.asked.try_update(|asked| {
                for (id, _) in &stood {
                    asked.remove(id);
                }
            });
        };
        Box::pin(async move {
            let answer = answer.await;
            match &answer {
                Ok(()) => set_timeout(forget, PATIENCE),
                Err(_) => forget(),
            }
            answer
        })
    }

    /// Asks for how long alerts are to be quiet.
    pub fn silence(self, items: Vec<AlertItem>) {
        if items.is_empty() {
            return;
        }
        let title = match items.as_slice() {
            [one] => format!("Silence {}", one.title),
            many => format!("Silence {} alerts", many.len()),
        };
        let send = move |answers: &Answers| -> Sending {
            let ids: Vec<_> = items.iter().map(|item| item.id.clone()).collect();
            match until(answers, self.live) {
                Ok((until, for_s)) => {
                    let comment = answers.some("comment");
                    let answer: Sending = Box::pin(silence_alerts(ids, until, for_s, comment));
                    self.awaited(&items, answer)
                }
                Err(error) => Box::pin(async move { Err(error) }),
            }
        };
        self.ask.with(Form {
            title,
            text: String::new(),
            fields: lengths().into_iter().chain([comment()]).collect(),
            verb: "Silence",
            danger: false,
            send: Box::new(send),
        });
    }

    /// Asks for a comment, and acknowledges.
    pub fn comment(self, item: AlertItem) {
        let title = format!("Acknowledge {}", item.title);
        let send = move |answers: &Answers| -> Sending {
            let answer = acknowledge_alerts(vec![item.id.clone()], answers.some("comment"));
            self.awaited(std::slice::from_ref(&item), Box::pin(answer))
        };
        self.ask.with(Form {
            title,
            text: "It makes no noise until it is over, becomes worse or fires anew.".to_owned(),
            fields: vec![comment()],
            verb: "Acknowledge",
            danger: false,
            send: Box::new(send),
        });
    }

    /// Why the last command could not be asked for, if so, and the dialog that asks.
    pub fn view(self) -> AnyView {
        view! {
            <div role="alert">{trouble_line(self.trouble)}</div>
            {self.ask.view("Alerts")}
        }
        .into_any()
    }

    /// What can be asked for about an alert now.
    pub fn buttons(self, item: Memo<Option<AlertItem>>) -> AnyView {
        if !self.allowed {
            return ().into_any();
        }
        let state = Memo::new(move |_| {
            let item = item.get()?;
            Some((self.waits(&item), can_acknowledge(&item), item.title))
        });
        let now = move || item.get_untracked().into_iter().collect::<Vec<_>>();
        dynamic(move || {
            let (waits, open, title) = state.get()?;
            if waits {
                return Some(view! { <span class="hint" role="status">"asked…"</span> }.into_any());
            }
            let seen = open.then(|| {
                let on = Callback::new(move |()| self.acknowledge(now(), None));
                act(IconName::Projects, "Acknowledge", format!("Acknowledge {title}"), on)
            });
            let on = Callback::new(move |()| self.silence(now()));
            let quiet = act(IconName::Quiet, "Silence", format!("Silence {title}"), on);
            Some(view! { {seen} {quiet} }.into_any())
        })
    }
}

/// Whether an alert fires that nobody has acknowledged.
pub fn can_acknowledge(item: &AlertItem) -> bool {
    item.fired_at.is_some() && item.resolved_at.is_none() && !item.acknowledged
}

/// Fields that ask for how long something is to be quiet.
pub fn lengths() -> [Field; 2] {
    let lengths = LENGTHS.map(|(value, words)| (value.to_owned(), words.to_owned()));
    [
        Field::new("for_s", "How long", Kind::Choice(lengths.to_vec())),
        Field::new("until", "Until, UTC", Kind::Moment).optional().group("if-pick"),
    ]
}

fn comment() -> Field {
    Field::new("comment", "Comment", Kind::Text)
        .hint("Why, and what is being done. Whoever looks at the alert reads it.")
        .optional()
}

/// What was answered: until when, or for how many seconds.
///
/// # Errors
/// 422 at `/until` if no time was picked.
pub fn until(answers: &Answers, live: Live) -> Result<(Option<Timestamp>, Option<f64>), ApiError> {
    let missing = || ApiError::invalid("/until", "pick a time");
    let length = answers.get("for_s");
    match length.as_str() {
        "pick" => {
            let text = answers.some("until").ok_or_else(missing)?;
            Ok((Some(utc_time(text).parse().map_err(|_| missing())?), None))
        }
        "tomorrow" => {
            let now = live.now.try_get_untracked().flatten().ok_or_else(missing)?;
            Ok((Some(now.floor(DAY_MS).plus(DAY_MS + MORNING_MS)), None))
        }
        length => Ok((None, length.parse().ok())),
    }
}
