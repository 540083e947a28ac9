//! Quantiles with a bounded relative error in bounded memory: DDSketch (Masson, Rim and Lee,
//! "DDSketch: A fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019).

mod bins;
mod codec;

use super::percentiles::Percentiles;
use super::window::Bucket;
use bins::Bins;

/// Relative error of every quantile: 1 %.
pub const RELATIVE_ERROR: f64 = 0.01;
/// Magnitudes up to this count as zero; nothing that is measured here comes close to it.
const SMALLEST: f64 = 1e-9;
/// ln γ with γ = (1 + α) ÷ (1 − α): the width of a bin on the logarithmic scale.
const LN_GAMMA: f64 = 0.020_000_666_706_669_435;

/// A sketch of values, with the exact count, sum, least and greatest of them.
///
/// Bins are sparse and sorted; beyond 1,024 of them the lowest are merged, so the error bound
/// holds for the upper quantiles always, and for all of them as long as the values span less than
/// nine decades. The content does not depend on the order of additions (but for the rounding of
/// `sum`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sketch {
    positive: Bins,
    negative: Bins,
    zeros: u64,
    sum: f64,
    min: f64,
    max: f64,
}

fn bin_of(magnitude: f64) -> i32 {
    // A finite f64 of at least 1e-9 lies within ±36,000 bins.
    (magnitude.ln() / LN_GAMMA).ceil() as i32
}

fn value_of(bin: i32) -> f64 {
    let gamma = LN_GAMMA.exp();
    2.0 * (f64::from(bin) * LN_GAMMA).exp() / (gamma + 1.0)
}

impl Sketch {
    /// Counts a value; one that is not finite is left out.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.count() == 0 {
            (self.min, self.max) = (value, value);
        } else {
            (self.min, self.max) = (self.min.min(value), self.max.max(value));
        }
        self.sum += value;
        if value > SMALLEST {
            self.positive.add(bin_of(value), 1);
        } else if value < -SMALLEST {
            self.negative.add(bin_of(-value), 1);
        } else {
            self.zeros += 1;
        }
    }

    /// How many values were counted.
    pub const fn count(&self) -> u64 {
        self.positive.count().saturating_add(self.negative.count()).saturating_add(self.zeros)
    }

    /// Sum of all values.
    pub const fn sum(&self) -> f64 {
        self.sum
    }

    /// The least value.
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The greatest value.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The mean of all values.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum / self.count() as f64)
    }

    /// The percentiles that the board tells.
    pub fn percentiles(&self) -> Percentiles {
        let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|q| self.quantile(q));
        Percentiles { p50, p90, p95, p99 }
    }

    /// The value of rank floor(q · (n − 1)), counted from 0 in ascending order (the paper's
    /// lower quantile), within [`RELATIVE_ERROR`]; `None` when nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let n = self.count();
        if n == 0 {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * (n - 1) as f64).floor() as u64;
        let below_zero = self.negative.count();
        let value = if rank < below_zero {
            -value_of(self.negative.at_rank(below_zero - 1 - rank)?)
        } else if rank < below_zero + self.zeros {
            0.0
        } else {
            value_of(self.positive.at_rank(rank - below_zero - self.zeros)?)
        };
        Some(value.clamp(self.min, self.max))
    }

    /// Takes in everything `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        if self.count() == 0 {
            self.clone_from(other);
            return;
        }
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
        self.zeros += other.zeros;
        self.sum += other.sum;
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
    }
}

impl Bucket for Sketch {
    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sketch(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|&v| sketch.add(v));
        sketch
    }

    #[track_caller]
    fn check(values: &[f64], q: f64, exact: f64) {
        let got = sketch(values).quantile(q).unwrap();
        let off = (got - exact).abs();
        assert!(off <= exact.abs() * RELATIVE_ERROR * (1.0 + 1e-9) + 1e-9, "{got} for {exact}");
    }

    #[test]
    fn the_width_of_a_bin_is_what_it_says() {
        let exact = ((1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)).ln();
        assert!((LN_GAMMA - exact).abs() < 1e-15, "{exact:.20}");
    }

    #[test]
    fn nothing_in_nothing_out() {
        assert_eq!(sketch(&[]).quantile(0.5), None);
        assert_eq!(sketch(&[f64::NAN, f64::INFINITY]).mean(), None);
    }

    #[test]
    fn ranks_are_the_lower_ones() {
        check(&[1.0, 2.0], 0.5, 1.0);
        check(&[1.0, 2.0, 3.0], 0.5, 2.0);
        check(&[0.0, 0.0, 7.0], 1.0, 7.0);
        check(&[-5.0, 0.0, 5.0], 0.0, -5.0);
        check(&[42.0; 100], 0.99, 42.0);
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![0.001..10.0, 1.0..1e7_f64, -1e4..1e4_f64, Just(0.0)];
        prop::collection::vec(value, 1..300)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(mut values in values(), q in 0.0..=1.0_f64) {
            let sketch = sketch(&values);
            values.sort_by(f64::total_cmp);
            let exact = values[(q * (values.len() - 1) as f64).floor() as usize];
            let got = sketch.quantile(q).unwrap();
            prop_assert!((got - exact).abs() <= exact.abs() * 0.010_000_001 + 1e-9, "{} {}", got, exact);
        }

        #[test]
        fn merging_is_the_union(a in values(), b in values()) {
            let mut merged = sketch(&a);
            merged.merge(&sketch(&b));
            let union = sketch(&[a, b].concat());
            prop_assert_eq!((&merged.positive, &merged.negative), (&union.positive, &union.negative));
            prop_assert_eq!((merged.count(), merged.min(), merged.max()), (union.count(), union.min(), union.max()));
            prop_assert!((merged.sum() - union.sum()).abs() < 1e-3);
        }
    }
}
