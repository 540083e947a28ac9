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
/// A sum beyond what a double can hold is not known exactly any more: it and the mean then follow
/// from the bins, within [`RELATIVE_ERROR`] of what the magnitudes make, and are finite all the same.
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
    /// Not finite once it was too great.
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
    // In this order: twice the greatest magnitudes is more than a double can hold.
    (f64::from(bin) * LN_GAMMA).exp() / (gamma + 1.0) * 2.0
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

    /// Sum of all values; the greatest or the least double if it is beyond that.
    pub fn sum(&self) -> f64 {
        self.exact_sum().unwrap_or_else(|| {
            let sum = self.mean_of_bins() * self.count() as f64;
            sum.clamp(f64::MIN, f64::MAX)
        })
    }

    /// The same; none if it was ever too great.
    pub fn exact_sum(&self) -> Option<f64> {
        self.sum.is_finite().then_some(self.sum)
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
        let count = self.count();
        let mean =
            || self.exact_sum().map_or_else(|| self.mean_of_bins(), |sum| sum / count as f64);
        (count > 0).then(mean)
    }

    /// The mean, as far as bins know it. No part of it is greater than the greatest value.
    fn mean_of_bins(&self) -> f64 {
        let count = self.count().max(1) as f64;
        let part = |value: f64, n: u32| value.clamp(self.min, self.max) * (f64::from(n) / count);
        let above = self.positive.iter().map(|(bin, n)| part(value_of(bin), n)).sum::<f64>();
        let below = self.negative.iter().map(|(bin, n)| part(-value_of(bin), n)).sum::<f64>();
        (above + below).clamp(self.min, self.max)
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

    /// Values whose sum may be too great, and what it and their mean are.
    #[track_caller]
    fn check_sum(values: &[f64], sum: f64, mean: f64) {
        let (whole, mut merged) = (sketch(values), Sketch::default());
        values.iter().for_each(|&value| merged.merge(&sketch(&[value])));
        for it in [whole, merged] {
            let it = Sketch::from_bytes(&it.to_bytes()).unwrap();
            let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let near = |got: f64, exact: f64, parts: usize| {
                got.is_finite() && (got - exact).abs() <= RELATIVE_ERROR * most * parts as f64
            };
            let (got_sum, got_mean) = (it.sum(), it.mean().unwrap());
            assert!(near(got_sum, sum, values.len()), "{got_sum:e} for {sum:e}");
            assert!(near(got_mean, mean, 1), "{got_mean:e} for {mean:e}");
        }
    }

    #[test]
    fn sums_and_means_stay_finite() {
        check_sum(&[1e308], 1e308, 1e308);
        check_sum(&[1e308, 1.7e308], f64::MAX, 1.35e308);
        check_sum(&[-1e308, -1.7e308], f64::MIN, -1.35e308);
        check_sum(&[f64::MAX; 3], f64::MAX, f64::MAX);
        check_sum(&[1e308, 1.7e308, -1.7e308], 1e308, 1e308 / 3.0);
        check_sum(&[1e308, 1.7e308, -1.7e308, -1.7e308, 0.0], -0.7e308, -0.14e308);
        check(&[1e308, 1.7e308], 0.5, 1e308);
        check(&[1.7e308, f64::MAX], 0.0, 1.7e308);
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
