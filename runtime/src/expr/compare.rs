//! Comparisons, and the order that sorting follows.

use std::cmp::Ordering;

use crate::values::{Duration, Timestamp};

/// A type whose values have an order in the language. Numbers are finite, so theirs is total.
pub trait SortKey {
    /// How the two stand to each other.
    fn order(&self, other: &Self) -> Ordering;
}

macro_rules! ordered {
    ($($ty:ty),*) => {$(
        impl SortKey for $ty {
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}
ordered!(bool, i64, String, Timestamp, Duration);

impl SortKey for f64 {
    fn order(&self, other: &Self) -> Ordering {
        self.partial_cmp(other).unwrap_or(Ordering::Equal)
    }
}

/// `a == b`.
pub fn equal<T: PartialEq + ?Sized>(left: &T, right: &T) -> bool {
    left == right
}

/// `a != b`.
pub fn not_equal<T: PartialEq + ?Sized>(left: &T, right: &T) -> bool {
    left != right
}

/// `a < b`.
pub fn less<K: SortKey>(left: &K, right: &K) -> bool {
    left.order(right).is_lt()
}

/// `a <= b`.
pub fn less_equal<K: SortKey>(left: &K, right: &K) -> bool {
    left.order(right).is_le()
}

/// `a > b`.
pub fn greater<K: SortKey>(left: &K, right: &K) -> bool {
    left.order(right).is_gt()
}

/// `a >= b`.
pub fn greater_equal<K: SortKey>(left: &K, right: &K) -> bool {
    left.order(right).is_ge()
}

/// `not a`.
pub fn not(value: bool) -> bool {
    !value
}
