//! A project's page: its score explained, its history, its errors and its runs.

use super::job::facts;
use super::runs::{ErrorTypesCard, FiguresCard, RunsCard, is_web};
use super::score::ScoreCard;
use super::trends::{Trend, Trends, USUAL};
use crate::domain::Topic;
use crate::domain::projects::ProjectDetail;
use crate::domain::projects::api::project_detail;
use crate::ui::live::follow_doc;
use crate::ui::range::use_range;
use crate::ui::widgets::{Age, Badge, Card, Icon, IconName, Verdict, dynamic, loaded, reading};
use crate::wire::decoded;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

/// The page at `/projects/:project`.
#[component]
pub fn ProjectPage() -> impl IntoView {
    // From the address itself: the router decodes its parameters twice when it follows a link. But
    // only once they change, which is when the page that was here is done for.
    let (params, path) = (use_params_map(), use_location().pathname);
    let name = Memo::new(move |last: Option<&String>| {
        // Read, since a memo that is only tracked is never made and so never changes.
        params.with(|_| ());
        let here = path.with_untracked(|path| path.strip_prefix("/projects/").map(decoded));
        here.or_else(|| last.cloned()).unwrap_or_default()
    });
    let range = use_range(USUAL);
    // Another project is another page; another range of the same project is not.
    move || {
        let project = name.get();
        let title = format!("{project} · Bellwether");
        let detail = reading(move || {
            let (project, range) = (project.clone(), range.get_untracked());
            project_detail(project, range.window, range.from, range.to, range.step)
        });
        view! {
            <Title text=title />
            {loaded(detail, move |first| view! { <Page first=first /> }.into_any())}
        }
    }
}

#[component]
fn Page(first: ProjectDetail) -> impl IntoView {
    let as_of = first.as_of;
    let id = first.item.project.clone();
    let trends = Trend { range: first.range, trend: first.trend.clone() };
    let doc = follow_doc(Topic::Project(id.clone()), first);
    let item = Memo::new(move |_| doc.with(|doc| doc.item.clone()));
    let findings = Memo::new(move |_| doc.with(|doc| doc.findings.clone()));
    let windows = Memo::new(move |_| doc.with(|doc| doc.windows.clone()));
    let responses = Memo::new(move |_| doc.with(|doc| doc.response_time_ms));
    let durations = Memo::new(move |_| item.with(|item| item.duration_ms));
    let errors = Memo::new(move |_| doc.with(|doc| doc.errors.clone()));
    let runs = Memo::new(move |_| doc.with(|doc| doc.runs.clone()));
    let newest = Memo::new(move |_| runs.with(|runs| runs.first().map(|run| run.seq)));
    let job = Memo::new(move |_| item.with(|item| item.job.clone()));
    view! {
        <Heading item=item />
        <div class="grid">
            {dynamic(move || job.get().map(|job| {
                view! { <Card title="Schedule" as_of=as_of class="c12 job-card">{facts(&job)}</Card> }.into_any()
            }))}
            <ScoreCard item=item findings=findings as_of=as_of />
            <FiguresCard windows=windows durations=durations responses=responses as_of=as_of />
            <ErrorTypesCard errors=errors as_of=as_of />
            <Trends project=id rendered=trends newest=newest as_of=as_of />
            <RunsCard runs=runs as_of=as_of />
        </div>
    }
}

#[component]
fn Heading(item: Memo<crate::domain::projects::ProjectItem>) -> impl IntoView {
    let verdict = Memo::new(move |_| Verdict::from(item.with(|item| item.status)));
    let facts = Memo::new(move |_| {
        item.with(|i| {
            (
                i.name.clone(),
                i.owner.clone(),
                i.url.clone().filter(|url| is_web(url)),
                i.tags.clone(),
            )
        })
    });
    let last = Memo::new(move |_| item.with(|item| item.last_validation_at));
    view! {
        <div class="heading">
            <Badge verdict=verdict />
            {move || {
                let (name, owner, url, tags) = facts.get();
                view! {
                    <strong>{name}</strong>
                    {owner.map(|owner| view! { <span class="muted">"looked after by " {owner}</span> })}
                    {tags
                        .into_iter()
                        .map(|tag| {
                            let href = super::toolbar::href(&crate::domain::projects::ProjectsParams {
                                tag: Some(tag.clone()),
                                ..Default::default()
                            });
                            view! { <a class="tag" href=href>{tag}</a> }
                        })
                        .collect_view()}
                    {url.map(|url| {
                        view! {
                            <a href=url rel="noreferrer noopener" target="_blank" class="row">
                                <Icon name=IconName::External />
                                "Its home"
                            </a>
                        }
                    })}
                }
            }}
            <span class="grow"></span>
            <span class="muted">
                {move || match last.get() {
                    Some(at) => view! { "last validated " <Age at=at /> }.into_any(),
                    None => "never validated".into_any(),
                }}
            </span>
        </div>
    }
}
