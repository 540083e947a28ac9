//! Chance that repeats itself: the same seed, the same life.

/// xoshiro256++ 1.0 (Blackman and Vigna, 2019), seeded by splitmix64 as its authors advise.
#[derive(Debug, Clone)]
pub(super) struct Rng([u64; 4]);

impl Rng {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        Self(std::array::from_fn(|_| splitmix64(&mut x)))
    }

    /// A generator for another purpose: what it draws has no influence on this one.
    pub fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let t = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= t;
        *d = d.rotate_left(45);
        result
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from 0 to below `n`; 0 if `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// Whether something happens that does with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number of the standard normal distribution (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A number of the log-normal distribution with this median and spread.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// The time to the next event of those that come every `mean` on average.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// One of them; the default if there is none.
    pub fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

fn splitmix64(x: &mut u64) -> u64 {
    *x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*x ^ (*x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_generator_it_claims_to_be() {
        // First outputs of the reference implementations, for states 0 and [1, 2, 3, 4].
        assert_eq!(splitmix64(&mut 0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(Rng([1, 2, 3, 4]).next(), 41_943_041);
    }

    #[test]
    fn distributions_have_their_means() {
        let mut rng = Rng::new(7);
        let mut mean =
            |draw: fn(&mut Rng) -> f64| (0..20_000).map(|_| draw(&mut rng)).sum::<f64>() / 20_000.0;
        assert!((mean(Rng::unit) - 0.5).abs() < 0.01);
        assert!(mean(Rng::normal).abs() < 0.03);
        assert!((mean(|rng| rng.exponential(3.0)) - 3.0).abs() < 0.1);
    }
}
