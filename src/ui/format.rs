//! Numbers, durations and times as people read them, the same on the server and in the browser.
//!
//! Everything is UTC and English; a no-break space (U+00A0) stands between a number and its unit.
//! What is not a finite number reads "—". Digits are made from integers: the standard library's
//! formatting of floats would cost the browser more bytes than this file.

use crate::wire::Timestamp;

/// What stands where there is no value.
pub const NONE: &str = "—";

const NBSP: char = '\u{a0}';
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A whole number, grouped: "1,284".
pub fn count(n: u64) -> String {
    let mut out = String::new();
    push_grouped(&mut out, n);
    out
}

/// A number with exactly `digits` decimals (at most 9), grouped: "1,284.50".
/// From 10¹⁵ on it is written compactly, since the digits would mean nothing.
pub fn decimal(v: f64, digits: usize) -> String {
    let mut digits = digits.min(9);
    if !v.is_finite() {
        return NONE.to_owned();
    }
    if v.abs() >= 1e15 {
        return compact(v);
    }
    while digits > 0 && v.abs() * power(digits) >= 1e18 {
        digits -= 1;
    }
    let scale = power(digits) as u64;
    let scaled = (v.abs() * power(digits)).round() as u64;
    let mut out = String::new();
    if v < 0.0 && scaled > 0 {
        out.push('-');
    }
    push_grouped(&mut out, scaled / scale);
    if digits > 0 {
        out.push('.');
        push_padded(&mut out, scaled % scale, digits);
    }
    out
}

/// A number with at most `digits` decimals, no trailing zeros: "1,284.5".
pub fn trimmed(v: f64, digits: usize) -> String {
    let mut out = decimal(v, digits);
    if out.contains('.') {
        let kept = out.trim_end_matches('0').trim_end_matches('.').len();
        out.truncate(kept);
    }
    out
}

/// Three significant digits with a decimal prefix: "12.4 k", "1.28 M".
pub fn compact(v: f64) -> String {
    if !v.is_finite() {
        return NONE.to_owned();
    }
    if v != 0.0 && v.abs() < 0.0005 {
        return if v > 0.0 { "<0.001" } else { ">-0.001" }.to_owned();
    }
    let (v, prefix) = reduce(v, 1000.0, &["", "k", "M", "G", "T", "P", "E"]);
    with_unit(significant(v), prefix)
}

/// A share of one as a percentage: "96.4 %". Only exactly 1 reads "100 %" and only exactly 0
/// reads "0 %": what merely rounds to them reads "99.9 %" and "<0.1 %".
pub fn percent(ratio: f64) -> String {
    if !ratio.is_finite() {
        return NONE.to_owned();
    }
    let tenths = (ratio.abs() * 1000.0).round();
    let text = if ratio == 0.0 || ratio == 1.0 {
        decimal(ratio * 100.0, 0)
    } else if tenths == 0.0 {
        "<0.1".to_owned()
    } else if tenths == 1000.0 && ratio.abs() < 1.0 {
        decimal(99.9_f64.copysign(ratio), 1)
    } else {
        decimal(ratio * 100.0, 1)
    };
    with_unit(text, "%")
}

