//! Mail. The connection goes to the address that was checked, and is secured under the name that
//! was given: from the first byte with `smtps`, by STARTTLS when that is offered with `smtp`. A
//! password is not sent in clear, unless to this machine itself.

use super::address::Net;
use super::bounded::Bounded;
use super::message::{self, Message, facts, headline, one_line};
use super::target::host;
use super::{Failure, Taken, Target, tls};
use crate::domain::alerts::ChannelSpec;
use crate::domain::health::Severity;
use crate::pipeline::sampler;
use crate::wire::FieldError;
use lettre::Message as Mail;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use std::time::{Duration, UNIX_EPOCH};
use url::{Host, Url};

/// Most recipients.
const MAX_TO: usize = 50;
/// How long a server may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 200;

/// Whom mail goes to and comes from.
#[derive(Debug, PartialEq)]
struct People {
    to: Vec<Mailbox>,
    from: Mailbox,
}

/// Whether the conversation is secured halfway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartTls {
    Offered,
    Required,
    Never,
}

/// What an address says besides where the server is.
#[derive(Debug, PartialEq)]
struct Asked {
    to: Vec<String>,
    from: Option<String>,
    starttls: StartTls,
}

/// What is wrong with the members of a channel that are about mail.
pub fn wrong(spec: &ChannelSpec, target: &Target) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let url = target.url.parse::<Url>().ok();
    let asked = match url.as_ref().map(asked) {
        Some(Ok(asked)) => Some(asked),
        Some(Err(why)) => {
            errors.push(FieldError::new("/url", why));
            None
        }
        // That it is no address at all is said already.
        None => None,
    };
    for (i, one) in spec.to.iter().enumerate() {
        if let Err(why) = mailbox(one) {
            errors.push(FieldError::new(format!("/to/{i}"), why));
        }
    }
    let all = spec.to.len() + asked.as_ref().map_or(0, |asked| asked.to.len());
    if all > MAX_TO {
        errors.push(FieldError::new("/to", format!("must be at most {MAX_TO} addresses")));
    } else if all == 0 && errors.is_empty() {
        errors.push(FieldError::new("/to", "must name somebody who receives the mail"));
    }
    if let Some(Err(why)) = spec.from.as_deref().filter(|from| !from.is_empty()).map(mailbox) {
        errors.push(FieldError::new("/from", why));
    }
    if target.secret.is_some() && target.username.is_none() {
        errors.push(FieldError::new("/username", "goes with the password"));
    }
    errors
}

fn asked(url: &Url) -> Result<Asked, String> {
    let mut asked = Asked { to: Vec::new(), from: None, starttls: StartTls::Offered };
    for (name, value) in url.query_pairs() {
        match (&*name, &*value) {
            ("to", list) => {
                asked.to.extend(list.split(',').map(|one| one.trim().to_owned()));
            }
            ("from", from) => asked.from = Some(from.to_owned()),
            ("starttls", "required") => asked.starttls = StartTls::Required,
            ("starttls", "never") => asked.starttls = StartTls::Never,
            ("starttls", _) => return Err("starttls must be required or never".to_owned()),
            (name, _) => {
                return Err(format!("has no place for {name}: to, from and starttls have"));
            }
        }
    }
    let each = asked.to.iter().chain(&asked.from);
    each.map(|one| mailbox(one)).collect::<Result<Vec<_>, _>>()?;
    Ok(asked)
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    text.parse().map_err(|_| "must be an address for mail, like ann@a.example".to_owned())
}

fn people(message: &Message<'_>, asked: &Asked, target: &Target) -> Result<People, String> {
    let channel = message.channel;
    let to = channel.to.iter().chain(&asked.to).map(|one| mailbox(one));
    let to = to.collect::<Result<Vec<_>, _>>()?;
    let from = channel.from.as_ref().filter(|from| !from.is_empty()).or(asked.from.as_ref());
    let from = match (from, target.username.as_deref().and_then(|name| mailbox(name).ok())) {
        (Some(from), _) => mailbox(from)?,
        (None, Some(name)) => name,
        (None, None) => mailbox(&format!("bellwether@{}", board_host(message)))?,
    };
    Ok(People { to, from })
}

/// The name of the board's host, or of this machine where that is not known.
fn board_host(message: &Message<'_>) -> String {
    let board = message.board.and_then(|board| board.parse::<Url>().ok());
    match board.as_ref().and_then(Url::domain) {
        Some(name) => name.to_owned(),
        None => own_name(),
    }
}

fn own_name() -> String {
    let name = sampler::host_name();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if name.chars().all(fits) { name.to_string() } else { "localhost".to_owned() }
}

