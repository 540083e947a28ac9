//! Scraping: the other way in for what Prometheus reads. Each target is asked at its interval for
//! its metrics, and what it tells becomes `metric.observed`.
//!
//! Its series have the labels `job` and `instance`; where it has such labels itself they become
//! `exported_job` and `exported_instance`, as Prometheus does it. Beside them there is, for each
//! target, `up` (1, or 0 if it could not be read), `scrape_duration_seconds` and `scrape_samples`.
//! A sample that says when it was taken counts once, however often it is told.

mod fetch;
mod target;

pub use target::{Scraping, Target};

use super::clock::Clock;
use super::ingest::IngestState;
use super::journal::Draft;
use crate::domain::metrics::Observed;
use crate::intake::Incoming;
use crate::intake::exposition::{self, Sample};
use crate::intake::measured::{self, Labels};
use crate::wire::Timestamp;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

/// Longest that one scrape may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Scrapes every target until the server stops.
pub async fn run(
    ingest: IngestState,
    clock: Clock,
    scraping: Scraping,
    shutdown: CancellationToken,
) {
    let Scraping { targets, every } = scraping;
    let count = u32::try_from(targets.len()).unwrap_or(u32::MAX).max(1);
    let all = (0..).zip(targets).map(|(place, target)| {
        // One after the other, so that they do not all come at once.
        let after = every / count * place;
        let scraper = Scraper { ingest: ingest.clone(), clock: clock.clone(), target, up: None };
        scraper.run(every, after)
    });
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = futures::future::join_all(all) => {}
    }
}

struct Scraper {
    ingest: IngestState,
    clock: Clock,
    target: Target,
    /// Whether it was there the last time.
    up: Option<bool>,
}

/// What came of a scrape.
struct Scraped {
    samples: Vec<Sample>,
    began: Timestamp,
    took: Duration,
    failed: Option<String>,
}

impl Scraper {
    async fn run(mut self, every: Duration, after: Duration) {
        let mut ticks = interval_at(tokio::time::Instant::now() + after, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let scraped = self.scrape(WITHIN.min(every)).await;
            self.log(scraped.failed.as_deref());
            let target = self.target.clone();
            let made = tokio::task::spawn_blocking(move || drafts(&target, scraped)).await;
            let Ok((drafts, unfit)) = made else { continue };
            if unfit > 0 {
                tracing::debug!(target = %self.target.instance, unfit, "samples that cannot be");
            }
            // What the journal does not take is not missed: the next scrape says more.
            if let Err(error) = self.ingest.take_in_parts(drafts).await {
                tracing::debug!(%error, target = %self.target.instance, "a scrape is not kept");
            }
        }
    }

    async fn scrape(&self, within: Duration) -> Scraped {
        let (began, clock) = (self.clock.now(), Instant::now());
        let read = async {
            let (dialect, body) = fetch::fetch(&self.target, within).await?;
            let reading = tokio::task::spawn_blocking(move || exposition::decode(&body, dialect));
            reading.await.unwrap_or_else(|_| Err("it could not be read".to_owned()))
        };
        let read = timeout(within, read).await;
        let read =
            read.unwrap_or_else(|_| Err(format!("no answer within {} s", within.as_secs_f64())));
        let (samples, failed) = match read {
            Ok(samples) => (samples, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Scraped { samples, began, took: clock.elapsed(), failed }
    }

    /// Says it once when a target goes, and once when it is back.
    fn log(&mut self, failed: Option<&str>) {
        let up = failed.is_none();
        let (target, job) = (&self.target.instance, &self.target.job);
        match (self.up.replace(up), failed) {
            (Some(false), Some(why)) => tracing::debug!(%target, %job, why, "scraping fails still"),
            (_, Some(why)) => tracing::warn!(%target, %job, why, "a target cannot be scraped"),
            (Some(false), None) => tracing::info!(%target, %job, "a target can be scraped again"),
            _ => {}
        }
    }
}

/// The events of a scrape, and how many samples cannot be.
fn drafts(target: &Target, scraped: Scraped) -> (Vec<Draft>, usize) {
    let Scraped { samples, began, took, failed } = scraped;
    let told = samples.len();
    let up = if failed.is_some() { 0.0 } else { 1.0 };
    let own = [
        ("up", up, None),
        ("scrape_duration_seconds", took.as_secs_f64(), Some("seconds")),
        ("scrape_samples", told as f64, None),
    ];
    let own = own.map(|(name, value, unit)| Sample {
        name: name.into(),
        labels: Labels::new(),
        unit: unit.map(Into::into),
        value,
        time: None,
    });
    // No value at all, and so nothing that is left out.
    let values = samples.into_iter().filter(|sample| sample.value.is_finite());
    let mut unfit = 0;
    let drafts = values.chain(own).filter_map(|sample| {
        let draft = draft(target, sample, began);
        unfit += usize::from(draft.is_none());
        draft
    });
    (drafts.collect(), unfit)
}

fn draft(target: &Target, sample: Sample, began: Timestamp) -> Option<Draft> {
    let Sample { name, mut labels, unit, value, time } = sample;
    for (label, own) in [("job", &target.job), ("instance", &target.instance)] {
        if let Some(theirs) = labels.insert(label.into(), own.clone()) {
            labels.insert(format!("exported_{label}").into(), theirs);
        }
    }
    let observed = Observed { name, value, unit, labels };
    // Without a time of its own it is another one at each scrape.
    let nanos = time.map_or(0, |time| i128::from(time.ms()) * 1_000_000);
    let made = measured::observed(&target.source, observed, nanos, "scrape").ok()?;
    let Incoming { source, id, id_given, subject, event, .. } = made;
    Some(Draft::new(Some(time.unwrap_or(began)), source, id, id_given, subject, event))
}

#[cfg(test)]
mod tests;
