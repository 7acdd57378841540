//! `multipart/form-data`, written and read. In: parts; bytes from anywhere. Out: pieces of a body; parts by where they lie.
//!
//! Specification: <https://html.spec.whatwg.org/#multipart-form-data>, RFC 7578

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) data: Bytes,
    /// Makes the field a file.
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
}

/// The name of a part, and what it says of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) name: Cow<'a, str>,
    /// Makes the part a file.
    pub(super) filename: Option<Cow<'a, str>>,
    pub(super) content_type: Option<Cow<'a, str>>,
}

/// Writes a whole body.
pub(super) fn write(out: &mut impl Write, boundary: &str, parts: &[Part]) -> io::Result<()> {
    for part in parts {
        let mut head = Vec::new();
        write_head(&mut head, boundary, part);
        out.write_all(&head)?;
        out.write_all(&part.data)?;
        out.write_all(b"\r\n")?;
    }
    write!(out, "--{boundary}--\r\n")
}

fn write_head(out: &mut Vec<u8>, boundary: &str, head: &Part) {
    push(out, &["--", boundary, "\r\nContent-Disposition: form-data; name=\"", &escape(&line_ends(&head.name)), "\""]);
    if let Some(filename) = &head.filename {
        let content_type = head.content_type.as_deref().filter(|given| !given.is_empty() && is_line(given));
        push(out, &["; filename=\"", &escape(filename), "\""]);
        push(out, &["\r\nContent-Type: ", content_type.unwrap_or("application/octet-stream")]);
    } else if let Some(content_type) = head.content_type.as_deref().filter(|given| !given.is_empty() && is_line(given))
    {
        push(out, &["\r\nContent-Type: ", content_type]);
    }
    out.extend_from_slice(b"\r\n\r\n");
}

fn push(out: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

/// A content type with a line end would be a header of the guest's own making.
fn is_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n', '"']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22"))
}

/// Every line end as CR LF.
pub(super) fn line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}

/// A part that was read, and where its content lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) head: Head<'a>,
    pub(super) content: Range<usize>,
}

/// The parts of a whole body; nothing where it is malformed.
pub(super) fn read<'a>(bytes: &'a [u8], boundary: &str) -> Option<Vec<Found<'a>>> {
    let opening = [b"--", boundary.as_bytes()].concat();
    let closing = [b"\r\n", &opening[..]].concat();
    let finder = memmem::Finder::new(&closing);
    let mut parts = Vec::new();
    let mut at = bytes.starts_with(&opening).then_some(opening.len())?;
    loop {
        let rest = &bytes[at..];
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        at += rest.starts_with(b"\r\n").then_some(2)?;
        let head;
        (head, at) = read_head(bytes, at)?;
        let end = at + finder.find(&bytes[at..])?;
        parts.push(Found { head, content: at..end });
        at = end + closing.len();
    }
}

/// The headers of a part and the offset of its content. Headers that say nothing of its content are passed over.
fn read_head(bytes: &[u8], mut at: usize) -> Option<(Head<'_>, usize)> {
    let mut disposition = None;
    let mut content_type = None;
    loop {
        let line = &bytes[at..at + memmem::find(&bytes[at..], b"\r\n")?];
        at += line.len() + 2;
        if line.is_empty() {
            let (name, filename) = disposition?;
            return Some((Head { name, filename, content_type }, at));
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = line[colon + 1..].trim_ascii();
        match line[..colon].to_ascii_lowercase().as_slice() {
            b"content-disposition" => disposition = Some(read_disposition(value)?),
            b"content-type" => content_type = Some(String::from_utf8_lossy(value)),
            _ => {}
        }
    }
}

type Disposition<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// `form-data; name="…"; filename="…"`
fn read_disposition(value: &[u8]) -> Option<Disposition<'_>> {
    let mut rest = value.strip_prefix(b"form-data").or_else(|| value.strip_prefix(b"Form-Data"))?;
    let (mut name, mut filename) = (None, None);
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some((name?, filename));
        }
        rest = rest.strip_prefix(b";")?.trim_ascii_start();
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let key = rest[..equals].trim_ascii();
        let text;
        (text, rest) = read_parameter(&rest[equals + 1..])?;
        match key {
            b"name" => name = Some(text),
            b"filename" => filename = Some(text),
            _ => {}
        }
    }
}

/// A quoted parameter, or a bare word.
fn read_parameter(text: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        return Some((String::from_utf8_lossy(text[..end].trim_ascii_end()), &text[end..]));
    };
    let end = quoted.iter().position(|byte| *byte == b'"')?;
    let text = String::from_utf8_lossy(&quoted[..end]);
    Some((unescape(text), &quoted[end + 1..]))
}

fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('%') {
        return text;
    }
    Cow::Owned(text.replace("%0A", "\n").replace("%0D", "\r").replace("%22", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, filename: Option<&str>, content_type: Option<&str>, data: &'static [u8]) -> Part {
        let (filename, content_type) = (filename.map(str::to_owned), content_type.map(str::to_owned));
        Part { name: name.into(), data: data.into(), filename, content_type }
    }

    fn written(parts: &[Part]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, "b", parts).unwrap();
        out
    }

    #[test]
    fn what_was_written_is_read_again() {
        let parts = [
            part("a\"\r\n", None, None, b"text"),
            part("f", Some("x \"y\".bin"), Some("image/png"), b"\0\r\n--c"),
            part("e", Some(""), Some("application/octet-stream"), b""),
        ];
        let bytes = written(&parts);
        let read = read(&bytes, "b").unwrap();
        assert_eq!(read.len(), 3);
        for (found, part) in read.iter().zip(&parts) {
            assert_eq!(
                (&found.head.name, &found.head.filename.as_deref()),
                (&Cow::from(&part.name), &part.filename.as_deref())
            );
            assert_eq!(found.head.content_type.as_deref(), part.content_type.as_deref());
            assert_eq!(&bytes[found.content.clone()], &part.data[..]);
        }
    }

    #[test]
    fn a_form_without_parts_is_empty() {
        assert_eq!(read(b"--b--\r\n", "b"), Some(vec![]));
        assert_eq!(read(b"--b--", "b"), Some(vec![]));
    }

    #[test]
    fn names_are_escaped_as_browsers_do() {
        let bytes = written(&[part("a\n\"", Some("c\\d\"\r"), None, b"")]);
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains("name=\"a%0D%0A%22\"; filename=\"c\\d%22%0D\"\r\nContent-Type: application/octet-stream\r\n")
        );
    }

    #[test]
    fn a_content_type_cannot_smuggle_headers() {
        let bytes = written(&[part("a", Some("b"), Some("x/y\r\nEvil: 1"), b"")]);
        assert!(!String::from_utf8(bytes).unwrap().contains("Evil"));
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--b--";
        assert!(read(body.as_bytes(), "b").is_some());
        for wrong in [
            "",
            "--c--",
            "--b",
            "--b\r\n",
            "--b\r\n\r\nv\r\n--b--",
            "--b\r\nContent-Disposition: form-data\r\n\r\nv\r\n--b--",
            "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nv\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nv\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv",
            "--b\r\nno colon\r\n\r\nv\r\n--b--",
        ] {
            assert_eq!(read(wrong.as_bytes(), "b"), None, "{wrong:?}");
        }
        for end in 0..body.len() {
            assert!(read(&body.as_bytes()[..end], "b").is_none(), "{end}");
        }
    }

    #[test]
    fn line_ends_become_cr_lf() {
        assert_eq!(line_ends("a\rb\nc\r\nd\n\r"), "a\r\nb\r\nc\r\nd\r\n\r\n");
    }
}
