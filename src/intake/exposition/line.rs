//! A line with a sample: `name{label="value"} value time`.

use super::Labels;
use crate::wire::Timestamp;
use std::sync::Arc;

/// What a line says.
pub struct Line {
    pub name: Arc<str>,
    pub labels: Labels,
    pub value: f64,
    pub time: Option<Timestamp>,
}

/// What is left of a line.
struct Rest<'a>(&'a str);

impl Line {
    /// # Errors
    /// What was expected and is not there.
    pub fn read(line: &str, open: bool) -> Result<Self, String> {
        let mut rest = Rest(line);
        let mut name = rest.bare().map(Arc::from);
        let mut labels = Labels::new();
        rest.blank();
        if rest.eat('{') {
            rest.labels(&mut name, &mut labels)?;
        }
        let name = name.ok_or("there is no name")?;
        let mut words = rest.0.split_ascii_whitespace();
        let value = words.next().ok_or("there is no value")?;
        let value = number(value).ok_or_else(|| format!("`{}` is no value", brief(value)))?;
        let mut next = words.next();
        let mut time = None;
        if let Some(word) = next.filter(|word| !(open && word.starts_with('#'))) {
            time = Some(moment(word, open).ok_or_else(|| format!("`{}` is no time", brief(word)))?);
            next = words.next();
        }
        match next {
            // An exemplar.
            Some(word) if open && word.starts_with('#') => {}
            Some(word) => return Err(format!("`{}` is too much", brief(word))),
            None => {}
        }
        Ok(Self { name, labels, value, time })
    }
}

impl<'a> Rest<'a> {
    fn blank(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.0.strip_prefix(wanted);
        self.0 = found.unwrap_or(self.0);
        found.is_some()
    }

    /// A name without quotes, if there is one.
    fn bare(&mut self) -> Option<&'a str> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.');
        let end = self.0.find(|c| !fits(c)).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        let good = name.starts_with(|c: char| !c.is_ascii_digit() && c != '.');
        good.then(|| {
            self.0 = rest;
            name
        })
    }

    /// Text in quotes; the first of them is already eaten.
    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = self.0.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, c @ ('\\' | '"'))) => text.push(c),
                    // As it stands, as Prometheus reads it.
                    Some((_, c)) => text.extend(['\\', c]),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err("a text has no end".to_owned())
    }

    /// Labels up to the closing brace; a name in quotes without a value is that of the metric.
    fn labels(&mut self, metric: &mut Option<Arc<str>>, labels: &mut Labels) -> Result<(), String> {
        loop {
            self.blank();
            if self.eat('}') {
                return Ok(());
            }
            let in_quotes = self.eat('"');
            let name =
                if in_quotes { Some(self.quoted()?) } else { self.bare().map(str::to_owned) };
            let name = name.filter(|it| !it.is_empty()).ok_or("a label has no name")?;
            self.blank();
            if self.eat('=') {
                self.blank();
                if !self.eat('"') {
                    return Err(format!("the label `{}` has no value in quotes", brief(&name)));
                }
                let value = self.quoted()?;
                if labels.contains_key(name.as_str()) {
                    return Err(format!("the label `{}` is there twice", brief(&name)));
                }
                if !value.is_empty() {
                    labels.insert(name.into(), value.into());
                }
            } else if in_quotes && metric.is_none() {
                *metric = Some(name.into());
            } else {
                return Err(format!("the label `{}` has no value", brief(&name)));
            }
            self.blank();
            if !self.eat(',') && !self.0.starts_with('}') {
                return Err("the labels have no end".to_owned());
            }
        }
    }
}

/// A number as Go writes it; the infinities and NaN are written alike in Rust.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn moment(text: &str, open: bool) -> Option<Timestamp> {
    let ms = if open {
        let ms = text.parse::<f64>().ok().filter(|it| it.is_finite())? * 1_000.0;
        (ms.abs() <= Timestamp::LAST.ms() as f64).then_some(ms as i64)?
    } else {
        text.parse().ok()?
    };
    (Timestamp::FIRST.ms()..=Timestamp::LAST.ms()).contains(&ms).then(|| Timestamp::from_ms(ms))
}

/// The beginning of what is repeated in a log.
fn brief(text: &str) -> &str {
    text.get(..text.floor_char_boundary(40)).unwrap_or_default()
}
