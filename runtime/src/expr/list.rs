//! Lists. Negative positions count from the end.

use std::collections::BTreeMap;

use super::ExprError;
use super::compare::SortKey;

/// `list | length`.
pub fn list_length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// `list | first`; absent where the list is empty.
pub fn list_first<T: Clone>(list: &[T]) -> Option<T> {
    list.first().cloned()
}

/// `list | last`; absent where the list is empty.
pub fn list_last<T: Clone>(list: &[T]) -> Option<T> {
    list.last().cloned()
}

/// `list[index]`.
pub fn list_index<T: Clone>(list: &[T], index: i64) -> Result<T, ExprError> {
    list_find(list, index).ok_or_else(|| out_of_range(index, list.len()))
}

/// `list[index]` under `default(…)`, `is defined` or `first_of`: absent where it is out of range.
pub fn list_find<T: Clone>(list: &[T], index: i64) -> Option<T> {
    position(index, list.len()).and_then(|at| list.get(at)).cloned()
}

pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

pub(super) fn out_of_range(index: i64, length: usize) -> ExprError {
    ExprError::new(format!("index {index} is out of range in a list of {length}"))
}

/// `element in list`.
pub fn list_contains<T: PartialEq>(list: &[T], element: &T) -> bool {
    list.contains(element)
}

/// `a + b`.
pub fn list_concat<T: Clone>(left: &[T], right: &[T]) -> Vec<T> {
    [left, right].concat()
}

/// `list | reverse`.
pub fn list_reverse<T: Clone>(list: &[T]) -> Vec<T> {
    list.iter().rev().cloned().collect()
}

/// `list | unique`: each element once, at its first place.
pub fn list_unique<T: Clone + PartialEq>(list: &[T]) -> Vec<T> {
    let mut unique: Vec<T> = Vec::new();
    for element in list {
        if !unique.contains(element) {
            unique.push(element.clone());
        }
    }
    unique
}

/// `list[start:stop]`; what lies outside is left out.
pub fn list_slice<T: Clone>(list: &[T], start: Option<i64>, stop: Option<i64>) -> Vec<T> {
    let (start, stop) = bounds(list.len(), start, stop);
    list.iter().take(stop).skip(start).cloned().collect()
}

pub(super) fn bounds(length: usize, start: Option<i64>, stop: Option<i64>) -> (usize, usize) {
    let clamp = |at: i64| position(at, length).unwrap_or(0).min(length);
    (start.map_or(0, clamp), stop.map_or(length, clamp))
}

/// `list | sort` and `list | sort(reverse=true)`; equal elements keep their order.
pub fn list_sort<K: SortKey + Clone>(list: &[K], reverse: bool) -> Vec<K> {
    let mut sorted = list.to_vec();
    sorted.sort_by(|a, b| if reverse { b.order(a) } else { a.order(b) });
    sorted
}

/// `list | sort(attribute='…')`; equal elements keep their order.
pub fn list_sort_by<T: Clone, K: SortKey>(
    list: &[T],
    key: impl FnMut(&T) -> Result<K, ExprError>,
    reverse: bool,
) -> Result<Vec<T>, ExprError> {
    let keys = list.iter().map(key).collect::<Result<Vec<K>, ExprError>>()?;
    let mut keyed: Vec<(K, &T)> = keys.into_iter().zip(list).collect();
    keyed.sort_by(|(a, _), (b, _)| if reverse { b.order(a) } else { a.order(b) });
    Ok(keyed.into_iter().map(|(_, element)| element.clone()).collect())
}

/// `list | min`; absent where the list is empty.
pub fn list_min<K: SortKey + Clone>(list: &[K]) -> Option<K> {
    list.iter().min_by(|a, b| a.order(b)).cloned()
}

/// `list | max`; absent where the list is empty, the first of several.
pub fn list_max<K: SortKey + Clone>(list: &[K]) -> Option<K> {
    list.iter().rev().max_by(|a, b| a.order(b)).cloned()
}

/// `list | min(attribute='…')`: the first element with the least key.
pub fn list_min_by<T: Clone, K: SortKey>(
    list: &[T],
    key: impl FnMut(&T) -> Result<K, ExprError>,
) -> Result<Option<T>, ExprError> {
    Ok(list_sort_by(list, key, false)?.into_iter().next())
}

/// `list | max(attribute='…')`: the first element with the greatest key.
pub fn list_max_by<T: Clone, K: SortKey>(
    list: &[T],
    key: impl FnMut(&T) -> Result<K, ExprError>,
) -> Result<Option<T>, ExprError> {
    Ok(list_sort_by(list, key, true)?.into_iter().next())
}

/// `list | map(attribute='…')`.
pub fn list_map<T, R>(
    list: &[T],
    value: impl FnMut(&T) -> Result<R, ExprError>,
) -> Result<Vec<R>, ExprError> {
    list.iter().map(value).collect()
}

/// `list | selectattr('…')`: the elements for which the test holds.
pub fn list_select<T: Clone>(
    list: &[T],
    mut test: impl FnMut(&T) -> Result<bool, ExprError>,
) -> Result<Vec<T>, ExprError> {
    let mut selected = Vec::new();
    for element in list {
        if test(element)? {
            selected.push(element.clone());
        }
    }
    Ok(selected)
}