/// Plain decimal digits (`-1234.567`) with exactly `places` decimals, grouped: "-1,234.57". Rounds
/// half away from zero, digit by digit: what was exact stays so however long it is.
pub fn rounded(digits: &str, places: usize) -> String {
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(places);
    let mut kept: Vec<u8> = whole.bytes().chain(padded).collect();
    let mut up = fraction.as_bytes().get(places).is_some_and(|next| *next >= b'5');
    for digit in kept.iter_mut().rev() {
        if !up {
            break;
        }
        up = *digit == b'9';
        *digit = if up { b'0' } else { *digit + 1 };
    }
    if up {
        kept.insert(0, b'1');
    }
    let point = kept.len().saturating_sub(places);
    let mut out = String::new();
    if negative && kept.iter().any(|digit| *digit != b'0') {
        out.push('-');
    }
    for (i, digit) in kept.iter().enumerate() {
        if i == point {
            out.push('.');
        } else if i > 0 && i < point && (point - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(char::from(*digit));
    }
    out
}

/// A length of time given in milliseconds: "212 ms", "4.82 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
pub fn duration(ms: f64) -> String {
    if !ms.is_finite() {
        return NONE.to_owned();
    }
    if ms < 0.0 {
        let mut out = duration(-ms);
        out.insert(0, '-');
        return out;
    }
    if ms < 999.5 {
        let digits = if ms < 0.1 {
            3
        } else if ms < 9.95 {
            1
        } else {
            0
        };
        return with_unit(trimmed(ms, digits), "ms");
    }
    if ms < 59_995.0 {
        return with_unit(decimal(ms / 1e3, 2), "s");
    }
    let seconds = (ms / 1e3).round();
    let minutes = (ms / 6e4).round();
    if seconds < 3_600.0 {
        return two(seconds, 60.0, "min", "s");
    }
    if minutes < 1_440.0 {
        return two(minutes, 60.0, "h", "min");
    }
    two((ms / 3.6e6).round(), 24.0, "d", "h")
}

/// An age given in milliseconds, short: "0.2 s", "38 s", "4 min", "3 h", "3 d".
/// Always rounded down, and a time in the future is "0.0 s" old.
pub fn ago(ms: i64) -> String {
    let ms = ms.max(0) as u64;
    if ms < 10_000 {
        return with_unit(decimal((ms / 100) as f64 / 10.0, 1), "s");
    }
    let s = ms / 1000;
    let (n, unit) = match s {
        0..60 => (s, "s"),
        60..3_600 => (s / 60, "min"),
        3_600..86_400 => (s / 3_600, "h"),
        _ => (s / 86_400, "d"),
    };
    with_unit(count(n), unit)
}

/// An amount of data, binary prefixes: "1.4 GiB".
pub fn bytes(n: f64) -> String {
    if !n.is_finite() {
        return NONE.to_owned();
    }
    let (v, prefix) = reduce(n, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
    let digits = if v.abs() < 99.95 && prefix != "B" { 1 } else { 0 };
    with_unit(trimmed(v, digits), prefix)
}

/// Time of day: "14:02:31".
pub fn clock(t: Timestamp) -> String {
    let (_, _, _, h, m, s, _) = t.civil();
    clock_of(&[h, m, s])
}

/// Time of day without seconds: "14:02".
pub fn minute(t: Timestamp) -> String {
    let (_, _, _, h, m, ..) = t.civil();
    clock_of(&[h, m])
}

/// Day and month: "24 Nov".
pub fn day(t: Timestamp) -> String {
    let (_, month, day, ..) = t.civil();
    let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or(NONE);
    with_unit(count(u64::from(day)), name)
}

/// Day and time: "24 Nov 14:02".
pub fn day_clock(t: Timestamp) -> String {
    with_unit(day(t), &minute(t))
}

/// RFC 3339 in UTC with milliseconds, for machines and tooltips.
pub fn iso(t: Timestamp) -> String {
    t.to_string()
}

/// What a value measures, and so how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things, whole or averaged.
    Count,
    /// A share, 0 to 1, written as a percentage.
    Ratio,
    /// A share, 0 to 100.
    Percent,
    /// Milliseconds.
    Ms,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerS,
    /// Things a second.
    PerS,
    /// 0 to 100, without a unit.
    Score,
    /// Any other number, without a unit.
    Number,
}

impl Unit {
    /// What a unit, as it is sent, is written as.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("%" | "percent") => Self::Percent,
            Some("ratio") => Self::Ratio,
            Some("ms" | "milliseconds") => Self::Ms,
            Some("bytes" | "byte" | "B") => Self::Bytes,
            Some("bytes/s" | "B/s") => Self::BytesPerS,
            Some("/s" | "1/s") => Self::PerS,
            Some("count") => Self::Count,
            _ => Self::Number,
        }
    }

    /// A value to read: as exact as it is useful.
    pub fn text(self, v: f64) -> String {
        match self {
            Self::Count => trimmed(v, 1),
            Self::Ratio => percent(v),
            Self::Percent => percent(v / 100.0),
            Self::Ms => duration(v),
            Self::Bytes => bytes(v),
            Self::BytesPerS => per_second(bytes(v)),
            Self::PerS => per_second(compact(v)),
            Self::Score => trimmed(v, 1),
            Self::Number if v.abs() < 1.0 => trimmed(v, 4),
            Self::Number => trimmed(v, 2),
        }
    }

    /// A value beside an axis: as short as possible; meant for round numbers.
    pub fn tick(self, v: f64) -> String {
        match self {
            Self::Count | Self::Number => compact(v),
            Self::Ratio => with_unit(trimmed(v * 100.0, 2), "%"),
            Self::Percent => with_unit(trimmed(v, 2), "%"),
            Self::Ms | Self::Bytes | Self::BytesPerS | Self::PerS if v == 0.0 => "0".to_owned(),
            Self::Ms if (1_000.0..60_000.0).contains(&v.abs()) => {
                with_unit(trimmed(v / 1e3, 2), "s")
            }
            _ => self.text(v),
        }
    }
}

fn per_second(mut text: String) -> String {
    if text != NONE {
        text.push_str("/s");
    }
    text
}

