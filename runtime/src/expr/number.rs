//! Numbers: finite 64-bit floats; what is not finite fails.

use super::ExprError;

fn finite(result: f64, what: impl FnOnce() -> String) -> Result<f64, ExprError> {
    if result.is_finite() {
        Ok(result)
    } else {
        Err(ExprError::new(format!("{} is not a finite number", what())))
    }
}

fn nonzero(divisor: f64) -> Result<(), ExprError> {
    if divisor == 0.0 { Err(ExprError::new("division by zero")) } else { Ok(()) }
}

/// `a + b`.
pub fn number_add(left: f64, right: f64) -> Result<f64, ExprError> {
    finite(left + right, || format!("{left:?} + {right:?}"))
}

/// `a - b`.
pub fn number_sub(left: f64, right: f64) -> Result<f64, ExprError> {
    finite(left - right, || format!("{left:?} - {right:?}"))
}

/// `a * b`.
pub fn number_mul(left: f64, right: f64) -> Result<f64, ExprError> {
    finite(left * right, || format!("{left:?} * {right:?}"))
}

/// `a / b`; of two ints too.
pub fn number_div(left: f64, right: f64) -> Result<f64, ExprError> {
    nonzero(right)?;
    finite(left / right, || format!("{left:?} / {right:?}"))
}

/// `a // b`, rounded down.
pub fn number_floor_div(left: f64, right: f64) -> Result<f64, ExprError> {
    Ok(number_div(left, right)?.floor())
}

/// `a % b`, with the sign of the divisor.
pub fn number_rem(left: f64, right: f64) -> Result<f64, ExprError> {
    nonzero(right)?;
    let rest = left % right;
    Ok(if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest })
}

/// `a ** b`.
pub fn number_pow(base: f64, exponent: f64) -> Result<f64, ExprError> {
    finite(base.powf(exponent), || format!("{base:?} ** {exponent:?}"))
}

/// `-a`.
pub fn number_neg(value: f64) -> f64 {
    -value
}

/// `a | abs`.
pub fn number_abs(value: f64) -> f64 {
    value.abs()
}

/// `a | floor`.
pub fn number_floor(value: f64) -> f64 {
    value.floor()
}

/// `a | ceil`.
pub fn number_ceil(value: f64) -> f64 {
    value.ceil()
}

/// `a | round(digits)`: half away from zero; to `digits` after the point, before it where
/// negative, between -15 and 15.
pub fn number_round(value: f64, digits: i64) -> f64 {
    let digits = digits.clamp(-15, 15);
    let scale = 10_f64.powi(i32::try_from(digits.abs()).unwrap_or(15));
    let rounded =
        if digits < 0 { (value / scale).round() * scale } else { (value * scale).round() / scale };
    // Past the range of f64, and past its 15 digits, there is nothing to round.
    if rounded.is_finite() { rounded } else { value }
}

/// `list | sum` of numbers.
pub fn number_sum(list: &[f64]) -> Result<f64, ExprError> {
    list.iter().try_fold(0.0, |sum, value| number_add(sum, *value))
}

/// `list | average`; absent where the list is empty.
#[expect(clippy::cast_precision_loss, reason = "no list in memory has 2^53 elements")]
pub fn number_average(list: &[f64]) -> Result<Option<f64>, ExprError> {
    if list.is_empty() {
        return Ok(None);
    }
    number_div(number_sum(list)?, list.len() as f64).map(Some)
}

/// `a | int`, cut off towards zero.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub fn number_to_int(value: f64) -> Result<i64, ExprError> {
    // 2^63 is a float, i64::MAX is not: the bounds are half open.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let cut = value.trunc();
    if (-BOUND..BOUND).contains(&cut) {
        Ok(cut as i64)
    } else {
        Err(ExprError::new(format!("{value:?} does not fit into an int")))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the results are exact")]
mod tests {
    use super::*;

    #[test]
    fn nothing_infinite_comes_out() {
        assert_eq!(number_div(1.0, 0.0).unwrap_err().message, "division by zero");
        assert_eq!(number_div(0.0, -0.0).unwrap_err().message, "division by zero");
        let edges = [0.0, -0.0, 1.0, -1.5, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 1e-300];
        for left in edges {
            for right in edges {
                for op in [
                    number_add,
                    number_sub,
                    number_mul,
                    number_div,
                    number_floor_div,
                    number_rem,
                    number_pow,
                ] {
                    assert!(op(left, right).map_or(true, f64::is_finite), "{left} {right}");
                }
                for digits in [i64::MIN, -400, -2, 0, 2, 400, i64::MAX] {
                    assert!(number_round(left, digits).is_finite());
                }
            }
        }
    }

    #[test]
    fn division_rounds_down_and_rest_follows_the_divisor() {
        assert_eq!(number_floor_div(-7.0, 2.0), Ok(-4.0));
        assert_eq!(number_rem(-7.0, 2.0), Ok(1.0));
        assert_eq!(number_rem(7.5, -2.0), Ok(-0.5));
        assert_eq!(number_rem(6.0, -2.0), Ok(0.0));
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (value, digits, rounded) in [
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (1.005, 1, 1.0),
            (1234.5, -2, 1200.0),
            (1e300, 9, 1e300),
        ] {
            assert_eq!(number_round(value, digits), rounded, "{value} to {digits}");
        }
    }

    #[test]
    fn a_number_becomes_an_int_where_it_fits() {
        assert_eq!(number_to_int(-3.9), Ok(-3));
        assert_eq!(number_to_int(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
        assert!(number_to_int(9_223_372_036_854_775_808.0).is_err());
        assert!(number_to_int(f64::MAX).is_err());
    }
}
