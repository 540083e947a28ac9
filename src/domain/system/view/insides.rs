//! The server's own insides: what it takes in, keeps and hands out.

use crate::domain::system::{Internals, Process};
use crate::ui::format::{self, Unit};
use crate::ui::widgets::Card;
use crate::wire::Timestamp;
use leptos::prelude::*;

/// A rate, or that nobody has asked yet.
fn rate(rate: &Option<f64>) -> String {
    rate.map_or_else(|| "—".to_owned(), |rate| Unit::Ratio.text(rate))
}

/// Four tiles: intake, journal, feed, and the process with its cache.
#[component]
pub fn Insides(
    internals: Memo<Internals>,
    process: Memo<Process>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let fact = move |word: &'static str, value: fn(&Internals) -> String| {
        view! { <dt>{word}</dt><dd>{move || internals.with(value)}</dd> }
    };
    let own = move |word: &'static str, value: fn(&Process) -> String| {
        view! { <dt>{word}</dt><dd>{move || process.with(value)}</dd> }
    };
    let stuck = Signal::derive(move || {
        let writable = internals.with(|i| i.journal.writable);
        (!writable).then(|| "the journal cannot be written: events are refused".to_owned())
    });
    view! {
        <h2 class="section">"Bellwether itself"</h2>
        <div class="grid">
            <Card title="Intake" as_of=as_of class="c3">
                <div class="big">
                    {move || format::decimal(internals.with(|i| i.ingest.events_per_s), 1)}
                    <small>" events a second"</small>
                </div>
                <dl class="facts">
                    {fact("accepted", |i| format::count(i.ingest.accepted))}
                    {fact("seen before", |i| format::count(i.ingest.duplicates))}
                    {fact("refused as invalid", |i| format::count(i.ingest.rejected))}
                    {fact("turned away", |i| format::count(i.ingest.turned_away))}
                    {fact("waiting", |i| format::count(i.ingest.queued))}
                </dl>
            </Card>
            <Card title="Journal" as_of=as_of quiet=stuck class="c3">
                <div class="big">
                    {move || format::duration(internals.with(|i| i.journal.commit_p50_ms))}
                    <small>" a commit, fsync included"</small>
                </div>
                <dl class="facts">
                    {fact("99 % of commits within", |i| format::duration(i.journal.commit_p99_ms))}
                    {fact("position", |i| format::count(i.journal.seq))}
                    {fact("durable, not yet shown", |i| format::count(i.journal.lag_events))}
                    {fact("history behind by", |i| format::count(i.journal.history_lag_events))}
                    {fact("checkpoint at", |i| format::count(i.journal.checkpoint_seq))}
                    {fact("on disk", |i| format::bytes(i.journal.size_bytes as f64))}
                </dl>
            </Card>
            <Card title="Feed" as_of=as_of class="c3">
                <div class="big">
                    {move || format::count(internals.with(|i| i.hub.clients))}
                    <small>" open sockets"</small>
                </div>
                <dl class="facts">
                    {fact("flushes", |i| format::count(i.hub.flushes))}
                    {fact("messages sent", |i| format::count(i.hub.frames_sent))}
                    {fact("fell behind, given a snapshot", |i| format::count(i.hub.resyncs))}
                    {fact("too slow, closed", |i| format::count(i.hub.slow_closed))}
                </dl>
            </Card>
            <Card title="Process and cache" as_of=as_of class="c3">
                <div class="big">
                    {move || format::bytes(process.with(|p| p.memory_mb) * 1_048_576.0)}
                    <small>" resident"</small>
                </div>
                <dl class="facts">
                    {own("up for", |p| format::ago(i64::try_from(p.uptime_seconds).unwrap_or(i64::MAX).saturating_mul(1_000)))}
                    {own("threads", |p| format::count(u64::from(p.threads)))}
                    {fact("answers found in caches", |i| rate(&i.cache.hit_rate))}
                    {fact("of reads", |i| rate(&i.cache.answers.hit_rate))}
                    {fact("of range queries", |i| rate(&i.cache.history.hit_rate))}
                    {fact("of shared views", |i| rate(&i.cache.views.hit_rate))}
                    {fact("answers held", |i| format::count(i.cache.entries))}
                    {fact("answers dropped", |i| format::count(i.cache.evictions))}
                </dl>
            </Card>
        </div>
    }
}
