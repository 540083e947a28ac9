//! What a result's rule says of it: how bad it is, what it is called and what it means.

pub(super) use super::log::Level;
use super::log::{Component, Kind, Result as Found, Rule, Run};
use std::collections::HashMap;

/// The rules of a run.
pub(super) struct Rules<'a> {
    driver: &'a Component,
    extensions: &'a [Component],
    by_id: HashMap<&'a str, &'a Rule>,
}

impl<'a> Rules<'a> {
    pub fn of(run: &'a Run) -> Self {
        let driver = &run.tool.driver;
        let extensions = run.tool.extensions.as_deref().unwrap_or_default();
        let all = extensions.iter().chain([driver]).flat_map(|it| it.rules.iter().flatten());
        Self { driver, extensions, by_id: all.map(|rule| (rule.id.as_str(), rule)).collect() }
    }

    /// The rule that was broken: by its place in the component that it is of, else by its id, or by
    /// the id of the rule that it is a part of (`CA1000/1`).
    fn rule(&self, found: &'a Found) -> Option<&'a Rule> {
        let reference = found.rule.as_ref();
        let index = reference.and_then(|it| it.index).or(found.rule_index);
        let component = reference.and_then(|it| it.tool_component.as_ref());
        let of = component.map_or(Some(self.driver), |it| {
            let place = it.index.and_then(|index| usize::try_from(index).ok());
            let by_place = place.and_then(|place| self.extensions.get(place));
            by_place.or_else(|| {
                self.extensions.iter().find(|one| {
                    (it.guid.is_some() && one.guid == it.guid)
                        || it.name.as_deref() == Some(one.name.as_str())
                })
            })
        });
        let place = index.and_then(|index| usize::try_from(index).ok());
        let by_place = place.and_then(|place| of?.rules.as_ref()?.get(place));
        by_place.or_else(|| {
            let id = found.rule_id.as_deref().or(reference.and_then(|it| it.id.as_deref()))?;
            let whole = || self.by_id.get(id.rsplit_once('/')?.0);
            self.by_id.get(id).or_else(whole).copied()
        })
    }

    /// How bad a result is.
    pub fn level(&self, found: &Found) -> Level {
        if let Some(level) = found.level {
            return level;
        }
        if found.kind.is_some_and(|kind| kind != Kind::Fail) {
            return Level::None;
        }
        let rule = self.rule(found).and_then(|rule| rule.default_configuration.as_ref());
        rule.and_then(|it| it.level).unwrap_or(Level::Warning)
    }

    /// What the rule is called; the tool, if none is named.
    pub fn name(&self, found: &'a Found) -> &str {
        let named = found.rule_id.as_deref();
        let named = named.or_else(|| found.rule.as_ref().and_then(|it| it.id.as_deref()));
        let named = named.or_else(|| self.rule(found).map(|rule| rule.id.as_str()));
        named.filter(|name| !name.is_empty()).unwrap_or(&self.driver.name)
    }

    /// What is wrong: the result's words, or those of its rule.
    pub fn message(&self, found: &'a Found) -> &str {
        let own = found.message.text.as_deref();
        let of_rule = || {
            let rule = self.rule(found)?;
            let by_id = found
                .message
                .id
                .as_ref()
                .and_then(|id| rule.message_strings.as_ref()?.get(id)?.text.as_deref());
            by_id.or_else(|| rule.short_description.as_ref()?.text.as_deref())
        };
        own.or_else(of_rule).unwrap_or_default()
    }
}