/// `list | rejectattr('…')`: the elements for which the test does not hold.
pub fn list_reject<T: Clone>(
    list: &[T],
    mut test: impl FnMut(&T) -> Result<bool, ExprError>,
) -> Result<Vec<T>, ExprError> {
    list_select(list, |element| test(element).map(|holds| !holds))
}

/// `list | batch(size)`: lists of so many elements, the last of what is left.
pub fn list_batch<T: Clone>(list: &[T], size: i64) -> Result<Vec<Vec<T>>, ExprError> {
    Ok(list.chunks(at_least_one(size)?).map(<[T]>::to_vec).collect())
}

/// `list | slice(count)`: so many lists, as even as they can be, the longer ones first.
pub fn list_divide<T: Clone>(list: &[T], count: i64) -> Result<Vec<Vec<T>>, ExprError> {
    let count = at_least_one(count)?;
    if count > MAX_LISTS {
        return Err(ExprError::new(format!("a list is cut into {MAX_LISTS} lists at most")));
    }
    let (size, longer) = (list.len() / count, list.len() % count);
    let mut rest = list;
    let mut lists = Vec::with_capacity(count);
    for at in 0..count {
        let (part, others) = rest.split_at(size + usize::from(at < longer));
        lists.push(part.to_vec());
        rest = others;
    }
    Ok(lists)
}

/// As many as `range` gives elements.
const MAX_LISTS: usize = 100_000;

fn at_least_one(size: i64) -> Result<usize, ExprError> {
    usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| ExprError::new(format!("{size} is no number of elements, from 1")))
}

/// `list | flatten`: the elements of its lists, one after the other.
pub fn list_flatten<T: Clone>(list: &[Vec<T>]) -> Vec<T> {
    list.concat()
}

/// `list | groupby('…')`: the elements by a text of each.
pub fn list_group_by<T: Clone>(
    list: &[T],
    mut key: impl FnMut(&T) -> Result<String, ExprError>,
) -> Result<BTreeMap<String, Vec<T>>, ExprError> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for element in list {
        groups.entry(key(element)?).or_default().push(element.clone());
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_both_ends() {
        let list = [10, 20, 30];
        assert_eq!(list_index(&list, 0), Ok(10));
        assert_eq!(list_index(&list, -3), Ok(10));
        for wrong in [3, -4, i64::MAX, i64::MIN] {
            let message = format!("index {wrong} is out of range in a list of 3");
            assert_eq!(list_index(&list, wrong).unwrap_err().message, message);
        }
    }

    #[test]
    fn slices_leave_out_what_is_outside() {
        let list = [1, 2, 3, 4];
        let cases: [(Option<i64>, Option<i64>, &[i64]); 8] = [
            (None, None, &[1, 2, 3, 4]),
            (Some(1), Some(3), &[2, 3]),
            (Some(-2), None, &[3, 4]),
            (None, Some(-3), &[1]),
            (Some(-9), Some(2), &[1, 2]),
            (Some(3), Some(1), &[]),
            (Some(i64::MAX), Some(i64::MAX), &[]),
            (Some(i64::MIN), Some(i64::MIN), &[]),
        ];
        for (start, stop, expected) in cases {
            assert_eq!(list_slice(&list, start, stop), expected, "[{start:?}:{stop:?}]");
        }
    }

    #[test]
    fn lists_are_cut_into_lists() {
        let list = [1, 2, 3, 4, 5];
        assert_eq!(list_batch(&list, 2), Ok(vec![vec![1, 2], vec![3, 4], vec![5]]));
        assert_eq!(list_divide(&list, 3), Ok(vec![vec![1, 2], vec![3, 4], vec![5]]));
        assert_eq!(list_divide(&[1], 2), Ok(vec![vec![1], vec![]]));
        for wrong in [0, -1, i64::MIN] {
            assert!(list_batch(&list, wrong).is_err() && list_divide(&list, wrong).is_err());
        }
        assert!(list_divide(&list, i64::MAX).is_err());
        assert_eq!(list_flatten(&[vec![1], vec![], vec![2, 3]]), [1, 2, 3]);
        let parity = |n: &i32| Ok(if n % 2 == 0 { "even" } else { "odd" }.to_owned());
        let groups = list_group_by(&list, parity).expect("groups");
        assert_eq!(
            groups,
            BTreeMap::from([("even".into(), vec![2, 4]), ("odd".into(), vec![1, 3, 5])])
        );
    }

    #[test]
    fn sorting_is_stable_both_ways_and_extremes_are_the_first_of_equals() {
        let list = [(2, "a"), (1, "b"), (2, "c"), (1, "d")];
        let by = |pair: &(i64, &str)| Ok(pair.0);
        let names =
            |list: Vec<(i64, &'static str)>| list.into_iter().map(|p| p.1).collect::<String>();
        assert_eq!(list_sort_by(&list, by, false).map(names), Ok("bdac".to_owned()));
        assert_eq!(list_sort_by(&list, by, true).map(names), Ok("acbd".to_owned()));
        assert_eq!(list_min_by(&list, by), Ok(Some((1, "b"))));
        assert_eq!(list_max_by(&list, by), Ok(Some((2, "a"))));
        assert_eq!(list_sort(&[0.5, -1.0, 2.0], true), [2.0, 0.5, -1.0]);
        assert_eq!((list_min(&[3, 1]), list_max::<i64>(&[])), (Some(1), None));
    }
}
