//! What a component writes to a stream, as lines of text for people.

use std::sync::{Arc, Mutex, PoisonError};

use super::surroundings::Sink;

/// Bytes of one line at most; a longer one goes on in the next.
const LINE_BYTES: usize = 16 << 10;
/// Bytes of a character at most.
const CHARACTER: usize = 4;

/// A sink that hands on each line without its end, on the thread that runs the component. What is not UTF-8 becomes U+FFFD. A line that has no end comes when
/// the instance is gone; one of more than 16 KiB comes in parts.
pub fn lines(write: impl Fn(String) + Send + Sync + 'static) -> Sink {
    let lines = Lines { begun: Mutex::default(), write };
    Arc::new(move |bytes| lines.take(bytes))
}

struct Lines<F: Fn(String)> {
    /// The line that has no end yet.
    begun: Mutex<Vec<u8>>,
    write: F,
}

impl<F: Fn(String)> Lines<F> {
    fn take(&self, bytes: &[u8]) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (mut text, has_end) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            while begun.len() + text.len() > LINE_BYTES {
                let (now, later) = text.split_at(LINE_BYTES - begun.len());
                begun.extend_from_slice(now);
                let whole = whole_characters(&begun);
                let rest = begun.split_off(whole);
                self.write(&std::mem::replace(&mut *begun, rest));
                text = later;
            }
            begun.extend_from_slice(text);
            if has_end {
                self.write(begun.strip_suffix(b"\r").unwrap_or(&begun));
                begun.clear();
            }
        }
        if begun.is_empty() {
            // An instance that writes whole lines holds nothing between them.
            *begun = Vec::new();
        }
    }

    fn write(&self, line: &[u8]) {
        (self.write)(hostbox_buffers::text(line).into_owned());
    }
}

/// The length without a character that is only begun.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(CHARACTER);
    let begun = bytes[tail..].utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    // Bytes that no other would complete are a part of the text as they are.
    let is_begun = std::str::from_utf8(begun).is_err_and(|error| error.error_len().is_none());
    bytes.len() - if is_begun { begun.len() } else { 0 }
}

impl<F: Fn(String)> Drop for Lines<F> {
    fn drop(&mut self) {
        let begun = std::mem::take(self.begun.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !begun.is_empty() {
            self.write(&begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(parts: &[&[u8]]) -> Vec<String> {
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let line = taken.clone();
        let sink = lines(move |text| line.lock().unwrap_or_else(PoisonError::into_inner).push(text));
        parts.iter().for_each(|part| sink(part));
        drop(sink);
        std::mem::take(&mut taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[test]
    fn lines_come_one_by_one_however_they_were_written() {
        assert_eq!(written(&[b"a\nb", b"c\r\n\n", b"d"]), ["a", "bc", "", "d"]);
        assert_eq!(written(&[b"\xffok\n"]), ["\u{fffd}ok"]);
        assert_eq!(written(&[]), [""; 0]);
    }

    #[test]
    fn a_long_line_comes_in_parts_of_whole_characters() {
        let text = "€".repeat(LINE_BYTES);
        let parts = written(&[&text.as_bytes()[..7], &text.as_bytes()[7..], b"\n"]);
        assert_eq!(parts.concat(), text);
        assert!(parts.len() == 4 && parts.iter().all(|part| part.len() <= LINE_BYTES), "{}", parts.len());
    }
}
