//! PEM (RFC 7468), read as leniently as OpenSSL does: text around it, any line length.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::der::{Reader, SliceReader};
use zeroize::Zeroizing;

/// One block: what it says it is, and its bytes.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

/// The first block of a text. None where there is none, or where it has headers, which only keys encrypted in the old way have.
pub(crate) fn read(text: &str) -> Option<Block> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let mut digits: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(body.len()));
    digits.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let der = STANDARD.decode(&*digits).ok()?;
    Some(Block { label: label.to_owned(), der: Zeroizing::new(der) })
}

/// The public key of a certificate (RFC 5280), as SPKI. Nothing else of it is looked at.
pub(crate) fn key_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    let parts = reader.sequence(all).ok()?;
    reader.finish().ok()?;
    let mut reader = SliceReader::new(parts.first()?).ok()?;
    let fields = reader.sequence(all).ok()?;
    // The version stands in front where it is not the first one.
    let has_version = fields.first()?.first() == Some(&0xa0);
    fields.get(if has_version { 6 } else { 5 }).copied()
}

fn all<'r>(reader: &mut impl Reader<'r>) -> pkcs8::der::Result<Vec<&'r [u8]>> {
    let mut values = Vec::new();
    while !reader.is_finished() {
        values.push(reader.tlv_bytes()?);
    }
    Ok(values)
}

/// Lines of 64 characters, with a line's end after the last one.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(digits.len() + digits.len() / 64 + 2 * label.len() + 40));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let der: Vec<u8> = (0..=255).collect();
        let text = write("PUBLIC KEY", &der);
        assert!(text.lines().all(|line| line.len() <= 64) && text.ends_with("-----END PUBLIC KEY-----\n"));
        let block = read(&format!("something before\n{}and behind", text.replace('\n', "\r\n"))).unwrap();
        assert_eq!((block.label.as_str(), &block.der[..]), ("PUBLIC KEY", &der[..]));
    }

    #[test]
    fn what_is_no_block_is_none() {
        for text in [
            "",
            "-----BEGIN A-----",
            "-----BEGIN A-----\nAAAA\n-----END B-----",
            "-----BEGIN A-----\n%\n-----END A-----",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
