//! The command palette: any page, project, agent or command by a few letters of its name.

use super::pages::seen_pages;
use super::{Overlay, theme};
use crate::domain::access::Permission;
use crate::domain::projects::api::dashboard_projects;
use crate::domain::projects::{ProjectItem, ProjectsQuery};
use crate::domain::work::AgentItem;
use crate::domain::work::api::agents;
use crate::ui::live::Live;
use crate::ui::me::may;
use crate::ui::widgets::{Badge, Icon, IconName, Verdict};
use crate::wire::encoded;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// Projects and agents that are offered at once, of each.
const OFFERED: &str = "8";

/// A modal dialog that shows while the frame's overlay is `opens`.
#[component]
pub fn Dialog(opens: Overlay, label: &'static str, children: Children) -> impl IntoView {
    let overlay = expect_context::<RwSignal<Overlay>>();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if overlay.get() == opens {
            // Fails only if it is open already.
            let _ = dialog.show_modal();
        } else {
            dialog.close();
        }
    });
    let closed = move |_| {
        if overlay.get_untracked() == opens {
            overlay.set(Overlay::None);
        }
    };
    // A click on the dialog itself, rather than on what is in it, is one on the backdrop.
    let outside = move |event: leptos::ev::MouseEvent| {
        let dialog = node.get_untracked();
        if event.target().as_ref() == dialog.as_ref().map(AsRef::as_ref) {
            overlay.set(Overlay::None);
        }
    };
    view! {
        <dialog class="dialog" aria-label=label node_ref=node on:close=closed on:click=outside>
            <div class="dialog-body">{children()}</div>
        </dialog>
    }
}

/// Something the palette can do.
#[derive(Clone)]
enum Action {
    Go(String),
    Theme,
    Reconnect,
    Help,
}

#[derive(Clone)]
struct Entry {
    name: String,
    note: String,
    icon: IconName,
    verdict: Option<Verdict>,
    action: Action,
}

fn commands() -> Vec<Entry> {
    let entry = |name: &str, icon, action| Entry {
        name: name.to_owned(),
        note: "command".to_owned(),
        icon,
        verdict: None,
        action,
    };
    let pages = seen_pages().into_iter().map(|page| Entry {
        note: "page".to_owned(),
        ..entry(page.name, page.icon, Action::Go(page.path.to_owned()))
    });
    pages
        .chain([
            entry("Light or dark", IconName::Theme, Action::Theme),
            entry("Reconnect now", IconName::System, Action::Reconnect),
            entry("Keys", IconName::Help, Action::Help),
        ])
        .collect()
}

fn project(item: ProjectItem) -> Entry {
    Entry {
        note: item.owner.unwrap_or_default(),
        icon: IconName::Projects,
        verdict: Some(item.status.into()),
        action: Action::Go(item.project.href()),
        name: item.name,
    }
}

fn agent(item: AgentItem) -> Entry {
    Entry {
        note: "agent".to_owned(),
        icon: IconName::Work,
        verdict: Some(item.fsm_state.into()),
        action: Action::Go(format!("/work/agents/{}", encoded(&item.agent_id))),
        name: item.name,
    }
}

/// The palette, when it is asked for.
#[component]
pub fn Palette() -> impl IntoView {
    let overlay = expect_context::<RwSignal<Overlay>>();
    let text = RwSignal::new(String::new());
    let field = NodeRef::<html::Input>::new();
    let chosen = RwSignal::new(0_usize);
    let open = Memo::new(move |_| overlay.get() == Overlay::Palette);
    let (may_agents, may_projects) = (may(Permission::ViewAgents), may(Permission::ViewProjects));
    // Read only while the palette is open, and never on the server.
    let read = LocalResource::new(move || {
        let asked = open.get().then(|| text.get());
        async move {
            let q = asked?;
            let limit = || Some(OFFERED.to_owned());
            // There may be thousands of agents, which nobody wants to see before having asked.
            let agents = match may_agents && !q.is_empty() {
                true => agents(None, Some(q.clone()), limit(), None).await.ok(),
                false => None,
            };
            let projects = match may_projects {
                true => {
                    dashboard_projects(None, None, Some(q), None, limit(), None, None).await.ok()
                }
                false => None,
            };
            let (projects, agents) = (
                projects.and_then(|page| page.read().ok()),
                agents.and_then(|page| page.read().ok()),
            );
            Some((
                projects.map(|page| page.items).unwrap_or_default(),
                agents.map(|page| page.items).unwrap_or_default(),
            ))
        }
    });
    let entries = Memo::new_with_compare(
        move |_| {
            let wanted = text.get().to_lowercase();
            let (projects, agents) = read.get().flatten().unwrap_or_default();
            let fits = |entry: &Entry| entry.name.to_lowercase().contains(&wanted);
            let commands = commands().into_iter().filter(fits);
            let q = Some(wanted.clone()).filter(|q| !q.is_empty());
            let query = ProjectsQuery { q, ..ProjectsQuery::default() };
            // What was found for fewer letters stays until the answer to these comes: of that, only
            // what fits is offered, or Enter would lead to what nobody asked for.
            let projects = projects.into_iter().filter(|item| query.matches(item)).map(project);
            let agents = agents.into_iter().map(agent).filter(fits);
            commands.chain(projects).chain(agents).collect::<Vec<_>>()
        },
        |_, _| true,
    );
    Effect::new(move |_| {
        text.track();
        chosen.set(0);
    });
    Effect::new(move |_| {
        if open.get()
            && let Some(field) = field.get()
        {
            text.set(String::new());
            let _ = field.focus();
        }
    });
    let live = Live::expect();
    let navigate = use_navigate();
    let act = Callback::new(move |action: Action| {
        overlay.set(Overlay::None);
        match action {
            Action::Go(path) => navigate(&path, NavigateOptions::default()),
            Action::Theme => theme::toggle(),
            Action::Reconnect => live.retry_now(),
            Action::Help => overlay.set(Overlay::Help),
        }
    });
    let key = move |event: leptos::ev::KeyboardEvent| {
        let count = entries.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => chosen.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                let at = chosen.get_untracked();
                if let Some(entry) = entries.with_untracked(|all| all.get(at).cloned()) {
                    act.run(entry.action);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <Dialog opens=Overlay::Palette label="Search">
            <div class="palette-field">
                <Icon name=IconName::Search />
                <input
                    node_ref=field
                    type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-activedescendant=move || format!("palette-{}", chosen.get())
                    aria-label="Search projects, agents, pages and commands"
                    placeholder="Projects, agents, pages, commands"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=text
                    on:input=move |event| text.set(event_target_value(&event))
                    on:keydown=key
                />
            </div>
            <ul id="palette-list" class="palette-list" role="listbox" aria-label="Found">
                {move || {
                    let all = if open.get() { entries.get() } else { Vec::new() };
                    all.into_iter()
                        .enumerate()
                        .map(|(at, entry)| row(at, entry, chosen, act))
                        .collect_view()
                }}
            </ul>
        </Dialog>
    }
}

fn row(at: usize, entry: Entry, chosen: RwSignal<usize>, act: Callback<Action>) -> impl IntoView {
    let Entry { name, note, icon, verdict, action } = entry;
    view! {
        <li
            id=format!("palette-{at}")
            role="option"
            aria-selected=move || (chosen.get() == at).to_string()
            on:click=move |_| act.run(action.clone())
            on:pointermove=move |_| chosen.set(at)
        >
            <Icon name=icon />
            <span>{name}</span>
            <span class="note">{note}</span>
            {verdict.map(|verdict| view! { <Badge verdict=verdict /> })}
        </li>
    }
}
