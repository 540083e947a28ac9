//! Money, prices and quantities as people read them. Digits are never passed through floats: what
//! is exact stays so.

use crate::domain::trading::Exact;
use crate::ui::format;
use leptos::prelude::*;

/// Decimals of money.
const CENTS: usize = 2;

/// Money to the cent: "1,284,310.22".
pub fn money(amount: &Exact) -> String {
    format::rounded(amount.as_str(), CENTS)
}

/// A number with its sign, also when that is a plus.
pub fn signed(text: String) -> String {
    match tone(&text) {
        "good" => format!("+{text}"),
        _ => text,
    }
}

/// The class of a number by its sign.
pub fn tone(text: &str) -> &'static str {
    if !text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        ""
    } else if text.starts_with('-') {
        "bad"
    } else {
        "good"
    }
}

/// A profit or loss to the cent, in its colour and with its sign; its title has all digits.
pub fn profit(amount: &Exact) -> AnyView {
    let text = money(amount);
    let (class, full) = (tone(&text), amount.to_string());
    view! { <span class=class title=full>{signed(text)}</span> }.into_any()
}

/// A share with its sign: "+1.2 %".
pub fn share(ratio: f64) -> String {
    signed(format::percent(ratio))
}

/// A price: four decimals at most, more where it is below one.
pub fn price(price: &Exact) -> String {
    let (_, fraction) = price.as_str().split_once('.').unwrap_or_default();
    let small = price.to_f64().abs() < 1.0;
    let zeros = if small { fraction.bytes().take_while(|digit| *digit == b'0').count() } else { 0 };
    trimmed(format::rounded(price.as_str(), zeros + 4), CENTS)
}

/// A quantity: eight decimals at most.
pub fn quantity(quantity: &Exact) -> String {
    trimmed(format::rounded(quantity.as_str(), 8), 0)
}

/// Without zeros at the end, but for `least` decimals.
fn trimmed(mut text: String, least: usize) -> String {
    if let Some(point) = text.find('.') {
        let kept = text.trim_end_matches('0').len();
        let least = if least == 0 { point } else { point + 1 + least };
        text.truncate(kept.max(least));
    }
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

/// Digits without their point, and how many of them stand after it; none if they are too many.
fn parts(number: &Exact) -> Option<(i128, u32)> {
    let (whole, fraction) = number.as_str().split_once('.').unwrap_or((number.as_str(), ""));
    let digits: i128 = [whole, fraction].concat().parse().ok()?;
    Some((digits, u32::try_from(fraction.len()).ok()?))
}

fn digits((number, scale): (i128, u32)) -> Exact {
    let scale = scale as usize;
    let text = format!("{:0>width$}", number.unsigned_abs().to_string(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len().saturating_sub(scale));
    let sign = if number < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    Exact::of(format!("{sign}{whole}{point}{fraction}"))
}

/// `a` less `b`, exactly; none if that takes more digits than are reckoned with here.
pub fn less(a: &Exact, b: &Exact) -> Option<Exact> {
    let ((a, of_a), (b, of_b)) = (parts(a)?, parts(b)?);
    let scale = of_a.max(of_b);
    let to = |n: i128, of: u32| n.checked_mul(10_i128.checked_pow(scale - of)?);
    Some(digits((to(a, of_a)?.checked_sub(to(b, of_b)?)?, scale)))
}

/// `a` times `b`, exactly; none if that takes more digits than are reckoned with here.
pub fn times(a: &Exact, b: &Exact) -> Option<Exact> {
    let ((a, of_a), (b, of_b)) = (parts(a)?, parts(b)?);
    Some(digits((a.checked_mul(b)?, of_a + of_b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::of(text)
    }

    #[track_caller]
    fn check(got: String, expect: &str) {
        assert_eq!(got.replace('\u{a0}', " "), expect);
    }

    #[test]
    fn money_has_cents_and_prices_what_they_need() {
        check(money(&exact("1284310.2249")), "1,284,310.22");
        check(signed(money(&exact("12"))), "+12.00");
        check(signed(money(&exact("-0.001"))), "0.00");
        check(share(-0.0123), "-1.2 %");
        check(price(&exact("64000")), "64,000.00");
        check(price(&exact("226.12345")), "226.1235");
        check(price(&exact("226.5")), "226.50");
        check(price(&exact("0.00001234567")), "0.00001235");
        check(quantity(&exact("-0.500")), "-0.5");
        check(quantity(&exact("1200")), "1,200");
    }

    #[track_caller]
    fn check_sum(a: &str, b: &str, difference: &str, product: &str) {
        let text = |n: Option<Exact>| n.map(|n| n.to_string()).unwrap_or_default();
        assert_eq!(text(less(&exact(a), &exact(b))), difference, "{a} - {b}");
        assert_eq!(text(times(&exact(a), &exact(b))), product, "{a} * {b}");
    }

    #[test]
    fn sums_are_exact() {
        check_sum("0.3", "0.1", "0.2", "0.03");
        check_sum("-0.5", "0.25", "-0.75", "-0.125");
        check_sum("12", "7", "5", "84");
        check_sum(
            "1",
            "1000000000000.000000000001",
            "-999999999999.000000000001",
            "1000000000000.000000000001",
        );
        let long = "12345678901234567890123456789012345678";
        check_sum(
            long,
            "0.5",
            "12345678901234567890123456789012345677.5",
            "6172839450617283945061728394506172839.0",
        );
        check_sum(long, long, "0", "");
    }

    proptest! {
        #[test]
        fn differences_are_those_of_integers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let of = |n: i64| digits((i128::from(n), 3));
            prop_assert_eq!(less(&of(a), &of(b)), Some(of(a - b)));
        }
    }
}
