//! Sorting and gathering with one copy of the machine code. The standard library makes its sort anew for each type and each
//! comparison, four kilobytes at a time: for the short lists here that was a fortieth of the program.

use std::cmp::Ordering;
use std::mem;

/// Stable sorting of short lists.
pub trait Arrange<T> {
    /// Sorts by a comparison.
    fn arrange_by(&mut self, compare: impl Fn(&T, &T) -> Ordering);

    /// Sorts by what a function makes of each item, anew for each comparison.
    fn arrange_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts.
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, compare: impl Fn(&T, &T) -> Ordering) {
        let mut order = order(self.len(), &|a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        // Each item goes where it belongs, along the circles of those that take each other's places.
        for start in 0..order.len() {
            let mut here = start;
            while let Some(place) = order.get_mut(here) {
                let from = mem::replace(place, here);
                if from == here || from == start {
                    break;
                }
                self.swap(here, from);
                here = from;
            }
        }
    }
}

/// The numbers of the items in their order.
fn order(length: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// Gathers one by one. `collect` sorts before it makes a map or a set.
pub fn gathered<T, C: Default + Extend<T>>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(items in prop::collection::vec((0u8..6, any::<u16>()), 0..40)) {
            let (mut ours, mut theirs) = (items.clone(), items.clone());
            ours.arrange_by_key(|item| item.0);
            theirs.sort_by_key(|item| item.0);
            prop_assert_eq!(&ours, &theirs);
            ours.arrange();
            theirs.sort();
            prop_assert_eq!(&ours, &theirs);
            ours.arrange_by_key(|item| Reverse(item.1));
            theirs.sort_by_key(|item| Reverse(item.1));
            prop_assert_eq!(&ours, &theirs);
        }
    }
}
