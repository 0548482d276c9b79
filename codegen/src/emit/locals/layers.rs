//! A map that is cheap to clone and to add to: blocks see what stands around them, and add to it.
//!
//! Entries stand in layers, the newest last, each shared by all clones and at most half as large
//! as the one before; so there are few, and adding an entry moves few.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A map; `None` hides an entry of an earlier layer.
#[derive(Clone, Debug)]
pub(super) struct Layers<K, V>(Vec<Rc<BTreeMap<K, Option<V>>>>);

impl<K, V> Default for Layers<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Clone, V: Clone> Layers<K, V> {
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.push(BTreeMap::from([(key, Some(value))]));
    }

    pub(super) fn remove(&mut self, key: &K) {
        if self.get(key).is_some() {
            self.push(BTreeMap::from([(key.clone(), None)]));
        }
    }

    fn push(&mut self, mut layer: BTreeMap<K, Option<V>>) {
        while self.0.last().is_some_and(|last| last.len() < 2 * layer.len())
            && let Some(last) = self.0.pop()
        {
            let mut merged = Rc::try_unwrap(last).unwrap_or_else(|shared| (*shared).clone());
            merged.extend(layer);
            layer = merged;
        }
        self.0.push(Rc::new(layer));
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.iter().rev().find_map(|layer| layer.get(key))?.as_ref()
    }

    /// All entries in the order of their keys.
    pub(super) fn entries(&self) -> BTreeMap<&K, &V> {
        let mut entries = BTreeMap::new();
        for (key, value) in self.0.iter().flat_map(|layer| layer.iter()) {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(key),
            };
        }
        entries
    }

    /// The same keys with other values.
    pub(super) fn map(&self, change: impl Fn(&V) -> V) -> Self {
        let entries = self.entries().into_iter();
        let layer: BTreeMap<K, Option<V>> =
            entries.map(|(key, value)| (key.clone(), Some(change(value)))).collect();
        Self(if layer.is_empty() { Vec::new() } else { vec![Rc::new(layer)] })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Layers;

    #[test]
    fn it_is_a_map() {
        let (mut layers, mut map) = (Layers::default(), BTreeMap::new());
        let mut clones = Vec::new();
        for step in 0..500_u32 {
            let key = step * 7919 % 101;
            if step % 5 == 4 {
                layers.remove(&key);
                map.remove(&key);
            } else {
                layers.insert(key, step);
                map.insert(key, step);
            }
            if step % 50 == 0 {
                clones.push((layers.clone(), map.clone()));
            }
            assert_eq!(layers.get(&key), map.get(&key));
        }
        clones.push((layers, map));
        for (layers, map) in clones {
            assert_eq!(layers.entries(), map.iter().collect());
            assert_eq!(layers.map(|value| value + 1).get(&7), map.get(&7).map(|v| v + 1).as_ref());
            assert!(layers.0.len() < 12);
        }
    }
}
