//! The sorted, sparse bins of a sketch.

/// Bins kept; when there are more, the lowest are merged into the one above them.
const MAX_BINS: usize = 1_024;

/// Counts by bin, ascending, none of them 0. A bin counts to 2³² − 1 and then stands still, which
/// halves what the very many sketches of a state take.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Bins {
    bins: Vec<(i32, u32)>,
    count: u64,
}

impl Bins {
    pub const fn count(&self) -> u64 {
        self.count
    }

    pub fn iter(&self) -> impl Iterator<Item = (i32, u32)> + '_ {
        self.bins.iter().copied()
    }

    pub fn add(&mut self, bin: i32, n: u32) {
        if n == 0 {
            return;
        }
        self.count = self.count.saturating_add(u64::from(n));
        // Once bins have been merged, what lies below the lowest belongs to it.
        let full = self.bins.len() >= MAX_BINS;
        let bin = match self.bins.first() {
            Some(&(lowest, _)) if full => bin.max(lowest),
            _ => bin,
        };
        let place = self.bins.partition_point(|&(b, _)| b < bin);
        match self.bins.get_mut(place) {
            Some((b, have)) if *b == bin => *have = have.saturating_add(n),
            _ => self.bins.insert(place, (bin, n)),
        }
        self.collapse();
    }

    pub fn merge(&mut self, other: &Self) {
        let mut missing = Vec::new();
        let mut place = 0;
        for &(bin, n) in &other.bins {
            // Both ascend, so the search goes on from where it was.
            while self.bins.get(place).is_some_and(|&(b, _)| b < bin) {
                place += 1;
            }
            match self.bins.get_mut(place) {
                Some((b, have)) if *b == bin => *have = have.saturating_add(n),
                _ => missing.push((bin, n)),
            }
        }
        if !missing.is_empty() {
            self.bins.append(&mut missing);
            // Two ascending runs: the stable sort merges them in one pass.
            self.bins.sort_by_key(|&(bin, _)| bin);
        }
        self.count = self.count.saturating_add(other.count);
        self.collapse();
    }

    fn collapse(&mut self) {
        let Some(extra) = self.bins.len().checked_sub(MAX_BINS).filter(|&n| n > 0) else { return };
        let lost = self.bins.drain(..extra).fold(0_u32, |all, (_, n)| all.saturating_add(n));
        if let Some((_, n)) = self.bins.first_mut() {
            *n = n.saturating_add(lost);
        }
    }

    /// The bin that holds the value of this rank, from 0, ascending.
    pub fn at_rank(&self, rank: u64) -> Option<i32> {
        let mut seen = 0_u64;
        self.bins
            .iter()
            .find(|&&(_, n)| {
                seen = seen.saturating_add(u64::from(n));
                seen > rank
            })
            .or(self.bins.last())
            .map(|&(bin, _)| bin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bins(of: &[i32]) -> Bins {
        let mut bins = Bins::default();
        of.iter().for_each(|&b| bins.add(b, 1));
        bins
    }

    #[test]
    fn the_lowest_are_merged_and_nothing_is_lost() {
        let many: Vec<i32> = (0..2_000).collect();
        let bins = bins(&many);
        assert_eq!(bins.bins.len(), MAX_BINS);
        assert_eq!(bins.count(), 2_000);
        assert_eq!(bins.at_rank(0), Some(976));
        assert_eq!(bins.at_rank(1_999), Some(1_999));
    }

    proptest! {
        #[test]
        fn order_does_not_matter_even_beyond_the_bound(
            of in prop::collection::vec(-2_000..2_000_i32, 0..3_000).prop_shuffle(),
        ) {
            let mut sorted = of.clone();
            sorted.sort_unstable();
            prop_assert_eq!(bins(&of), bins(&sorted));
        }
    }
}
