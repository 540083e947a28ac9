//! A table of trades (RFC 4180, with a header) into one `trade.executed` a line.
//!
//! - Columns are found by their usual names, or as a mapping says; commas, semicolons or tabs may
//!   separate them.
//! - Nothing is guessed: a number with separators of thousands, or a comma before its fraction, is
//!   refused with its line.
//! - The same line makes the same event whenever it is taken in, so that a file that is sent twice
//!   makes duplicates and not double positions. It is known by all it says, its trade's id among
//!   that, and where that is missing by how many lines before it say the same. What it leaves to a
//!   default says the same as the default, so that what goes out as a table comes in as duplicates.

mod columns;
#[cfg(test)]
mod tests;

use super::{Incoming, MAX_REJECTIONS};
use crate::domain::trading::{
    DEFAULT_ACCOUNT, DEFAULT_CURRENCY, Decimal, Event as TradingEvent, Executed, ParseDecimalError,
    Side,
};
use crate::domain::{DataError, Event, Validate};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use columns::{Columns, Member};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Who says so, of all that comes by a table: the same whoever sends it.
const SOURCE: &str = "import/trades";
/// Most lines of a table.
const MAX_LINES: usize = 250_000;

/// What is said of a table besides itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Which column holds a member, where its name does not say so.
    pub mapping: BTreeMap<String, String>,
    /// Account of the lines that name none.
    pub account: Option<Arc<str>>,
    /// Currency of the lines that name none.
    pub currency: Option<Arc<str>>,
    /// Strategy of the lines that name none.
    pub strategy: Option<Arc<str>>,
}

/// A line that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which trade of the table, from 0.
    pub index: usize,
    /// Its first line in the file, from 1; the header is one.
    pub line: u64,
    /// The member at fault; empty for the whole line.
    pub pointer: String,
    /// What its column is called; empty for the whole line.
    pub column: String,
    /// What is wrong.
    pub detail: String,
}

/// A table that was read.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Its valid lines, in the order of their times.
    pub events: Vec<Incoming>,
    /// The others, or the first [`MAX_REJECTIONS`] of them.
    pub rejected: Vec<Refused>,
    /// How many were rejected.
    pub refused: usize,
}

/// Reads a table.
///
/// # Errors
/// 400 if it cannot be split into lines and columns at all; 422 if its columns are not understood,
/// or it is too long.
pub fn decode(bytes: &[u8], context: &Context) -> Result<Table, ApiError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter(bytes)).flexible(true).from_reader(bytes);
    let malformed =
        |error: csv::Error| ApiError::new(ErrorKind::Malformed, format!("not a table: {error}"));
    let header = reader.byte_headers().map_err(malformed)?.clone();
    let header = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned());
    let columns = Columns::find(header.collect(), &context.mapping)?;
    let width = columns.len();
    let (mut table, mut lines) = (Table::default(), Lines::default());
    let mut record = csv::ByteRecord::new();
    for index in 0.. {
        if !reader.read_byte_record(&mut record).map_err(malformed)? {
            break;
        }
        if index >= MAX_LINES {
            let detail = format!("has more than {MAX_LINES} lines; send it in parts");
            return Err(ApiError::invalid("", detail));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let read = text(&record, width).and_then(|line| lines.read(&line, &columns, context));
        match read {
            Ok(event) => table.events.push(event),
            Err(DataError { pointer, detail }) => {
                table.refused += 1;
                if table.rejected.len() < MAX_REJECTIONS {
                    let member = pointer.trim_start_matches('/');
                    let column =
                        if member.is_empty() { String::new() } else { columns.name(member) };
                    table.rejected.push(Refused { index, line, pointer, column, detail });
                }
            }
        }
    }
    sort(&mut table.events);
    Ok(table)
}

/// Oldest first, so that none comes late because of how the table is sorted. Where the newest come
/// first, that holds for those of one moment as well.
fn sort(events: &mut [Incoming]) {
    let ends = events.first().zip(events.last());
    if ends.is_some_and(|(first, last)| first.time > last.time) {
        events.reverse();
    }
    events.sort_by_key(|event| event.time);
}

