//! The description of the interface: that it tells of every route, of nothing else, and the truth.

mod answers;
mod schema;

use bellwether::domain::{Event, Permissions};
use bellwether::server::needs::Needs;
use bellwether::server::{openapi, router};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Routes that are no interface for programs: forms and pages, which people read.
const FOR_PEOPLE: &[&str] = &[
    "/login",
    "/login/first",
    "/login/oidc",
    "/login/oidc/callback",
    "/api/docs",
    "/docs",
    "/docs/{page}",
];

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let each = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(|(method, told)| (method.to_uppercase(), path.clone(), told))
    });
    each.collect()
}

#[test]
fn every_route_is_told_of_and_nothing_else() {
    let told: BTreeSet<(String, String)> = operations(openapi::document())
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let routes: BTreeSet<(String, String)> = router::table()
        .into_iter()
        .filter(|entry| !matches!(entry.needs, Needs::Page(_)))
        .filter(|entry| !FOR_PEOPLE.contains(&entry.path.as_str()))
        .map(|entry| (entry.method.to_string(), entry.path))
        .collect();
    assert_eq!(told, routes);
    let rooms = openapi::rooms();
    let early: BTreeSet<(String, String)> = rooms
        .iter()
        .flat_map(|room| &room.operations)
        .map(|op| (op.method.to_owned(), op.path.to_owned()))
        .filter(|one| !routes.contains(one))
        .collect();
    assert_eq!(early, BTreeSet::new(), "told of, and not there");
}

#[test]
fn what_is_needed_is_told_as_it_is_asked_for() {
    let table = router::table();
    let mut ids = BTreeSet::new();
    for (method, path, told) in operations(openapi::document()) {
        let entry = table.iter().find(|one| one.method.as_str() == method && one.path == path);
        let needs = entry.unwrap().needs;
        let names =
            told["x-permissions"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
        let all: Permissions = names.map(|name| name.parse().unwrap()).collect();
        assert_eq!(all, openapi::permissions(needs), "{method} {path}");
        assert_eq!(told["security"] == json!([]), needs == Needs::Nothing, "{method} {path}");
        assert!(
            ids.insert(told["operationId"].as_str().unwrap()),
            "{method} {path}: its name is taken"
        );
    }
}

fn every_ref<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| every_ref(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| every_ref(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi::document();
    let mut found = Vec::new();
    every_ref(document, &mut found);
    assert!(found.len() > 100);
    for place in found {
        assert!(document.pointer(&place[1..]).is_some(), "{place}");
    }
    let ops: Vec<_> = openapi::rooms().into_iter().flat_map(|room| room.operations).collect();
    assert_eq!(openapi::schemas(&ops).1, Vec::<String>::new(), "two types bear one name");
}

#[track_caller]
fn check(schema: &Value, example: &Value, of: &str) {
    let faults = schema::faults(openapi::document(), schema, example, "");
    assert!(faults.is_empty(), "{of}: {faults:#?}");
}

#[test]
fn examples_are_what_their_schemas_say() {
    let mut seen = 0;
    for (method, path, told) in operations(openapi::document()) {
        let answers = told["responses"].as_object().unwrap().values();
        for holder in answers.chain([&told["requestBody"]]) {
            for (media, one) in holder["content"].as_object().into_iter().flatten() {
                if let Some(example) = one.get("example") {
                    seen += 1;
                    check(&one["schema"], example, &format!("{method} {path} as {media}"));
                }
            }
        }
    }
    assert!(seen > 60, "{seen} examples");
    for (name, told) in openapi::document()["components"]["responses"].as_object().unwrap() {
        let media = &told["content"]["application/problem+json"];
        check(&media["schema"], &media["example"], name);
    }
}

#[test]
fn every_event_of_a_producer_is_told_of() {
    let document = openapi::document();
    let mapping = document["components"]["schemas"]["Event"]["discriminator"]["mapping"].clone();
    let mapping = mapping.as_object().unwrap();
    let sent = |kind: &&str| bellwether::intake::cloudevents::is_of_producers(kind);
    let kinds: BTreeSet<&str> = Event::types().filter(sent).collect();
    assert_eq!(mapping.keys().map(String::as_str).collect::<BTreeSet<_>>(), kinds);
    for (kind, place) in mapping {
        let schema = document.pointer(&place.as_str().unwrap()[1..]).unwrap();
        let event = &schema["examples"][0];
        check(schema, event, kind);
        Event::decode(kind, &event["data"].to_string()).unwrap().unwrap();
    }
}
