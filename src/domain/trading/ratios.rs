//! Return and risk, from the equity at the end of every day.
//!
//! The return of a day is r = (E + W) / (E' + D) − 1, with E the equity at its end, E' that of the
//! day before, and D and W what came in and went out that day other than by trades: a time-weighted
//! return that takes deposits as made when the day begins and withdrawals as made when it ends (CFA
//! Institute, GIPS). Every calendar day counts, also one without trades. With n returns, their mean
//! m, and N periods a year (365 unless the setting `trading.periods_per_year` says otherwise):
//!
//! - volatility: s·√N, s² = Σ(r − m)² / (n − 1);
//! - Sharpe ratio (Sharpe 1994), the risk-free rate taken as 0: m / s · √N;
//! - Sortino ratio (Sortino and Price 1994), the target taken as 0: m / d · √N,
//!   d² = Σ min(r, 0)² / n;
//! - maximum drawdown (Magdon-Ismail 2004): the greatest of 1 − V / max V so far, V = Π(1 + r).
//!
//! The first day's own return counts for the return since inception, and for nothing else: its
//! equity is where the others begin. Ratios take two returns at least.

use super::Ratios;
use crate::wire::Timestamp;

/// The end of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Start of the day.
    pub at: Timestamp,
    /// Equity at its end.
    pub equity: f64,
    /// What came in other than by trades, not less than nothing.
    pub deposits: f64,
    /// What went out other than by trades, not less than nothing.
    pub withdrawn: f64,
}

/// Return of a day: none if there was nothing that could bring any.
pub fn day_return(before: f64, day: &Day) -> Option<f64> {
    let base = before + day.deposits;
    (base > 0.0).then(|| (day.equity + day.withdrawn) / base - 1.0).filter(|r| r.is_finite())
}

/// Ratios of consecutive days, oldest first.
pub fn ratios(days: &[Day], periods_per_year: f64) -> Ratios {
    let mut out = Ratios { periods_per_year, ..Ratios::default() };
    let Some((first, rest)) = days.split_first() else { return out };
    out.days = u32::try_from(days.len()).unwrap_or(u32::MAX);
    out.since = Some(first.at);
    let mut before = first.equity;
    let mut returns = Vec::with_capacity(rest.len());
    for day in rest {
        returns.extend(day_return(before, day));
        before = day.equity;
    }
    let whole = day_return(0.0, first).into_iter().chain(returns.iter().copied());
    let (grown, any) = whole.fold((1.0, false), |(value, _), r| (value * (1.0 + r), true));
    out.return_since_inception = any.then_some(grown - 1.0);
    let falls = drawdowns(&returns);
    out.drawdown = falls.last().copied();
    out.max_drawdown = falls.iter().copied().reduce(f64::max);
    let n = returns.len() as f64;
    if returns.len() < 2 {
        return out;
    }
    let mean = returns.iter().sum::<f64>() / n;
    let deviation = (returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let downside = (returns.iter().map(|r| r.min(0.0).powi(2)).sum::<f64>() / n).sqrt();
    let year = periods_per_year.sqrt();
    let over = |risk: f64| (risk > f64::EPSILON).then(|| mean / risk * year);
    out.volatility = Some(deviation * year);
    out.sharpe_ratio = over(deviation);
    out.sortino_ratio = over(downside);
    out
}

/// How far each return left the value below its peak so far, 0 to 1.
pub fn drawdowns(returns: &[f64]) -> Vec<f64> {
    let (mut value, mut peak) = (1.0_f64, 1.0_f64);
    returns
        .iter()
        .map(|r| {
            value *= 1.0 + r;
            peak = peak.max(value);
            (1.0 - value / peak).clamp(0.0, 1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(equity: &[f64], flow: &[f64]) -> Vec<Day> {
        let at = |i: usize| Timestamp::from_ms(i as i64 * 86_400_000);
        let flow = |i: usize| flow.get(i).copied().unwrap_or_default();
        let all = equity.iter().enumerate();
        all.map(|(i, &equity)| Day {
            at: at(i),
            equity,
            deposits: flow(i).max(0.0),
            withdrawn: (-flow(i)).max(0.0),
        })
        .collect()
    }

    #[track_caller]
    fn near(got: Option<f64>, expect: f64) {
        let got = got.unwrap();
        assert!((got - expect).abs() < 1e-9, "{got} is not {expect}");
    }

    #[test]
    fn nothing_is_known_before_there_are_two_returns() {
        assert_eq!(ratios(&[], 365.0).days, 0);
        let one = ratios(&days(&[110.0], &[100.0]), 365.0);
        near(one.return_since_inception, 0.1);
        assert_eq!((one.sharpe_ratio, one.max_drawdown, one.volatility), (None, None, None));
        let two = ratios(&days(&[100.0, 99.0], &[100.0]), 365.0);
        assert_eq!((two.sharpe_ratio, two.sortino_ratio), (None, None));
        near(two.max_drawdown, 0.01);
    }

    #[test]
    fn figures_follow_their_formulas() {
        // Returns of +10 %, -10 %, +5 %.
        let got = ratios(&days(&[100.0, 110.0, 99.0, 103.95], &[100.0]), 365.0);
        let mean = 0.05 / 3.0;
        let deviation =
            (((0.1_f64 - mean).powi(2) + (-0.1_f64 - mean).powi(2) + (0.05_f64 - mean).powi(2))
                / 2.0)
                .sqrt();
        near(got.volatility, deviation * 365.0_f64.sqrt());
        near(got.sharpe_ratio, mean / deviation * 365.0_f64.sqrt());
        near(got.sortino_ratio, mean / (0.01_f64 / 3.0).sqrt() * 365.0_f64.sqrt());
        near(got.max_drawdown, 0.1);
        near(got.drawdown, 1.0 - 103.95 / 110.0);
        near(got.return_since_inception, 0.0395);
    }

    #[test]
    fn deposits_are_no_return() {
        let got = ratios(&days(&[100.0, 200.0, 400.0, 390.0], &[100.0, 100.0, 200.0]), 365.0);
        near(got.return_since_inception, -0.025);
        near(got.max_drawdown, 0.025);
    }

    #[test]
    fn withdrawals_are_no_return_however_much_is_left() {
        let got = ratios(&days(&[100.0, 55.0, 0.0], &[100.0, -50.0, -66.0]), 365.0);
        near(got.return_since_inception, 1.05 * 1.2 - 1.0);
        near(got.max_drawdown, 0.0);
        let at = Timestamp::from_ms(0);
        let day = Day { at, equity: 2.0, deposits: 100.0, withdrawn: 99.0 };
        near(day_return(0.0, &day), 0.01);
    }

    #[test]
    fn what_never_falls_has_no_downside() {
        let got = ratios(&days(&[100.0, 101.0, 103.0], &[100.0]), 252.0);
        assert_eq!(got.sortino_ratio, None);
        near(got.max_drawdown, 0.0);
        let flat = ratios(&days(&[100.0; 5], &[100.0]), 365.0);
        assert_eq!(flat.sharpe_ratio, None);
        near(flat.volatility, 0.0);
    }
}
