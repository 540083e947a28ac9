//! STUB
use crate::domain::Envelope;
use crate::domain::projects::*;
use crate::wire::*;
#[derive(Clone, Default, Debug)]
pub struct History {}
pub enum Series {
    ProjectScore(ProjectId),
    OverallScore,
}
pub struct Sample {
    pub series: Series,
    pub time: Timestamp,
    pub value: f64,
}
pub struct Batch {
    pub last_seq: Seq,
    pub at: Timestamp,
    pub envelopes: Vec<Envelope>,
    pub samples: Vec<Sample>,
}
impl History {
    pub fn feed(&self, _b: Batch) {}
    pub fn position(&self) -> Seq {
        Seq::MAX
    }
    pub async fn caught_up(&self, _s: Seq) {}
    pub async fn runs(
        &self,
        _id: &ProjectId,
        _n: usize,
        _after: Option<String>,
    ) -> Result<Vec<Run>, ApiError> {
        Ok(vec![])
    }
    pub async fn project_trend(
        &self,
        _id: &ProjectId,
        _w: Option<&str>,
        _s: Option<&str>,
    ) -> Result<Vec<TrendPoint>, ApiError> {
        Ok(vec![])
    }
}
impl History {
    pub fn cache_internals(&self) -> crate::domain::system::CacheInternals {
        Default::default()
    }
}
pub fn discard(_dir: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
