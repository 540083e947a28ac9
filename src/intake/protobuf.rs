//! Protocol buffers, counted before they are decoded: two bytes are enough for a message that takes
//! hundreds once it is read, and a body must not take more memory than it is worth.

use crate::wire::{ApiError, ErrorKind};
use prost::Message;

/// Most messages within one body.
pub(super) const MAX_MESSAGES: usize = 500_000;
/// How deep messages may stand in one another; prost reads no deeper either.
const MAX_DEPTH: usize = 100;

/// Which fields of a message hold messages, by number, and of which shape those are.
pub(super) struct Shape(pub &'static [(u32, &'static Shape)]);

/// Reads a message.
///
/// # Errors
/// 400 if it is none; 413 if more than [`MAX_MESSAGES`] are within it.
pub(super) fn read<T: Message + Default>(body: &[u8], shape: &Shape) -> Result<T, ApiError> {
    let mut left = MAX_MESSAGES;
    match count(body, shape, MAX_DEPTH, &mut left) {
        None if left == 0 => Err(too_many()),
        None => Err(malformed("the body is not the protocol buffer it should be")),
        Some(()) => T::decode(body).map_err(|error| malformed(error.to_string())),
    }
}

/// 400: this is not what it should be.
pub(super) fn malformed(detail: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Malformed, detail)
}

/// 413: there is more in it than can be read at once.
pub(super) fn too_many() -> ApiError {
    let detail = format!("more than {MAX_MESSAGES} messages in one body; send fewer at a time");
    ApiError::new(ErrorKind::TooLarge, detail)
}

/// Takes the messages within `bytes` off `left`; `None` if it is malformed, or nothing is left.
fn count(mut bytes: &[u8], shape: &Shape, depth: usize, left: &mut usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let within = match tag & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => take(&mut bytes, 8)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                take(&mut bytes, length)?
            }
            5 => take(&mut bytes, 4)?,
            // Groups are of another age.
            _ => return None,
        };
        let field = shape.0.iter().find(|(number, _)| u64::from(*number) == tag >> 3);
        if let Some((_, inner)) = field.filter(|_| tag & 7 == 2) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return None;
            }
            count(within, inner, depth, left)?;
        }
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    static LEAF: Shape = Shape(&[]);
    static TREE: Shape = Shape(&[(1, &TREE), (2, &LEAF)]);

    /// How many messages are within, if that can be told.
    #[track_caller]
    fn check(bytes: &[u8], expect: Option<usize>) {
        let mut left = MAX_MESSAGES;
        let counted = count(bytes, &TREE, MAX_DEPTH, &mut left).map(|()| MAX_MESSAGES - left);
        assert_eq!(counted, expect, "{bytes:?}");
    }

    #[test]
    fn messages_are_counted_wherever_they_stand() {
        check(b"", Some(0));
        check(b"\x12\x00\x12\x00", Some(2));
        check(b"\x0a\x04\x12\x00\x12\x00", Some(3));
        // Numbers, texts and fields that nobody knows are passed over.
        check(b"\x18\x96\x01\x21\x01\x02\x03\x04\x05\x06\x07\x08\x2d\x01\x02\x03\x04", Some(0));
        check(b"\x32\x02\x12\x00", Some(0));
        check(b"\x12", None);
        check(b"\x12\x02\x00", None);
        check(b"\x0b\x0c", None);
        check(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None);
    }

    #[test]
    fn what_would_fill_the_memory_is_refused_before_it_does() {
        let many = b"\x12\x00".repeat(MAX_MESSAGES);
        let refused = read::<()>(&many, &TREE).unwrap_err();
        assert_eq!(refused.status, 413, "{refused:?}");
        let deep = (0..200).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut outer = vec![0x0a];
            prost::encoding::encode_varint(inner.len() as u64, &mut outer);
            [outer, inner].concat()
        });
        assert_eq!(read::<()>(&deep, &TREE).unwrap_err().status, 400);
    }
}
