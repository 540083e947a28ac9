//! How long an interface takes to answer, by route and region: a metric whose series are told apart
//! by their labels.

use super::rng::Rng;
use super::world::{Actor, HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use serde_json::json;

/// Routes, and how long each takes where it is near, in milliseconds.
const ROUTES: &[(&str, f64)] =
    &[("/v1/quotes", 9.0), ("/v1/orders", 24.0), ("/v1/positions", 38.0), ("/v1/reports", 160.0)];
/// Regions, and how far away each is, in milliseconds.
const REGIONS: &[(&str, f64)] = &[("eu-central", 4.0), ("us-east", 28.0), ("ap-south", 71.0)];

/// Probes that call every route from every region in turn.
pub(super) struct Latency {
    turn: usize,
    /// Index of a region whose way is long at times, and until when it is.
    detour: (usize, Timestamp),
    rng: Rng,
}

impl Latency {
    pub const fn new(rng: Rng) -> Self {
        Self { turn: 0, detour: (0, Timestamp::from_ms(0)), rng }
    }
}

impl Actor for Latency {
    fn source(&self) -> &'static str {
        "demo/probes"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        let round = if moment.recent { 30.0 * SECOND } else { 5.0 * MINUTE };
        let wait = round / (ROUTES.len() * REGIONS.len()) as f64;
        if self.rng.chance(wait / (5.0 * HOUR)) {
            let until = moment.now.plus(self.rng.between(10.0 * MINUTE, 40.0 * MINUTE) as i64);
            self.detour = (self.rng.below(REGIONS.len()), until);
        }
        let (at, number) = (self.turn / ROUTES.len() % REGIONS.len(), self.turn % ROUTES.len());
        self.turn += 1;
        if let (Some((route, takes)), Some((region, way))) = (ROUTES.get(number), REGIONS.get(at)) {
            let (where_, until) = self.detour;
            let way = if where_ == at && moment.now < until { 3.5 * way + 40.0 } else { *way };
            let busy = 0.7 + 0.6 * moment.busy();
            let ms = way + self.rng.log_normal(takes * busy, 0.25);
            let data = json!({
                "name": "api_latency_ms", "unit": "ms", "value": (ms * 10.0).round() / 10.0,
                "labels": {"route": route, "region": region},
            });
            moment.emit("metric.observed", data);
        }
        self.rng.exponential(wait)
    }
}