/// What separates the columns: what there is most of in the first line, outside of quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| {
        let mut quoted = false;
        let outside = first.iter().filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == wanted
        });
        outside.count()
    };
    // Of those there are equally many of, the last one is taken.
    [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn text(record: &csv::ByteRecord, width: usize) -> Result<csv::StringRecord, DataError> {
    if record.len() != width {
        let detail = format!("has {} columns, the header has {width}", record.len());
        return Err(DataError::at("", detail));
    }
    csv::StringRecord::from_byte_record(record.clone())
        .map_err(|_| DataError::at("", "is not UTF-8 text"))
}

/// What was seen of a table so far.
#[derive(Default)]
struct Lines {
    /// How many lines said just this.
    alike: HashMap<blake3::Hash, u32>,
    /// What the line with this trade's id said.
    trades: HashMap<blake3::Hash, blake3::Hash>,
}

impl Lines {
    fn read(
        &mut self,
        line: &csv::StringRecord,
        columns: &Columns,
        context: &Context,
    ) -> Result<Incoming, DataError> {
        let get = |member| columns.get(line, member);
        let (side, quantity) = amount(columns, line)?;
        let or = |member, default: &Option<Arc<str>>| {
            get(member).map(Arc::from).or_else(|| default.clone())
        };
        let mut trade = Executed {
            symbol: needed(columns, line, Member::Symbol)?.into(),
            side,
            quantity,
            price: decimal(Member::Price, needed(columns, line, Member::Price)?)?,
            trade: get(Member::Trade).or(get(Member::Order)).map(Arc::from),
            account: or(Member::Account, &context.account),
            fees: get(Member::Fees).map(|text| decimal(Member::Fees, text)).transpose()?,
            currency: or(Member::Currency, &context.currency),
            order_type: get(Member::OrderType).map(Arc::from),
            strategy: or(Member::Strategy, &context.strategy),
        };
        trade.validate()?;
        let time = match (get(Member::Time), columns.has(Member::Time)) {
            (Some(text), _) => Some(moment(text)?),
            (None, true) => return Err(missing(Member::Time)),
            // It counts as of when it came in.
            (None, false) => None,
        };
        let own = get(Member::Trade).and_then(|id| own_id(id, time, &trade));
        let id = match (own, get(Member::Trade)) {
            (Some(id), _) => {
                // It had none but the event's.
                trade.trade = None;
                id
            }
            (None, Some(id)) if !columns.are_own() => self.known(&trade, time, id)?,
            // In a table of the board's own, ids of trades may be those of their orders.
            (None, _) => self.counted(&trade, time),
        };
        let source = SOURCE.into();
        let event = Event::Trading(TradingEvent::Executed(trade));
        Ok(Incoming { time, source, id, id_given: true, subject: None, event })
    }

    /// The event's id of a line that may stand there several times.
    fn counted(&mut self, trade: &Executed, time: Option<Timestamp>) -> Arc<str> {
        let said = said(trade, time);
        let alike = self.alike.entry(said).or_default();
        *alike += 1;
        event_id(said, *alike)
    }

    /// The event's id of a line whose trade has this one, however often it stands there. It is made
    /// of all that the line says, since another table may number other trades alike.
    fn known(
        &mut self,
        trade: &Executed,
        time: Option<Timestamp>,
        id: &str,
    ) -> Result<Arc<str>, DataError> {
        let said = said(trade, time);
        let account = trade.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
        let key = blake3::hash(format!("{account}\n{id}").as_bytes());
        if *self.trades.entry(key).or_insert(said) != said {
            let detail = "another line with the same id says something else";
            return Err(DataError::at("/trade", detail));
        }
        Ok(event_id(said, 1))
    }
}

/// What a line says, whether or not it leaves to a default what is the default.
fn said(trade: &Executed, time: Option<Timestamp>) -> blake3::Hash {
    let other = |text: &Option<Arc<str>>, default: &str| text.clone().filter(|it| **it != *default);
    let plain = Executed {
        account: other(&trade.account, DEFAULT_ACCOUNT),
        currency: other(&trade.currency, DEFAULT_CURRENCY),
        fees: trade.fees.filter(|fees| !fees.is_zero()),
        ..trade.clone()
    };
    let said = serde_json::to_string(&(time, plain)).unwrap_or_default();
    blake3::hash(said.as_bytes())
}

fn event_id(said: blake3::Hash, alike: u32) -> Arc<str> {
    format!("{}-{alike}", said.to_hex()).into()
}

/// The event's id, if that is what an export tells as the id of a trade that has none of its own.
fn own_id(id: &str, time: Option<Timestamp>, trade: &Executed) -> Option<Arc<str>> {
    let (hash, alike) = id.split_once('-').filter(|(hash, _)| hash.len() == 64)?;
    let alike: u32 = alike.parse().ok()?;
    let bare = Executed { trade: None, ..trade.clone() };
    // A line without a time is told with that of its arrival.
    let made = [time, None].into_iter().find(|at| *said(&bare, *at).to_hex() == *hash)?;
    Some(event_id(said(&bare, made), alike))
}

fn missing(member: Member) -> DataError {
    DataError::at(format!("/{}", member.name()), "must not be empty")
}

fn needed<'a>(
    columns: &Columns,
    line: &'a csv::StringRecord,
    member: Member,
) -> Result<&'a str, DataError> {
    columns.get(line, member).ok_or_else(|| missing(member))
}