/// Sends it.
///
/// # Errors
/// It did not get through to anybody.
pub async fn send(net: &Net, target: &Target, message: &Message<'_>) -> Result<Taken, Failure> {
    let url: Url = target.url.parse().map_err(|_| Failure::refused("its address is none"))?;
    let host = host(&url).ok_or_else(|| Failure::refused("its address has no host"))?;
    let asked = asked(&url).map_err(|why| Failure::refused(format!("its address {why}")))?;
    let people = people(message, &asked, target).map_err(Failure::refused)?;
    let mail = mail(message, people)
        .map_err(|error| Failure::refused(format!("the mail cannot be written: {error}")))?;
    let secure = url.scheme() == "smtps";
    let port = url.port().unwrap_or(if secure { 465 } else { 25 });
    let (stream, at) = net.connect(&host, port).await?;
    let mut talk = if secure {
        let stream = Bounded::new(tls::secure(stream, &host).await?, at);
        greet(Box::new(stream)).await?
    } else {
        greet(Box::new(Bounded::new(stream, at))).await?
    };
    let sent = async {
        if !secure {
            start_tls(&mut talk, &host, asked.starttls).await?;
        }
        let secret = secure || talk.is_encrypted() || at.ip().to_canonical().is_loopback();
        hand_over(&mut talk, secret, target, &mail).await
    };
    let sent = sent.await;
    // What was taken is taken, however long the goodbye takes.
    tokio::spawn(async move { tokio::time::timeout(GOODBYE, talk.abort()).await });
    sent
}

async fn greet(stream: Box<dyn AsyncTokioStream>) -> Result<AsyncSmtpConnection, Failure> {
    let hello = ClientId::Domain(own_name());
    let greeted = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
    greeted.map_err(|error| trouble(&error, None))
}

/// Secures a conversation halfway, if the server offers that.
async fn start_tls(
    talk: &mut AsyncSmtpConnection,
    host: &Host,
    wanted: StartTls,
) -> Result<(), Failure> {
    if wanted == StartTls::Never {
        return Ok(());
    }
    if !talk.can_starttls() {
        let why = "the server offers no STARTTLS, which is required";
        return if wanted == StartTls::Offered { Ok(()) } else { Err(Failure::refused(why)) };
    }
    let parameters = tls::for_mail(host).map_err(Failure::down)?;
    let started = talk.starttls(parameters, &ClientId::Domain(own_name())).await;
    started.map_err(|error| trouble(&error, None))
}

/// Hands over a mail; `secret` says that nobody else hears it.
async fn hand_over(
    talk: &mut AsyncSmtpConnection,
    secret: bool,
    target: &Target,
    mail: &Mail,
) -> Result<Taken, Failure> {
    if let (Some(name), Some(password)) = (&target.username, &target.secret) {
        if !secret {
            let why = "the server offers no STARTTLS, and a password is not sent in clear";
            return Err(Failure::refused(why));
        }
        let credentials = Credentials::new(name.clone(), password.clone());
        let auth = talk.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
        auth.map_err(|error| trouble(&error, Some(target)))?;
    }
    let text = mail.formatted();
    let options = options(talk, mail, &text)?;
    let say = |error: Error| trouble(&error, Some(target));
    talk.command(MailFrom::new(mail.envelope().from().cloned(), options)).await.map_err(say)?;
    let but = name_people(talk, target, mail).await?;
    talk.command(Data).await.map_err(say)?;
    let sent = talk.message(&text).await.map_err(say)?;
    let said = sent.message().collect::<Vec<_>>().join(" ");
    let said = message::cut(&one_line(&said), 200);
    Ok(Taken { said: format!("it answered {} {said}", sent.code()), but })
}

