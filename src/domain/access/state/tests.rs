use super::*;
use crate::domain::access::{Permission, SessionNamed, SessionRenewed, TokenNamed, UserNamed};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// Folds events, one a second, from the first position on.
fn state(events: Vec<Event>) -> State {
    let mut state = State::default();
    for (i, event) in events.iter().enumerate() {
        let seq = i as u64 + 1;
        let time = at(1_000 * seq as i64);
        let (source, id) = ("own".into(), seq.to_string().into());
        let stamp = Stamp { seq, at: time, time, source, id, subject: None };
        state.fold(&stamp, event);
    }
    state
}

fn user(name: &str, role: &str) -> Event {
    Event::UserCreated(UserCreated {
        user: name.into(),
        role: role.into(),
        password: Some(Hash("phc".into())),
        email: None,
        full_name: None,
        provider: None,
    })
}

fn changed(name: &str, change: impl FnOnce(&mut UserChanged)) -> Event {
    let mut changed = UserChanged { user: name.into(), ..UserChanged::default() };
    change(&mut changed);
    Event::UserChanged(changed)
}

fn opened(session: &str, user: &str, until: i64) -> Event {
    // Users are made first, ann before bob.
    opened_as_of(session, user, until, if user == "bob" { 2 } else { 1 })
}

fn opened_as_of(session: &str, user: &str, until: i64, changed: Seq) -> Event {
    Event::SessionOpened(SessionOpened {
        session: session.into(),
        user: user.into(),
        kind: SessionKind::Browser,
        hash: None,
        expires_at: at(until),
        address: "127.0.0.1".into(),
        agent: "test".into(),
        changed,
    })
}

fn sessions(state: &State) -> Vec<&str> {
    state.sessions.keys().map(|id| &**id).collect()
}

const LATE: i64 = 1_000_000;

#[test]
fn a_new_password_ends_every_session_but_the_one_that_set_it() {
    let mut events = vec![user("ann", "admin"), user("bob", "viewer")];
    events.extend([opened("a1", "ann", LATE), opened("a2", "ann", LATE), opened("b", "bob", LATE)]);
    events.push(changed("ann", |it| {
        it.password = Some(Hash("new".into()));
        it.keep = Some("a2".into());
    }));
    let state = state(events);
    assert_eq!(sessions(&state), ["a2", "b"]);
    assert_eq!(state.ending.len(), 2);
    assert_eq!(state.users["ann"].changed, 6, "sockets of the user are looked at again");
}

#[test]
fn whoever_is_kept_out_has_no_session_and_is_not_active() {
    let out = changed("ann", |it| it.disabled = Some(true));
    let state = state(vec![user("ann", "admin"), opened("a", "ann", LATE), out]);
    assert!(sessions(&state).is_empty() && state.active("ann").is_none());
    assert!(!state.has_admin_without("bob"));
}

#[test]
fn a_removed_user_takes_the_sessions_along() {
    let gone = Event::UserRemoved(UserNamed { user: "ann".into() });
    let state = state(vec![user("ann", "admin"), opened("a", "ann", LATE), gone]);
    assert!(state.is_empty() && state.sessions.is_empty() && state.ending.is_empty());
}

#[test]
fn sessions_end_by_themselves_and_are_renewed() {
    let renewed = SessionRenewed { session: "b".into(), generation: 1, expires_at: at(9_000) };
    let events = vec![
        user("ann", "admin"),
        opened("a", "ann", 5_000),
        opened("b", "ann", 5_000),
        Event::SessionRenewed(renewed),
    ];
    let mut state = state(events);
    state.advance(at(4_999));
    assert_eq!(sessions(&state), ["a", "b"]);
    assert!(state.session("a", at(5_000)).is_none(), "over before it is forgotten");
    state.advance(at(5_000));
    assert_eq!(sessions(&state), ["b"]);
    assert_eq!(state.users["ann"].sessions.len(), 1);
    assert_eq!(state.sessions["b"].generation, 1);
    state.advance(at(9_000));
    assert!(state.sessions.is_empty() && state.ending.is_empty());
}

#[test]
fn the_oldest_session_makes_room() {
    let many = (0..=MAX_SESSIONS).map(|i| opened(&format!("s{i:03}"), "ann", LATE));
    let state = state([user("ann", "admin")].into_iter().chain(many).collect());
    assert_eq!(state.sessions.len(), MAX_SESSIONS);
    assert!(!state.sessions.contains_key("s000"));
}

#[test]
fn what_a_role_allows_is_looked_up_when_it_is_used() {
    let viewing = Permissions::of(&[Permission::ViewProjects]);
    let define = |permissions| {
        Event::RoleDefined(crate::domain::access::RoleDefined {
            role: "watch".into(),
            description: "".into(),
            permissions,
        })
    };
    let token = Event::TokenCreated(TokenCreated {
        token: "t".into(),
        name: "ci".into(),
        hash: Hash("h".into()),
        grant: Grant::Role("watch".into()),
        expires_at: Some(at(LATE)),
        created_by: "ann".into(),
    });
    let events = vec![define(viewing), token, user("ann", "watch")];
    let grant = Grant::Role("watch".into());
    let before = state(events.clone());
    assert_eq!(before.granted(&grant), viewing);
    assert_eq!(before.active("ann").unwrap().1, viewing);
    assert!(before.token("t", at(LATE - 1)).is_some() && before.token("t", at(LATE)).is_none());
    let revoked = Event::TokenRevoked(TokenNamed { token: "t".into() });
    let after = state([events, vec![define(Permissions::NONE), revoked]].concat());
    assert_eq!(after.granted(&grant), Permissions::NONE);
    assert!(after.token("t", at(0)).is_none());
    assert_eq!(after.changed, 5);
}

#[test]
fn a_session_that_ended_is_gone_from_its_user() {
    let ended = Event::SessionEnded(SessionNamed { session: "a".into() });
    let state = state(vec![user("ann", "admin"), opened("a", "ann", LATE), ended]);
    assert!(state.users["ann"].sessions.is_empty() && state.sessions.is_empty());
}

#[test]
fn a_session_is_not_opened_with_a_password_that_has_just_been_replaced() {
    let new = changed("ann", |it| it.password = Some(Hash("new".into())));
    let out = changed("ann", |it| it.disabled = Some(true));
    let back = changed("ann", |it| it.disabled = Some(false));
    let events = vec![user("ann", "admin"), new, opened("a", "ann", LATE)];
    assert!(state(events).sessions.is_empty(), "it was shown before the new one was set");
    let events = vec![user("ann", "admin"), out, opened("a", "ann", LATE), back];
    assert!(state(events).sessions.is_empty(), "nor does it lie in wait");
    let new = changed("ann", |it| it.password = Some(Hash("new".into())));
    let events = vec![user("ann", "admin"), new, opened_as_of("a", "ann", LATE, 2)];
    assert_eq!(sessions(&state(events)), ["a"]);
}