fn decimal(member: Member, text: &str) -> Result<Decimal, DataError> {
    text.parse().map_err(|error: ParseDecimalError| {
        let detail = match error {
            ParseDecimalError::Syntax => {
                "expected a number such as 1234.5, without separators of thousands".to_owned()
            }
            ParseDecimalError::Digits => error.to_string(),
        };
        DataError::at(format!("/{}", member.name()), detail)
    })
}

/// Which way, and how much: a sign says which way where no column does.
fn amount(columns: &Columns, line: &csv::StringRecord) -> Result<(Side, Decimal), DataError> {
    let text = needed(columns, line, Member::Quantity)?;
    let quantity = decimal(Member::Quantity, text)?;
    let size = match text.strip_prefix('-') {
        Some(size) => decimal(Member::Quantity, size)?,
        None => quantity,
    };
    if !columns.has(Member::Side) {
        let side = if quantity.is_negative() { Side::Sell } else { Side::Buy };
        return Ok((side, size));
    }
    let word = needed(columns, line, Member::Side)?.to_ascii_lowercase();
    match word.as_str() {
        // Some write what goes out with a sign as well.
        "sell" | "s" | "sold" | "short" | "ask" => Ok((Side::Sell, size)),
        "buy" | "b" | "bought" | "long" | "bid" => Ok((Side::Buy, quantity)),
        _ => Err(DataError::at("/side", "must be buy or sell (b, s, long and short will do)")),
    }
}

/// A date-time (RFC 3339, or without `T` and offset; then it is UTC), a date, or seconds or
/// milliseconds since the epoch.
fn moment(text: &str) -> Result<Timestamp, DataError> {
    if let (true, Ok(number)) = (text.bytes().all(|b| b.is_ascii_digit()), text.parse::<i64>()) {
        // Anything shorter may be a date without hyphens, anything longer micro- or nanoseconds.
        return match text.len() {
            9 | 10 => Ok(Timestamp::from_ms(number * 1_000)),
            12 | 13 => Ok(Timestamp::from_ms(number)),
            _ => Err(DataError::at(
                "/time",
                "a number must be seconds (9 or 10 digits) or milliseconds (12 or 13) since 1970",
            )),
        };
    }
    let endings = ["", "Z", ":00Z", "T00:00:00Z"];
    let read = endings.into_iter().find_map(|end| format!("{text}{end}").parse().ok());
    read.ok_or_else(|| {
        let detail = "expected a time such as 2026-01-02T03:04:05Z, 2026-01-02 03:04:05 or \
                      2026-01-02 (UTC), or seconds or milliseconds since 1970";
        DataError::at("/time", detail)
    })
}