/// What the server must know before it is given this mail (RFC 6152, RFC 6531).
fn options(
    talk: &AsyncSmtpConnection,
    mail: &Mail,
    text: &[u8],
) -> Result<Vec<MailParameter>, Failure> {
    let able = |extension| talk.server_info().supports_feature(extension);
    let people = mail.envelope().to().iter().chain(mail.envelope().from());
    let mut options = Vec::new();
    if people.map(AsRef::<str>::as_ref).any(|address| !address.is_ascii()) {
        if !able(Extension::SmtpUtfEight) {
            let why = "the mail server takes no addresses beyond ASCII (SMTPUTF8)";
            return Err(Failure::refused(why));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !text.is_ascii() {
        if !able(Extension::EightBitMime) {
            return Err(Failure::refused("the mail server takes no text beyond ASCII (8BITMIME)"));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// Names those that the mail is for. One who is refused does not keep it from the others; returns
/// who that is.
async fn name_people(
    talk: &mut AsyncSmtpConnection,
    target: &Target,
    mail: &Mail,
) -> Result<Option<String>, Failure> {
    let mut refused = Vec::new();
    for to in mail.envelope().to() {
        match talk.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => {}
            // The server said no to this one, and listens on.
            Err(error) if error.status().is_some() => {
                refused.push((to, trouble(&error, Some(target))));
            }
            Err(error) => return Err(trouble(&error, Some(target))),
        }
    }
    let Some((_, first)) = refused.first() else { return Ok(None) };
    if refused.len() == mail.envelope().to().len() {
        // Those that are refused for now may be taken later.
        let for_good = refused.iter().all(|(_, failure)| failure.refused);
        return Err(Failure { refused: for_good, ..first.clone() });
    }
    let names: Vec<_> = refused.iter().map(|(to, _)| to.to_string()).collect();
    Ok(Some(message::cut(&format!("not taken for {}: {}", names.join(", "), first.why), 500)))
}

fn trouble(error: &Error, target: Option<&Target>) -> Failure {
    let said = one_line(&error.to_string());
    let secret = target.and_then(|target| target.secret.as_deref()).filter(|it| !it.is_empty());
    let said = secret.map_or(said.clone(), |secret| said.replace(secret, "…"));
    let why = format!("the mail server: {}", message::cut(&said, 300));
    let refused = error.is_permanent() || error.is_client();
    Failure { refused, why, after: None }
}

/// The mail: as text and as HTML, with the same id at every attempt, and those about one alert in
/// one thread.
fn mail(message: &Message<'_>, people: People) -> Result<Mail, lettre::error::Error> {
    let domain = people.from.email.domain().to_owned();
    let id = |kind: &str, id: &str| {
        let plain = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        format!("<{kind}{}@{domain}>", plain.collect::<String>())
    };
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(message.at.ms()).unwrap_or(0));
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let mut mail = Mail::builder()
        .from(people.from)
        .date(at)
        .message_id(Some(id("", message.id)))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .subject(message::cut(&message.headline(), MAX_SUBJECT));
    if let Some(first) = message.alerts.first() {
        mail = mail.references(id("alert.", &first.alert.id));
    }
    let mail = people.to.into_iter().fold(mail, |mail, to| mail.to(to));
    mail.multipart(MultiPart::alternative_plain_html(text(message), html(message)))
}

pub(super) fn text(message: &Message<'_>) -> String {
    let mut text = String::new();
    for told in message.alerts {
        text.push_str(&format!("{}\n{}\n\n", headline(told), one_line(&told.alert.message)));
        for (name, value) in facts(told) {
            text.push_str(&format!("{name}: {value}\n"));
        }
        for (name, link) in links(message, told) {
            text.push_str(&format!("{name}: {link}\n"));
        }
        text.push('\n');
    }
    let name = one_line(&message.channel.name);
    text.push_str(&format!("--\nSent by Bellwether through the channel {name}.\n"));
    text
}

fn links(message: &Message<'_>, told: &crate::domain::alerts::Told) -> Vec<(&'static str, String)> {
    let runbook = told.alert.runbook.as_deref().and_then(|link| message.absolute(link));
    let all = [("Alert", message.page(told)), ("Runbook", runbook)];
    all.into_iter().filter_map(|(name, link)| Some((name, one_line(&link?)))).collect()
}

pub(super) fn html(message: &Message<'_>) -> String {
    let mut html = String::from(
        "<!doctype html><html><body style=\"font-family:sans-serif;font-size:14px;color:#1b1f24\">",
    );
    for told in message.alerts {
        let color = match (message::is_over(told), told.alert.severity) {
            (true, _) => "#1a7f37",
            (false, Severity::Critical) => "#cf222e",
            (false, Severity::Warning) => "#bf8700",
            (false, Severity::Info) => "#0969da",
        };
        html.push_str(&format!(
            "<div style=\"border-left:4px solid {color};padding:4px 12px;margin:0 0 16px\">\
             <p style=\"margin:0 0 4px\"><strong style=\"color:{color}\">{}</strong></p>\
             <p style=\"margin:0 0 8px\">{}</p><table style=\"font-size:13px\">",
            escaped(&headline(told)),
            escaped(&one_line(&told.alert.message)),
        ));
        for (name, value) in facts(told) {
            html.push_str(&format!(
                "<tr><td style=\"color:#57606a;padding-right:12px\">{name}</td><td>{}</td></tr>",
                escaped(&value)
            ));
        }
        html.push_str("</table>");
        for (name, link) in links(message, told) {
            html.push_str(&format!("<p><a href=\"{}\">{name}</a></p>", escaped(&link)));
        }
        html.push_str("</div>");
    }
    let name = escaped(&one_line(&message.channel.name));
    html.push_str(&format!(
        "<p style=\"color:#57606a;font-size:12px\">Sent by Bellwether through the channel \
         {name}.</p></body></html>"
    ));
    html
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
