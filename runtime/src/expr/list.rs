//! Lists. Negative positions count from the end.

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