fn with_unit(mut text: String, unit: &str) -> String {
    if !unit.is_empty() && text != NONE {
        text.push(NBSP);
        text.push_str(unit);
    }
    text
}

/// Three significant digits of a number below the next prefix.
fn significant(v: f64) -> String {
    let digits = match v.abs() {
        a if a < 1.0 => 3,
        a if a < 9.995 => 2,
        a if a < 99.95 => 1,
        _ => 0,
    };
    trimmed(v, digits)
}

/// Divides by `base` until what is left would not round up to it; the prefix that stands for that.
/// What even the last prefix cannot hold stays at 9,999 of it: no label grows without bound.
fn reduce(mut v: f64, base: f64, prefixes: &[&'static str]) -> (f64, &'static str) {
    let mut prefixes = prefixes.iter();
    let mut prefix = prefixes.next().copied().unwrap_or_default();
    while v.abs() >= base - 0.5 {
        let Some(next) = prefixes.next() else { break };
        (v, prefix) = (v / base, next);
    }
    (v.clamp(-9_999.0, 9_999.0), prefix)
}

/// `total` small units as large and small ones; a small part of zero is left out.
fn two(total: f64, small_in_large: f64, large: &str, small: &str) -> String {
    let head = with_unit(decimal((total / small_in_large).floor(), 0), large);
    let rest = total % small_in_large;
    if rest < 1.0 { head } else { with_unit(with_unit(head, &decimal(rest, 0)), small) }
}

fn clock_of(parts: &[u8]) -> String {
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        push_padded(&mut out, u64::from(*part), 2);
    }
    out
}

fn power(digits: usize) -> f64 {
    (0..digits).fold(1.0, |p, _| p * 10.0)
}

fn push_grouped(out: &mut String, n: u64) {
    if n < 1_000 {
        push_padded(out, n, 1);
    } else {
        push_grouped(out, n / 1_000);
        out.push(',');
        push_padded(out, n % 1_000, 3);
    }
}

