//! A fixed-size set of small numbers: a word operation for each 64 of them.

/// A set over `0..len`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// The empty set over `0..len`.
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    /// Adds `index`, which is below the set's length; whether it was new.
    pub(crate) fn insert(&mut self, index: usize) -> bool {
        let Some(word) = self.0.get_mut(index / 64) else { return false };
        let bit = 1 << (index % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Whether `index` is in the set.
    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// Adds all of `other`.
    pub(crate) fn union(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// Takes all of `other` out.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (word, less) in self.0.iter_mut().zip(&other.0) {
            *word &= !less;
        }
    }

    /// Keeps what is in `other` too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (word, mask) in self.0.iter_mut().zip(&other.0) {
            *word &= mask;
        }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The numbers in it, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(place, word)| ones(*word).map(move |bit| place * 64 + bit))
    }

    /// The greatest number in it.
    pub(crate) fn last(&self) -> Option<usize> {
        let (place, word) = self.0.iter().enumerate().rev().find(|(_, word)| **word != 0)?;
        Some(place * 64 + 63 - word.leading_zeros() as usize)
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// The first number from `from` on that is in this set, not in `without`, and that is `wanted`.
    pub(crate) fn first_without(
        &self,
        without: &Self,
        from: usize,
        mut wanted: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let pairs = self.0.iter().zip(&without.0).enumerate().skip(from / 64);
        let left = pairs.map(|(place, (word, less))| (place, word & !less));
        let mut left = left.flat_map(|(place, word)| ones(word).map(move |bit| place * 64 + bit));
        left.find(|&index| index >= from && wanted(index))
    }
}

/// The places of the bits that are set.
fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn sets_are_sets() {
        let mut bits = Bits::new(200);
        assert!([0, 63, 64, 199].map(|number| bits.insert(number)).iter().all(|new| *new));
        assert!(!bits.insert(64));
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 199]);
        assert_eq!(bits.last(), Some(199));
        let mut other = Bits::new(200);
        other.insert(64);
        assert_eq!(bits.first_without(&other, 1, |number| number != 63), Some(199));
        let mut both = bits.clone();
        both.intersect(&other);
        assert_eq!(both, other);
        bits.subtract(&other);
        bits.remove(0);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [63, 199]);
        bits.subtract(&bits.clone());
        assert!(bits.is_empty() && bits.last().is_none());
    }
}
