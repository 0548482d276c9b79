//! Integers: 64 bits, signed; what does not fit fails.

use super::ExprError;

/// The longest list that `range` makes.
const RANGE_LIMIT: usize = 100_000;

fn checked(result: Option<i64>, left: i64, op: &str, right: i64) -> Result<i64, ExprError> {
    result.ok_or_else(|| ExprError::new(format!("integer overflow in {left} {op} {right}")))
}

fn nonzero(divisor: i64) -> Result<(), ExprError> {
    if divisor == 0 { Err(ExprError::new("division by zero")) } else { Ok(()) }
}

/// `a + b`.
pub fn int_add(left: i64, right: i64) -> Result<i64, ExprError> {
    checked(left.checked_add(right), left, "+", right)
}

/// `a - b`.
pub fn int_sub(left: i64, right: i64) -> Result<i64, ExprError> {
    checked(left.checked_sub(right), left, "-", right)
}

/// `a * b`.
pub fn int_mul(left: i64, right: i64) -> Result<i64, ExprError> {
    checked(left.checked_mul(right), left, "*", right)
}

/// `a // b`, rounded down: `-7 // 2` is `-4`.
pub fn int_floor_div(left: i64, right: i64) -> Result<i64, ExprError> {
    nonzero(right)?;
    let quotient = checked(left.checked_div(right), left, "//", right)?;
    let inexact = quotient * right != left;
    Ok(if inexact && (left < 0) != (right < 0) { quotient - 1 } else { quotient })
}

/// `a % b`, with the sign of the divisor: `-7 % 2` is `1`, `7 % -2` is `-1`.
pub fn int_rem(left: i64, right: i64) -> Result<i64, ExprError> {
    nonzero(right)?;
    // i64::MIN % -1 overflows the division, though the remainder is 0.
    let rest = left.checked_rem(right).unwrap_or(0);
    Ok(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
}

/// `a ** b`; the exponent is not negative, since the result is an int.
pub fn int_pow(base: i64, exponent: i64) -> Result<i64, ExprError> {
    if exponent < 0 {
        return Err(ExprError::new(format!(
            "negative exponent in {base} ** {exponent}; make the base a number with `| float`"
        )));
    }
    // Past 64 only 0, 1 and -1 still fit, and they only depend on whether the exponent is even.
    let small = u32::try_from(exponent).unwrap_or(64 + u32::from(exponent % 2 != 0));
    checked(base.checked_pow(small), base, "**", exponent)
}

/// `-a`.
pub fn int_neg(value: i64) -> Result<i64, ExprError> {
    value.checked_neg().ok_or_else(|| ExprError::new(format!("integer overflow in -({value})")))
}

/// `a | abs`.
pub fn int_abs(value: i64) -> Result<i64, ExprError> {
    value.checked_abs().ok_or_else(|| ExprError::new(format!("integer overflow in abs({value})")))
}

/// `a is odd`.
pub fn int_is_odd(value: i64) -> bool {
    value % 2 != 0
}

/// `a is even`.
pub fn int_is_even(value: i64) -> bool {
    value % 2 == 0
}

/// `a is divisibleby b`.
pub fn int_is_divisible_by(value: i64, divisor: i64) -> Result<bool, ExprError> {
    int_rem(value, divisor).map(|rest| rest == 0)
}

/// `list | sum` of ints.
pub fn int_sum(list: &[i64]) -> Result<i64, ExprError> {
    list.iter().try_fold(0, |sum, value| int_add(sum, *value))
}

/// `flag | int`: 1 for true, 0 for false.
pub fn bool_to_int(value: bool) -> i64 {
    i64::from(value)
}

/// `range(start, end, step)`: from `start` up (or down) to before `end`; 100,000 at most.
pub fn int_range(start: i64, end: i64, step: i64) -> Result<Vec<i64>, ExprError> {
    if step == 0 {
        return Err(ExprError::new("the step of range is 0"));
    }
    let mut list = Vec::new();
    let mut next = Some(start);
    while let Some(value) = next.filter(|at| if step > 0 { *at < end } else { *at > end }) {
        if list.len() == RANGE_LIMIT {
            return Err(ExprError::new(format!("range has more than {RANGE_LIMIT} elements")));
        }
        list.push(value);
        next = value.checked_add(step);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [i64; 13] = [
        i64::MIN,
        i64::MIN + 1,
        -1_000_003,
        -8,
        -7,
        -1,
        0,
        1,
        2,
        7,
        1 << 31,
        i64::MAX - 1,
        i64::MAX,
    ];

    #[test]
    fn arithmetic_agrees_with_wide_arithmetic_or_fails() {
        for left in EDGES {
            for right in EDGES {
                let (a, b) = (i128::from(left), i128::from(right));
                let fits = |wide: i128| i64::try_from(wide).ok();
                assert_eq!(int_add(left, right).ok(), fits(a + b));
                assert_eq!(int_sub(left, right).ok(), fits(a - b));
                assert_eq!(int_mul(left, right).ok(), fits(a * b));
                if right == 0 {
                    assert_eq!(int_rem(left, right).unwrap_err().message, "division by zero");
                    assert!(int_floor_div(left, right).is_err());
                    continue;
                }
                let rest = int_rem(left, right).expect("a divisor that is not 0");
                assert_eq!(rest.signum() * right.signum(), rest.signum().abs(), "{left} % {right}");
                assert!(i128::from(rest).abs() < b.abs());
                match int_floor_div(left, right) {
                    Ok(quotient) => assert_eq!(i128::from(quotient) * b + i128::from(rest), a),
                    Err(_) => assert_eq!((left, right), (i64::MIN, -1)),
                }
            }
        }
    }

    #[test]
    fn powers_fit_or_fail() {
        assert_eq!(int_pow(2, 62), Ok(1 << 62));
        assert_eq!(int_pow(-2, 63), Ok(i64::MIN));
        assert_eq!(int_pow(-1, i64::MAX), Ok(-1));
        assert_eq!(int_pow(-1, i64::MAX - 1), Ok(1));
        assert_eq!(int_pow(0, 0), Ok(1));
        assert_eq!(int_pow(2, 63).unwrap_err().message, "integer overflow in 2 ** 63");
        assert!(int_pow(2, i64::MAX).is_err() && int_pow(2, -1).is_err());
    }

    #[test]
    fn ranges_end_before_their_stop() {
        assert_eq!(int_range(0, 3, 1), Ok(vec![0, 1, 2]));
        assert_eq!(int_range(3, 0, -2), Ok(vec![3, 1]));
        assert_eq!(int_range(i64::MAX - 1, i64::MAX, 5), Ok(vec![i64::MAX - 1]));
        assert!(int_range(0, 1, 0).is_err() && int_range(0, i64::MAX, 1).is_err());
    }
}
