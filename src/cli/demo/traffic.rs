//! Requests that services answer: more by day, slower when busy.

use super::project::Project;
use super::rng::Rng;
use super::world::{Actor, Moment, SECOND};
use serde_json::json;

/// Routes and how their time compares with that of the others.
const ROUTES: &[(&str, f64)] = &[
    ("/", 0.4),
    ("/health", 0.1),
    ("/v1/items", 1.0),
    ("/v1/items/{id}", 0.7),
    ("/v1/search", 2.6),
    ("/v1/export", 6.0),
];

/// The requests of one project.
pub(super) struct Traffic {
    project: String,
    /// Time between two requests at noon, in milliseconds.
    gap: f64,
    /// Median time of an answer, in milliseconds.
    median: f64,
    /// Share of requests that go wrong on our side.
    errors: f64,
    rng: Rng,
}

impl Traffic {
    /// The traffic of a project, if it is of the kind that has any.
    pub fn of(project: &Project, mut rng: Rng) -> Option<Self> {
        project.is_service().then(|| Self {
            project: project.id().to_owned(),
            gap: rng.between(20.0, 90.0) * SECOND,
            median: rng.log_normal(60.0, 0.5),
            errors: rng.between(0.0005, 0.01),
            rng,
        })
    }
}

impl Actor for Traffic {
    fn source(&self) -> &'static str {
        "demo/gateway"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        let busy = moment.busy();
        let (route, weight) = self.rng.pick(ROUTES);
        let failed = self.rng.chance(self.errors * (1.0 + busy));
        let status = match failed {
            true => self.rng.pick(&[500_u16, 502, 503]),
            false if self.rng.chance(0.03) => self.rng.pick(&[400_u16, 401, 404, 429]),
            false => 200,
        };
        let ms = self.rng.log_normal(self.median * weight * (0.8 + 0.5 * busy), 0.45);
        let ms = if failed { ms * 4.0 } else { ms };
        moment.emit(
            "request.observed",
            json!({
                "project": self.project,
                "route": route,
                "status_code": status,
                "duration_ms": (ms * 10.0).round() / 10.0,
            }),
        );
        self.rng.exponential(self.gap / busy)
    }
}
