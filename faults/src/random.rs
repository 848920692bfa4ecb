//! Chance that comes again with its seed: `SplitMix64`, which is enough to choose among faults.

/// A source of chance.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The one of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// One for a part of the work, told by its name: what one part draws does not change what another does.
    #[must_use]
    pub fn fork(&self, name: &str) -> Self {
        let mixed = name
            .bytes()
            .fold(self.0, |state, byte| Self(state ^ u64::from(byte)).next());
        Self(mixed)
    }

    /// The next number.
    #[expect(
        clippy::should_implement_trait,
        reason = "a source that never ends needs no `Option`"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// Whether this time, of so many.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_what_comes_and_a_part_is_its_own() {
        let draw = |mut random: Random| (random.next(), random.next());
        let one = Random::seeded(1);
        assert_eq!(draw(one.clone()), draw(Random::seeded(1)));
        assert_ne!(draw(one.clone()), draw(Random::seeded(2)));
        assert_eq!(draw(one.fork("a")), draw(Random::seeded(1).fork("a")));
        assert_ne!(draw(one.fork("a")), draw(one.fork("b")));
    }

    #[test]
    fn every_number_below_the_end_is_drawn() {
        let mut random = Random::seeded(7);
        let mut drawn = [false; 5];
        for _ in 0..200 {
            drawn[random.below(5)] = true;
        }
        assert_eq!(drawn, [true; 5]);
    }
}