/// Appends `n` with at least `width` digits.
pub(crate) fn push_padded(out: &mut String, n: u64, width: usize) {
    if n >= 10 || width > 1 {
        push_padded(out, n / 10, width.saturating_sub(1));
    }
    out.push(char::from(b'0' + (n % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Compares with plain spaces, which are easier to write than no-break ones.
    #[track_caller]
    fn check(text: String, expect: &str) {
        assert!(!text.contains(' '), "{text} could be broken over two lines");
        assert_eq!(text.replace(NBSP, " "), expect);
    }

    #[test]
    fn numbers() {
        check(count(0), "0");
        check(count(999), "999");
        check(count(1_284), "1,284");
        check(count(1_000_000), "1,000,000");
        check(count(u64::MAX), "18,446,744,073,709,551,615");
        check(decimal(1_284_310.217, 2), "1,284,310.22");
        check(decimal(-0.004, 2), "0.00");
        check(decimal(-12.5, 1), "-12.5");
        check(decimal(0.05, 1), "0.1");
        check(decimal(1.005, 0), "1");
        check(decimal(123_456_789.5, 40), "123,456,789.500000000");
        check(decimal(f64::NAN, 2), "—");
        check(decimal(1e300, 2), "9,999 E");
        check(trimmed(100.0, 0), "100");
        check(trimmed(1.50, 2), "1.5");
    }

    #[test]
    fn compact_numbers() {
        check(compact(0.0), "0");
        check(compact(0.25), "0.25");
        check(compact(0.000_1), "<0.001");
        check(compact(950.0), "950");
        check(compact(999.7), "1 k");
        check(compact(1_284.0), "1.28 k");
        check(compact(12_400.0), "12.4 k");
        check(compact(-124_000.0), "-124 k");
        check(compact(999_999.0), "1 M");
        check(compact(f64::INFINITY), "—");
        check(compact(-1e300), "-9,999 E");
    }

    #[test]
    fn percentages_reach_their_ends_only_exactly() {
        check(percent(0.964), "96.4 %");
        check(percent(0.99), "99.0 %");
        check(percent(1.0), "100 %");
        check(percent(0.999_999), "99.9 %");
        check(percent(0.0), "0 %");
        check(percent(0.000_01), "<0.1 %");
        check(percent(2.5), "250.0 %");
        check(percent(-0.0066), "-0.7 %");
        check(percent(f64::NAN), "—");
    }

    #[test]
    fn durations() {
        check(duration(0.0), "0 ms");
        check(duration(0.42), "0.4 ms");
        check(duration(212.4), "212 ms");
        check(duration(999.7), "1.00 s");
        check(duration(4_820.0), "4.82 s");
        check(duration(59_999.0), "1 min");
        check(duration(200_000.0), "3 min 20 s");
        check(duration(3_599_900.0), "1 h");
        check(duration(7_500_000.0), "2 h 5 min");
        check(duration(273_600_000.0), "3 d 4 h");
        check(duration(86_399_999.0), "1 d");
        check(duration(-1_500.0), "-1.50 s");
        check(duration(f64::NAN), "—");
    }

    #[test]
    fn ages() {
        check(ago(-5), "0.0 s");
        check(ago(249), "0.2 s");
        check(ago(9_999), "9.9 s");
        check(ago(38_900), "38 s");
        check(ago(299_000), "4 min");
        check(ago(3 * 3_600_000), "3 h");
        check(ago(3 * 86_400_000 + 1), "3 d");
    }

    #[test]
    fn amounts_of_data() {
        check(bytes(0.0), "0 B");
        check(bytes(512.0), "512 B");
        check(bytes(1_023.7), "1 KiB");
        check(bytes(1.4 * 1_073_741_824.0), "1.4 GiB");
        check(bytes(250.0 * 1_048_576.0), "250 MiB");
        check(bytes(f64::NEG_INFINITY), "—");
    }

    #[test]
    fn times() {
        let t: Timestamp = "2026-11-24T14:02:31.678Z".parse().unwrap();
        check(clock(t), "14:02:31");
        check(minute(t), "14:02");
        check(day(t), "24 Nov");
        check(day_clock(t), "24 Nov 14:02");
        check(iso(t), "2026-11-24T14:02:31.678Z");
    }

    #[test]
    fn units() {
        check(Unit::Count.text(1_284.0), "1,284");
        check(Unit::Count.text(3.5), "3.5");
        check(Unit::Ratio.text(0.5), "50.0 %");
        check(Unit::Percent.text(99.99), "99.9 %");
        check(Unit::BytesPerS.text(2_048.0), "2 KiB/s");
        check(Unit::PerS.text(38.0), "38/s");
        check(Unit::PerS.text(f64::NAN), "—");
        check(Unit::Number.text(0.0042), "0.0042");
        check(Unit::Score.text(87.0), "87");
        check(Unit::Ratio.tick(0.995), "99.5 %");
        check(Unit::Ms.tick(1_500.0), "1.5 s");
        check(Unit::Ms.tick(300_000.0), "5 min");
        check(Unit::Count.tick(20_000.0), "20 k");
    }

    #[test]
    fn exact_digits_are_rounded_and_grouped() {
        check(rounded("1234.5", 2), "1,234.50");
        check(rounded("-999.995", 2), "-1,000.00");
        check(rounded("-0.004", 2), "0.00");
        check(rounded("0", 0), "0");
        check(rounded("99.5", 0), "100");
        check(
            rounded("123456789012345678901234567890.125", 2),
            "123,456,789,012,345,678,901,234,567,890.13",
        );
    }

    proptest! {
        #[test]
        fn exact_digits_are_those_of_integers(n in any::<i64>(), places in 0_usize..6) {
            let text = format!("{}{}.{:06}", if n < 0 { "-" } else { "" }, n.unsigned_abs() / 1_000_000, n.unsigned_abs() % 1_000_000);
            let unit = 10_u64.pow(6 - places as u32);
            let whole = (u128::from(n.unsigned_abs()) + u128::from(unit) / 2) / u128::from(unit);
            let whole = if places == 6 { u128::from(n.unsigned_abs()) } else { whole };
            let expect: i128 = if n < 0 { -(whole as i128) } else { whole as i128 };
            let ours = rounded(&text, places).replace([',', '.'], "");
            prop_assert_eq!(ours.parse::<i128>().unwrap(), expect);
        }

        #[test]
        fn any_number_is_short_text(bits in any::<u64>(), digits in 0_usize..20) {
            let v = f64::from_bits(bits);
            let units = [Unit::Count, Unit::Ratio, Unit::Percent, Unit::Ms, Unit::Bytes,
                Unit::BytesPerS, Unit::PerS, Unit::Score, Unit::Number];
            for text in units.iter().flat_map(|u| [u.text(v), u.tick(v)]).chain([decimal(v, digits)]) {
                prop_assert!(!text.is_empty() && text.chars().count() < 40, "{text}");
            }
        }

        #[test]
        fn decimals_are_those_of_the_standard_library(v in -1e9_f64..1e9, digits in 0_usize..4) {
            let ours: f64 = decimal(v, digits).replace(',', "").parse().unwrap();
            prop_assert!((ours - v).abs() <= 0.500_001 / power(digits), "{ours} {v}");
        }
    }
}
